// A packet's way through the machine, from its arrival to its verdict:
//
//   received:  [reassembly] -> PREROUTING -> route -> local:   [reassembly] -> INPUT
//                                                 -> forward: TTL, MTU -> FORWARD -> POSTROUTING
//   sent:      route -> [reassembly] -> OUTPUT [-> reroute] -> POSTROUTING [-> over lo: PREROUTING -> INPUT]
//              (of a broadcast, a copy: POSTROUTING -> PREROUTING -> INPUT)
//   hook:      that hook alone                                             (--hook)
//
// Connection tracking is part of the hooks (hook.ts). Where it is on, datagrams are reassembled before PREROUTING and
// OUTPUT, else only before INPUT.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Fragment from '../../src/layout/fragment.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Host from '../../src/layout/host.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { confirm } from '../conntrack/confirm';
import { conntrackIn } from '../conntrack/in';
import { freeEntry } from '../conntrack/table';
import { defragment } from '../fragment/defragment';
import { push } from '../fragment/reassemble';
import { arrivalReason6 } from '../path/arrive';
import { forward } from '../path/forward';
import { routeInput } from '../path/input';
import { optionsReason } from '../path/options';
import { routeOutput } from '../path/output';
import { passHook } from './hook';

const PACKET_HOST: u32 = 0;
const PACKET_BROADCAST: u32 = 1;

/**
 * Takes a decoded and arrived packet (PATH is set, VERDICT is ACCEPT) to its VERDICT. `number` is its number in the
 * scan. Fragments to be reassembled change shared state: the caller lets one lane in at a time, in packet order.
 */
export function traverse(lane: usize, p: usize, number: u64): void {
  store<u64>(p, number, Packet.NUMBER);
  const path = load<u32>(p, Packet.PATH);
  let verdict: u32;
  if (path == Path.RECEIVE) verdict = received(lane, p, number);
  else if (path == Path.HOOK) verdict = oneHook(lane, p, number);
  else verdict = sent(lane, p, number);
  store<u32>(p, verdict, Packet.VERDICT);
  abandon(p);
}

/** A connection that the packet did not live to confirm is none; one that it ended is gone with it. */
export function abandon(p: usize): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return;
  const lives = load<u32>(entry, Conntrack.STATUS) & (Conntrack.IPS_CONFIRMED | Conntrack.IPS_DYING);
  if (lives == Conntrack.IPS_CONFIRMED) return;
  freeEntry(load<u32>(p, Packet.CT_SHARD), entry);
  store<u32>(p, 0, Packet.CT);
}

/** Is connection tracking on for the packet's family? Where a rule of its set needs it. */
export function isTracked(lane: usize, p: usize): bool {
  return isFamilyTracked(lane, load<u32>(p, Packet.FAMILY));
}

export function isFamilyTracked(lane: usize, family: u32): bool {
  if (load<u32>(lane, Lane.CONNTRACK) == 0) return false;
  const image: usize = family == 4 ? load<u32>(lane, Lane.IMAGE4) : load<u32>(lane, Lane.IMAGE6);
  return image != 0 && load<u32>(image, Image.CONNTRACK) != 0;
}

/** ipv4_conntrack_defrag, ipv6_defrag. Answers Verdict.ACCEPT when `p` is a whole datagram. */
function gather(lane: usize, p: usize, number: u64, user: u32): u32 {
  if (!isFragment(p) || !isTracked(lane, p)) return Verdict.ACCEPT;
  if ((load<u32>(p, Packet.FLAGS) & Packet.FLAG_GATHERED) != 0) return Verdict.ACCEPT;
  const result = defragment(lane, p, number, user);
  if (result == Fragment.HELD) return Verdict.FRAGMENT;
  return result == Fragment.DROPPED ? Verdict.LOST : Verdict.ACCEPT;
}

/** `--hook`: connection tracking is passed before the hook and behind it, as it would be on the whole way. */
function oneHook(lane: usize, p: usize, number: u64): u32 {
  const hook = load<u32>(p, Packet.HOOK);
  if (!isTracked(lane, p)) return passHook(lane, p, hook);
  const sends = hook == Hook.OUTPUT || hook == Hook.POSTROUTING;
  let verdict = gather(lane, p, number, sends ? Fragment.CONNTRACK_OUT : Fragment.CONNTRACK_IN);
  if (verdict != Verdict.ACCEPT) {
    // It has not come as far as the hook.
    store<u32>(p, Hook.NONE, Packet.HOOK);
    return verdict;
  }
  if (hook != Hook.PREROUTING && hook != Hook.OUTPUT) {
    verdict = conntrackIn(lane, p, sends ? Hook.OUTPUT : Hook.PREROUTING);
    if (verdict != Verdict.ACCEPT) return verdict;
  }
  verdict = passHook(lane, p, hook);
  if (verdict != Verdict.ACCEPT || hook == Hook.INPUT || hook == Hook.POSTROUTING) return verdict;
  return confirm(lane, p);
}

function received(lane: usize, p: usize, number: u64): u32 {
  let verdict = gather(lane, p, number, Fragment.CONNTRACK_IN);
  if (verdict != Verdict.ACCEPT) return verdict;
  verdict = passHook(lane, p, Hook.PREROUTING);
  if (verdict != Verdict.ACCEPT) return verdict;
  const way = routeInput(lane, p);
  if (way == Path.LOCAL) return deliver(lane, p, number);
  return way == Path.FORWARD ? forwarded(lane, p) : Verdict.LOST;
}

/** ip_local_deliver reassembles IPv4 before INPUT; IPv6 does so behind it. */
function deliver(lane: usize, p: usize, number: u64): u32 {
  if (isIpv4Fragment(p)) {
    const result = push(lane, p, number, Fragment.LOCAL_DELIVER);
    if (result == Fragment.HELD) return Verdict.FRAGMENT;
    if (result == Fragment.DROPPED) return Verdict.LOST;
  }
  return passHook(lane, p, Hook.INPUT);
}

function forwarded(lane: usize, p: usize): u32 {
  if (forward(lane, p) == Path.DROPPED) return Verdict.LOST;
  const verdict = passHook(lane, p, Hook.FORWARD);
  return verdict == Verdict.ACCEPT ? passHook(lane, p, Hook.POSTROUTING) : verdict;
}

function sent(lane: usize, p: usize, number: u64): u32 {
  if (routeOutput(lane, p) == Path.DROPPED) return Verdict.LOST;
  let verdict = gather(lane, p, number, Fragment.CONNTRACK_OUT);
  if (verdict != Verdict.ACCEPT) return verdict;
  verdict = passHook(lane, p, Hook.OUTPUT);
  if (verdict != Verdict.ACCEPT) return verdict;
  if (load<u32>(p, Packet.SENT_BROADCAST) != 0) hearOwnBroadcast(lane, p, number);
  verdict = passHook(lane, p, Hook.POSTROUTING);
  const loopback = load<u32>(load<usize>(lane, Lane.HOST), Host.LOOPBACK);
  if (verdict != Verdict.ACCEPT || load<u32>(p, Packet.OIF) != loopback) return verdict;
  return comeBack(lane, p, number, loopback);
}

/** Over lo the packet comes in again, with the route that it has. */
function comeBack(lane: usize, p: usize, number: u64, loopback: u32): u32 {
  store<u32>(p, loopback, Packet.IIF);
  store<u32>(p, 0, Packet.OIF);
  const host = load<usize>(lane, Lane.HOST);
  const flags = load<u32>(
    host + load<u32>(host, Host.INTERFACES) + <usize>loopback * Host.INTERFACE_BYTES,
    Host.IF_FLAGS,
  );
  if (load<u32>(p, Packet.FAMILY) == 6) {
    const reason = arrivalReason6(p, flags, PACKET_HOST);
    if (reason != 0) return lost(p, reason);
  }
  const verdict = passHook(lane, p, Hook.PREROUTING);
  if (verdict != Verdict.ACCEPT) return verdict;
  if (load<u32>(p, Packet.FLAGS) & Packet.FLAG_IP_OPTIONS) {
    const reason = optionsReason(p, (flags & Host.IF_SOURCE_ROUTE) != 0);
    if (reason != 0) return lost(p, reason);
  }
  return deliver(lane, p, number);
}

function lost(p: usize, reason: u32): u32 {
  store<u32>(p, reason, Packet.REASON);
  return Verdict.LOST;
}

/**
 * ip_mc_output(), ip_mc_finish_output(): a copy of what the host broadcasts comes in again, without a link-layer header
 * and routed already. Its verdict is not the packet's.
 */
function hearOwnBroadcast(lane: usize, p: usize, number: u64): void {
  const copy: usize = load<u32>(lane, Lane.COPY);
  if (copy == 0) return;
  memory.copy(copy, p, Packet.BYTES);
  // xt_pkttype takes PACKET_LOOPBACK for what the destination is.
  store<u32>(copy, PACKET_BROADCAST, Packet.PKTTYPE);
  store<u32>(copy, 0, Packet.MAC);
  if (passHook(lane, copy, Hook.POSTROUTING) != Verdict.ACCEPT) return;
  store<u32>(copy, load<u32>(copy, Packet.OIF), Packet.IIF);
  store<u32>(copy, 0, Packet.OIF);
  if (passHook(lane, copy, Hook.PREROUTING) == Verdict.ACCEPT) deliver(lane, copy, number);
  // What was INVALID when it was sent may have begun a connection of its own.
  if (load<u32>(copy, Packet.CT) != load<u32>(p, Packet.CT)) abandon(copy);
}

/** Does the packet have to wait for its batch's turn, because reassembly is shared by all lanes? */
export function needsTurn(lane: usize, p: usize): bool {
  if (isTracked(lane, p)) return isFragment(p);
  return isIpv4Fragment(p) && load<u32>(p, Packet.PATH) != Path.HOOK;
}

function isFragment(p: usize): bool {
  return isIpv4Fragment(p) || (load<u32>(p, Packet.FLAGS) & Packet.FLAG_IPV6_FRAGMENT) != 0;
}

function isIpv4Fragment(p: usize): bool {
  if (load<u32>(p, Packet.FAMILY) != 4) return false;
  if (load<u32>(p, Packet.FRAG_OFFSET) != 0) return true;
  return (load<u32>(p, Packet.FLAGS) & Packet.FLAG_MORE_FRAGMENTS) != 0;
}
