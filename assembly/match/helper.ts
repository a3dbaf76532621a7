// HELPER: mask of bits 1 << Conntrack.HELPER_*, invert.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';

export function helper(p: usize, op: usize): i32 {
  const invert = i32(load<u32>(op, 8));
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return invert;
  const master = u32(load<u8>(entry, Conntrack.MASTER_HELPER));
  return i32((load<u32>(op, 4) >>> master) & 1) ^ invert;
}
