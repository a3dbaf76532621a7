// IPv4 reassembly, as ip_local_deliver() makes it before INPUT and connection tracking before PREROUTING and OUTPUT
// (net/ipv4/ip_fragment.c). Time is the capture's clock.
//
// A datagram's bytes are covered by runs, stretches of adjacent fragments. As in Linux a fragment that comes in behind
// the last run extends it, and one that fills a gap is a run of its own, even if it touches its neighbours. A fragment
// inside of one run is a duplicate and ignored; one that overlaps in any other way kills the datagram.

import * as Fragment from '../../src/layout/fragment.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ipv4 } from '../packet/ipv4.ts';
import { copyPiece, createPiece, hasRoom } from './piece.ts';
import {
  createQueue,
  emptyQueue,
  expireQueues,
  findQueue,
  isFull,
  isTooFar,
  killQueue,
  renewQueue,
} from './queue.ts';

const ETHERNET_HEADER: u32 = 14;
const LONGEST: u32 = 65535;
const DONT_FRAGMENT: u32 = 0x4000;

/**
 * Takes the fragment that `p` describes, packet `number` of the scan, into the lane's arena, for a user (Fragment.*): each
 * has its own datagrams. COMPLETE: `p` describes the whole datagram, whose bytes stand in the arena until the next push.
 * DROPPED: Packet.REASON is set. What becomes of packets that were HELD is told in the arena's events. Only one lane at a
 * time, in packet order.
 */
export function push(lane: usize, p: usize, number: u64, user: u32): u32 {
  const arena = <usize>load<u32>(lane, Lane.FRAGMENTS);
  if (!arena) return drop(p, Reason.FRAGMENT_MEMORY);
  const now = load<u64>(p, Packet.TIME);
  expireQueues(arena, now, Reason.FRAGMENT_TIMEOUT);
  if (isFull(arena)) return drop(p, Reason.FRAGMENT_MEMORY);
  const l3 = <usize>load<u32>(p, Packet.L3);
  const id = (load<u32>(p, Packet.PROTO) << 16) | bswap<u16>(load<u16>(l3, 4));
  let q = findQueue(arena, p, id, user);
  if (!q) {
    if (!hasRoom(arena, load<u32>(p, Packet.L4_CAP))) return drop(p, Reason.FRAGMENT_MEMORY);
    q = createQueue(arena, p, id, user);
    if (!q) return drop(p, Reason.FRAGMENT_MEMORY);
  }
  if (isTooFar(arena, q)) {
    emptyQueue(arena, q, number, 0, Reason.FRAGMENT_TIMEOUT);
    renewQueue(arena, q, now);
  }
  return add(arena, q, p, number);
}

export function drop(p: usize, reason: u32): u32 {
  store<u32>(p, reason, Packet.REASON);
  return Fragment.DROPPED;
}

/** The fragment cannot be: it takes the whole datagram with it. */
export function kill(arena: usize, q: usize, p: usize, number: u64, reason: u32): u32 {
  killQueue(arena, q, number, 0, reason);
  return drop(p, reason);
}

function add(arena: usize, q: usize, p: usize, number: u64): u32 {
  const start = load<u32>(p, Packet.FRAG_OFFSET) << 3;
  const more = (load<u32>(p, Packet.FLAGS) & Packet.FLAG_MORE_FRAGMENTS) != 0;
  let end = start + load<u32>(p, Packet.L4_LEN);
  // Only the last fragment may end anywhere; Linux cuts the others.
  if (more) end &= ~7;
  const captured = min(load<u32>(p, Packet.L4_CAP), end - start);
  if (!hasRoom(arena, captured)) return drop(p, Reason.FRAGMENT_MEMORY);
  let flags = load<u32>(q, Fragment.QUEUE_FLAGS);
  const length = load<u32>(q, Fragment.QUEUE_LENGTH);
  const ended = (flags & Fragment.QUEUE_LAST_IN) != 0;
  if (!more) {
    if (end < length || (ended && end != length)) return kill(arena, q, p, number, Reason.FRAGMENT_MALFORMED);
    flags |= Fragment.QUEUE_LAST_IN;
    store<u32>(q, end, Fragment.QUEUE_LENGTH);
  } else if (end > length) {
    if (ended) return kill(arena, q, p, number, Reason.FRAGMENT_MALFORMED);
    store<u32>(q, end, Fragment.QUEUE_LENGTH);
  }
  store<u32>(q, flags, Fragment.QUEUE_FLAGS);
  if (end == start) return kill(arena, q, p, number, Reason.FRAGMENT_MALFORMED);

  const l3 = <usize>load<u32>(p, Packet.L3);
  const header = load<u32>(p, Packet.L4_OFFSET);
  const last = <usize>load<u32>(q, Fragment.QUEUE_LAST_RUN);
  const lastEnd = last ? load<u32>(last, Fragment.PIECE_RUN_END) : 0;
  const behind = lastEnd < end;
  if (last && behind && start < lastEnd) return kill(arena, q, p, number, Reason.FRAGMENT_OVERLAP);
  if (last && !behind) {
    const met = overlap(q, start, end);
    if (met == Reason.FRAGMENT_DUPLICATE) return drop(p, met);
    if (met) return kill(arena, q, p, number, met);
  }
  const piece = createPiece(arena, p, number, start, l3 + header, captured);
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
  note(q, p, l3, header, start, end, captured);
  const meat = load<u32>(q, Fragment.QUEUE_MEAT) + end - start;
  store<u32>(q, meat, Fragment.QUEUE_MEAT);
  const whole = Fragment.QUEUE_FIRST_IN | Fragment.QUEUE_LAST_IN;
  if (load<u32>(q, Fragment.QUEUE_FLAGS) != whole || meat != load<u32>(q, Fragment.QUEUE_LENGTH)) {
    return Fragment.HELD;
  }
  return complete(arena, q, p, number);
}

/** What the datagram's header will need of this fragment. */
function note(q: usize, p: usize, l3: usize, header: u32, start: u32, end: u32, captured: u32): void {
  const ecn = load<u32>(p, Packet.TOS) & 3;
  store<u32>(q, load<u32>(q, Fragment.QUEUE_ECN) | (1 << ecn), Fragment.QUEUE_ECN);
  const size = end - start + header;
  if (size > load<u32>(q, Fragment.QUEUE_MAX_SIZE)) store<u32>(q, size, Fragment.QUEUE_MAX_SIZE);
  const whole = (load<u32>(p, Packet.FLAGS) & Packet.FLAG_DONT_FRAGMENT) == 0;
  if (!whole && size > load<u32>(q, Fragment.QUEUE_MAX_DF_SIZE)) {
    store<u32>(q, size, Fragment.QUEUE_MAX_DF_SIZE);
  }
  if (captured < end - start) {
    const cut = start + captured;
    if (cut < load<u32>(q, Fragment.QUEUE_CAPTURED)) store<u32>(q, cut, Fragment.QUEUE_CAPTURED);
  }
  if (start != 0) return;
  store<u32>(q, load<u32>(q, Fragment.QUEUE_FLAGS) | Fragment.QUEUE_FIRST_IN, Fragment.QUEUE_FLAGS);
  store<u32>(q, header, Fragment.QUEUE_HEADER_BYTES);
  memory.copy(q + Fragment.QUEUE_HEADER, l3, header);
  keepFirst(q, p);
}

/** What the datagram keeps of its first fragment beside the bytes: link-layer header, mark, packet type. */
export function keepFirst(q: usize, p: usize): void {
  store<u32>(q, load<u32>(p, Packet.MARK), Fragment.QUEUE_MARK);
  store<u32>(q, load<u32>(p, Packet.PKTTYPE), Fragment.QUEUE_PKTTYPE);
  const mac = <usize>load<u32>(p, Packet.MAC);
  store<u32>(q, mac ? 1 : 0, Fragment.QUEUE_HAS_MAC);
  if (mac) memory.copy(q + Fragment.QUEUE_MAC, mac, ETHERNET_HEADER);
}

/** The datagram at `l3` goes on in the first fragment's buffer (skb_morph); its interface is that of the last to come. */
export function passFirst(q: usize, p: usize, l3: usize): void {
  let mac: u32 = 0;
  if (load<u32>(q, Fragment.QUEUE_HAS_MAC)) {
    mac = <u32>(l3 - ETHERNET_HEADER);
    memory.copy(mac, q + Fragment.QUEUE_MAC, ETHERNET_HEADER);
  }
  store<u32>(p, mac, Packet.MAC);
  store<u32>(p, load<u32>(q, Fragment.QUEUE_MARK), Packet.MARK);
  store<u32>(p, load<u32>(q, Fragment.QUEUE_PKTTYPE), Packet.PKTTYPE);
}

/** FRAGMENT_DUPLICATE when [start, end) lies within one run, FRAGMENT_OVERLAP when it meets any other way, else 0. */
export function overlap(q: usize, start: u32, end: u32): u32 {
  const runs = q + Fragment.QUEUE_RUNS;
  const first: u32 = start >> Fragment.RUN_BUCKET_SHIFT;
  const final: u32 = min<u32>((end - 1) >> Fragment.RUN_BUCKET_SHIFT, Fragment.RUN_BUCKETS - 1);
  for (let i = first; i <= final; i++) {
    const met = meet(load<u32>(runs + (i << 2)), start, end);
    if (met) return met;
  }
  // A run that began in an earlier bucket may reach this far: only the last of them can.
  for (let i = first; i > 0; i--) {
    const run = load<u32>(runs + ((i - 1) << 2));
    if (run) return meet(run, start, end);
  }
  return 0;
}

function meet(run: usize, start: u32, end: u32): u32 {
  while (run) {
    const from = load<u32>(run, Fragment.PIECE_START);
    const to = load<u32>(run, Fragment.PIECE_RUN_END);
    if (start < to && from < end) {
      return start >= from && end <= to ? Reason.FRAGMENT_DUPLICATE : Reason.FRAGMENT_OVERLAP;
    }
    run = load<u32>(run, Fragment.PIECE_RUN_NEXT);
  }
  return 0;
}

/**
 * Which ECN field the datagram gets, by the fields of its fragments (RFC 3168 5.3): CE when some were CE and the others
 * ECN-capable; 4 when ECN-capable ones are mixed with one that is not, which cannot be. 0: that of the first.
 */
export function datagramEcn(seen: u32): u32 {
  const notCapable = seen & 1;
  const congested = seen & 8;
  if (notCapable) return seen == 1 ? 0 : 4;
  return congested && seen != 8 ? 3 : 0;
}

function complete(arena: usize, q: usize, p: usize, number: u64): u32 {
  const header = load<u32>(q, Fragment.QUEUE_HEADER_BYTES);
  const payload = load<u32>(q, Fragment.QUEUE_LENGTH);
  const ecn = datagramEcn(load<u32>(q, Fragment.QUEUE_ECN));
  if (ecn > 3 || header + payload > LONGEST) return kill(arena, q, p, number, Reason.FRAGMENT_MALFORMED);
  const l3 = <usize>load<u32>(arena, Fragment.DATAGRAM);
  memory.copy(l3, q + Fragment.QUEUE_HEADER, header);
  let piece = <usize>load<u32>(q, Fragment.QUEUE_PIECES);
  while (piece) {
    copyPiece(piece, l3 + header + load<u32>(piece, Fragment.PIECE_START));
    piece = load<u32>(piece, Fragment.PIECE_NEXT);
  }
  store<u8>(l3, load<u8>(l3, 1) | ecn, 1);
  store<u16>(l3, bswap<u16>(<u16>(header + payload)), 2);
  // DF when the largest fragment had it: the datagram then must not leave in larger ones.
  const limited = load<u32>(q, Fragment.QUEUE_MAX_DF_SIZE) == load<u32>(q, Fragment.QUEUE_MAX_SIZE);
  store<u16>(l3, limited ? bswap<u16>(<u16>DONT_FRAGMENT) : 0, 6);
  writeChecksum(l3, header);
  passFirst(q, p, l3);
  store<u32>(p, load<u32>(q, Fragment.QUEUE_MAX_SIZE), Packet.FRAG_MAX);
  const captured = min(load<u32>(q, Fragment.QUEUE_CAPTURED), payload);
  killQueue(arena, q, number, number, Reason.NONE);
  ipv4(p, l3, header + captured, header + payload);
  return Fragment.COMPLETE;
}

function writeChecksum(l3: usize, header: u32): void {
  store<u16>(l3, 0, 10);
  let sum: u32 = 0;
  for (let i: u32 = 0; i < header; i += 2) sum += load<u16>(l3 + i);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store<u16>(l3, <u16>~sum, 10);
}
