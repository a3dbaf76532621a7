// Sets of values as intervals: sorted and disjoint.

/** A value of a search field: of fields up to 32 bits a number, of IPv6 addresses a bigint. */
export type Bound = number | bigint;
/** Values from lo to hi, both included. */
export type Interval = readonly [lo: Bound, hi: Bound];

/** The highest value of a field. */
export function highest(bits: number): Bound {
  return bits > 32 ? (1n << BigInt(bits)) - 1n : 2 ** bits - 1;
}

const below = (bound: Bound): Bound => (typeof bound === 'bigint' ? bound - 1n : bound - 1);
const above = (bound: Bound): Bound => (typeof bound === 'bigint' ? bound + 1n : bound + 1);

/** Joins intervals, sorted by their beginnings, that overlap or touch. */
export function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: [Bound, Bound][] = [];
  for (const [lo, hi] of intervals) {
    const last = merged.at(-1);
    if (last === undefined || lo > above(last[1])) merged.push([lo, hi]);
    else if (hi > last[1]) last[1] = hi;
  }
  return merged;
}

export function invertIf(intervals: readonly Interval[], invert: boolean, bits: number): readonly Interval[] {
  if (!invert) return intervals;
  const result: Interval[] = [];
  let next: Bound = bits > 32 ? 0n : 0;
  for (const [lo, hi] of intervals) {
    if (lo > next) result.push([next, below(lo)]);
    next = above(hi);
  }
  const end = highest(bits);
  if (next <= end) result.push([next, end]);
  return result;
}

/** What of the intervals a field of so many bits can hold. */
export function clip(intervals: readonly Interval[], bits: number): readonly Interval[] {
  return intersect(intervals, [[bits > 32 ? 0n : 0, highest(bits)]]);
}

export function intersect(left: readonly Interval[], right: readonly Interval[]): readonly Interval[] {
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
