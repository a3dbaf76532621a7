// IP6_FRAG: bits (1 reserved zero, 2 first, 4 more, 8 last, 16 identification inverted), lowest and highest id.

import * as Op from '../../src/layout/op.ts';
import { byteAt, reach, wordAt } from './bytes';
import { FRAGMENT, findHeader, missing } from './ipv6';
import { inRange } from './word';

export function frag(p: usize, op: usize): i32 {
  const found = findHeader(p, FRAGMENT);
  if (found < 0) return missing(found);
  const offset = u32(found);
  const there = reach(p, offset, 8);
  if (there != Op.YES) return there;
  const bits = load<u32>(op, 4);
  const word = (byteAt(p, offset + 2) << 8) | byteAt(p, offset + 3);
  if (inRange(wordAt(p, offset + 4), op, i32((bits >> 4) & 1)) == 0) return Op.NO;
  if ((bits & 1) != 0 && (byteAt(p, offset + 1) != 0 || (word & 6) != 0)) return Op.NO;
  if ((bits & 2) != 0 && (word & 0xfff8) != 0) return Op.NO;
  if ((bits & 4) != 0 && (word & 1) == 0) return Op.NO;
  return (bits & 8) != 0 && (word & 1) != 0 ? Op.NO : Op.YES;
}
