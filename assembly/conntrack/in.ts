// nf_conntrack_in: a packet finds its connection, or becomes the first of one; the protocol's tracker has its say.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { CHAIN_NOT_CAPTURED, NO_TRANSPORT, skipHeaders } from '../packet/chain';
import { checksumRight } from './checksum';
import { icmpError, icmpv6Error } from './error';
import { cache } from './event';
import { findExpectation, meetExpectation } from './expect';
import { sourceKey } from './helper/tunnel';
import { count, shardAt, shardNumber } from './shard';
import { steeringHash } from './steer';
import { detach, find, freeEntry, makeRoom, remove, takeEntry, zoneHash } from './table';
import { touchedEntry } from './touch';
import { track } from './track/dispatch';
import { account } from './track/entry';
import { inversePorts, NO_INVERSE, NO_TUPLE, NOT_CAPTURED, readTuple, tupleHash } from './tuple';
import { zoneDirectionsOf, zoneOf } from './zone';

const IPPROTO_ICMP: u32 = 1;
const IPPROTO_GRE: u32 = 47;
const IPPROTO_ICMPV6: u32 = 58;
const IPV6_HEADER: u32 = 40;
const NEXTHDR_AUTH: u32 = 51;
const NEXTHDR_NONE: u32 = 59;

/** How often a packet may be looked up again because its connection was reopened: once is Linux's most. */
const MOST_REPEATS: u32 = 2;

/**
 * Tracks packet record `p` at PREROUTING or OUTPUT: sets CT, CTINFO, CTSTATE and CT_SHARD. Answers Verdict.ACCEPT, also
 * for what is INVALID; DROP where Linux drops (the table is full: LOST); UNKNOWN when header bytes are not captured.
 */
export function conntrackIn(lane: usize, p: usize, hook: u32): u32 {
  const verdict = trackPacket(lane, p, hook);
  // A template holds for once: what is INVALID is tracked again when it comes back over lo.
  store<u32>(p, 0, Packet.CT_TEMPLATE);
  store<u32>(p, load<u32>(p, Packet.CTSTATE) | Conntrack.STATE_PASSED, Packet.CTSTATE);
  return verdict;
}

function trackPacket(lane: usize, p: usize, hook: u32): u32 {
  // Seen before: it comes back over lo, or is not to be tracked (CT --notrack).
  if (load<u32>(p, Packet.CT) != 0 || load<u32>(p, Packet.CTINFO) == Conntrack.INFO_UNTRACKED) {
    return Verdict.ACCEPT;
  }
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const proto = protocolOf(p);
  // Rules of nftables have looked no further than to an authentication header (walk.ts), and will do so again.
  if (load<u32>(p, Packet.AUTH_HEADER) != 0 && proto < <u32>Packet.NO_PROTO)
    store<u32>(p, proto, Packet.PROTO);
  const shard = shardAt(config, shardNumber(config, steeringHash(p)));
  store<u32>(p, <u32>shard, Packet.CT_SHARD);
  if (proto == CHAIN_IS_CUT) return notCaptured(p);
  if (proto == Packet.NO_PROTO) return invalid(p, shard);
  const wrong = wrongChecksum(config, shard, p, hook);
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    if (wrong) return invalid(p, shard);
    const four = load<u32>(p, Packet.FAMILY) == 4;
    let result: i32 = Conntrack.TRACK_ACCEPT;
    if (four && proto == IPPROTO_ICMP) result = icmpError(lane, shard, p);
    else if (!four && proto == IPPROTO_ICMPV6) result = icmpv6Error(lane, shard, p);
    if (result == Conntrack.TRACK_UNKNOWN) return notCaptured(p);
    if (result == Conntrack.TRACK_INVALID) return invalid(p, shard);
    // Related to a connection, or not to be tracked.
    if (load<u32>(p, Packet.CT) != 0 || load<u32>(p, Packet.CTINFO) == Conntrack.INFO_UNTRACKED) {
      return Verdict.ACCEPT;
    }
  }
  for (let i: u32 = 0; i < MOST_REPEATS; i++) {
    const result = resolve(lane, config, shard, p, proto, wrong);
    if (result == Conntrack.TRACK_REPEAT) continue;
    if (result == Conntrack.TRACK_ACCEPT) return Verdict.ACCEPT;
    if (result == Conntrack.TRACK_UNKNOWN) return notCaptured(p);
    if (result == Conntrack.TRACK_INVALID) return invalid(p, shard);
    if (load<u32>(p, Packet.REASON) == Reason.NONE) store<u32>(p, Reason.CONNTRACK, Packet.REASON);
    return Verdict.LOST;
  }
  return invalid(p, shard);
}

/** Answer of protocolOf(). */
const CHAIN_IS_CUT: u32 = 0x10000;

/** get_l4proto: NO_PROTO when IPv6 headers lead to no transport header, CHAIN_IS_CUT when they are not captured. */
function protocolOf(p: usize): u32 {
  const proto = load<u32>(p, Packet.PROTO);
  if (load<u32>(p, Packet.FAMILY) == 4) return proto;
  const l3 = <usize>load<u32>(p, Packet.L3);
  if (
    load<u32>(p, Packet.L4_OFFSET) == IPV6_HEADER &&
    u32(load<u8>(l3, 6)) == proto &&
    proto != NEXTHDR_NONE &&
    proto != NEXTHDR_AUTH
  ) {
    return proto;
  }
  const chain = skipHeaders(l3, load<u32>(p, Packet.L3_CAP), load<u32>(p, Packet.LENGTH));
  if (chain == NO_TRANSPORT) return Packet.NO_PROTO;
  // A routing header is read deeper when packets are decoded.
  const cut = (load<u32>(p, Packet.FLAGS) & Packet.FLAG_SNAPPED_CHAIN) != 0;
  return cut || chain == CHAIN_NOT_CAPTURED ? CHAIN_IS_CUT : <u32>chain & 0xff;
}

/**
 * resolve_normal_ct, then the tracker. It is the tracker that looks at checksums: a packet whose own is `wrong` takes away
 * what it was expected by, and the place of another in a full table, all the same.
 */
function resolve(lane: usize, config: usize, shard: usize, p: usize, proto: u32, wrong: bool): i32 {
  const tuple = readTuple(p);
  if (tuple == NOT_CAPTURED) return Conntrack.TRACK_UNKNOWN;
  if (tuple == NO_TUPLE) return Conntrack.TRACK_INVALID;
  const family = load<u32>(p, Packet.FAMILY);
  if (proto == IPPROTO_GRE) addSourceKey(lane, shard, p, family);
  const ports = load<u32>(p, Packet.CT_PORTS);
  let hash = load<u32>(p, Packet.CT_HASH);
  if (hash == 0) hash = tupleHash(config, family, p + Packet.SRC, p + Packet.DST, proto, ports);
  const zone = zoneOf(p);
  const zoneDirections = zoneDirectionsOf(p);
  const touched = touchedEntry(p, hash, ports, proto);
  let found = touched;
  if (touched == 0) {
    const source = p + Packet.SRC;
    const destination = p + Packet.DST;
    found = find(shard, lane, p, family, hash, source, destination, proto, ports, zone, zoneDirections);
  }
  const fresh = found == 0;
  const direction = found & 1;
  let entry: usize = found & ~1;
  if (fresh) {
    entry = begin(lane, config, shard, p, family, hash, proto, ports, zone, zoneDirections);
    if (entry == 0) {
      return load<u32>(p, Packet.REASON) != Reason.NONE ? Conntrack.TRACK_DROP : Conntrack.TRACK_INVALID;
    }
  }
  const status = load<u32>(entry, Conntrack.STATUS);
  let info: u32 = Conntrack.INFO_NEW;
  if (direction == Conntrack.DIR_REPLY) info = Conntrack.INFO_ESTABLISHED_REPLY;
  else if ((status & Conntrack.IPS_SEEN_REPLY) != 0) info = Conntrack.INFO_ESTABLISHED;
  else if ((status & Conntrack.IPS_EXPECTED) != 0) info = Conntrack.INFO_RELATED;
  store<u32>(p, info, Packet.CTINFO);
  const result: i32 = wrong ? Conntrack.TRACK_INVALID : track(lane, entry, p, direction, fresh);
  if (result != Conntrack.TRACK_ACCEPT) {
    store<u32>(p, 0, Packet.CTINFO);
    if (fresh) freeEntry(shard, entry);
    else if (result == Conntrack.TRACK_REPEAT) {
      count(shard, Conntrack.STAT_REOPENED, 1);
      remove(lane, p, shard, entry);
    }
    return result;
  }
  // The packet ends the connection, and is the last that knows of it.
  const dies = (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_DYING) != 0;
  if (dies) {
    account(entry, p);
    detach(lane, p, shard, entry);
  }
  let events = load<u32>(p, Packet.CT_EVENTS);
  if (direction == Conntrack.DIR_REPLY) {
    if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_SEEN_REPLY) == 0) {
      store<u32>(entry, load<u32>(entry, Conntrack.STATUS) | Conntrack.IPS_SEEN_REPLY, Conntrack.STATUS);
      store<u8>(entry, load<u8>(entry, Conntrack.BITS) | u8(Conntrack.BIT_REPLIED), Conntrack.BITS);
      events |= 1 << Conntrack.IPCT_REPLY;
    }
  }
  if (events != 0 && !dies) cache(config, entry, events);
  store<u32>(p, <u32>entry, Packet.CT);
  setState(p, entry, info);
  return Conntrack.TRACK_ACCEPT;
}

/** gre_pkt_to_tuple: PPTP has told which call id the other side has. */
function addSourceKey(lane: usize, shard: usize, p: usize, family: u32): void {
  const key = load<u32>(p, Packet.CT_PORTS) >>> 16;
  if (key == 0) return;
  const source = sourceKey(lane, shard, family, p + Packet.SRC, p + Packet.DST, key);
  store<u32>(p, source | (key << 16), Packet.CT_PORTS);
}

/** CTSTATE of a packet that belongs to a connection (XT_CONNTRACK_STATE_BIT and the translation bits). */
export function setState(p: usize, entry: usize, info: u32): void {
  const status = load<u32>(entry, Conntrack.STATUS);
  const kind = info >= <u32>Conntrack.INFO_REPLY ? info - Conntrack.INFO_REPLY : info;
  const nat =
    ((status & Conntrack.IPS_SRC_NAT) != 0 ? Conntrack.STATE_SNAT : 0) |
    ((status & Conntrack.IPS_DST_NAT) != 0 ? Conntrack.STATE_DNAT : 0);
  store<u32>(p, (Conntrack.STATE_ESTABLISHED << kind) | nat, Packet.CTSTATE);
}

/** init_conntrack: an entry that is not confirmed yet. 0 when there can be none: with REASON if the packet is dropped. */
function begin(
  lane: usize,
  config: usize,
  shard: usize,
  p: usize,
  family: u32,
  hash: u32,
  proto: u32,
  ports: u32,
  zone: u32,
  zoneDirections: u32,
): usize {
  const inverse = inversePorts(proto, ports);
  if (inverse == NO_INVERSE) return 0;
  if (load<u32>(shard, Conntrack.SHARD_COUNT) >= load<u32>(config, Conntrack.SHARD_LIMIT)) {
    if (!makeRoom(lane, p, config, shard, family, hash)) return full(shard, p);
  }
  const entry = takeEntry(lane, p, config, shard, family);
  if (entry == 0) return full(shard, p);
  store<u32>(entry, hash ^ zoneHash(zone, zoneDirections), Conntrack.HASH);
  store<u32>(entry, ports, Conntrack.ORIG_PORTS);
  store<u32>(entry, <u32>inverse, Conntrack.REPLY_PORTS);
  if (family == 4) {
    const source = load<u32>(p, Packet.SRC);
    const destination = load<u32>(p, Packet.DST);
    store<u32>(entry, source, Conntrack.ORIG_SRC);
    store<u32>(entry, destination, Conntrack.ORIG_DST);
    store<u32>(entry, destination, Conntrack.REPLY_SRC);
    store<u32>(entry, source, Conntrack.REPLY_DST);
  } else {
    const source = v128.load(p, Packet.SRC);
    const destination = v128.load(p, Packet.DST);
    v128.store(entry, source, Conntrack.ORIG_SRC6);
    v128.store(entry, destination, Conntrack.ORIG_DST6);
    v128.store(entry, destination, Conntrack.REPLY_SRC6);
    v128.store(entry, source, Conntrack.REPLY_DST6);
  }
  store<u8>(entry, u8(proto), Conntrack.PROTO);
  store<u8>(entry, u8(family), Conntrack.FAMILY);
  store<u16>(entry, u16(zone), Conntrack.ZONE);
  store<u8>(entry, u8(zoneDirections), Conntrack.ZONE_DIR);
  store<u64>(entry, load<u64>(p, Packet.NUMBER), Conntrack.NUMBER);
  const expected = findExpectation(lane, shard, p, proto, ports, zone);
  const template = <usize>load<u32>(p, Packet.CT_TEMPLATE);
  if (expected != 0) {
    meetExpectation(lane, shard, p, entry, expected);
  } else if (template != 0) {
    store<u8>(entry, u8(load<u32>(template, Op.TEMPLATE_HELPER)), Conntrack.HELPER);
  }
  if (template != 0) store<u16>(entry, u16(load<u32>(template, Op.TEMPLATE_EVENTS)), Conntrack.EVENT_MASK);
  return entry;
}

/** The packet is dropped because there is no room for its connection. */
export function full(shard: usize, p: usize): usize {
  count(shard, Conntrack.STAT_FULL, 1);
  store<u32>(p, Reason.CONNTRACK_FULL, Packet.REASON);
  return 0;
}

/** Counts wrong checksums; true when the packet is INVALID for its. */
function wrongChecksum(config: usize, shard: usize, p: usize, hook: u32): bool {
  if (checksumRight(p) != 0) return false;
  count(shard, Conntrack.STAT_BAD_CHECKSUM, 1);
  return hook == Hook.PREROUTING && (load<u32>(config, Conntrack.FLAGS) & Conntrack.CHECKSUM) != 0;
}

function invalid(p: usize, shard: usize): u32 {
  count(shard, Conntrack.STAT_INVALID, 1);
  store<u32>(p, 0, Packet.CT);
  store<u32>(p, Conntrack.STATE_INVALID, Packet.CTSTATE);
  return Verdict.ACCEPT;
}

function notCaptured(p: usize): u32 {
  store<u32>(p, Conntrack.STATE_INVALID, Packet.CTSTATE);
  store<u32>(p, Reason.NOT_CAPTURED, Packet.REASON);
  return Verdict.UNKNOWN;
}
