// The rules of a chain as boxes: an interval a field, in typed arrays, for structures that cut a space. A field's
// interval is the hull of all that the rule takes there.

import * as Packet from '../../layout/packet.ts';
import type { Family } from '../../model/ruleset.ts';
import { fieldBits, type Interval, type RuleConditions, SEARCH_FIELD_BITS } from './condition.ts';

/** One 32-bit word, or less, of the packet record that rules can be told apart by. */
export interface BoxField {
  /** Offset in the packet record. */
  readonly offset: number;
  readonly bits: number;
  /** By rule, both included. */
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
}

export interface Boxes {
  readonly count: number;
  /** Every word that any rule asks about. */
  readonly fields: readonly BoxField[];
  /** Rules that packets with an ordinary transport header can match at all: the others are in no list. */
  readonly possible: Int32Array;
  /** By rule: does the box say all that the rule's conditions say? */
  readonly exact: Uint8Array;
}

/** Words of an address in the packet record, the highest first. */
const WORDS: Readonly<Record<Family, readonly number[]>> = { ipv4: [0], ipv6: [4, 0, 12, 8] };

export function boxesOf(rules: readonly RuleConditions[], family: Family): Boxes {
  const exact = new Uint8Array(rules.length).fill(1);
  const impossible = new Uint8Array(rules.length);
  const fields: BoxField[] = [];
  for (const field of SEARCH_FIELD_BITS.keys()) {
    // What changes on the packet's way cannot be looked up beforehand.
    if (field === Packet.PKTTYPE || !rules.some((rule) => rule.fields.has(field))) continue;
    const bits = fieldBits(field, family) as number;
    const words = bits >= 32 ? WORDS[family] : [0];
    const parts = words.map(
      (word): BoxField => ({
        offset: field + word,
        bits: Math.min(bits, 32),
        lo: new Uint32Array(rules.length),
        hi: new Uint32Array(rules.length).fill(bits >= 32 ? 0xffffffff : (1 << bits) - 1),
      }),
    );
    rules.forEach((rule, index) => {
      const intervals = rule.fields.get(field);
      if (intervals === undefined) return;
      const [first, last] = [intervals[0], intervals.at(-1)];
      if (first === undefined || last === undefined) {
        impossible[index] = 1;
        return;
      }
      if (intervals.length > 1 || parts.length > 1) exact[index] = 0;
      setHull(parts, index, [first[0], last[1]]);
    });
    fields.push(...parts);
  }
  const possible = Int32Array.from(rules.keys()).filter((rule) => impossible[rule] === 0);
  return { count: rules.length, fields, possible, exact };
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
