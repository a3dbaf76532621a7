// DCCP (RFC 4340): the packet type is in bits 4 to 1 of byte 8; how long the header is depends on it.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach } from './bytes';
import { findOption, inverted } from './option';

/** DCCP_TYPE: mask of 1 << type | invert << 16. */
export function dccpType(p: usize, op: usize): i32 {
  const header = load<u32>(p, Packet.L4_OFFSET);
  if (reach(p, header + 8, 1) != Op.YES) return Op.UNDECIDABLE;
  const type = (byteAt(p, header + 8) >> 1) & 15;
  return i32((u32(load<u16>(op, 4)) >> type) & 1) ^ i32(load<u16>(op, 6));
}

/** DCCP_OPTION: type | invert << 16. A data offset within the fixed header drops the packet. */
export function dccpOption(p: usize, op: usize): i32 {
  const header = load<u32>(p, Packet.L4_OFFSET);
  if (reach(p, header + 4, 5) != Op.YES) return Op.UNDECIDABLE;
  const bytes = byteAt(p, header + 4) * 4;
  const fixed = fixedBytes(byteAt(p, header + 8));
  const invert = i32(load<u16>(op, 6));
  if (bytes < fixed) return inverted(Op.HOTDROP, invert);
  if (bytes == fixed) return Op.NO ^ invert;
  return inverted(findOption(p, header + fixed, bytes - fixed, u32(load<u16>(op, 4))), invert);
}

/** Bytes before the options, from the byte that holds type and X. */
function fixedBytes(typeAndX: u32): u32 {
  const basic: u32 = (typeAndX & 1) != 0 ? 16 : 12;
  switch ((typeAndX >> 1) & 15) {
    case 0: // Request: service code
      return basic + 4;
    case 2: // Data
      return basic;
    case 3: // Ack, DataAck, CloseReq, Close, Sync, SyncAck: acknowledgement number
    case 4:
    case 5:
    case 6:
    case 8:
    case 9:
      return basic + 8;
    default: // Response and Reset have four bytes more; Linux counts types without a name like them
      return basic + 12;
  }
}
