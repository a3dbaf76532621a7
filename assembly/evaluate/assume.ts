import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Totals from '../../src/layout/totals.ts';

/** Counts a packet that a match or target with an assumed answer was asked about, once. */
export function assume(lane: usize, p: usize): void {
  const flags = load<u32>(p, Packet.FLAGS);
  if ((flags & Packet.FLAG_ASSUMED) != 0) return;
  store<u32>(p, flags | Packet.FLAG_ASSUMED, Packet.FLAGS);
  const totals: usize = load<u32>(lane, Lane.TOTALS);
  store<u64>(totals, load<u64>(totals, Totals.ASSUMED) + 1, Totals.ASSUMED);
}
