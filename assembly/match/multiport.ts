// MULTIPORT: 1 source, 2 destination, 3 either | invert << 16, number of ranges, then lo | hi << 16 each.

import * as Packet from '../../src/layout/packet.ts';

export function multiport(p: usize, op: usize): i32 {
  const which = u32(load<u16>(op, 4));
  const invert = i32(load<u16>(op, 6));
  const sport = load<u32>(p, Packet.SPORT);
  const dport = load<u32>(p, Packet.DPORT);
  const first = which == 2 ? dport : sport;
  const second = which == 1 ? sport : dport;
  const end = op + 12 + usize(load<u32>(op, 8)) * 4;
  for (let range = op + 12; range < end; range += 4) {
    const lo = u32(load<u16>(range));
    const hi = u32(load<u16>(range, 2));
    if ((first >= lo && first <= hi) || (second >= lo && second <= hi)) return 1 ^ invert;
  }
  return invert;
}
