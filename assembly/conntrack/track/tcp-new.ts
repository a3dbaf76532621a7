// How a TCP flow begins (tcp_new()): with a SYN, or in its middle.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { takeOptions } from './tcp-option';
import { sideOf } from './tcp-window';

const ASSUMED: u32 = Conntrack.TCP_FLAG_SACK_PERM | Conntrack.TCP_FLAG_BE_LIBERAL;

/**
 * Fills in the TRACK area of a fresh entry by its first segment, which the transitions allow. False: it would have to be
 * picked up midstream, and nf_conntrack_tcp_loose is 0.
 */
export function begin(
  config: usize,
  entry: usize,
  p: usize,
  header: usize,
  bytes: u32,
  captured: u32,
  index: u32,
  end: u32,
  offered: u32,
): bool {
  const syn = index == Conntrack.TCP_INDEX_SYN;
  if (!syn && !(load<u32>(config, Conntrack.FLAGS) & Conntrack.TCP_LOOSE)) return false;
  memory.fill(entry + Conntrack.TRACK, 0, Conntrack.HELPER - Conntrack.TRACK);
  const window = max(offered, 1);
  const sender = sideOf(entry, Conntrack.DIR_ORIGINAL);
  store<u32>(sender, end, Conntrack.TCP_END);
  store<u32>(sender, window, Conntrack.TCP_MAXWIN);
  store<u8>(entry, Conntrack.TCP_INDEX_NONE, Conntrack.TCP_LAST_INDEX);
  if (syn) {
    store<u32>(sender, end, Conntrack.TCP_MAXEND);
    takeOptions(entry, Conntrack.DIR_ORIGINAL, header, bytes, captured);
    return true;
  }
  // What the SYNs said is not known: SACK is assumed, and windows, which may be scaled, are not held against it.
  store<u32>(sender, end + window, Conntrack.TCP_MAXEND);
  store<u8>(entry, ASSUMED, Conntrack.TCP_FLAGS);
  store<u8>(entry, ASSUMED, Conntrack.TCP_FLAGS + 2);
  store<u8>(entry, load<u8>(entry, Conntrack.BITS) | Conntrack.BIT_PICKED_UP, Conntrack.BITS);
  const picked = load<usize>(p, Packet.CT_SHARD) + Conntrack.SHARD_STATS + Conntrack.STAT_PICKED_UP;
  store<u64>(picked, load<u64>(picked) + 1);
  return true;
}
