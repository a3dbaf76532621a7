// Tests of one field of the packet record: they serve most matches.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach, transportOffset } from './bytes';

/** FIELD_RANGE: lo <= field <= hi. */
export function fieldRange(p: usize, op: usize): i32 {
  const value = load<u32>(p + load<u16>(op, 4));
  return i32(u32(value >= load<u32>(op, 8)) & u32(value <= load<u32>(op, 12))) ^ i32(load<u16>(op, 6));
}

/** FIELD_MASK: (field & mask) == value. */
export function fieldMask(p: usize, op: usize): i32 {
  const value = load<u32>(p + load<u16>(op, 4));
  return i32((value & load<u32>(op, 8)) == load<u32>(op, 12)) ^ i32(load<u16>(op, 6));
}

/** ADDRESS_RANGE: addresses compare as 128-bit numbers, high half first; IPv4 is all in the high half. */
export function addressRange(p: usize, op: usize): i32 {
  const field = p + load<u16>(op, 4);
  const high = load<u64>(field);
  const low = load<u64>(field, 8);
  const loHigh = load<u64>(op, 16);
  const hiHigh = load<u64>(op, 32);
  const inside =
    (high > loHigh || (high == loHigh && low >= load<u64>(op, 24))) &&
    (high < hiHigh || (high == hiHigh && low <= load<u64>(op, 40)));
  return i32(inside) ^ i32(load<u16>(op, 6));
}

/** TRANSPORT: is the transport header there, as far as the match needs it? */
export function transport(p: usize, op: usize): i32 {
  const how = u32(load<u8>(op, 6));
  const fragment = load<u32>(p, Packet.FRAG_OFFSET);
  // Of two or three bytes a source port can be read, which the decoder did not look for.
  if ((how & Op.TRANSPORT_NATIVE) != 0 && (fragment != 0 || load<u32>(p, Packet.L4_LEN) < 4)) {
    return readFields(p, u32(load<u8>(op, 4)));
  }
  if (fragment != 0) {
    return fragment == 1 && (how & Op.TRANSPORT_FRAGMENT_ATTACK) != 0 ? Op.HOTDROP : Op.NO;
  }
  if (load<u32>(p, Packet.L4_LEN) < u32(load<u8>(op, 4))) {
    return (how & Op.TRANSPORT_HOTDROP) != 0 ? Op.HOTDROP : Op.NO;
  }
  return load<u32>(p, Packet.L4_CAP) < u32(load<u8>(op, 5)) ? Op.UNDECIDABLE : Op.YES;
}

/** Sets the fields that nftables reads where the decoder found none, as far as the `bytes` reach. */
function readFields(p: usize, bytes: u32): i32 {
  const header = transportOffset(p);
  const there = reach(p, header, bytes);
  if (there != Op.YES) return there == Op.HOTDROP ? Op.NO : there;
  store<u32>(p, (byteAt(p, header) << 8) | byteAt(p, header + 1), Packet.SPORT);
  if (bytes >= 4) store<u32>(p, (byteAt(p, header + 2) << 8) | byteAt(p, header + 3), Packet.DPORT);
  if (bytes >= 14) store<u32>(p, byteAt(p, header + 13), Packet.TCP_FLAGS);
  return Op.YES;
}
