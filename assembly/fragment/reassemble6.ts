// IPv6 reassembly, as connection tracking makes it before PREROUTING and OUTPUT (net/ipv6/netfilter/nf_conntrack_reasm.c):
// an arena of its own, with net.netfilter.nf_conntrack_frag6_*. The datagram goes on without its fragment header.
//
// Unlike in IPv4 a fragment that contradicts what is known of the length is dropped alone; only an overlap takes the
// datagram with it. What is no fragment by the rules (no fragment header to be found, a first fragment without all of the
// headers, one whose end is no multiple of 8) goes on as it is, and so does what was not captured as far.

import * as Fragment from '../../src/layout/fragment.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { CHAIN_NOT_CAPTURED, NO_TRANSPORT, skipHeadersFrom } from '../packet/chain';
import { ipv6 } from '../packet/ipv6';
import { copyPiece, createPiece, hasRoom } from './piece';
import { createQueue, expireQueues, findQueue, isFull, killQueue } from './queue';
import { datagramEcn, drop, keepFirst, kill, overlap, passFirst } from './reassemble';

const IPV6_HEADER: u32 = 40;
const FRAGMENT_HEADER: u32 = 8;
const NEXTHDR_FRAGMENT: u32 = 44;
const NEXTHDR_HOP: u32 = 0;
const NEXTHDR_ROUTING: u32 = 43;
const NEXTHDR_AUTH: u32 = 51;
const NEXTHDR_DEST: u32 = 60;
const LONGEST_PAYLOAD: u32 = 65535;

/** As push() (reassemble.ts). COMPLETE also for what goes on as it is. */
export function push6(lane: usize, p: usize, number: u64, user: u32): u32 {
  const l3 = <usize>load<u32>(p, Packet.L3);
  const payload = <u32>bswap<u16>(load<u16>(l3, 4));
  const header: u32 = payload == 0 ? 0 : fragmentHeader(p, l3);
  if (header == 0 || isTruncated(p, l3, header)) return Fragment.COMPLETE;
  if (load<u32>(p, Packet.LENGTH) < header + FRAGMENT_HEADER) return drop(p, Reason.FRAGMENT_MALFORMED);
  if (load<u32>(p, Packet.L3_CAP) < header + FRAGMENT_HEADER) return Fragment.COMPLETE;
  const arena = <usize>load<u32>(lane, Lane.FRAGMENTS6);
  if (!arena) return drop(p, Reason.FRAGMENT_MEMORY);
  expireQueues(arena, load<u64>(p, Packet.TIME), Reason.FRAGMENT_TIMEOUT);
  if (isFull(arena)) return drop(p, Reason.FRAGMENT_MEMORY);
  // Link-local and multicast addresses mean something else on each interface.
  const scoped = load<u8>(l3, 24) == 0xff || (<u32>bswap<u16>(load<u16>(l3, 24)) & 0xffc0) == 0xfe80;
  const key = user | (scoped ? load<u32>(p, Packet.IIF) << 8 : 0);
  const id = load<u32>(l3 + header, 4);
  let q = findQueue(arena, p, id, key);
  if (!q) {
    if (!hasRoom(arena, load<u32>(p, Packet.L3_CAP))) return drop(p, Reason.FRAGMENT_MEMORY);
    q = createQueue(arena, p, id, key);
    if (!q) return drop(p, Reason.FRAGMENT_MEMORY);
  }
  return add(arena, q, p, number, l3, header, payload);
}

/**
 * find_prev_fhdr: offset of the fragment header, which need not be there as a whole; 0 when there is none, or when a
 * header before it is not captured.
 */
function fragmentHeader(p: usize, l3: usize): u32 {
  const cap = load<u32>(p, Packet.L3_CAP);
  let next: u32 = load<u8>(l3, 6);
  let at = IPV6_HEADER;
  while (next != NEXTHDR_FRAGMENT) {
    const extension =
      next == NEXTHDR_HOP || next == NEXTHDR_ROUTING || next == NEXTHDR_AUTH || next == NEXTHDR_DEST;
    if (!extension || cap < at + 2) return 0;
    const units = u32(load<u8>(l3 + at, 1));
    const size = next == NEXTHDR_AUTH ? (units + 2) << 2 : (units + 1) << 3;
    next = load<u8>(l3 + at);
    at += size;
  }
  return at > load<u32>(p, Packet.LENGTH) ? 0 : at;
}

/** ipv6frag_thdr_truncated: a first fragment that does not have all headers (RFC 8200, 4.5). */
function isTruncated(p: usize, l3: usize, header: u32): bool {
  const length = load<u32>(p, Packet.LENGTH);
  const chain = skipHeadersFrom(l3, header, NEXTHDR_FRAGMENT, load<u32>(p, Packet.L3_CAP), length);
  if (chain == NO_TRANSPORT || chain == CHAIN_NOT_CAPTURED) return false;
  const proto = <u32>chain & 0xff;
  let least: u32 = 1;
  if (proto == 6) least = 20;
  else if (proto == 17 || proto == 58) least = 8;
  return <u32>(chain >> 32) + least > length;
}

/** The number of the header before the fragment header stands there. */
function nextHeaderAt(l3: usize, header: u32): u32 {
  let next: u32 = load<u8>(l3, 6);
  let at = IPV6_HEADER;
  let place: u32 = 6;
  while (at < header) {
    const units = u32(load<u8>(l3 + at, 1));
    const size = next == NEXTHDR_AUTH ? (units + 2) << 2 : (units + 1) << 3;
    next = load<u8>(l3 + at);
    place = at;
    at += size;
  }
  return place;
}

function add(arena: usize, q: usize, p: usize, number: u64, l3: usize, header: u32, payload: u32): u32 {
  const word = <u32>bswap<u16>(load<u16>(l3 + header, 2));
  const start = word & 0xfff8;
  const more = (word & 1) != 0;
  const data = header + FRAGMENT_HEADER;
  // Behind the fragment header by the payload length; shorter than the headers is no length at all.
  const end = start + payload - (data - IPV6_HEADER);
  if (payload < data - IPV6_HEADER || end > LONGEST_PAYLOAD) return drop(p, Reason.FRAGMENT_MALFORMED);
  const cap = load<u32>(p, Packet.L3_CAP);
  const captured = min<u32>(cap > data ? cap - data : 0, end - start);
  if (!hasRoom(arena, data + captured)) return drop(p, Reason.FRAGMENT_MEMORY);
  const length = load<u32>(q, Fragment.QUEUE_LENGTH);
  const flags = load<u32>(q, Fragment.QUEUE_FLAGS);
  const ended = (flags & Fragment.QUEUE_LAST_IN) != 0;
  if (!more) {
    if (end < length || (ended && end != length)) return drop(p, Reason.FRAGMENT_MALFORMED);
    store<u32>(q, flags | Fragment.QUEUE_LAST_IN, Fragment.QUEUE_FLAGS);
    store<u32>(q, end, Fragment.QUEUE_LENGTH);
  } else {
    if ((end & 7) != 0) {
      killQueue(arena, q, number, 0, Reason.FRAGMENT_MALFORMED);
      return Fragment.COMPLETE;
    }
    if (end > length) {
      if (ended) return drop(p, Reason.FRAGMENT_MALFORMED);
      store<u32>(q, end, Fragment.QUEUE_LENGTH);
    }
  }
  if (end == start) return drop(p, Reason.FRAGMENT_MALFORMED);
  const last = <usize>load<u32>(q, Fragment.QUEUE_LAST_RUN);
  const lastEnd = last ? load<u32>(last, Fragment.PIECE_RUN_END) : 0;
  const behind = lastEnd < end;
  if (last && behind && start < lastEnd) return kill(arena, q, p, number, Reason.FRAGMENT_OVERLAP);
  if (last && !behind) {
    const met = overlap(q, start, end);
    if (met == Reason.FRAGMENT_DUPLICATE) return drop(p, met);
    if (met) return kill(arena, q, p, number, met);
  }
  // The first fragment is kept with its headers.
  const piece =
    start == 0
      ? createPiece(arena, p, number, 0, l3, data + captured)
      : createPiece(arena, p, number, start, l3 + data, captured);
  store<u32>(piece, load<u32>(q, Fragment.QUEUE_PIECES), Fragment.PIECE_NEXT);
  store<u32>(q, <u32>piece, Fragment.QUEUE_PIECES);
  if (last && behind && start == lastEnd) {
    store<u32>(last, end, Fragment.PIECE_RUN_END);
  } else {
    const bucket = q + Fragment.QUEUE_RUNS + ((start >> Fragment.RUN_BUCKET_SHIFT) << 2);
    store<u32>(piece, end, Fragment.PIECE_RUN_END);
    store<u32>(piece, load<u32>(bucket), Fragment.PIECE_RUN_NEXT);
    store<u32>(bucket, <u32>piece);
    if (behind) store<u32>(q, <u32>piece, Fragment.QUEUE_LAST_RUN);
  }
  note(q, p, l3, header, payload, start, captured < end - start ? start + captured : u32.MAX_VALUE, piece);
  const meat = load<u32>(q, Fragment.QUEUE_MEAT) + end - start;
  store<u32>(q, meat, Fragment.QUEUE_MEAT);
  const whole = Fragment.QUEUE_FIRST_IN | Fragment.QUEUE_LAST_IN;
  if (load<u32>(q, Fragment.QUEUE_FLAGS) != whole || meat != load<u32>(q, Fragment.QUEUE_LENGTH)) {
    return Fragment.HELD;
  }
  return complete(arena, q, p, number);
}

/** What the datagram will need of this fragment; `cut` is where its captured bytes end, if they do not reach its end. */
function note(
  q: usize,
  p: usize,
  l3: usize,
  header: u32,
  payload: u32,
  start: u32,
  cut: u32,
  piece: usize,
): void {
  const ecn = load<u32>(p, Packet.TOS) & 3;
  store<u32>(q, load<u32>(q, Fragment.QUEUE_ECN) | (1 << ecn), Fragment.QUEUE_ECN);
  store<u32>(q, max<u32>(load<u32>(q, Fragment.QUEUE_MAX_SIZE), payload), Fragment.QUEUE_MAX_SIZE);
  store<u32>(q, min<u32>(load<u32>(q, Fragment.QUEUE_CAPTURED), cut), Fragment.QUEUE_CAPTURED);
  if (start != 0) return;
  store<u32>(q, load<u32>(q, Fragment.QUEUE_FLAGS) | Fragment.QUEUE_FIRST_IN, Fragment.QUEUE_FLAGS);
  store<u32>(q, header, Fragment.QUEUE_HEADER_BYTES);
  store<u32>(q, <u32>piece, Fragment.QUEUE_FIRST_PIECE);
  store<u32>(q, nextHeaderAt(l3, header), Fragment.QUEUE_NEXT_HEADER_AT);
  store<u32>(q, load<u8>(l3 + header), Fragment.QUEUE_NEXT_HEADER);
  keepFirst(q, p);
}

/** nf_ct_frag6_reasm */
function complete(arena: usize, q: usize, p: usize, number: u64): u32 {
  const header = load<u32>(q, Fragment.QUEUE_HEADER_BYTES);
  const payload = load<u32>(q, Fragment.QUEUE_LENGTH);
  const ecn = datagramEcn(load<u32>(q, Fragment.QUEUE_ECN));
  if (ecn > 3 || header - IPV6_HEADER + payload > LONGEST_PAYLOAD) {
    return kill(arena, q, p, number, Reason.FRAGMENT_MALFORMED);
  }
  const l3 = <usize>load<u32>(arena, Fragment.DATAGRAM);
  const first = <usize>load<u32>(q, Fragment.QUEUE_FIRST_PIECE);
  let piece = <usize>load<u32>(q, Fragment.QUEUE_PIECES);
  while (piece) {
    if (piece != first) copyPiece(piece, l3 + header + load<u32>(piece, Fragment.PIECE_START));
    piece = load<u32>(piece, Fragment.PIECE_NEXT);
  }
  // Its headers come 8 bytes too early, and move over the fragment header.
  copyPiece(first, l3 - FRAGMENT_HEADER);
  memory.copy(l3, l3 - FRAGMENT_HEADER, header);
  store<u8>(l3 + load<u32>(q, Fragment.QUEUE_NEXT_HEADER_AT), u8(load<u32>(q, Fragment.QUEUE_NEXT_HEADER)));
  store<u16>(l3, bswap<u16>(<u16>(header - IPV6_HEADER + payload)), 4);
  store<u8>(l3, load<u8>(l3, 1) | u8(ecn << 4), 1);
  passFirst(q, p, l3);
  store<u32>(p, IPV6_HEADER + load<u32>(q, Fragment.QUEUE_MAX_SIZE), Packet.FRAG_MAX);
  const captured = min<u32>(load<u32>(q, Fragment.QUEUE_CAPTURED), payload);
  killQueue(arena, q, number, number, Reason.NONE);
  store<u64>(p, 0, Packet.FRAG_HEADER); // FRAG_HEADER, AUTH_HEADER
  ipv6(p, l3, header + captured, header + payload);
  return Fragment.COMPLETE;
}
