// The rules of a chain as boxes: an interval or a masked value a field, in typed arrays, for structures that cut a
// space. A rule has a box for each combination of its fields' intervals, up to a bound; beyond, a field's hull.

import * as Packet from '../../layout/packet.ts';
import type { Family } from '../../model/ruleset.ts';
import {
  fieldBits,
  type Interval,
  LATE_FIELDS,
  type RuleConditions,
  SEARCH_FIELD_BITS,
} from './condition.ts';
import { type MaskedValue, maskedValues } from './masked.ts';

/** One 32-bit word, or less, of the packet record that rules can be told apart by. */
export interface BoxField {
  /** Offset in the packet record. */
  readonly offset: number;
  readonly bits: number;
  /** By box, both included. */
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  /** Of a field of 8 bits, by box: the value under a mask that the box has. */
  readonly masked?: { readonly value: Uint8Array; readonly mask: Uint8Array } | undefined;
}

export interface Boxes {
  readonly count: number;
  /** By box, in rule order. */
  readonly rule: Int32Array;
  /** Every word that any rule asks about. */
  readonly fields: readonly BoxField[];
  /** By rule: do its boxes say all that its conditions say? */
  readonly exact: Uint8Array;
  /** Are fields asked about that are known only when a packet enters the chain? */
  readonly late: boolean;
}

/** Boxes that a rule may have. */
const MOST_BOXES = 8;

/** Words of an address in the packet record, the highest first. */
const WORDS: Readonly<Record<Family, readonly number[]>> = { ipv4: [0], ipv6: [4, 0, 12, 8] };

/** What a box takes of one field. */
type Part = { readonly interval: Interval } | MaskedValue;

/** Rules that no packet with an ordinary transport header can match have no box. */
export function boxesOf(rules: readonly RuleConditions[], family: Family): Boxes {
  const exact = new Uint8Array(rules.length).fill(1);
  const asked = [...SEARCH_FIELD_BITS.keys()].filter((field) => rules.some((rule) => rule.fields.has(field)));
  const boxes: { readonly rule: number; readonly parts: readonly (Part | undefined)[] }[] = [];
  rules.forEach(({ fields }, rule) => {
    let combinations: readonly (readonly (Part | undefined)[])[] = [[]];
    for (const field of asked) {
      const intervals = fields.get(field);
      let parts =
        intervals === undefined ? [undefined] : partsOf(intervals, fieldBits(field, family) as number);
      if (parts === undefined || parts.length * combinations.length > MOST_BOXES) {
        exact[rule] = 0;
        parts = [hullOf(intervals as readonly Interval[])];
      }
      combinations = combinations.flatMap((box) => (parts as Part[]).map((part) => [...box, part]));
    }
    for (const parts of combinations) boxes.push({ rule, parts });
  });
  const fields = asked.flatMap((field, position) =>
    fieldsOf(
      field,
      family,
      boxes.map(({ parts }) => parts[position]),
    ),
  );
  if (family === 'ipv6') {
    rules.forEach(({ fields: asks }, rule) => {
      if (asks.has(Packet.SRC) || asks.has(Packet.DST)) exact[rule] = 0;
    });
  }
  return {
    count: boxes.length,
    rule: Int32Array.from(boxes, ({ rule }) => rule),
    fields,
    exact,
    late: asked.some((field) => LATE_FIELDS.has(field)),
  };
}

/** Undefined when a field of 8 bits takes more masked values than boxes can have. */
function partsOf(intervals: readonly Interval[], bits: number): Part[] | undefined {
  const [first] = intervals;
  if (bits === 8 && first !== undefined) {
    if (intervals.length === 1 && first[0] === first[1]) return [{ value: Number(first[0]), mask: 0xff }];
    return maskedValues(intervals, MOST_BOXES);
  }
  return intervals.map((interval) => ({ interval }));
}

function hullOf(intervals: readonly Interval[]): Part {
  const [first, last] = [intervals[0], intervals.at(-1)];
  return { interval: [first?.[0] ?? 0n, last?.[1] ?? 0n] };
}

/** A search field's words, from what each box takes of it. */
function fieldsOf(field: number, family: Family, parts: readonly (Part | undefined)[]): BoxField[] {
  const bits = fieldBits(field, family) as number;
  const words = field === Packet.SRC || field === Packet.DST ? WORDS[family] : [0];
  const fields = words.map((word) => ({
    offset: field + word,
    bits: Math.min(bits, 32),
    lo: new Uint32Array(parts.length),
    hi: new Uint32Array(parts.length).fill(bits >= 32 ? 0xffffffff : 2 ** bits - 1),
    masked:
      bits === 8 ? { value: new Uint8Array(parts.length), mask: new Uint8Array(parts.length) } : undefined,
  }));
  const [first] = fields;
  parts.forEach((part, box) => {
    if (part === undefined || first === undefined) return;
    if ('interval' in part) {
      setHull(fields, box, part.interval);
      return;
    }
    first.lo[box] = part.value;
    first.hi[box] = part.value | (~part.mask & 0xff);
    if (first.masked === undefined) return;
    first.masked.value[box] = part.value;
    first.masked.mask[box] = part.mask;
  });
  return fields;
}

/** The hull in words: below the first word in which the bounds differ everything is in it. */
function setHull(parts: readonly BoxField[], index: number, [lo, hi]: Interval): void {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    only.lo[index] = Number(lo);
    only.hi[index] = Number(hi);
    return;
  }
  for (const [position, part] of parts.entries()) {
    const shift = BigInt(32 * (parts.length - 1 - position));
    const [from, to] = [Number((lo >> shift) & 0xffffffffn), Number((hi >> shift) & 0xffffffffn)];
    part.lo[index] = from;
    part.hi[index] = to;
    if (from !== to) return;
  }
}
