// Reassembly of IPv4 fragments before INPUT.

import * as Fragment from '../../src/layout/fragment.ts';

/** Takes a fragment for the datagram that it belongs to: Fragment.HELD, COMPLETE or DROPPED. */
export function push(_lane: usize, _p: usize, _number: u64): u32 {
  return Fragment.HELD;
}
