// Input routing, between PREROUTING and INPUT or FORWARD: ip_route_input_rcu(), fib_validate_source(),
// ip6_route_input(), ip6_mc_input().

import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Fib from './fib.ts';
import { isJoined, isLoopback4, isMulticast4, isMulticast6, needsInterface6, ownerOf4 } from './local.ts';
import { optionsReason } from './options.ts';

const IPPROTO_IGMP: u32 = 2;
const LIMITED_BROADCAST: u32 = 0xffffffff;

/** Path.LOCAL; Path.FORWARD with OIF; Path.DROPPED with REASON. Reads MARK. For packets that come in. */
export function routeInput(lane: usize, p: usize): u32 {
  const host = load<usize>(lane, Lane.HOST);
  if (load<u32>(host, Host.PLACEMENT) == Host.PLACEMENT_ROUTER) return routeBetween(host, p);
  // What comes back from the loopback device still has its route from the way out.
  if (load<u32>(p, Packet.PATH) == Path.LOOP) return Path.LOCAL;
  const device = load<u32>(p, Packet.IIF);
  if (load<u32>(p, Packet.FAMILY) == 6) return input6(host, p, device);
  const record = host + load<u32>(host, Host.INTERFACES) + <usize>device * Host.INTERFACE_BYTES;
  const answer = input4(host, p, device, record);
  if (answer == Path.DROPPED) return answer;
  const reason = badOptions(p, record);
  return reason != 0 ? dropped(p, reason) : answer;
}

/** ip_rcv_options() on the interface of `record`: why they drop the packet, or 0. */
function badOptions(p: usize, record: usize): u32 {
  if ((load<u32>(p, Packet.FLAGS) & Packet.FLAG_IP_OPTIONS) == 0) return 0;
  return optionsReason(p, (load<u32>(record, Host.IF_FLAGS) & Host.IF_SOURCE_ROUTE) != 0);
}

function dropped(p: usize, reason: u32): u32 {
  store<u32>(p, reason, Packet.REASON);
  return Path.DROPPED;
}

/** The guess "a router": everything goes out by the other interface. */
function routeBetween(host: usize, p: usize): u32 {
  const out = load<u32>(host, Host.DEFAULT_OUT);
  store<u32>(p, load<u32>(p, Packet.IIF) == out ? load<u32>(host, Host.DEFAULT_IN) : out, Packet.OIF);
  store<u32>(p, 0, Packet.ROUTE_MTU);
  return Path.FORWARD;
}

function joinedOnly(host: usize, p: usize): u32 {
  return isJoined(host, p, load<u32>(p, Packet.IIF)) ? Path.LOCAL : dropped(p, Reason.NOT_JOINED);
}

function input4(host: usize, p: usize, device: u32, record: usize): u32 {
  const flags = load<u32>(record, Host.IF_FLAGS);
  const source = load<u32>(p, Packet.SRC);
  const destination = load<u32>(p, Packet.DST);
  if (isMulticast4(destination)) return multicast4(host, p, device, record);
  if (isMulticast4(source) || source == LIMITED_BROADCAST) return dropped(p, Reason.MARTIAN_SOURCE);
  if (destination == LIMITED_BROADCAST || (source | destination) == 0)
    return broadcast4(host, p, device, record);
  if (source == 0) return dropped(p, Reason.MARTIAN_SOURCE);
  if (destination == 0) return dropped(p, Reason.MARTIAN_DESTINATION);
  if (!(flags & Host.IF_ROUTE_LOCALNET)) {
    if (isLoopback4(destination)) return dropped(p, Reason.MARTIAN_DESTINATION);
    if (isLoopback4(source)) return dropped(p, Reason.MARTIAN_SOURCE);
  }
  const route = Fib.lookupDestination4(host, p, device);
  const forwarding = (flags & Host.IF_FORWARDING4) != 0;
  if (route < Fib.FIRST_ROUTE)
    return dropped(p, forwarding ? Fib.failureReason(route) : Reason.FORWARDING_OFF);
  const kind = load<u32>(route, Host.ROUTE_TYPE);
  let out: u32 = 0;
  if (kind != Host.RTN_LOCAL) {
    if (kind == Host.RTN_BROADCAST) {
      if (!(flags & Host.IF_BC_FORWARDING)) return broadcast4(host, p, device, record);
    } else if (!forwarding) {
      return dropped(p, Reason.FORWARDING_OFF);
    } else if (kind != Host.RTN_UNICAST) {
      return dropped(p, Reason.MARTIAN_DESTINATION);
    }
    out = load<u32>(route, Host.ROUTE_OUT);
  }
  const reason = sourceReason(host, p, device, record, out, true);
  if (reason != 0) return dropped(p, reason);
  // ip_rcv_finish_core(): a unicast packet in a link-layer group's frame; its options are looked at first.
  if (flags & Host.IF_DROP_L2_4 && load<u32>(p, Packet.PKTTYPE) != 0) {
    const bad = badOptions(p, record);
    return dropped(p, bad != 0 ? bad : Reason.OTHER_HOST);
  }
  if (kind == Host.RTN_LOCAL) return Path.LOCAL;
  store<u32>(p, out, Packet.OIF);
  store<u32>(p, load<u32>(route, Host.ROUTE_MTU), Packet.ROUTE_MTU);
  return Path.FORWARD;
}

/** ip_route_input_mc() and ip_mc_validate_source(). */
function multicast4(host: usize, p: usize, device: u32, record: usize): u32 {
  if (!isJoined(host, p, device)) return dropped(p, Reason.NOT_JOINED);
  const source = load<u32>(p, Packet.SRC);
  if (isMulticast4(source) || source == LIMITED_BROADCAST) return dropped(p, Reason.MARTIAN_SOURCE);
  if (isLoopback4(source) && !(load<u32>(record, Host.IF_FLAGS) & Host.IF_ROUTE_LOCALNET)) {
    return dropped(p, Reason.MARTIAN_SOURCE);
  }
  if (source == 0) {
    // Without an address a host may speak to 224.0.0.0/24, and IGMP.
    const near = load<u32>(p, Packet.DST) >>> 8 == 0xe00000;
    return near || load<u32>(p, Packet.PROTO) == IPPROTO_IGMP
      ? Path.LOCAL
      : dropped(p, Reason.MARTIAN_SOURCE);
  }
  const reason = sourceReason(host, p, device, record, 0, false);
  return reason == 0 ? Path.LOCAL : dropped(p, reason);
}

function broadcast4(host: usize, p: usize, device: u32, record: usize): u32 {
  if (load<u32>(p, Packet.SRC) != 0) {
    const reason = sourceReason(host, p, device, record, 0, false);
    if (reason != 0) return dropped(p, reason);
  }
  return Path.LOCAL;
}

/**
 * fib_validate_source(): 0, MARTIAN_SOURCE or REVERSE_PATH.
 *
 * @param out the interface the packet is to leave by, 0 when it stays
 * @param withDestination the look-up back has the packet's destination as its source
 */
function sourceReason(
  host: usize,
  p: usize,
  device: u32,
  record: usize,
  out: u32,
  withDestination: bool,
): u32 {
  const flags = load<u32>(record, Host.IF_FLAGS);
  const rpFilter = load<u32>(record, Host.IF_RP_FILTER);
  if (rpFilter == 0 && (device != out || !(flags & Host.IF_SEND_REDIRECTS))) {
    if (flags & Host.IF_ACCEPT_LOCAL) return 0;
    if (!(load<u32>(host, Host.FLAGS) & Host.FULL_SOURCE_CHECK)) {
      return ownerOf4(host, load<u32>(p, Packet.SRC)) != 0 ? Reason.MARTIAN_SOURCE : 0;
    }
  }
  const from = withDestination ? p + Packet.DST : 0;
  const mark = flags & Host.IF_SRC_VALID_MARK ? load<u32>(p, Packet.MARK) : 0;
  const iif = out != 0 ? out : load<u32>(host, Host.LOOPBACK);
  const route = Fib.lookup(host, p, p + Packet.SRC, from, iif, 0, false, mark, Fib.BACK);
  if (route < Fib.FIRST_ROUTE) return rpFilter != 0 ? Reason.REVERSE_PATH : 0;
  const kind = load<u32>(route, Host.ROUTE_TYPE);
  if (kind != Host.RTN_UNICAST && (kind != Host.RTN_LOCAL || !(flags & Host.IF_ACCEPT_LOCAL))) {
    return Reason.MARTIAN_SOURCE;
  }
  if (Fib.leavesBy(host, route, device) || (kind == Host.RTN_LOCAL && flags & Host.IF_LOOPBACK)) return 0;
  if (!(flags & Host.IF_HAS_ADDRESS4)) return rpFilter != 0 ? Reason.REVERSE_PATH : 0;
  return rpFilter == 1 ? Reason.REVERSE_PATH : 0;
}

function input6(host: usize, p: usize, device: u32): u32 {
  const high = load<u64>(p, Packet.DST);
  // Where routes are made up, they say nothing about interfaces that the capture names.
  const known = (load<u32>(host, Host.FLAGS) & Host.ROUTE_BACK) != 0;
  const strict = known && needsInterface6(high, load<u64>(p, Packet.DST + 8));
  const mark = load<u32>(p, Packet.MARK);
  const route = Fib.lookup(host, p, p + Packet.DST, p + Packet.SRC, device, device, strict, mark, Fib.AHEAD);
  if (route < Fib.FIRST_ROUTE) return dropped(p, Fib.failureReason(route));
  const kind = load<u32>(route, Host.ROUTE_TYPE);
  if (kind == Host.RTN_LOCAL || kind == Host.RTN_ANYCAST) return Path.LOCAL;
  if (isMulticast6(high)) return joinedOnly(host, p);
  store<u32>(p, load<u32>(route, Host.ROUTE_OUT), Packet.OIF);
  store<u32>(p, load<u32>(route, Host.ROUTE_MTU), Packet.ROUTE_MTU);
  return Path.FORWARD;
}
