// IP6_OPTS: header | bits << 8 (1 length, 2 length inverted, 4 options) | number of options << 16, length, then
// type << 8 | length (255 any) each. The options are the header's first, in this order; type 0 is one byte long.

import * as Op from '../../src/layout/op.ts';
import { byteAt, reach } from './bytes';
import { findHeader, headerBytes, missing, packetBytes } from './ipv6';

const ANY_LENGTH: u32 = 255;

export function headerOptions(p: usize, op: usize): i32 {
  const header = u32(load<u8>(op, 4));
  const found = findHeader(p, header);
  if (found < 0) return missing(found);
  const offset = u32(found);
  const bytes = headerBytes(header, byteAt(p, offset + 1));
  // A header that is longer than the packet drops it.
  if (packetBytes(p) - offset < bytes) return Op.HOTDROP;
  const bits = u32(load<u8>(op, 5));
  if ((bits & 1) != 0 && (bytes == load<u32>(op, 8)) == ((bits & 2) != 0)) return Op.NO;
  return (bits & 4) != 0 ? options(p, op, offset + 2, bytes - 2) : Op.YES;
}

/** `left`: bytes of the header from `offset` on. */
function options(p: usize, op: usize, offset: u32, left: u32): i32 {
  const count = u32(load<u16>(op, 6));
  for (let index: u32 = 0; index < count; index++) {
    if (left < 1) return Op.NO;
    const wanted = load<u32>(op + 12 + usize(index) * 4);
    if (reach(p, offset, 1) != Op.YES) return Op.UNDECIDABLE;
    const type = byteAt(p, offset);
    if (type != wanted >> 8) return Op.NO;
    let bytes: u32 = 1;
    if (type != 0) {
      if (left < 2) return Op.NO;
      if (reach(p, offset + 1, 1) != Op.YES) return Op.UNDECIDABLE;
      const length = byteAt(p, offset + 1);
      if ((wanted & 0xff) != ANY_LENGTH && (wanted & 0xff) != length) return Op.NO;
      bytes = length + 2;
    }
    // Only the last option may reach beyond the header.
    if (left < bytes) return index + 1 == count ? Op.YES : Op.NO;
    offset += bytes;
    left -= bytes;
  }
  return Op.YES;
}
