// Ranges that may be inverted.

interface Range {
  readonly lo: number;
  readonly hi: number;
  readonly invert: boolean;
}

export function inRange({ lo, hi, invert }: Range, value: number): boolean {
  return (value >= lo && value <= hi) !== invert;
}

/** A value, or everything but it; undefined asks nothing. */
export function equals(
  wanted: { readonly value: number; readonly invert: boolean } | undefined,
  value: number,
): boolean {
  return wanted === undefined || (value === wanted.value) !== wanted.invert;
}
