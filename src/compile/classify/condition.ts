// What a rule asks of the packet's header, as sets of values: what a classifier can search by. A rule's set of a
// field may be larger than what the rule really matches, never smaller: every candidate is verified.

import * as Conntrack from '../../layout/conntrack.ts';
import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import { type Address, prefixLength } from '../../model/address.ts';
import type { AddressMask, Family, Negatable, Rule } from '../../model/ruleset.ts';

/** Values from lo to hi, both included. */
export type Interval = readonly [lo: bigint, hi: bigint];

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

/**
 * Conditions of a rule for packets with an ordinary transport header; others are walked rule by rule. `words` are the
 * operations that the rule's matches lowered to. Operations are read up to the first that could drop the packet or
 * leave it undecided: a rule must stay a candidate wherever Linux would come so far. `changing`: fields that targets
 * may change while the chain is walked.
 */
export function conditionsOf(
  rule: Rule,
  words: readonly number[],
  family: Family,
  changing: ReadonlySet<number> = new Set(),
): RuleConditions {
  const fields = new Map<number, readonly Interval[]>();
  const restrict = (field: number, intervals: readonly Interval[]): void => {
    const before = fields.get(field);
    fields.set(field, before === undefined ? intervals : intersect(before, intervals));
  };
  let exact = true;
  for (const [field, part] of [
    [Packet.SRC, rule.source],
    [Packet.DST, rule.destination],
  ] as const) {
    if (part === undefined) continue;
    const intervals = addressIntervals(part);
    if (intervals === undefined) exact = false;
    else restrict(field, intervals);
  }
  if (rule.protocol !== undefined) {
    const value = BigInt(rule.protocol.value);
    restrict(Packet.PROTO, invertIf([[value, value]], rule.protocol.invert, 8));
  }
  // `-f` matches later fragments alone, which no classifier sees.
  if (rule.fragment?.invert === false) restrict(Packet.PROTO, []);
  const { protocol } = rule;
  const header = protocol?.invert === false ? (ORDINARY_HEADERS.get(protocol.value) ?? 0) : 0;
  if (!readOperations(words, family, header, restrict)) exact = false;
  for (const field of changing) if (fields.delete(field)) exact = false;
  return { fields, in: rule.in, out: rule.out, exact };
}

/** The same rules with less to search by: what they ask of the field is left to verification. */
export function withoutField(rules: readonly RuleConditions[], field: number): readonly RuleConditions[] {
  return rules.map((rule) => {
    if (!rule.fields.has(field)) return rule;
    const fields = new Map(rule.fields);
    fields.delete(field);
    return { ...rule, fields, exact: false };
  });
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

/** True when every operation became a condition. `header`: bytes that an ordinary transport header has. */
function readOperations(
  words: readonly number[],
  family: Family,
  header: number,
  restrict: (field: number, intervals: readonly Interval[]) => void,
): boolean {
  let exact = true;
  for (let at = 0; at < words.length; at += (words[at] as number) >>> 18) {
    const code = (words[at] as number) & 0xffff;
    const operand = (index: number): number => words[at + index] as number;
    const field = operand(1) & 0xffff;
    const invert = operand(1) >>> 16 !== 0;
    const bits = fieldBits(field, family);
    if (code === Op.FIELD_RANGE) {
      if (bits === undefined) {
        exact = false;
        continue;
      }
      const intervals = clip([[BigInt(operand(2)), BigInt(operand(3))]], bits);
      restrict(field, invertIf(intervals, invert, bits));
    } else if (code === Op.FIELD_MASK) {
      const state = field === Packet.CTSTATE;
      const intervals =
        bits === undefined ? undefined : maskIntervals(operand(2), operand(3), invert, bits, state);
      if (intervals === undefined) exact = false;
      else restrict(field, intervals);
    } else if (code === Op.ADDRESS_RANGE) {
      if (bits === undefined) continue;
      // A range that goes backwards holds nothing.
      const range = clip([[address(words, at + 4, family), address(words, at + 8, family)]], bits);
      restrict(field, invertIf(range, invert, bits));
    } else if (code === Op.MULTIPORT) {
      const which = operand(1) & 0xffff;
      if (which === 3) {
        exact = false;
        continue;
      }
      const ranges = words
        .slice(at + 3, at + 3 + operand(2))
        .map(portRange)
        .sort(([left], [right]) => Number(left - right));
      restrict(which === 1 ? Packet.SPORT : Packet.DPORT, invertIf(merge(ranges), invert, 16));
    } else if (code === Op.TRANSPORT) {
      const [declared, read] = [operand(1) & 0xff, (operand(1) >>> 8) & 0xff];
      if (Math.max(declared, read) > header) return false;
    } else {
      if (!PLAIN_OPERATIONS.has(code)) return false;
      exact = false;
    }
  }
  return exact;
}

/** Width of a search field for a family; undefined when it is not one. */
export function fieldBits(field: number, family: Family): number | undefined {
  const isAddress = field === Packet.SRC || field === Packet.DST;
  return isAddress && family === 'ipv6' ? 128 : SEARCH_FIELD_BITS.get(field);
}

/** An address operand: layout/packet.ts's form, four words from `at`. */
function address(words: readonly number[], at: number, family: Family): bigint {
  const word = (index: number): bigint => BigInt((words[at + index] as number) >>> 0);
  if (family === 'ipv4') return word(0);
  return (word(1) << 96n) | (word(0) << 64n) | (word(3) << 32n) | word(2);
}

/** Undefined for a mask with holes: the field is then left to verification. */
function addressIntervals(part: Negatable<AddressMask>): readonly Interval[] | undefined {
  const length = prefixLength(part.value.mask);
  if (length === undefined) return undefined;
  const bits = part.value.address.length * 8;
  const lo = addressValue(part.value.address);
  const hi = lo | ((1n << BigInt(bits - length)) - 1n);
  return invertIf([[lo, hi]], part.invert, bits);
}

function addressValue(bytes: Address): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function portRange(word: number): Interval {
  return [BigInt(word & 0xffff), BigInt(word >>> 16)];
}

/** Joins intervals, sorted by their beginnings, that overlap or touch. */
function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: [bigint, bigint][] = [];
  for (const [lo, hi] of intervals) {
    const last = merged.at(-1);
    if (last === undefined || lo > last[1] + 1n) merged.push([lo, hi]);
    else if (hi > last[1]) last[1] = hi;
  }
  return merged;
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
  const intervals: [bigint, bigint][] = [];
  for (let candidate = 0; candidate < 1 << bits; candidate++) {
    const whole = state && candidate === 0 ? Conntrack.STATE_UNTRACKED : candidate;
    if (((whole & mask) >>> 0 === value >>> 0) === invert) continue;
    const last = intervals.at(-1);
    if (last !== undefined && last[1] === BigInt(candidate) - 1n) last[1] = BigInt(candidate);
    else intervals.push([BigInt(candidate), BigInt(candidate)]);
  }
  return intervals;
}

function wideMaskIntervals(
  mask: number,
  value: number,
  invert: boolean,
  bits: number,
): readonly Interval[] | undefined {
  const free = BigInt(~mask >>> 0);
  if (bits !== 32 || (free & (free + 1n)) !== 0n) return undefined;
  const lo = BigInt(value >>> 0);
  return invertIf((lo & free) === 0n ? [[lo, lo + free]] : [], invert, bits);
}

function clip(intervals: readonly Interval[], bits: number): readonly Interval[] {
  return intersect(intervals, [[0n, (1n << BigInt(bits)) - 1n]]);
}

function invertIf(intervals: readonly Interval[], invert: boolean, bits: number): readonly Interval[] {
  if (!invert) return intervals;
  const result: Interval[] = [];
  let next = 0n;
  for (const [lo, hi] of intervals) {
    if (lo > next) result.push([next, lo - 1n]);
    next = hi + 1n;
  }
  const end = (1n << BigInt(bits)) - 1n;
  if (next <= end) result.push([next, end]);
  return result;
}

/** Both sorted and disjoint. */
function intersect(left: readonly Interval[], right: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const [lo, hi] of left) {
    for (const [otherLo, otherHi] of right) {
      const from = lo > otherLo ? lo : otherLo;
      const to = hi < otherHi ? hi : otherHi;
      if (from <= to) result.push([from, to]);
    }
  }
  return result;
}
