// The tracker of ICMPv6 (nf_conntrack_icmpv6_packet()). Errors, neighbour discovery and checksum are the core's, before
// a connection is looked up.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import { configuration, invalid, refresh } from './entry';

const ECHO_REQUEST: u32 = 128;
const NODE_INFORMATION_QUERY: u32 = 139;

export function trackIcmpv6(lane: usize, entry: usize, p: usize, fresh: bool): i32 {
  const config = configuration(lane);
  if (u32(load<u8>(entry, Conntrack.FAMILY)) != 6) return invalid(config, p, Invalid.ICMPV6_NEW);
  const type = load<u32>(entry, Conntrack.ORIG_PORTS) >> 24;
  if (fresh && type != ECHO_REQUEST && type != NODE_INFORMATION_QUERY)
    return invalid(config, p, Invalid.ICMPV6_NEW);
  refresh(entry, p, load<u64>(config, Conntrack.TIMEOUT_ICMPV6));
  return Conntrack.TRACK_ACCEPT;
}
