// IP6_MH: lowest | highest << 8 | invert << 16. TRANSPORT has asked for the six bytes of the header.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach } from './bytes';
import { NONE } from './ipv6';

/** A Mobility header with a payload behind it drops the packet. */
export function mh(p: usize, op: usize): i32 {
  const header = load<u32>(p, Packet.L4_OFFSET);
  if (reach(p, header, 3) != Op.YES) return Op.UNDECIDABLE;
  if (byteAt(p, header) != NONE) return Op.HOTDROP;
  const type = byteAt(p, header + 2);
  const inside = type >= u32(load<u8>(op, 4)) && type <= u32(load<u8>(op, 5));
  return i32(inside) ^ i32(load<u16>(op, 6));
}
