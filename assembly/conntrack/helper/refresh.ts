// nf_ct_refresh: a helper gives its connection another time to live, whatever its tracker said of this packet.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { deadline } from '../time';

export function refresh(p: usize, entry: usize, timeoutNs: u64): void {
  if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_FIXED_TIMEOUT) != 0) return;
  store<u64>(entry, deadline(load<u64>(p, Packet.TIME), timeoutNs), Conntrack.DEADLINE);
}
