// What the kernel refuses when a table is loaded: loops, jumps to nowhere, matches and targets where they cannot be.

import { WasmtablesError } from '../error.ts';
import type { MatchExtension, TargetExtension } from '../extension/extension.ts';
import { protocolName } from './protocol.ts';
import {
  type Backend,
  type Chain,
  type Family,
  HOOK_ORDER,
  type HookName,
  type Rule,
  type RuleSet,
  type Table,
} from './ruleset.ts';

/** What validation asks of the extensions; src/extension/index.ts has it. */
interface KnownExtensions {
  findMatch(name: string, family: Family): MatchExtension | undefined;
  findTarget(name: string, family: Family): TargetExtension | undefined;
}

export interface ValidateContext {
  readonly family: Family;
  readonly backend: Backend;
  readonly extensions: KnownExtensions;
}

/** From which hooks each chain can be reached. */
export interface TableFacts {
  readonly errors: readonly WasmtablesError[];
  readonly hooks: ReadonlyMap<string, ReadonlySet<HookName>>;
}

/** XT_EXTENSION_MAXNAMELEN less the closing zero. */
const MAX_NAME_BYTES = 28;
/** NFT_JUMP_STACK_SIZE. */
const NFT_MAX_DEPTH = 16;

/** Why a user chain cannot have this name, or undefined. */
export function chainNameProblem(name: string): string | undefined {
  if (name === '') return 'the chain has no name';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `the name of a chain has at most ${MAX_NAME_BYTES} characters`;
  }
  if (name.startsWith('-') || name.startsWith('!')) {
    return `the name of a chain cannot begin with \`${name[0]}\``;
  }
  if (/\s/.test(name)) return 'the name of a chain cannot contain blanks';
  if (/^(ACCEPT|DROP|QUEUE|RETURN)$/.test(name)) return `a chain cannot be called as the verdict ${name}`;
  return undefined;
}

/**
 * Checks a whole rule set, whoever made it. Throws nothing; codes: BAD_CHAIN, BAD_RULE, LOOP, LIMIT.
 */
export function validateRuleSet(
  ruleSet: RuleSet,
  context: { readonly backend: Backend; readonly extensions: KnownExtensions },
): WasmtablesError[] {
  return ruleSet.tables.flatMap(
    (table) => validateTable(table, { family: ruleSet.family, ...context }).errors,
  );
}

/** Checks one table; also tells which hooks reach which chain. */
export function validateTable(table: Table, context: ValidateContext): TableFacts {
  const errors: WasmtablesError[] = [];
  const chains = new Map<string, Chain>();
  for (const chain of table.chains) {
    if (chains.has(chain.name)) {
      errors.push(
        new WasmtablesError('BAD_CHAIN', `the chain \`${chain.name}\` is there twice`, {
          place: chain.place,
        }),
      );
    }
    chains.set(chain.name, chain);
    if (chain.hook !== undefined) continue;
    const problem = chainNameProblem(chain.name);
    if (problem !== undefined) errors.push(new WasmtablesError('BAD_CHAIN', problem, { place: chain.place }));
    if (chain.policy !== undefined) {
      errors.push(
        new WasmtablesError('BAD_CHAIN', `the chain \`${chain.name}\` cannot have a policy`, {
          place: chain.place,
        }),
      );
    }
  }
  const hooks = new Map<string, Set<HookName>>();
  for (const chain of table.chains) {
    if (chain.hook !== undefined) walk(chain, chain.hook, chains, hooks, context.backend, errors);
  }
  for (const chain of table.chains) {
    let reached: ReadonlySet<HookName> = hooks.get(chain.name) ?? new Set<HookName>();
    for (const rule of chain.rules) {
      checkRule(rule, chain, table, reached, chains, context, errors);
      // iptables-legacy's kernel side does not reach, and so does not check, what stands behind such a rule.
      if (context.backend === 'legacy' && isUnconditionalEnd(rule)) reached = new Set();
    }
  }
  return { errors, hooks };
}

/** A rule that ends its chain for every packet: nothing behind it is ever reached (mark_source_chains). */
function isUnconditionalEnd(rule: Rule): boolean {
  return (
    rule.target?.kind === 'verdict' &&
    rule.matches.length === 0 &&
    rule.source === undefined &&
    rule.destination === undefined &&
    rule.protocol === undefined &&
    rule.in === undefined &&
    rule.out === undefined &&
    rule.fragment === undefined
  );
}

interface Frame {
  readonly chain: Chain;
  next: number;
  /** Chains on the longest way down from here, this one included, and the rule that goes that way. */
  height: number;
  deepest: Rule | undefined;
}

/**
 * Follows every jump from a built-in chain, depth first, as mark_source_chains() does for iptables-legacy and
 * nft_chain_validate() for nft. Only what a hook reaches is followed: a loop that nothing jumps into is legal.
 * legacy passes by the rules behind an unconditional verdict; nft follows every jump, at most 16 deep.
 */
function walk(
  start: Chain,
  hook: HookName,
  chains: ReadonlyMap<string, Chain>,
  hooks: Map<string, Set<HookName>>,
  backend: Backend,
  errors: WasmtablesError[],
): void {
  const heights = new Map<string, number>();
  const onPath = new Set<string>([start.name]);
  const path: Frame[] = [{ chain: start, next: 0, height: 1, deepest: undefined }];
  mark(hooks, start.name, hook);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const rule = top.chain.rules[top.next];
    if (rule === undefined || (backend === 'legacy' && top.next > 0 && endsBefore(top))) {
      path.pop();
      onPath.delete(top.chain.name);
      heights.set(top.chain.name, top.height);
      const above = path.at(-1);
      if (above !== undefined) deepen(above, top.height, above.chain.rules[above.next - 1]);
      else if (backend === 'nft' && top.height > NFT_MAX_DEPTH) {
        const message = `jumps from ${start.name} go more than ${NFT_MAX_DEPTH} chains deep`;
        reportOnce(errors, 'LIMIT', message, top.deepest, 'nftables refuses such a table');
      }
      continue;
    }
    top.next++;
    if (rule.target?.kind !== 'jump' && rule.target?.kind !== 'goto') continue;
    const chain = chains.get(rule.target.chain);
    if (chain === undefined) continue;
    if (onPath.has(chain.name)) {
      const names = path.map((one) => one.chain.name);
      const loop = shortPath([...names.slice(names.indexOf(chain.name)), chain.name]);
      reportOnce(errors, 'LOOP', `this rule closes a loop: ${loop}`, rule, 'the kernel refuses such a table');
      continue;
    }
    const height = heights.get(chain.name);
    if (height !== undefined) {
      deepen(top, height, rule);
      continue;
    }
    mark(hooks, chain.name, hook);
    onPath.add(chain.name);
    path.push({ chain, next: 0, height: 1, deepest: undefined });
  }
}

function deepen(frame: Frame, below: number, rule: Rule | undefined): void {
  if (below + 1 <= frame.height) return;
  frame.height = below + 1;
  frame.deepest = rule;
}

function endsBefore(top: { readonly chain: Chain; readonly next: number }): boolean {
  return isUnconditionalEnd(top.chain.rules[top.next - 1] as Rule);
}

function shortPath(names: readonly string[]): string {
  return (names.length > 8 ? [...names.slice(0, 4), '...', ...names.slice(-3)] : names).join(' -> ');
}

function mark(hooks: Map<string, Set<HookName>>, name: string, hook: HookName): void {
  const found = hooks.get(name);
  if (found === undefined) hooks.set(name, new Set([hook]));
  else found.add(hook);
}

/** The same rule is met once for every hook that reaches it. */
function reportOnce(
  errors: WasmtablesError[],
  code: 'LOOP' | 'LIMIT',
  message: string,
  rule: Rule | undefined,
  hint: string,
): void {
  const place = rule?.target?.place ?? rule?.place;
  const seen = errors.some(
    (error) =>
      error.code === code && error.place === place && (place !== undefined || error.message === message),
  );
  if (!seen) errors.push(new WasmtablesError(code, message, { place, hint }));
}

function checkRule(
  rule: Rule,
  chain: Chain,
  table: Table,
  reached: ReadonlySet<HookName>,
  chains: ReadonlyMap<string, Chain>,
  context: ValidateContext,
  errors: WasmtablesError[],
): void {
  if (rule.in !== undefined && (chain.hook === 'OUTPUT' || chain.hook === 'POSTROUTING')) {
    refuse(errors, `\`-i\` cannot be used in ${chain.name}`, rule.place);
  }
  if (rule.out !== undefined && (chain.hook === 'PREROUTING' || chain.hook === 'INPUT')) {
    refuse(errors, `\`-o\` cannot be used in ${chain.name}`, rule.place);
  }
  if (rule.fragment !== undefined && context.family === 'ipv6')
    refuse(errors, '`-f` is not there in IPv6', rule.place);
  for (const match of rule.matches) {
    const extension = context.extensions.findMatch(match.name, context.family);
    if (extension !== undefined) {
      checkExtension('match', extension, match.place ?? rule.place, rule, table, reached, errors);
    }
  }
  const { target } = rule;
  if (target === undefined) return;
  if (target.kind === 'extension') {
    const extension = context.extensions.findTarget(target.name, context.family);
    if (extension !== undefined) {
      checkExtension('target', extension, target.place ?? rule.place, rule, table, reached, errors);
    }
  } else if (target.kind === 'verdict') {
    if (target.verdict === 'DROP' && table.name === 'nat') {
      refuse(errors, 'DROP cannot be used in the table nat', target.place ?? rule.place);
    }
  } else {
    const to = chains.get(target.chain);
    if (to === undefined) {
      const place = target.place ?? rule.place;
      errors.push(
        new WasmtablesError('BAD_CHAIN', `the table ${table.name} has no chain \`${target.chain}\``, {
          place,
        }),
      );
    } else if (to.hook !== undefined) {
      refuse(errors, `a rule cannot jump to the built-in chain ${to.name}`, target.place ?? rule.place);
    }
  }
}

function refuse(errors: WasmtablesError[], message: string, place: Rule['place'], hint?: string): void {
  errors.push(new WasmtablesError('BAD_RULE', message, { place, hint }));
}

/** xt_check_match() and xt_check_target(): table, hooks, protocol. */
function checkExtension(
  kind: 'match' | 'target',
  extension: MatchExtension | TargetExtension,
  place: Rule['place'],
  rule: Rule,
  table: Table,
  reached: ReadonlySet<HookName>,
  errors: WasmtablesError[],
): void {
  const what = `${kind} ${extension.name}`;
  if (extension.tables !== undefined && !extension.tables.includes(table.name)) {
    refuse(
      errors,
      `${what} cannot be used in the table ${table.name}`,
      place,
      `only in ${extension.tables.join(', ')}`,
    );
  }
  const { hooks, protocols } = extension;
  if (hooks !== undefined) {
    const wrong = HOOK_ORDER.filter((hook) => reached.has(hook) && !hooks.includes(hook));
    if (wrong.length > 0) {
      refuse(
        errors,
        `${what} cannot be used here: ${wrong.join(', ')} reaches this rule`,
        place,
        `only from ${hooks.join(', ')}`,
      );
    }
  }
  if (protocols !== undefined) {
    const { protocol } = rule;
    if (protocol === undefined || protocol.invert || !protocols.includes(protocol.value)) {
      const names = protocols.map((one) => `\`-p ${protocolName(one) ?? one}\``);
      refuse(errors, `${what} needs ${names.join(' or ')}`, place);
    }
  }
}
