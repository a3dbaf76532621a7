// The rules of a chain as boxes: an interval or a masked value a field, in typed arrays, for structures that cut a
// space. A rule has a box for each combination of its fields' intervals, up to a bound; beyond, a field's hull.

import * as Packet from '../../layout/packet.ts';
import type { Family } from '../../model/ruleset.ts';
import { askedFields, fieldBits, LATE_FIELDS, type RuleConditions, SEARCH_FIELD_BITS } from './condition.ts';
import type { Interval } from './interval.ts';
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
  /** Offsets of the search fields that any rule asks about. */
  readonly asked: readonly number[];
  /** Are fields asked about that are known only when a packet enters the chain? */
  readonly late: boolean;
}

/** Boxes that a rule may have. */
const MOST_BOXES = 8;

/** Words of an address in the packet record, the highest first. */
const WORDS: Readonly<Record<Family, readonly number[]>> = { ipv4: [0], ipv6: [4, 0, 12, 8] };

/** What a box takes of one field: an interval, or of a field of 8 bits a value under a mask; undefined: all of it. */
type Part = Interval | MaskedValue | undefined;

const ALL: readonly Part[] = [undefined];

/** Rules that no packet with an ordinary transport header can match have no box. */
export function boxesOf(rules: readonly RuleConditions[], family: Family): Boxes {
  const exact = new Uint8Array(rules.length).fill(1);
  const byField = askedFields(rules);
  const asked = [...SEARCH_FIELD_BITS.keys()].filter((field) => byField.has(field));
  const bits = asked.map((field) => fieldBits(field, family) as number);
  const parts = asked.map((): (readonly Part[])[] => new Array(rules.length));
  const counts = new Uint8Array(rules.length);
  let count = 0;
  rules.forEach(({ fields }, rule) => {
    let combinations = 1;
    for (let position = 0; position < asked.length; position++) {
      const intervals = fields.get(asked[position] as number);
      let ofField = intervals === undefined ? ALL : partsOf(intervals, bits[position] as number);
      if (ofField === undefined || ofField.length * combinations > MOST_BOXES) {
        exact[rule] = 0;
        ofField = [hullOf(intervals as readonly Interval[])];
      }
      (parts[position] as (readonly Part[])[])[rule] = ofField;
      combinations *= ofField.length;
    }
    counts[rule] = combinations;
    count += combinations;
  });
  const ruleOf = new Int32Array(count);
  let box = 0;
  counts.forEach((combinations, rule) => {
    ruleOf.fill(rule, box, box + combinations);
    box += combinations;
  });
  // Combinations count as digits do: the first field's part changes with each box.
  const strides = new Uint8Array(rules.length).fill(1);
  const fields = asked.flatMap((field, position) =>
    fieldsOf(field, family, parts[position] as readonly (readonly Part[])[], { ruleOf, strides }),
  );
  if (family === 'ipv6') {
    rules.forEach(({ fields: asks }, rule) => {
      if (asks.has(Packet.SRC) || asks.has(Packet.DST)) exact[rule] = 0;
    });
  }
  return { count, rule: ruleOf, fields, exact, asked, late: asked.some((field) => LATE_FIELDS.has(field)) };
}

/** Undefined when a field of 8 bits takes more masked values than boxes can have. */
function partsOf(intervals: readonly Interval[], bits: number): readonly Part[] | undefined {
  const [first] = intervals;
  if (bits !== 8 || first === undefined) return intervals;
  if (intervals.length === 1 && first[0] === first[1]) return SINGLE_BYTES[Number(first[0])];
  return maskedValues(intervals, MOST_BOXES);
}

const SINGLE_BYTES: readonly (readonly MaskedValue[])[] = Array.from({ length: 256 }, (_, value) => [
  { value, mask: 0xff },
]);

function hullOf(intervals: readonly Interval[]): Interval {
  const [first, last] = [intervals[0], intervals.at(-1)];
  return [first?.[0] ?? 0, last?.[1] ?? 0];
}

/** A search field's words, from what each rule takes of it. */
function fieldsOf(
  field: number,
  family: Family,
  parts: readonly (readonly Part[])[],
  { ruleOf, strides }: { readonly ruleOf: Int32Array; readonly strides: Uint8Array },
): BoxField[] {
  const bits = fieldBits(field, family) as number;
  const words = field === Packet.SRC || field === Packet.DST ? WORDS[family] : [0];
  const count = ruleOf.length;
  const fields = words.map((word) => ({
    offset: field + word,
    bits: Math.min(bits, 32),
    lo: new Uint32Array(count),
    hi: new Uint32Array(count).fill(bits >= 32 ? 0xffffffff : 2 ** bits - 1),
    masked: bits === 8 ? { value: new Uint8Array(count), mask: new Uint8Array(count) } : undefined,
  }));
  const [first] = fields;
  let rule = -1;
  let number = 0;
  for (let box = 0; box < count; box++) {
    number = ruleOf[box] === rule ? number + 1 : 0;
    rule = ruleOf[box] as number;
    const ofRule = parts[rule] as readonly Part[];
    const part = ofRule[Math.floor(number / (strides[rule] as number)) % ofRule.length];
    if (part === undefined || first === undefined) continue;
    if (!('mask' in part)) {
      setHull(fields, box, part);
      continue;
    }
    first.lo[box] = part.value;
    first.hi[box] = part.value | (~part.mask & 0xff);
    if (first.masked === undefined) continue;
    first.masked.value[box] = part.value;
    first.masked.mask[box] = part.mask;
  }
  parts.forEach((ofRule, index) => {
    strides[index] = (strides[index] as number) * ofRule.length;
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
  const [low, high] = [BigInt(lo), BigInt(hi)];
  for (const [position, part] of parts.entries()) {
    const shift = BigInt(32 * (parts.length - 1 - position));
    const [from, to] = [Number((low >> shift) & 0xffffffffn), Number((high >> shift) & 0xffffffffn)];
    part.lo[index] = from;
    part.hi[index] = to;
    if (from !== to) return;
  }
}
