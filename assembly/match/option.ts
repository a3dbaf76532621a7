// Options of a transport header as xt_tcpudp.c and xt_dccp.c look for them: types 0 and 1 are one byte long, all
// others have their length, the two first bytes included, in the second byte.

import * as Op from '../../src/layout/op.ts';
import { byteAt, reach } from './bytes';

/**
 * Is an option of type `wanted` among the `bytes` bytes at `offset` from the IP header? Options that end beyond the
 * packet drop it. Where the capture ends before, what it holds may be enough to say yes.
 */
export function findOption(p: usize, offset: u32, bytes: u32, wanted: u32): i32 {
  if (reach(p, offset, bytes) == Op.HOTDROP) return Op.HOTDROP;
  let at: u32 = 0;
  while (at < bytes) {
    if (reach(p, offset + at, 1) != Op.YES) return Op.UNDECIDABLE;
    const type = byteAt(p, offset + at);
    if (type == wanted) return Op.YES;
    if (type < 2 || at + 1 == bytes) {
      at++;
      continue;
    }
    if (reach(p, offset + at + 1, 1) != Op.YES) return Op.UNDECIDABLE;
    const length = byteAt(p, offset + at + 1);
    at += length == 0 ? 1 : length;
  }
  return Op.NO;
}

/** NO and YES the other way round when `invert` is 1, HOTDROP as a condition that holds; UNDECIDABLE stays. */
export function inverted(result: i32, invert: i32): i32 {
  if (result == Op.HOTDROP) return invert != 0 ? Op.HOTDROP_COUNTED : Op.HOTDROP;
  return result > Op.YES ? result : result ^ invert;
}
