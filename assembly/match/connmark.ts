// CONNMARK: invert << 16, mask, value.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { hasTemplate } from './entry';

export function connmark(p: usize, op: usize): i32 {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0 && !hasTemplate(p)) return Op.NO;
  const mark: u32 = entry == 0 ? 0 : load<u32>(entry, Conntrack.MARK);
  return i32((mark & load<u32>(op, 8)) == load<u32>(op, 12)) ^ i32(load<u16>(op, 6));
}
