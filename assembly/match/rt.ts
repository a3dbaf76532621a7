// IP6_RT: bits (1 type, 2 length, 4 reserved zero, 8 addresses, 16 not strict; inverted: 32 type, 64 segments left,
// 128 length), type, lowest and highest segments left, length, number of addresses, 0, 16 bytes each.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach, wordAt } from './bytes';
import { findHeader, headerBytes, missing, packetBytes, ROUTING } from './ipv6';

const ADDRESSES: usize = 32;

export function rt(p: usize, op: usize): i32 {
  const found = findHeader(p, ROUTING);
  if (found < 0) return missing(found);
  const offset = u32(found);
  const bytes = headerBytes(ROUTING, byteAt(p, offset + 1));
  // A header that is longer than the packet drops it.
  if (packetBytes(p) - offset < bytes) return Op.HOTDROP;
  const bits = load<u32>(op, 4);
  const segments = byteAt(p, offset + 3);
  const inside = segments >= load<u32>(op, 12) && segments <= load<u32>(op, 16);
  if (inside == ((bits & 64) != 0)) return Op.NO;
  if ((bits & 2) != 0 && (bytes == load<u32>(op, 20)) == ((bits & 128) != 0)) return Op.NO;
  if ((bits & 1) != 0 && (byteAt(p, offset + 2) == load<u32>(op, 8)) == ((bits & 32) != 0)) return Op.NO;
  if ((bits & 4) != 0) {
    const there = reach(p, offset + 4, 4);
    if (there != Op.YES) return there;
    if (wordAt(p, offset + 4) != 0) return Op.NO;
  }
  return (bits & 8) != 0 ? addresses(p, op, offset + 8, (bytes - 8) >> 4) : Op.YES;
}

/** `count` addresses stand at `offset` of the packet; the wanted ones behind the operation. */
function addresses(p: usize, op: usize, offset: u32, count: u32): i32 {
  const wanted = load<u32>(op, 24);
  const strict = (load<u32>(op, 4) & 16) == 0;
  if (strict ? wanted != count : wanted > count) return Op.NO;
  let found: u32 = 0;
  for (let index: u32 = 0; index < count && found < wanted; index++) {
    const there = reach(p, offset + index * 16, 16);
    if (there != Op.YES) return there;
    const address = usize(load<u32>(p, Packet.L3)) + offset + index * 16;
    const expected = op + ADDRESSES + usize(found) * 16;
    const same = load<u64>(address) == load<u64>(expected) && load<u64>(address, 8) == load<u64>(expected, 8);
    if (same) found++;
    else if (strict) return Op.NO;
  }
  return found == wanted ? Op.YES : Op.NO;
}
