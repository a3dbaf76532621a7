import * as Capture from '../../src/layout/capture.ts';

/**
 * Nanoseconds since 1970 of a pcapng timestamp, modulo 2^64 (the year 2554), rounded down, exact for every
 * if_tsresol. `described` is the capture interface record.
 */
export function toNanoseconds(described: usize, units: u64): u64 {
  const kind = load<u32>(described, Capture.TIME_KIND);
  const factor = load<u64>(described, Capture.UNITS);
  const offset = load<u64>(described, Capture.TIME_OFFSET);
  if (kind === Capture.TIME_MULTIPLY) return units * factor + offset;
  if (kind === Capture.TIME_DIVIDE) return (factor === 0 ? 0 : units / factor) + offset;
  return shifted(units, factor) + offset;
}

/** units * 10^9 / 2^n by way of a 96-bit product: high << 32 | low. */
function shifted(units: u64, n: u64): u64 {
  const low = (units & 0xffffffff) * 1000000000;
  const high = (units >> 32) * 1000000000 + (low >> 32);
  if (n === 0) return units * 1000000000;
  if (n < 32) return (high << (32 - n)) | ((low & 0xffffffff) >> n);
  if (n < 96) return high >> (n - 32);
  return 0;
}
