// May a match read these bytes of the packet? skb_header_pointer() with a third answer: the packet has them, but the
// capture does not.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';

/**
 * Op.YES when `bytes` bytes at `offset` from the IP header are captured, Op.HOTDROP when they lie beyond the packet's
 * length (what that means is the match's to say), Op.UNDECIDABLE when only the capture lacks them.
 */
export function reach(p: usize, offset: u32, bytes: u32): i32 {
  const end = u64(offset) + bytes;
  if (end <= u64(load<u32>(p, Packet.L3_CAP))) return Op.YES;
  return end <= u64(load<u32>(p, Packet.LENGTH)) ? Op.UNDECIDABLE : Op.HOTDROP;
}

/** The byte at `offset` from the IP header; it has been reached for before. */
export function byteAt(p: usize, offset: u32): u32 {
  return u32(load<u8>(usize(load<u32>(p, Packet.L3)) + offset));
}

/** The 32 bits at `offset` from the IP header, in host order. */
export function wordAt(p: usize, offset: u32): u32 {
  return bswap<u32>(load<u32>(usize(load<u32>(p, Packet.L3)) + offset));
}

/**
 * Where matches that do not look at the fragment offset take the transport header to start. Linux leaves it 0, which is
 * the IP header, for later fragments of IPv6.
 */
export function transportOffset(p: usize): u32 {
  const later6 = load<u32>(p, Packet.FRAG_OFFSET) != 0 && load<u32>(p, Packet.FAMILY) == 6;
  return later6 ? 0 : load<u32>(p, Packet.L4_OFFSET);
}
