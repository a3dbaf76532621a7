// Where a packet enters the machine: direction, interface and the checks that Linux makes before PREROUTING
// (__netif_receive_skb_core(), ip_rcv(), ip6_rcv()).

import * as Capture from '../../src/layout/capture.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import * as Fib from './fib.ts';
import { isLocal, isLoopback4, isMulticast6 } from './local.ts';

const IN: u32 = 1;
const OUT: u32 = 2;

const PACKET_HOST: u32 = 0;
const PACKET_BROADCAST: u32 = 1;
const PACKET_MULTICAST: u32 = 2;
const PACKET_OTHERHOST: u32 = 3;
/** Packet.COOKED is the packet type + 1. */
const COOKED_OUTGOING: u32 = 5;

const BROADCAST_MAC: u64 = 0xffffffffffff;

/**
 * Gives a decoded packet its PATH, IIF and PKTTYPE, or makes it LOST with a REASON. A packet that is not IP is left
 * alone; one whose header cannot be stays so, unless Linux drops it before it looks at that. The rules are those of
 * "Which way a packet goes".
 */
export function arrive(lane: usize, p: usize): void {
  if (load<u32>(p, Packet.FAMILY) == 0) return;
  const host = load<usize>(lane, Lane.HOST);
  const named = load<u32>(
    load<usize>(lane, Lane.CAPTURE_INTERFACES) +
      <usize>load<u32>(p, Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES,
    Capture.MACHINE_INTERFACE,
  );
  const placement = load<u32>(host, Host.PLACEMENT);
  if (placement != Host.PLACEMENT_HOST) arriveUnrouted(host, p, named, placement);
  else arriveAtHost(host, p, named);
}

function arriveAtHost(host: usize, p: usize, named: u32): void {
  if (named != 0 && named == load<u32>(host, Host.LOOPBACK)) {
    loop(p);
    return;
  }
  const mac = load<usize>(p, Packet.MAC);
  const useMac = (load<u32>(host, Host.FLAGS) & Host.USE_MAC) != 0;
  let direction = load<u32>(p, Packet.DIRECTION);
  if (direction == 0) {
    const cooked = load<u32>(p, Packet.COOKED);
    if (cooked != 0) direction = cooked == COOKED_OUTGOING ? OUT : IN;
  }
  // The interface below all VLAN devices and bridges.
  let device = named;
  if (mac != 0 && useMac && direction != OUT) {
    if (direction == 0 && interfaceOfMac(host, sourceMac(mac)) != 0) {
      direction = OUT;
    } else if (direction == 0 || device == 0) {
      const owner = interfaceOfMac(host, destinationMac(mac));
      if (owner != 0) {
        direction = IN;
        if (device == 0) device = owner;
      }
    }
  }
  const six = load<u32>(p, Packet.FAMILY) == 6;
  if (direction == 0) direction = isOwn(host, p, six) ? OUT : IN;
  if (direction == OUT) {
    send(p);
    return;
  }
  let tags = load<u32>(p, Packet.VLAN_COUNT);
  if (device == 0) {
    device = guessInterface(host, p);
    if (tags != 0 && isTagOf(host, p, device)) tags = 0;
  }
  receive(host, p, six, device, mac, useMac, tags);
}

/** `--hook` and the guess "a router": no routes and addresses to ask. */
function arriveUnrouted(host: usize, p: usize, named: u32, placement: u32): void {
  const defaultIn = load<u32>(host, Host.DEFAULT_IN);
  const iif = named != 0 ? named : defaultIn != 0 ? defaultIn : load<u32>(host, Host.FIRST_INTERFACE);
  const mac = load<usize>(p, Packet.MAC);
  store<u32>(p, mac != 0 ? groupKind(destinationMac(mac)) : cookedKind(p, false), Packet.PKTTYPE);
  let checked = true;
  if (placement == Host.PLACEMENT_HOOK) {
    const hook = load<u32>(host, Host.HOOK);
    store<u32>(p, Path.HOOK, Packet.PATH);
    store<u32>(p, hook, Packet.HOOK);
    // PREROUTING, INPUT and FORWARD (0 to 2) have an interface in; FORWARD, OUTPUT and POSTROUTING one out.
    checked = hook <= 2;
    store<u32>(p, checked ? iif : 0, Packet.IIF);
    if (hook >= 2) {
      const defaultOut = load<u32>(host, Host.DEFAULT_OUT);
      store<u32>(
        p,
        hook != 2 && named != 0 ? named : defaultOut != 0 || hook == 2 ? defaultOut : iif,
        Packet.OIF,
      );
    }
  } else {
    store<u32>(p, Path.RECEIVE, Packet.PATH);
    store<u32>(p, iif, Packet.IIF);
  }
  if (checked) loseBroken(p);
  // --hook: the hook that it was for is not reached.
  if (load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT) store<u32>(p, Hook.NONE, Packet.HOOK);
}

/** ip_rcv_core() and ipv6_rcv() refuse these; the decoder does not know whether a packet comes in. */
function loseBroken(p: usize): void {
  const flags = load<u32>(p, Packet.FLAGS);
  if (flags & Packet.FLAG_BAD_IP_CHECKSUM) lose(p, Reason.IP_CHECKSUM);
  else if (flags & Packet.FLAG_BAD_OPTION) lose(p, Reason.BAD_OPTION);
}

function lose(p: usize, reason: u32): void {
  store<u32>(p, Verdict.LOST, Packet.VERDICT);
  store<u32>(p, reason, Packet.REASON);
}

/** What was captured on lo: IIF is set when the packet comes back in. */
function loop(p: usize): void {
  store<u32>(p, Path.LOOP, Packet.PATH);
  store<u32>(p, 0, Packet.IIF);
  store<u32>(p, PACKET_HOST, Packet.PKTTYPE);
}

/** The packet's source is an address of the host. */
function isOwn(host: usize, p: usize, six: bool): bool {
  return isLocal(host, six, p + Packet.SRC) || (!six && isLoopback4(load<u32>(p, Packet.SRC)));
}

function send(p: usize): void {
  store<u32>(p, Path.SEND, Packet.PATH);
  store<u32>(p, 0, Packet.IIF);
  // What the host makes has packet type 0 until a driver takes it.
  store<u32>(p, PACKET_HOST, Packet.PKTTYPE);
}

/** Neither capture nor MAC tells: the route back to the source, `--in`, the first interface. */
function guessInterface(host: usize, p: usize): u32 {
  if (load<u32>(host, Host.FLAGS) & Host.ROUTE_BACK) {
    const loopback = load<u32>(host, Host.LOOPBACK);
    const route = Fib.lookup(host, p, p + Packet.SRC, 0, loopback, 0, false, 0, Fib.BARE);
    if (route >= Fib.FIRST_ROUTE && load<u32>(route, Host.ROUTE_TYPE) == Host.RTN_UNICAST) {
      const device = load<u32>(route, Host.ROUTE_OUT);
      if (device != 0 && device != loopback) return device;
    }
  }
  const defaultIn = load<u32>(host, Host.DEFAULT_IN);
  return defaultIn != 0 ? defaultIn : load<u32>(host, Host.FIRST_INTERFACE);
}

/** The route back led to the VLAN device itself, whose tag the frame carries. */
function isTagOf(host: usize, p: usize, device: u32): bool {
  const count = load<u32>(p, Packet.VLAN_COUNT);
  let record = host + load<u32>(host, Host.VLANS);
  for (let left = load<u32>(host, Host.VLAN_COUNT); left > 0; left--) {
    const tag = load<u32>(record, Host.VLAN_TAG);
    if (load<u32>(record, Host.VLAN_DEVICE) == device) {
      if (count > 2) return false;
      if (count == 2) return (tag & 0xfff) == load<u32>(p, Packet.VLAN_ID2);
      return tag == ((load<u32>(p, Packet.VLAN_TPID) << 16) | load<u32>(p, Packet.VLAN_ID));
    }
    record += Host.VLAN_BYTES;
  }
  return false;
}

function receive(host: usize, p: usize, six: bool, below: u32, mac: usize, useMac: bool, tags: u32): void {
  store<u32>(p, Path.RECEIVE, Packet.PATH);
  const records = host + load<u32>(host, Host.INTERFACES);
  const record = records + <usize>below * Host.INTERFACE_BYTES;
  const upper = load<u32>(record, Host.IF_UPPER);
  let device = upper;
  if (tags != 0 && load<u32>(host, Host.FLAGS) & Host.USE_VLAN) {
    device = vlanDevice(host, p, below);
    if (device == 0 && upper != below) device = vlanDevice(host, p, upper);
    if (device == 0) {
      store<u32>(p, upper, Packet.IIF);
      lose(p, Reason.NO_VLAN_DEVICE);
      return;
    }
    // Nothing but priority tags: untagged.
    if (device == below) device = upper;
  }
  store<u32>(p, device, Packet.IIF);
  const owner = records + <usize>device * Host.INTERFACE_BYTES;
  let kind = PACKET_HOST;
  if (mac != 0) {
    const destination = destinationMac(mac);
    kind = groupKind(destination);
    if (
      kind == PACKET_HOST &&
      useMac &&
      load<u32>(record, Host.IF_FLAGS) & Host.IF_HAS_MAC &&
      destination != load<u64>(record, Host.IF_MAC) &&
      destination != load<u64>(owner, Host.IF_MAC) &&
      destination != load<u64>(records + <usize>upper * Host.INTERFACE_BYTES, Host.IF_MAC)
    ) {
      kind = PACKET_OTHERHOST;
    }
  } else {
    kind = cookedKind(p, useMac);
  }
  store<u32>(p, kind, Packet.PKTTYPE);
  if (kind == PACKET_OTHERHOST) {
    lose(p, Reason.OTHER_HOST);
  } else if (!six) {
    loseBroken(p);
  } else if (load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT) {
    const reason = arrivalReason6(p, load<u32>(owner, Host.IF_FLAGS), kind);
    if (reason != 0) lose(p, reason);
  }
}

/** The packet type that a cooked capture says. */
function cookedKind(p: usize, useMac: bool): u32 {
  const cooked = load<u32>(p, Packet.COOKED);
  if (cooked == 0 || cooked >= COOKED_OUTGOING) return PACKET_HOST;
  return cooked - 1 == PACKET_OTHERHOST && !useMac ? PACKET_HOST : cooked - 1;
}

/** ip6_rcv_core(), what the decoder has not looked at: 0, or why an interface with these flags does not take it. */
export function arrivalReason6(p: usize, flags: u32, kind: u32): u32 {
  if (flags & Host.IF_DISABLE_IPV6) return Reason.INTERFACE_DOWN;
  const source = load<u64>(p, Packet.SRC);
  const destination = load<u64>(p, Packet.DST);
  if (!(flags & Host.IF_LOOPBACK)) {
    if (source == 0 && load<u64>(p, Packet.SRC + 8) == 1) return Reason.MARTIAN_SOURCE;
    if (destination == 0 && load<u64>(p, Packet.DST + 8) == 1) return Reason.MARTIAN_DESTINATION;
  }
  if (isMulticast6(destination)) {
    const scope = (destination >> 48) & 15;
    if (scope == 0 || (scope == 1 && !(flags & Host.IF_LOOPBACK))) return Reason.MARTIAN_DESTINATION;
  } else if (kind != PACKET_HOST && flags & Host.IF_DROP_L2_6) {
    return Reason.OTHER_HOST;
  }
  if (isMulticast6(source)) return Reason.MARTIAN_SOURCE;
  return load<u32>(p, Packet.FLAGS) & Packet.FLAG_BAD_OPTION ? Reason.BAD_OPTION : 0;
}

/** The device for the frame's tags above `device`: itself when there are only priority tags, 0 when there is none. */
function vlanDevice(host: usize, p: usize, device: u32): u32 {
  const count = load<u32>(p, Packet.VLAN_COUNT);
  // The decoder keeps the ids of two tags; hosts that stack three devices are not known here.
  if (count > 2) return 0;
  const outer = vlanAbove(
    host,
    device,
    (load<u32>(p, Packet.VLAN_TPID) << 16) | load<u32>(p, Packet.VLAN_ID),
  );
  if (count < 2 || outer == 0) return outer;
  const id = load<u32>(p, Packet.VLAN_ID2);
  const inner = vlanAbove(host, outer, 0x81000000 | id);
  return inner != 0 ? inner : vlanAbove(host, outer, 0x88a80000 | id);
}

function vlanAbove(host: usize, device: u32, tag: u32): u32 {
  let record = host + load<u32>(host, Host.VLANS);
  for (let left = load<u32>(host, Host.VLAN_COUNT); left > 0; left--) {
    if (load<u32>(record, Host.VLAN_TAG) == tag && load<u32>(record, Host.VLAN_LINK) == device) {
      return load<u32>(record, Host.VLAN_DEVICE);
    }
    record += Host.VLAN_BYTES;
  }
  // A tag with id 0 gives only a priority: the frame is the device's own.
  return (tag & 0xfff) == 0 ? device : 0;
}

/**
 * Six bytes as an integer, first byte lowest, as they lie in memory. An Ethernet header has fourteen bytes, so that
 * eight may be read at 0 and at 6.
 */
function destinationMac(mac: usize): u64 {
  return load<u64>(mac) & BROADCAST_MAC;
}

function sourceMac(mac: usize): u64 {
  return load<u64>(mac, 6) & BROADCAST_MAC;
}

function groupKind(destination: u64): u32 {
  if ((destination & 1) == 0) return PACKET_HOST;
  return destination == BROADCAST_MAC ? PACKET_BROADCAST : PACKET_MULTICAST;
}

/** The interface that the frame's source MAC is of; 0 none, or MACs say nothing. */
export function senderInterface(host: usize, p: usize): u32 {
  const mac = load<usize>(p, Packet.MAC);
  return mac != 0 && load<u32>(host, Host.FLAGS) & Host.USE_MAC ? interfaceOfMac(host, sourceMac(mac)) : 0;
}

/** The lowest interface with this MAC; 0 none. At most half of the table is taken. */
function interfaceOfMac(host: usize, mac: u64): u32 {
  const mask = load<u32>(host, Host.MAC_MASK);
  const table = host + load<u32>(host, Host.MACS);
  let slot = ((u32(mac >> 16) * 0x9e3779b1) >>> 16) & mask;
  while (true) {
    const entry = table + ((<usize>slot) << 4);
    const owner = load<u32>(entry, 8);
    if (owner == 0 || load<u64>(entry) == mac) return owner;
    slot = (slot + 1) & mask;
  }
}
