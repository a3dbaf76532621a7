// TRANSPORT_WORD: offset | invert << 16, lo, hi: 32 bits of the transport header; TRANSPORT has asked for them.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { reach, wordAt } from './bytes';

export function transportWord(p: usize, op: usize): i32 {
  const offset = load<u32>(p, Packet.L4_OFFSET) + u32(load<u16>(op, 4));
  if (reach(p, offset, 4) != Op.YES) return Op.UNDECIDABLE;
  return inRange(wordAt(p, offset), op, i32(load<u16>(op, 6)));
}

/** Is the value between the words at op + 8 and op + 12? */
export function inRange(value: u32, op: usize, invert: i32): i32 {
  return i32(value >= load<u32>(op, 8) && value <= load<u32>(op, 12)) ^ invert;
}
