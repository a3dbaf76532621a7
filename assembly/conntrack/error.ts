// ICMP and ICMPv6 messages that are about another packet: they belong to its connection (nf_conntrack_inet_error); and
// those that no connection is made of (nf_conntrack_icmpv6_error).

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { CHAIN_NOT_CAPTURED, NO_TRANSPORT, skipHeaders } from '../packet/chain';
import { setState } from './in';
import { count } from './shard';
import { find } from './table';
import { inversePorts, NO_INVERSE, NO_TUPLE, NOT_CAPTURED, readPorts, tupleHash } from './tuple';
import { zoneDirectionsOf, zoneOf } from './zone';

const ICMP_HEADER: u32 = 8;
const MOST_ICMP_TYPE: u32 = 18;
const REDIRECT6: u32 = 137;
/** Redirect message without options, its option with the packet's header, and that option's own header. */
const REDIRECT6_BYTES: u32 = 40;
const OPTION_REDIRECTED: u32 = 4;
const OPTION_HEADER: u32 = 8;
const HOP_LIMIT: u32 = 255;

/** nf_conntrack_icmpv4_error. Answers Conntrack.TRACK_*; ACCEPT without Packet.CT: to be tracked as it is. */
export function icmpError(lane: usize, shard: usize, p: usize): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const cap = load<u32>(p, Packet.L4_CAP);
  if (cap < ICMP_HEADER) return length < ICMP_HEADER ? Conntrack.TRACK_INVALID : Conntrack.TRACK_UNKNOWN;
  const type = u32(load<u8>(transportOf(p)));
  if (type > MOST_ICMP_TYPE) return Conntrack.TRACK_INVALID;
  // Unreachable, source quench, redirect, time exceeded, parameter problem.
  if (type != 3 && type != 4 && type != 5 && type != 11 && type != 12) return Conntrack.TRACK_ACCEPT;
  return about(lane, shard, p, ICMP_HEADER);
}

/** nf_conntrack_icmpv6_error. */
export function icmpv6Error(lane: usize, shard: usize, p: usize): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const cap = load<u32>(p, Packet.L4_CAP);
  if (cap < ICMP_HEADER) return length < ICMP_HEADER ? Conntrack.TRACK_INVALID : Conntrack.TRACK_UNKNOWN;
  const type = u32(load<u8>(transportOf(p)));
  if (neverTracked(type)) {
    store<u32>(p, Conntrack.INFO_UNTRACKED, Packet.CTINFO);
    store<u32>(p, Conntrack.STATE_UNTRACKED, Packet.CTSTATE);
    count(shard, Conntrack.STAT_UNTRACKED, 1);
    return Conntrack.TRACK_ACCEPT;
  }
  if (type == REDIRECT6) return redirect6(lane, shard, p, length, cap);
  if (type >= 128) return Conntrack.TRACK_ACCEPT;
  return about(lane, shard, p, ICMP_HEADER);
}

/** Multicast listeners, neighbours, routers: 130 to 136 and 143, and router discovery by multicast (151, 152). */
function neverTracked(type: u32): bool {
  return (type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
}

/** nf_conntrack_icmpv6_redirect: a redirect is about the packet in its option, where that is the first one. */
function redirect6(lane: usize, shard: usize, p: usize, length: u32, cap: u32): i32 {
  if (length < REDIRECT6_BYTES) return Conntrack.TRACK_INVALID;
  const l4 = transportOf(p);
  if (load<u8>(l4, 1) != 0) return Conntrack.TRACK_ACCEPT;
  const linkLocal = load<u64>(p, Packet.SRC) >> 54 == 0x3fa; // fe80::/10
  if (load<u32>(p, Packet.TTL) != HOP_LIMIT || !linkLocal) return Conntrack.TRACK_INVALID;
  if (length < REDIRECT6_BYTES + 2) return Conntrack.TRACK_INVALID;
  if (cap < REDIRECT6_BYTES + 2) return Conntrack.TRACK_UNKNOWN;
  if (load<u8>(l4, REDIRECT6_BYTES + 1) == 0) return Conntrack.TRACK_INVALID;
  if (u32(load<u8>(l4, REDIRECT6_BYTES)) != OPTION_REDIRECTED) return Conntrack.TRACK_ACCEPT;
  return about(lane, shard, p, REDIRECT6_BYTES + OPTION_HEADER);
}

function transportOf(p: usize): usize {
  return <usize>load<u32>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
}

/** Where the inner packet's header begins, behind `offset` bytes of the message. */
const INNER_IPV4: u32 = 20;
const INNER_IPV6: u32 = 40;

/**
 * The packet within, from `offset` of the transport header on. RELATED when it is one of a known connection, on its way
 * to where the message comes from: what the message is sent to has to be where that packet came from.
 */
function about(lane: usize, shard: usize, p: usize, offset: u32): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const cap = load<u32>(p, Packet.L4_CAP);
  const four = load<u32>(p, Packet.FAMILY) == 4;
  const header: u32 = four ? INNER_IPV4 : INNER_IPV6;
  if (length < offset + header) return unrelated(shard);
  if (cap < offset + header) return Conntrack.TRACK_UNKNOWN;
  const inner = transportOf(p) + offset;
  let l4: u32 = 0;
  let proto: u32 = 0;
  if (four) {
    if ((u32(load<u16>(inner, 6)) & 0xff1f) != 0) return unrelated(shard);
    l4 = (u32(load<u8>(inner)) & 15) << 2;
    proto = load<u8>(inner, 9);
    if (offset + l4 > length) return unrelated(shard);
  } else {
    const chain = skipHeaders(inner, cap - offset, length - offset);
    if (chain == NO_TRANSPORT) return unrelated(shard);
    if (chain == CHAIN_NOT_CAPTURED) return Conntrack.TRACK_UNKNOWN;
    l4 = <u32>(chain >> 32);
    proto = <u32>chain & 0xff;
  }
  return relate(lane, shard, p, inner, offset + l4, proto, four);
}

/** Finds the connection of the packet at `inner`, whose transport header is `at` bytes behind the message's. */
function relate(lane: usize, shard: usize, p: usize, inner: usize, at: u32, proto: u32, four: bool): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const cap = load<u32>(p, Packet.L4_CAP);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const tuple = readPorts(
    transportOf(p) + at,
    cap > at ? cap - at : 0,
    length > at ? length - at : 0,
    proto,
    p + Packet.CT_PORTS,
  );
  if (tuple == NO_TUPLE) return unrelated(shard);
  if (tuple == NOT_CAPTURED) return Conntrack.TRACK_UNKNOWN;
  const ports = inversePorts(proto, load<u32>(p, Packet.CT_PORTS));
  if (ports == NO_INVERSE) return unrelated(shard);
  // The inner packet's addresses, the other way round, in the form of packet records.
  const source = lane + Lane.INNER;
  const destination = source + 16;
  if (four) {
    store<u32>(source, bswap<u32>(load<u32>(inner, 16)));
    store<u32>(destination, bswap<u32>(load<u32>(inner, 12)));
  } else {
    store<u64>(source, bswap<u64>(load<u64>(inner, 24)));
    store<u64>(source, bswap<u64>(load<u64>(inner, 32)), 8);
    store<u64>(destination, bswap<u64>(load<u64>(inner, 8)));
    store<u64>(destination, bswap<u64>(load<u64>(inner, 16)), 8);
  }
  const family: u32 = four ? 4 : 6;
  const hash = tupleHash(config, family, source, destination, proto, <u32>ports);
  const found = find(
    shard,
    lane,
    p,
    family,
    hash,
    source,
    destination,
    proto,
    <u32>ports,
    zoneOf(p),
    zoneDirectionsOf(p),
  );
  if (found == 0) return unrelated(shard);
  const same = four
    ? load<u32>(p, Packet.DST) == load<u32>(destination)
    : i8x16.all_true(i8x16.eq(v128.load(p, Packet.DST), v128.load(destination)));
  if (!same) return unrelated(shard);
  const entry = <usize>(found & ~1);
  const info: u32 = Conntrack.INFO_RELATED + (found & 1) * Conntrack.INFO_REPLY;
  store<u32>(p, <u32>entry, Packet.CT);
  store<u32>(p, info, Packet.CTINFO);
  setState(p, entry, info);
  return Conntrack.TRACK_ACCEPT;
}

function unrelated(shard: usize): i32 {
  count(shard, Conntrack.STAT_FORGED_ICMP, 1);
  return Conntrack.TRACK_INVALID;
}
