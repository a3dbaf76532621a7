// ECN: mask | value << 8 of byte 13 of the TCP header. Fragments are not looked at (xt_ecn.c): of a later one the
// bytes that stand there are taken, in IPv6 those of the IP header itself.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach, transportOffset } from './bytes';

const HEADER_BYTES: u32 = 20;
const FLAGS_OFFSET: u32 = 13;

export function ecn(p: usize, op: usize): i32 {
  const header = transportOffset(p);
  if (header + HEADER_BYTES > load<u32>(p, Packet.LENGTH)) return Op.NO;
  if (reach(p, header + FLAGS_OFFSET, 1) != Op.YES) return Op.UNDECIDABLE;
  const flags = byteAt(p, header + FLAGS_OFFSET);
  return i32((flags & u32(load<u8>(op, 4))) == u32(load<u8>(op, 5)));
}
