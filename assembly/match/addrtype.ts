// ADDRTYPE: source mask | destination mask << 16 (0: not looked at), then bits: 1 source and 2 destination inverted,
// 4 limited to the incoming, 8 to the outgoing interface.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { addressTypeMatches } from '../path/addrtype';

export function addrtype(lane: usize, p: usize, op: usize): i32 {
  const source = u32(load<u16>(op, 4));
  const destination = u32(load<u16>(op, 6));
  const bits = load<u32>(op, 8);
  let device: u32 = 0;
  if ((bits & 4) != 0) device = load<u32>(p, Packet.IIF);
  else if ((bits & 8) != 0) device = load<u32>(p, Packet.OIF);
  if (source != 0) {
    const matches = addressTypeMatches(lane, p, Packet.SRC, source, device);
    if (matches == ((bits & 1) != 0)) return Op.NO;
  }
  if (destination != 0) {
    const matches = addressTypeMatches(lane, p, Packet.DST, destination, device);
    if (matches == ((bits & 2) != 0)) return Op.NO;
  }
  return Op.YES;
}
