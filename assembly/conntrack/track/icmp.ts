// The tracker of ICMP (nf_conntrack_icmp_packet()). Errors, checksum and unknown types are the core's, before a
// connection is looked up.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import { configuration, invalid, refresh } from './entry';

/** A flow begins with echo (8), timestamp (13), information (15) or address mask (17) requests. */
const REQUESTS: u32 = (1 << 8) | (1 << 13) | (1 << 15) | (1 << 17);

export function trackIcmp(lane: usize, entry: usize, p: usize): i32 {
  const config = configuration(lane);
  // Destination port of the original tuple: type << 8 | code.
  const type = load<u32>(entry, Conntrack.ORIG_PORTS) >> 24;
  if (u32(load<u8>(entry, Conntrack.FAMILY)) != 4 || type > 31 || ((REQUESTS >> type) & 1) == 0)
    return invalid(config, p, Invalid.ICMP_NEW);
  refresh(entry, p, load<u64>(config, Conntrack.TIMEOUT_ICMP));
  return Conntrack.TRACK_ACCEPT;
}
