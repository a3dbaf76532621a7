// Output routing, before OUTPUT and again when OUTPUT changed what it depends on: ip_route_output_key_hash_rcu(),
// ip_route_me_harder(), ip6_route_output_flags(), ip6_route_me_harder().
//
// Left out: the copy of a multicast packet that goes back to the host if its socket asks for it (ip_mc_output()).

import * as Capture from '../../src/layout/capture.ts';
import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import { senderInterface } from './arrive.ts';
import * as Fib from './fib.ts';
import { isLoopback4, isMulticast4, needsInterface6, ownerOf4, ownerOf6 } from './local.ts';

const LIMITED_BROADCAST: u32 = 0xffffffff;

/** Path.SENT with OIF; Path.DROPPED with REASON (then Linux's sender gets an error and nothing counts). */
export function routeOutput(lane: usize, p: usize): u32 {
  return route(lane, p);
}

/** The same after a target in OUTPUT changed mark, TOS or an address. */
export function reroute(lane: usize, p: usize): u32 {
  return route(lane, p);
}

function route(lane: usize, p: usize): u32 {
  const host = load<usize>(lane, Lane.HOST);
  store<u32>(p, 0, Packet.SENT_BROADCAST);
  if (load<u32>(host, Host.PLACEMENT) != Host.PLACEMENT_HOST) return Path.SENT;
  return load<u32>(p, Packet.FAMILY) == 6 ? output6(lane, host, p) : output4(host, p);
}

function dropped(p: usize, reason: u32): u32 {
  store<u32>(p, reason, Packet.REASON);
  return Path.DROPPED;
}

function leave(p: usize, device: u32): u32 {
  store<u32>(p, device, Packet.OIF);
  return Path.SENT;
}

function leaveForAll(p: usize, device: u32, broadcast: bool): u32 {
  store<u32>(p, u32(broadcast), Packet.SENT_BROADCAST);
  return leave(p, device);
}

function output4(host: usize, p: usize): u32 {
  const source = load<u32>(p, Packet.SRC);
  const destination = load<u32>(p, Packet.DST);
  if (isMulticast4(source) || source == LIMITED_BROADCAST) return dropped(p, Reason.MARTIAN_SOURCE);
  const loopback = load<u32>(host, Host.LOOPBACK);
  // What was captured on lo was routed there.
  if (destination == 0 || load<u32>(p, Packet.PATH) == Path.LOOP) return leave(p, loopback);
  if (isMulticast4(destination) || destination == LIMITED_BROADCAST) {
    // It leaves where its source address lives.
    const owner = ownerOf4(host, source);
    if (owner != 0) return leaveForAll(p, owner, destination == LIMITED_BROADCAST && owner != loopback);
  }
  const found = Fib.lookupDestination4(host, p, loopback);
  if (found < Fib.FIRST_ROUTE) return dropped(p, Fib.failureReason(found));
  if (load<u32>(found, Host.ROUTE_TYPE) == Host.RTN_LOCAL) return leave(p, loopback);
  const device = load<u32>(found, Host.ROUTE_OUT);
  const record = host + load<u32>(host, Host.INTERFACES) + <usize>device * Host.INTERFACE_BYTES;
  const flags = load<u32>(record, Host.IF_FLAGS);
  if (isLoopback4(source) && !(flags & (Host.IF_LOOPBACK | Host.IF_ROUTE_LOCALNET))) {
    return dropped(p, Reason.MARTIAN_SOURCE);
  }
  const broadcast =
    destination == LIMITED_BROADCAST || load<u32>(found, Host.ROUTE_TYPE) == Host.RTN_BROADCAST;
  return leaveForAll(p, device, broadcast && !(flags & Host.IF_LOOPBACK));
}

function output6(lane: usize, host: usize, p: usize): u32 {
  const loopback = load<u32>(host, Host.LOOPBACK);
  if (load<u32>(p, Packet.PATH) == Path.LOOP) return leave(p, loopback);
  const strict = needsInterface6(load<u64>(p, Packet.DST), load<u64>(p, Packet.DST + 8));
  // A link-local or multicast destination says nothing about the interface: the sender's socket does, so that the
  // capture's word is taken, then the source address's.
  let device: u32 = 0;
  if (strict && load<u64>(p, Packet.DST) != 0 && load<u32>(p, Packet.PATH) == Path.SEND) {
    device = load<u32>(
      load<usize>(lane, Lane.CAPTURE_INTERFACES) +
        <usize>load<u32>(p, Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES,
      Capture.MACHINE_INTERFACE,
    );
    if (device == 0) device = senderInterface(host, p);
    if (device == 0) device = ownerOf6(host, load<u64>(p, Packet.SRC), load<u64>(p, Packet.SRC + 8), 0);
  }
  const found = Fib.lookup(
    host,
    p,
    p + Packet.DST,
    p + Packet.SRC,
    loopback,
    device,
    device != 0 && (load<u32>(host, Host.FLAGS) & Host.ROUTE_BACK) != 0,
    load<u32>(p, Packet.MARK),
    Fib.AHEAD,
  );
  if (found < Fib.FIRST_ROUTE) return dropped(p, Fib.failureReason(found));
  const kind = load<u32>(found, Host.ROUTE_TYPE);
  if (kind == Host.RTN_LOCAL || kind == Host.RTN_ANYCAST) return leave(p, loopback);
  return leave(p, load<u32>(found, Host.ROUTE_OUT));
}
