// SCTP_CHUNKS: 1 all, 2 any, 3 only | invert << 8 | entries << 16, 256 bits of types, then for each entry
// type | mask << 8 | flags << 16.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach } from './bytes';
import { inverted } from './option';

const ALL: u32 = 1;
const ANY: u32 = 2;
const HEADER_BYTES: u32 = 12;
const TYPES: usize = 8;
const ENTRIES: usize = 40;

export function sctpChunks(p: usize, op: usize): i32 {
  return inverted(walk(p, op), i32((load<u32>(op, 4) >> 8) & 1));
}

function walk(p: usize, op: usize): i32 {
  const how = load<u32>(op, 4) & 0xff;
  const length = load<u32>(p, Packet.LENGTH);
  let offset = load<u32>(p, Packet.L4_OFFSET) + HEADER_BYTES;
  // The types of `all` that were not seen yet.
  let left0 = load<u64>(op, 8);
  let left1 = load<u64>(op, 16);
  let left2 = load<u64>(op, 24);
  let left3 = load<u64>(op, 32);
  do {
    const there = reach(p, offset, 4);
    if (there != Op.YES) return there;
    const type = byteAt(p, offset);
    const flags = byteAt(p, offset + 1);
    const bytes = (byteAt(p, offset + 2) << 8) | byteAt(p, offset + 3);
    if (bytes == 0) return Op.HOTDROP;
    offset += (bytes + 3) & ~3;
    const listed = (load<u8>(op + TYPES + (type >> 3)) >> u8(type & 7)) & 1;
    const matches = listed != 0 && flagsMatch(op, type, flags);
    if (how == ANY) {
      if (matches) return Op.YES;
    } else if (how == ALL) {
      if (matches) {
        const clear = ~(u64(1) << u64(type & 63));
        if (type < 64) left0 &= clear;
        else if (type < 128) left1 &= clear;
        else if (type < 192) left2 &= clear;
        else left3 &= clear;
      }
    } else if (!matches) return Op.NO;
  } while (offset < length);
  if (how == ANY) return Op.NO;
  if (how == ALL) return (left0 | left1 | left2 | left3) == 0 ? Op.YES : Op.NO;
  return Op.YES;
}

/** A type without an entry matches whatever its flags are. */
function flagsMatch(op: usize, type: u32, flags: u32): bool {
  const end = op + ENTRIES + usize(load<u16>(op, 6)) * 4;
  for (let entry = op + ENTRIES; entry < end; entry += 4) {
    if (u32(load<u8>(entry)) == type) return (flags & u32(load<u8>(entry, 1))) == u32(load<u8>(entry, 2));
  }
  return true;
}
