// From an entry's protocol to its tracker.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { trackGeneric } from './generic';
import { trackGre } from './gre';
import { trackIcmp } from './icmp';
import { trackIcmpv6 } from './icmpv6';
import { trackSctp } from './sctp';
import { trackTcp } from './tcp';
import { isClosing as tcpIsClosing } from './tcp-close';
import { trackUdp, trackUdpLite } from './udp';

export { tcpSetClosing } from './tcp-close';

const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;
const GRE: u32 = 47;
const ICMPV6: u32 = 58;
const SCTP: u32 = 132;
const UDPLITE: u32 = 136;

/**
 * nf_conntrack_handle_packet(): packet `p` is one of the connection at `entry`, in `direction` (Conntrack.DIR_*); `fresh`
 * when the entry is not confirmed yet: its tuples, zone and status are filled in, its TRACK area is zero.
 *
 * Answers Conntrack.TRACK_*. Writes the entry's DEADLINE, STATUS (IPS_ASSURED; IPS_DYING: the packet is the entry's last,
 * which is to be removed behind it) and TRACK area, the packet's CT_EVENTS, and in a trace its CT_REASON and CT_STATES: a
 * reason beside TRACK_ACCEPT says why the packet was let pass without learning from it. TRACK_REPEAT and TRACK_UNKNOWN
 * leave the entry as it was.
 */
export function track(lane: usize, entry: usize, p: usize, direction: u32, fresh: bool): i32 {
  switch (u32(load<u8>(entry, Conntrack.PROTO))) {
    case TCP:
      return trackTcp(lane, entry, p, direction, fresh);
    case UDP:
      return trackUdp(lane, entry, p, fresh);
    case ICMP:
      return trackIcmp(lane, entry, p);
    case ICMPV6:
      return trackIcmpv6(lane, entry, p, fresh);
    case UDPLITE:
      return trackUdpLite(lane, entry, p);
    case SCTP:
      return trackSctp(lane, entry, p, direction, fresh);
    case GRE:
      return trackGre(lane, entry, p, fresh);
    default:
      return trackGeneric(lane, entry, p);
  }
}

/** can_early_drop: is an ASSURED entry in a state in which it may make room for another all the same? */
export function canEarlyDrop(entry: usize): bool {
  const proto = u32(load<u8>(entry, Conntrack.PROTO));
  if (proto == TCP) return tcpIsClosing(u32(load<u8>(entry, Conntrack.TCP_STATE)));
  if (proto != SCTP) return false;
  const state = u32(load<u8>(entry, Conntrack.SCTP_STATE));
  return state >= u32(Conntrack.SCTP_SHUTDOWN_SENT) && state <= u32(Conntrack.SCTP_SHUTDOWN_ACK_SENT);
}
