// Forwarding, between routing and FORWARD: ip_forward(), ip6_forward().

import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Totals from '../../src/layout/totals.ts';
import { isLinkLocal6, isMulticast6 } from './local.ts';

const IPPROTO_TCP: u32 = 6;
const PACKET_HOST: u32 = 0;
const MIN_MTU6: u32 = 1280;

/** Path.FORWARD with TTL one lower; Path.DROPPED with REASON. For packets that routing has given an OIF. */
export function forward(lane: usize, p: usize): u32 {
  const host = load<usize>(lane, Lane.HOST);
  const six = load<u32>(p, Packet.FAMILY) == 6;
  const reason =
    load<u32>(host, Host.PLACEMENT) == Host.PLACEMENT_ROUTER
      ? reasonBetween(lane, p)
      : six
        ? reason6(lane, host, p)
        : reason4(lane, host, p);
  if (reason != 0) {
    store<u32>(p, reason, Packet.REASON);
    return Path.DROPPED;
  }
  store<u32>(p, load<u32>(p, Packet.TTL) - 1, Packet.TTL);
  return Path.FORWARD;
}

/** The guess "a router" knows of nothing but the TTL. */
function reasonBetween(lane: usize, p: usize): u32 {
  return load<u32>(p, Packet.TTL) <= 1 ? answered(lane, Reason.TTL) : 0;
}

function reason4(lane: usize, host: usize, p: usize): u32 {
  // A router does not pass on what came as a link-layer broadcast.
  if (load<u32>(p, Packet.PKTTYPE) != PACKET_HOST) return Reason.OTHER_HOST;
  if (load<u32>(p, Packet.TTL) <= 1) return answered(lane, Reason.TTL);
  if (load<u32>(p, Packet.FLAGS) & Packet.FLAG_DONT_FRAGMENT && isTooLong(p, mtu(host, p, Host.IF_MTU))) {
    return answered(lane, Reason.PACKET_TOO_BIG);
  }
  return 0;
}

function reason6(lane: usize, host: usize, p: usize): u32 {
  if (load<u32>(host, Host.ALL_FORWARDING6) == 0) {
    const record =
      host + load<u32>(host, Host.INTERFACES) + <usize>load<u32>(p, Packet.IIF) * Host.INTERFACE_BYTES;
    if (!(load<u32>(record, Host.IF_FLAGS) & Host.IF_FORCE_FORWARDING6)) return Reason.FORWARDING_OFF;
  }
  if (load<u32>(p, Packet.PKTTYPE) != PACKET_HOST) return Reason.OTHER_HOST;
  if (load<u32>(p, Packet.TTL) <= 1) return answered(lane, Reason.TTL);
  // Between two interfaces; on one the host would send a redirect and pass it on.
  if (load<u32>(p, Packet.IIF) != load<u32>(p, Packet.OIF)) {
    const high = load<u64>(p, Packet.SRC);
    if (high == 0 && load<u64>(p, Packet.SRC + 8) <= 1) return Reason.SCOPE;
    if (isMulticast6(high)) return Reason.SCOPE;
    if (isLinkLocal6(high)) return answered(lane, Reason.SCOPE);
  }
  const limit = mtu(host, p, Host.IF_MTU6);
  if (isTooLong(p, limit < MIN_MTU6 ? MIN_MTU6 : limit)) return answered(lane, Reason.PACKET_TOO_BIG);
  return 0;
}

/** The reason is one that Linux answers with an ICMP error, which is not made. */
function answered(lane: usize, reason: u32): u32 {
  const totals = load<usize>(lane, Lane.TOTALS);
  store<u64>(totals, load<u64>(totals, Totals.ANSWERS_NOT_MADE) + 1, Totals.ANSWERS_NOT_MADE);
  return reason;
}

/**
 * What connection tracking has put together leaves in fragments no larger than those that came (IPCB()->frag_max_size).
 * Other TCP that is too long the sender's or receiver's card has segmented or joined.
 */
function isTooLong(p: usize, limit: u32): bool {
  if (load<u32>(p, Packet.LENGTH) <= limit) return false;
  const largest = load<u32>(p, Packet.FRAG_MAX);
  return largest != 0 ? largest > limit : load<u32>(p, Packet.PROTO) != IPPROTO_TCP;
}

function mtu(host: usize, p: usize, field: usize): u32 {
  const route = load<u32>(p, Packet.ROUTE_MTU);
  if (route != 0) return route;
  const record =
    host + load<u32>(host, Host.INTERFACES) + <usize>load<u32>(p, Packet.OIF) * Host.INTERFACE_BYTES;
  return load<u32>(record + field);
}
