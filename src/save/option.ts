// The options of iptables itself, and how getopt_long(3) finds a long option among them and the loaded extensions'.

import type { MatchExtension, OptionSpec, TargetExtension } from '../extension/extension.ts';

export type Extension = MatchExtension | TargetExtension;

/** argument: 0 none, 1 required, 2 optional (only if attached: `-Lfoo`, `--list=foo`). */
export interface BuiltinOption {
  readonly letter: string;
  readonly name: string;
  readonly argument: 0 | 1 | 2;
}

const TABLE: readonly (readonly [letter: string, argument: 0 | 1 | 2, ...names: string[]])[] = [
  ['A', 1, 'append'],
  ['D', 1, 'delete'],
  ['C', 1, 'check'],
  ['I', 1, 'insert'],
  ['R', 1, 'replace'],
  ['L', 2, 'list'],
  ['S', 2, 'list-rules'],
  ['F', 2, 'flush'],
  ['Z', 2, 'zero'],
  ['N', 1, 'new-chain'],
  ['X', 2, 'delete-chain'],
  ['E', 1, 'rename-chain'],
  ['P', 1, 'policy'],
  ['s', 1, 'source', 'src'],
  ['d', 1, 'destination', 'dst'],
  ['p', 1, 'protocol'],
  ['i', 1, 'in-interface'],
  ['o', 1, 'out-interface'],
  ['j', 1, 'jump'],
  ['g', 1, 'goto'],
  ['m', 1, 'match'],
  ['t', 1, 'table'],
  ['f', 0, 'fragments'],
  ['c', 1, 'set-counters'],
  ['n', 0, 'numeric'],
  ['v', 0, 'verbose'],
  ['x', 0, 'exact'],
  ['w', 2, 'wait'],
  ['W', 2, 'wait-interval'],
  ['V', 0, 'version'],
  ['h', 2, 'help'],
  ['0', 0, 'line-numbers'],
  ['M', 1, 'modprobe'],
  ['4', 0, 'ipv4'],
  ['6', 0, 'ipv6'],
];

const byLetter = new Map<string, BuiltinOption>();
const byName = new Map<string, BuiltinOption>();
for (const [letter, argument, ...names] of TABLE) {
  const option: BuiltinOption = { letter, name: names[0] as string, argument };
  // `--line-numbers` has no letter on the command line; getopt's value for it is '0'.
  if (letter !== '0') byLetter.set(letter, option);
  for (const name of names) byName.set(name, option);
}

export function builtinByLetter(letter: string): BuiltinOption | undefined {
  return byLetter.get(letter);
}

export function builtinNames(): Iterable<string> {
  return byName.keys();
}

const specMaps = new WeakMap<Extension, ReadonlyMap<string, OptionSpec>>();

/** An extension's options by every spelling. */
export function specsOf(extension: Extension): ReadonlyMap<string, OptionSpec> {
  const known = specMaps.get(extension);
  if (known !== undefined) return known;
  const map = new Map<string, OptionSpec>();
  for (const spec of extension.options) {
    map.set(spec.name, spec);
    for (const alias of spec.aliases ?? []) map.set(alias, spec);
  }
  specMaps.set(extension, map);
  return map;
}

export type FoundOption<Holder> =
  | { readonly kind: 'builtin'; readonly option: BuiltinOption }
  | { readonly kind: 'extension'; readonly holder: Holder; readonly spec: OptionSpec }
  | { readonly kind: 'ambiguous'; readonly names: readonly string[] };

/**
 * What `--name` stands for: the whole name of a built-in option, of an option of the extension loaded last, ...,
 * of the one loaded first; else the beginning of exactly one of them.
 *
 * `holders` in the order of loading. Without `abbreviations` only whole names count.
 */
export function findLong<Holder extends { readonly extension: Extension }>(
  name: string,
  holders: readonly Holder[],
  abbreviations: boolean,
): FoundOption<Holder> | undefined {
  const builtin = byName.get(name);
  if (builtin !== undefined) return { kind: 'builtin', option: builtin };
  for (let index = holders.length - 1; index >= 0; index--) {
    const holder = holders[index] as Holder;
    const spec = specsOf(holder.extension).get(name);
    if (spec !== undefined) return { kind: 'extension', holder, spec };
  }
  if (!abbreviations || name === '') return undefined;
  const found = new Map<BuiltinOption | OptionSpec, { what: FoundOption<Holder>; name: string }>();
  for (const [full, option] of byName) {
    if (full.startsWith(name) && !found.has(option)) {
      found.set(option, { what: { kind: 'builtin', option }, name: full });
    }
  }
  for (const holder of holders) {
    for (const [full, spec] of specsOf(holder.extension)) {
      if (full.startsWith(name) && !found.has(spec)) {
        found.set(spec, { what: { kind: 'extension', holder, spec }, name: full });
      }
    }
  }
  if (found.size > 1) return { kind: 'ambiguous', names: [...found.values()].map((one) => one.name) };
  for (const one of found.values()) return one.what;
  return undefined;
}
