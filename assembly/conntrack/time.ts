// Times of the capture's clock, u64 ns: they may be anything.

/** `timeout` after `now`; the end of all time when there is none later. */
export function deadline(now: u64, timeout: u64): u64 {
  const end = now + timeout;
  return end < now ? u64.MAX_VALUE : end;
}
