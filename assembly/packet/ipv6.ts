// IPv6, with the checks of ip6_rcv_core() (net/ipv6/ip6_input.c) in its order, and the walk over extension headers that
// ip6tables makes for `-p` (ipv6_find_hdr() with no target, net/ipv6/exthdrs_core.c).

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { HOP_BY_HOP_BAD, HOP_BY_HOP_NOT_CAPTURED, HOP_BY_HOP_TRUNCATED, hopByHop } from './hopbyhop.ts';
import { fail } from './record.ts';
import { fold, IPPROTO_DCCP, IPPROTO_TCP, noTransport, transport, tupleHash } from './transport.ts';

export const IPV6_HEADER: u32 = 40;
const NEXTHDR_HOP: u32 = 0;
const NEXTHDR_ROUTING: u32 = 43;
const NEXTHDR_FRAGMENT: u32 = 44;
const NEXTHDR_AUTH: u32 = 51;
const NEXTHDR_NONE: u32 = 59;
const NEXTHDR_DEST: u32 = 60;

/** Longer packets than this were never on a wire as such: segments not yet cut (offload). */
const ETHERNET_MTU: u32 = 1500;

/** Decodes the packet at `l3`, of which `cap` bytes are captured and `len` were in the frame (cap <= len). */
export function ipv6(p: usize, l3: usize, cap: u32, len: u32): void {
  if (cap < IPV6_HEADER) {
    if (len < IPV6_HEADER || (cap > 0 && load<u8>(l3) >> 4 != 6))
      fail(p, 6, l3, cap, Verdict.LOST, Reason.BAD_HEADER);
    else fail(p, 6, l3, cap, Verdict.UNKNOWN, Reason.NOT_CAPTURED);
    return;
  }
  const word = bswap<u32>(load<u32>(l3));
  if (word >>> 28 != 6) {
    fail(p, 6, l3, cap, Verdict.LOST, Reason.BAD_HEADER);
    return;
  }
  const next: u32 = load<u8>(l3, 6);
  const payload: u32 = bswap<u16>(load<u16>(l3, 4));
  let length = IPV6_HEADER + payload;
  if (payload == 0) {
    // With hop-by-hop options Linux leaves the packet as long as its frame unless a jumbo option says otherwise; and a
    // TCP packet handed to a device that segments it may carry no length at all.
    if (next == NEXTHDR_HOP || (next == IPPROTO_TCP && len > ETHERNET_MTU)) length = len;
  }
  if (length > len) {
    fail(p, 6, l3, cap, Verdict.LOST, Reason.IP_TRUNCATED);
    return;
  }
  let flags: u32 = 0;
  if (next == NEXTHDR_HOP) {
    const jumbo = hopByHop(l3, cap, length, payload);
    if (jumbo == HOP_BY_HOP_BAD) {
      flags = Packet.FLAG_BAD_OPTION;
    } else if (jumbo <= HOP_BY_HOP_NOT_CAPTURED) {
      if (jumbo == HOP_BY_HOP_TRUNCATED) fail(p, 6, l3, cap, Verdict.LOST, Reason.IP_TRUNCATED);
      else fail(p, 6, l3, cap, Verdict.UNKNOWN, Reason.NOT_CAPTURED);
      return;
    } else {
      length = jumbo;
    }
  }
  if (cap < length) flags |= Packet.FLAG_SNAPPED;
  else cap = length;

  // 128-bit addresses in host order, the high half first.
  const sourceHigh = bswap<u64>(load<u64>(l3, 8));
  const sourceLow = bswap<u64>(load<u64>(l3, 16));
  const destinationHigh = bswap<u64>(load<u64>(l3, 24));
  const destinationLow = bswap<u64>(load<u64>(l3, 32));
  store<u64>(p, sourceHigh, Packet.SRC);
  store<u64>(p, sourceLow, Packet.SRC + 8);
  store<u64>(p, destinationHigh, Packet.DST);
  store<u64>(p, destinationLow, Packet.DST + 8);
  store<u32>(p, 6, Packet.FAMILY);
  store<u32>(p, length, Packet.LENGTH);
  store<u32>(p, load<u8>(l3, 7), Packet.TTL);
  store<u32>(p, (word >>> 20) & 0xff, Packet.TOS);
  store<u32>(p, <u32>l3, Packet.L3);
  store<u32>(p, cap, Packet.L3_CAP);
  if (isExtension(next)) {
    walk(p, l3, cap, length, next, flags);
  } else {
    store<u32>(p, 0, Packet.FRAG_OFFSET);
    store<u32>(p, IPV6_HEADER, Packet.L4_OFFSET);
    store<u32>(p, length - IPV6_HEADER, Packet.L4_LEN);
    store<u32>(p, cap - IPV6_HEADER, Packet.L4_CAP);
    store<u32>(p, transport(p, l3 + IPV6_HEADER, cap - IPV6_HEADER, next, flags), Packet.FLAGS);
  }
  const fragment =
    load<u32>(p, Packet.FRAG_OFFSET) | (load<u32>(p, Packet.FLAGS) & Packet.FLAG_MORE_FRAGMENTS);
  hash(p, l3, fragment != 0);
}

/**
 * Sets HASH. The protocol stays out of a fragment's: a later fragment names the first header of the fragmentable part.
 * What is tracked although it says that it is one is none.
 */
export function hash(p: usize, l3: usize, fragment: bool): void {
  const ported =
    !fragment &&
    (load<u32>(p, Packet.FLAGS) & Packet.FLAG_PORTS) != 0 &&
    load<u32>(p, Packet.PROTO) != IPPROTO_DCCP;
  const ports = ported ? load<u32>(l3 + load<u32>(p, Packet.L4_OFFSET)) : 0;
  const proto = fragment ? NEXTHDR_FRAGMENT : load<u32>(p, Packet.PROTO);
  const source = fold(load<u64>(l3, 8), load<u64>(l3, 16));
  const destination = fold(load<u64>(l3, 24), load<u64>(l3, 32));
  store<u32>(p, tupleHash(source, ports & 0xffff, destination, ports >>> 16, proto), Packet.HASH);
}

function isExtension(next: u32): bool {
  return (
    next == NEXTHDR_HOP ||
    next == NEXTHDR_ROUTING ||
    next == NEXTHDR_FRAGMENT ||
    next == NEXTHDR_AUTH ||
    next == NEXTHDR_NONE ||
    next == NEXTHDR_DEST
  );
}

/**
 * From header to header until one is no extension header. Linux's lengths are not checked against the packet until the
 * next header is read, so that a transport header may be found to start behind the end. Every step is at least 8
 * bytes, so that the walk ends within the packet.
 */
function walk(p: usize, l3: usize, cap: u32, length: u32, next: u32, flags: u32): void {
  let at = IPV6_HEADER;
  let offset: u32 = 0;
  while (isExtension(next) && next != NEXTHDR_NONE) {
    // A routing header has to be there four bytes deep, whatever they say; a fragment header's offset is read.
    const least: u32 = next == NEXTHDR_ROUTING || next == NEXTHDR_FRAGMENT ? 4 : 2;
    const read: u32 = next == NEXTHDR_FRAGMENT ? 4 : 2;
    if (next == NEXTHDR_FRAGMENT) flags |= Packet.FLAG_IPV6_FRAGMENT;
    if (at + least > length || at + read > cap) {
      const snapped = at + least <= length;
      if (snapped && next == NEXTHDR_AUTH) noteAuthentication(p, at);
      brokenChain(p, at, flags | (snapped ? Packet.FLAG_SNAPPED_CHAIN : Packet.FLAG_BROKEN_CHAIN));
      return;
    }
    const header = l3 + at;
    let step = ((<u32>load<u8>(header, 1)) << 3) + 8;
    if (next == NEXTHDR_FRAGMENT) {
      step = 8;
      const word: u32 = bswap<u16>(load<u16>(header, 2));
      if (load<u32>(p, Packet.FRAG_HEADER) == 0) {
        store<u32>(p, at, Packet.FRAG_HEADER);
        if (word & 1) flags |= Packet.FLAG_MORE_FRAGMENTS;
      }
      offset = word >>> 3;
      if (offset) {
        // What a later fragment begins with has the protocol that its header names, unless that is one more extension
        // header: then there is no transport protocol to be found.
        next = load<u8>(header);
        if (isExtension(next) && next != NEXTHDR_NONE) {
          brokenChain(p, at, flags | Packet.FLAG_BROKEN_CHAIN);
          store<u32>(p, offset, Packet.FRAG_OFFSET);
          return;
        }
        at += step;
        break;
      }
    } else if (next == NEXTHDR_AUTH) {
      step = ((<u32>load<u8>(header, 1)) << 2) + 8;
      flags |= Packet.FLAG_ABNORMAL;
      noteAuthentication(p, at);
    }
    next = load<u8>(header);
    at += step;
  }
  const captured = at < cap ? cap - at : 0;
  store<u32>(p, offset, Packet.FRAG_OFFSET);
  store<u32>(p, at, Packet.L4_OFFSET);
  store<u32>(p, at < length ? length - at : 0, Packet.L4_LEN);
  store<u32>(p, captured, Packet.L4_CAP);
  if (offset) flags = noTransport(p, next, flags);
  else flags = transport(p, l3 + at, captured, next, flags);
  store<u32>(p, flags, Packet.FLAGS);
}

/** The first authentication header, with which nftables ends its search. */
function noteAuthentication(p: usize, at: u32): void {
  if (load<u32>(p, Packet.AUTH_HEADER) == 0) store<u32>(p, at, Packet.AUTH_HEADER);
}

function brokenChain(p: usize, at: u32, flags: u32): void {
  store<u32>(p, 0, Packet.FRAG_OFFSET);
  store<u32>(p, at, Packet.L4_OFFSET);
  store<u32>(p, 0, Packet.L4_LEN);
  store<u32>(p, 0, Packet.L4_CAP);
  store<u32>(p, noTransport(p, Packet.NO_PROTO, flags), Packet.FLAGS);
}
