// The tracker of GRE (nf_conntrack_gre_packet()). An entry has timeouts of its own, for PPTP to change.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { assure, configuration, refresh } from './entry';

export function trackGre(lane: usize, entry: usize, p: usize, fresh: bool): i32 {
  if (fresh) {
    const config = configuration(lane);
    store<u64>(entry, load<u64>(config, Conntrack.TIMEOUT_GRE), Conntrack.GRE_TIMEOUT);
    store<u64>(entry, load<u64>(config, Conntrack.TIMEOUT_GRE_STREAM), Conntrack.GRE_STREAM_TIMEOUT);
  }
  if (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_SEEN_REPLY) {
    refresh(entry, p, load<u64>(entry, Conntrack.GRE_STREAM_TIMEOUT));
    assure(entry, p);
  } else refresh(entry, p, load<u64>(entry, Conntrack.GRE_TIMEOUT));
  return Conntrack.TRACK_ACCEPT;
}
