// The binary logarithm, without the tables of AssemblyScript's own: the kernel has no data in memory.

const SQRT2: f64 = Math.SQRT2;
const LOG2_E: f64 = Math.LOG2E;

/** Of a normal number above zero, within some 1e-15 of its magnitude. */
export function log2(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let exponent = f64(i64(bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // ln m = 2 artanh t, whose series is short: |t| < 0.172.
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  let sum: f64 = 0;
  for (let power: i32 = 21; power >= 1; power -= 2) sum = sum * square + 1.0 / f64(power);
  return exponent + 2 * t * sum * LOG2_E;
}
