// Sets of byte values as masked values: what `--tcp-flags SYN,ACK SYN` is at once, and a protocol, and a set of
// connection states in a few.

import type { Interval } from './interval.ts';

/** All bytes b with (b & mask) == value. */
export interface MaskedValue {
  readonly value: number;
  readonly mask: number;
}

/** Masked values that hold just the bytes of the intervals; undefined when it takes more than `most`. */
export function maskedValues(intervals: readonly Interval[], most: number): MaskedValue[] | undefined {
  const wanted = new Uint8Array(256);
  for (const [lo, hi] of intervals) wanted.fill(1, Number(lo), Number(hi) + 1);
  const covered = new Uint8Array(256);
  const found: MaskedValue[] = [];
  for (let byte = 0; byte < 256; byte++) {
    if (wanted[byte] === 0 || covered[byte] === 1) continue;
    if (found.length === most) return undefined;
    const masked = widest(byte, wanted);
    for (let other = 0; other < 256; other++) {
      if ((other & masked.mask) === masked.value) covered[other] = 1;
    }
    found.push(masked);
  }
  return found;
}

/** The byte with as many bits taken out of its mask, from the highest on, as `wanted` has all bytes for. */
function widest(byte: number, wanted: Uint8Array): MaskedValue {
  let mask = 0xff;
  for (let bit = 0x80; bit > 0; bit >>= 1) {
    const wider = mask & ~bit;
    const value = byte & wider;
    let holds = true;
    for (let other = 0; holds && other < 256; other++) {
      if ((other & wider) === value) holds = wanted[other] === 1;
    }
    if (holds) mask = wider;
  }
  return { value: byte & mask, mask };
}
