// AH (IPv6): bits (1 SPI inverted, 2 length inverted, 4 reserved must be zero), lowest and highest SPI, length or 0.

import * as Op from '../../src/layout/op.ts';
import { byteAt, reach, wordAt } from './bytes';
import { AUTHENTICATION, findHeader, headerBytes, missing, packetBytes } from './ipv6';
import { inRange } from './word';

export function ah(p: usize, op: usize): i32 {
  const found = findHeader(p, AUTHENTICATION);
  if (found < 0) return missing(found);
  const offset = u32(found);
  const there = reach(p, offset, 12);
  if (there != Op.YES) return there;
  const bytes = headerBytes(AUTHENTICATION, byteAt(p, offset + 1));
  // A header that is longer than the packet drops it.
  if (packetBytes(p) - offset < bytes) return Op.HOTDROP;
  const bits = load<u32>(op, 4);
  if (inRange(wordAt(p, offset + 4), op, i32(bits & 1)) == 0) return Op.NO;
  const length = load<u32>(op, 16);
  if (length != 0 && (bytes == length) == ((bits & 2) != 0)) return Op.NO;
  return (bits & 4) != 0 && (wordAt(p, offset) & 0xffff) != 0 ? Op.NO : Op.YES;
}
