// Tables as `iptables -L -v -n -x --line-numbers` of iptables 1.8.11 prints them: the columns of print_header() and
// print_rule_details() (iptables/xshared.c), then the words of each match and of the target.

import type { MatchExtension, TargetExtension } from '../extension/extension.ts';
import { type Address, formatAddress, prefixLength } from '../model/address.ts';
import {
  type AddressMask,
  type Backend,
  type Chain,
  type Family,
  isUnknown,
  type Match,
  type Negatable,
  type Rule,
  type RuleSet,
  type Table,
  type Target,
} from '../model/ruleset.ts';

/** Where the words of matches and targets come from: src/extension/index.ts. */
export interface ExtensionFinder {
  findMatch(name: string, family: Family): MatchExtension | undefined;
  findTarget(name: string, family: Family): TargetExtension | undefined;
}

export interface ListingOptions {
  readonly backend: Backend;
  readonly extensions: ExtensionFinder;
  /**
   * Only rules of which this is true, asked in their order, and only chains with packets at a rule or in their policy.
   * Default: all rules and chains.
   */
  readonly lists?: ((rule: Rule) => boolean) | undefined;
}

/** The protocol names that `-n` leaves as names (xtables_chain_protos, libxtables/xtables.c). */
const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'all'],
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [108, 'ipcomp'],
  [132, 'sctp'],
  [135, 'mobility-header'],
  [136, 'udplite'],
]);

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const HEADER = `num  ${'pkts'.padStart(8)} ${'bytes'.padStart(10)} ${'target'.padEnd(9)}  prot opt ${'in'.padEnd(6)} ${'out'.padEnd(6)}  ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} `;

/** All chains of a table; lines without line feeds, an empty line between chains. */
export function listTable(ruleSet: RuleSet, table: Table, options: ListingOptions): string[] {
  return [...tableLines(ruleSet, table, options)];
}

/** The same, line by line. */
export function* tableLines(ruleSet: RuleSet, table: Table, options: ListingOptions): Generator<string> {
  const references = new Map<string, number>();
  for (const chain of table.chains) {
    for (const { target } of chain.rules) {
      if (target?.kind === 'jump' || target?.kind === 'goto') {
        references.set(target.chain, (references.get(target.chain) ?? 0) + 1);
      }
    }
  }
  const { lists } = options;
  let first = true;
  for (const chain of table.chains) {
    if (lists !== undefined && !chainHit(chain)) continue;
    if (!first) yield '';
    first = false;
    yield chainHeading(chain, references.get(chain.name) ?? 0);
    yield HEADER;
    for (let index = 0; index < chain.rules.length; index++) {
      const rule = chain.rules[index] as Rule;
      if (lists?.(rule) === false) continue;
      yield listRule(rule, index + 1, ruleSet.family, options);
    }
  }
}

/** A packet went through one of its rules or its policy. */
export function chainHit(chain: Chain): boolean {
  return chain.counters.packets > 0n || chain.rules.some((rule) => rule.counters.packets > 0n);
}

function chainHeading(chain: Chain, references: number): string {
  if (chain.policy === undefined) return `Chain ${chain.name} (${references} references)`;
  const { packets, bytes } = chain.counters;
  return `Chain ${chain.name} (policy ${chain.policy} ${packets} packets, ${bytes} bytes)`;
}

/** One rule's line. */
export function listRule(rule: Rule, number: number, family: Family, options: ListingOptions): string {
  const { target } = rule;
  const protocol = rule.protocol?.value ?? 0;
  let line = `${String(number).padEnd(4)} `;
  line += `${digits(rule.counters.packets).padStart(8)} ${digits(rule.counters.bytes).padStart(8)} `;
  line += `${targetName(target).padEnd(9)} `;
  line += rule.protocol?.invert === true ? '!' : ' ';
  line += `${(PROTOCOL_NAMES.get(protocol) ?? String(protocol)).padEnd(4)} `;
  line += family === 'ipv4' && rule.fragment !== undefined ? (rule.fragment.invert ? '!f ' : '-f ') : '-- ';
  line += ` ${interfaceText(rule.in, options.backend)} ${interfaceText(rule.out, options.backend)} `;
  line += `${addressText(rule.source, family)} ${addressText(rule.destination, family)} `;
  if (target?.kind === 'goto') line += '[goto] ';
  for (const match of rule.matches) line += matchWords(match, rule, family, options);
  if (target?.kind === 'extension') {
    line += extensionWords(options.extensions.findTarget(target.name, family), target, rule, family, options);
  }
  return line;
}

/** A bigint in decimal; numbers are several times as fast to print. */
function digits(count: bigint): string {
  return String(count <= MAX_SAFE ? Number(count) : count);
}

function targetName(target: Target | undefined): string {
  if (target === undefined) return '';
  if (target.kind === 'verdict') return target.verdict;
  return target.kind === 'extension' ? target.name : target.chain;
}

const ANY_INTERFACE = '*'.padEnd(6);

function interfaceText(condition: Negatable<string> | undefined, backend: Backend): string {
  if (condition === undefined) return ANY_INTERFACE;
  const { value, invert } = condition;
  // The nft back end keeps no match for an interface that may be any.
  if (value === '+' && !invert && backend === 'nft') return ANY_INTERFACE;
  return (invert ? `!${value}` : value).padEnd(6);
}

const ANY_ADDRESS: Readonly<Record<Family, string>> = {
  ipv4: ` ${'0.0.0.0/0'.padEnd(19)}`,
  ipv6: ` ${'::/0'.padEnd(19)}`,
};

function addressText(condition: Negatable<AddressMask> | undefined, family: Family): string {
  if (condition === undefined) return ANY_ADDRESS[family];
  const { value, invert } = condition;
  return `${invert ? '!' : ' '}${`${formatAddress(value.address)}${maskText(value.mask)}`.padEnd(19)}`;
}

function maskText(mask: Address): string {
  const length = prefixLength(mask);
  if (length === mask.length * 8) return '';
  return length === undefined ? `/${formatAddress(mask)}` : `/${length}`;
}

function matchWords(match: Match, rule: Rule, family: Family, options: ListingOptions): string {
  return extensionWords(options.extensions.findMatch(match.name, family), match, rule, family, options);
}

function extensionWords(
  extension: MatchExtension | TargetExtension | undefined,
  use: { readonly name: string; readonly options: unknown },
  rule: Rule,
  family: Family,
  options: ListingOptions,
): string {
  if (isUnknown(use.options) || extension === undefined) {
    const words = isUnknown(use.options) ? use.options.words : [];
    return ` ${[`[${use.name} not modelled]`, ...words].join(' ')}`;
  }
  // An extension without a .print callback shows nothing in a listing, as in iptables.
  const words = extension.list?.(use.options, { family, backend: options.backend, rule }) ?? '';
  return words === '' || words.startsWith(' ') ? words : ` ${words}`;
}
