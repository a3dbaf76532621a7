// What a rule asks of the packet's header, as sets of values: what a classifier can search by. A rule's set of a
// field may be larger than what the rule really matches, never smaller: every candidate is verified.

import * as Conntrack from '../../layout/conntrack.ts';
import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import { addressWord, prefixLength } from '../../model/address.ts';
import type { AddressMask, Family, Negatable, Rule } from '../../model/ruleset.ts';
import { type Bound, clip, type Interval, intersect, invertIf, merge } from './interval.ts';

/** Search fields by their offset in the packet record; the value is their width in bits, as searched. */
export const SEARCH_FIELD_BITS: ReadonlyMap<number, number> = new Map([
  [Packet.SRC, 32],
  [Packet.DST, 32],
  [Packet.PROTO, 8],
  [Packet.SPORT, 16],
  [Packet.DPORT, 16],
  [Packet.TCP_FLAGS, 8],
  [Packet.ICMP, 16],
  [Packet.CTSTATE, 8],
  [Packet.PKTTYPE, 8],
  [Packet.MARK, 32],
]);

/**
 * Search fields that are known only when a packet enters the chain. (MARK and CTSTATE are such only where no target that
 * a packet can meet on its way through the chain changes them: a chain's candidates are found once.)
 */
export const LATE_FIELDS: ReadonlySet<number> = new Set([Packet.PKTTYPE, Packet.MARK, Packet.CTSTATE]);

export interface RuleConditions {
  /** Sorted, disjoint intervals by field offset; a field that is not here is not asked about. */
  readonly fields: ReadonlyMap<number, readonly Interval[]>;
  readonly in: Negatable<string> | undefined;
  readonly out: Negatable<string> | undefined;
  /** The conditions are all that the rule asks of a packet with an ordinary transport header. */
  readonly exact: boolean;
}

/** What a list of operations asks, in itself: many rules of a set share one. */
export interface OperationConditions {
  readonly fields: ReadonlyMap<number, readonly Interval[]>;
  /** Every operation became a condition. */
  readonly exact: boolean;
}

/**
 * Conditions of a rule for packets with an ordinary transport header; others are walked rule by rule. `operations`: what
 * those ask that the rule's matches lowered to. `changing`: fields that targets may change while the chain is walked.
 */
export function conditionsOf(
  rule: Rule,
  operations: OperationConditions,
  family: Family,
  changing: ReadonlySet<number> = new Set(),
): RuleConditions {
  const fields = new Map(operations.fields);
  let { exact } = operations;
  if (rule.source !== undefined) exact = addressCondition(fields, Packet.SRC, rule.source, family) && exact;
  if (rule.destination !== undefined) {
    exact = addressCondition(fields, Packet.DST, rule.destination, family) && exact;
  }
  if (rule.protocol !== undefined) {
    const { value, invert } = rule.protocol;
    restrict(fields, Packet.PROTO, invert ? invertIf([[value, value]], true, 8) : (SINGLE[value] as Single));
  }
  // `-f` matches later fragments alone, which no classifier sees.
  if (rule.fragment?.invert === false) restrict(fields, Packet.PROTO, []);
  return without({ fields, in: rule.in, out: rule.out, exact }, changing);
}

/** The same conditions but for these fields, which are left to verification. */
export function without(conditions: RuleConditions, fields: ReadonlySet<number>): RuleConditions {
  if (![...fields].some((field) => conditions.fields.has(field))) return conditions;
  const left = new Map(conditions.fields);
  for (const field of fields) left.delete(field);
  return { ...conditions, fields: left, exact: false };
}

/** The conditions of a rule and of a jump before it, which asks for no interface. */
export function both(jump: RuleConditions, rule: RuleConditions): RuleConditions {
  if (jump.fields.size === 0 && jump.exact) return rule;
  const fields = new Map(rule.fields);
  for (const [field, intervals] of jump.fields) restrict(fields, field, intervals);
  return { ...rule, fields, exact: rule.exact && jump.exact };
}

type Single = readonly [Interval];
/** The set of one byte alone. */
const SINGLE: readonly Single[] = Array.from({ length: 256 }, (_, value) => [[value, value]]);

type Fields = Map<number, readonly Interval[]>;

function restrict(fields: Fields, field: number, intervals: readonly Interval[]): void {
  const before = fields.get(field);
  fields.set(field, before === undefined ? intervals : intersect(before, intervals));
}

/** False for a mask with holes: it is left to verification. */
function addressCondition(
  fields: Fields,
  field: number,
  part: Negatable<AddressMask>,
  family: Family,
): boolean {
  const intervals = addressIntervals(part, family);
  if (intervals === undefined) return false;
  restrict(fields, field, intervals);
  return true;
}

/** By search field, how many rules ask about it. */
export function askedFields(rules: readonly RuleConditions[]): ReadonlyMap<number, number> {
  const asked = new Map<number, number>();
  for (const { fields } of rules) {
    for (const field of fields.keys()) asked.set(field, (asked.get(field) ?? 0) + 1);
  }
  return asked;
}

/** The same rules with less to search by: what they ask of the field is left to verification. */
export function withoutField(rules: readonly RuleConditions[], field: number): readonly RuleConditions[] {
  const fields = new Set([field]);
  return rules.map((rule) => without(rule, fields));
}

/**
 * By protocol, the bytes of its header that a packet has whose transport header is ordinary (assembly/packet/
 * transport.ts). Of other protocols nothing is known to be there.
 */
const ORDINARY_HEADERS: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [6, 20],
  [17, 8],
  [33, 12],
  [58, 8],
  [132, 12],
  [136, 8],
]);

/**
 * Operations that say yes or no and do nothing else, so that what is asked behind them is a condition as well. (Of an
 * assumed answer it is counted that it was asked; connlabel and cluster change what they look at.)
 */
const PLAIN_OPERATIONS: ReadonlySet<number> = new Set([
  Op.ASSUMED,
  Op.CONNTRACK,
  Op.CONNMARK,
  Op.CONNBYTES,
  Op.HELPER,
]);

/** Bytes that a packet with an ordinary transport header has of it, as far as a rule's protocol tells. */
export function ordinaryHeader({ protocol }: Rule): number {
  return protocol?.invert === false ? (ORDINARY_HEADERS.get(protocol.value) ?? 0) : 0;
}

/**
 * What operations ask of packets that have `header` bytes of an ordinary transport header. They are read up to the first
 * that could drop the packet or leave it undecided: a rule must stay a candidate wherever Linux would come so far.
 */
export function operationConditions(
  words: readonly number[],
  family: Family,
  header: number,
): OperationConditions {
  const fields: Fields = new Map();
  let exact = true;
  for (let at = 0; at < words.length; at += (words[at] as number) >>> 18) {
    const code = (words[at] as number) & 0xffff;
    const operand = (index: number): number => (words[at + index] as number) >>> 0;
    const field = operand(1) & 0xffff;
    const invert = operand(1) >>> 16 !== 0;
    const bits = fieldBits(field, family);
    if (code === Op.FIELD_RANGE) {
      if (bits === undefined) {
        exact = false;
        continue;
      }
      restrict(fields, field, invertIf(clip([[operand(2), operand(3)]], bits), invert, bits));
    } else if (code === Op.FIELD_MASK) {
      const state = field === Packet.CTSTATE;
      const intervals =
        bits === undefined ? undefined : maskIntervals(operand(2), operand(3), invert, bits, state);
      if (intervals === undefined) exact = false;
      else restrict(fields, field, intervals);
    } else if (code === Op.ADDRESS_RANGE) {
      if (bits === undefined) continue;
      // A range that goes backwards holds nothing.
      const range = clip([[address(words, at + 4, family), address(words, at + 8, family)]], bits);
      restrict(fields, field, invertIf(range, invert, bits));
    } else if (code === Op.MULTIPORT) {
      const which = operand(1) & 0xffff;
      if (which === 3) {
        exact = false;
        continue;
      }
      const ranges = words
        .slice(at + 3, at + 3 + operand(2))
        .map(portRange)
        .sort(([left], [right]) => left - right);
      restrict(fields, which === 1 ? Packet.SPORT : Packet.DPORT, invertIf(merge(ranges), invert, 16));
    } else if (code === Op.TRANSPORT) {
      const [declared, read] = [operand(1) & 0xff, (operand(1) >>> 8) & 0xff];
      if (Math.max(declared, read) > header) return { fields, exact: false };
    } else {
      if (!PLAIN_OPERATIONS.has(code)) return { fields, exact: false };
      exact = false;
    }
  }
  return { fields, exact };
}

/** Width of a search field for a family; undefined when it is not one. */
export function fieldBits(field: number, family: Family): number | undefined {
  const isAddress = field === Packet.SRC || field === Packet.DST;
  return isAddress && family === 'ipv6' ? 128 : SEARCH_FIELD_BITS.get(field);
}

/** An address operand: layout/packet.ts's form, four words from `at`. */
function address(words: readonly number[], at: number, family: Family): Bound {
  if (family === 'ipv4') return (words[at] as number) >>> 0;
  const word = (index: number): bigint => BigInt((words[at + index] as number) >>> 0);
  return (word(1) << 96n) | (word(0) << 64n) | (word(3) << 32n) | word(2);
}

/** Undefined for a mask with holes. */
function addressIntervals(
  { value: { address, mask }, invert }: Negatable<AddressMask>,
  family: Family,
): readonly Interval[] | undefined {
  if (family === 'ipv4') {
    const free = ~addressWord(mask, 0);
    if ((free & (free + 1)) !== 0) return undefined;
    const lo = addressWord(address, 0);
    return invertIf([[lo >>> 0, (lo | free) >>> 0]], invert, 32);
  }
  const length = prefixLength(mask);
  if (length === undefined) return undefined;
  const words = [0, 4, 8, 12].map((at) => BigInt(addressWord(address, at) >>> 0));
  const lo = words.reduce((value, word) => (value << 32n) | word, 0n);
  return invertIf([[lo, lo | ((1n << BigInt(128 - length)) - 1n)]], invert, 128);
}

function portRange(word: number): readonly [lo: number, hi: number] {
  return [word & 0xffff, word >>> 16];
}

/**
 * Undefined when they would be too many: a mask with holes in a field of 32 bits. `state`: the field is CTSTATE, of which
 * the low byte is searched by. Every state has a bit in it but UNTRACKED, which has no other.
 */
function maskIntervals(
  mask: number,
  value: number,
  invert: boolean,
  bits: number,
  state: boolean,
): readonly Interval[] | undefined {
  if (bits > 16) return wideMaskIntervals(mask, value, invert, bits);
  const intervals: [number, number][] = [];
  for (let candidate = 0; candidate < 1 << bits; candidate++) {
    const whole = state && candidate === 0 ? Conntrack.STATE_UNTRACKED : candidate;
    if (((whole & mask) >>> 0 === value >>> 0) === invert) continue;
    const last = intervals.at(-1);
    if (last?.[1] === candidate - 1) last[1] = candidate;
    else intervals.push([candidate, candidate]);
  }
  return intervals;
}

function wideMaskIntervals(
  mask: number,
  value: number,
  invert: boolean,
  bits: number,
): readonly Interval[] | undefined {
  const free = ~mask >>> 0;
  if (bits !== 32 || (free & (free + 1)) !== 0) return undefined;
  const lo = value >>> 0;
  return invertIf((lo & free) === 0 ? [[lo, lo + free]] : [], invert, bits);
}
