// Queues: datagrams in the making, found by their key, killed by age; and the peers that count a source's fragments.
// As net/ipv4/inet_fragment.c has them.

import * as Fragment from '../../src/layout/fragment.ts';
import * as Packet from '../../src/layout/packet.ts';
import { giveBack, takeFree } from './arena.ts';
import { freePiece, tell } from './piece.ts';

/** What Linux charges for a queue: about the size of struct ipq. */
const QUEUE_CHARGE: u32 = 208;

/** Whether Linux takes no more fragments, not even of datagrams that wait. A threshold of 0 lets none in. */
export function isFull(arena: usize): bool {
  const threshold = load<u32>(arena, Fragment.HIGH_THRESHOLD);
  return threshold == 0 || load<u32>(arena, Fragment.MEMORY) > threshold;
}

/** The queue of the fragment's datagram, 0 when there is none. */
export function findQueue(arena: usize, p: usize, id: u32, user: u32): usize {
  const source = v128.load(p, Packet.SRC);
  const destination = v128.load(p, Packet.DST);
  let q = <usize>load<u32>(queueBucket(arena, p, id));
  while (q) {
    if (
      load<u32>(q, Fragment.QUEUE_ID) == id &&
      load<u32>(q, Fragment.QUEUE_USER) == user &&
      i8x16.all_true(i8x16.eq(v128.load(q, Fragment.QUEUE_SRC), source)) &&
      i8x16.all_true(i8x16.eq(v128.load(q, Fragment.QUEUE_DST), destination))
    ) {
      return q;
    }
    q = load<u32>(q, Fragment.QUEUE_NEXT);
  }
  return 0;
}

/** A new queue, the newest by age; 0 when the pool is exhausted. */
export function createQueue(arena: usize, p: usize, id: u32, user: u32): usize {
  const peer = load<u32>(arena, Fragment.FREE_QUEUE) ? takePeer(arena, load<u32>(p, Packet.SRC)) : 0;
  if (!peer) return 0;
  const q = takeFree(arena + Fragment.FREE_QUEUE, Fragment.QUEUE_BYTES, Fragment.QUEUE_NEXT);
  memory.fill(q, 0, Fragment.QUEUE_BYTES);
  v128.store(q, v128.load(p, Packet.SRC), Fragment.QUEUE_SRC);
  v128.store(q, v128.load(p, Packet.DST), Fragment.QUEUE_DST);
  store<u32>(q, id, Fragment.QUEUE_ID);
  store<u32>(q, user, Fragment.QUEUE_USER);
  store<u32>(q, <u32>peer, Fragment.QUEUE_PEER);
  store<u32>(q, u32.MAX_VALUE, Fragment.QUEUE_CAPTURED);
  const bucket = queueBucket(arena, p, id);
  store<u32>(q, <u32>bucket, Fragment.QUEUE_BUCKET);
  store<u32>(q, load<u32>(bucket), Fragment.QUEUE_NEXT);
  store<u32>(bucket, <u32>q);
  store<u32>(arena, load<u32>(arena, Fragment.QUEUE_COUNT) + 1, Fragment.QUEUE_COUNT);
  store<u32>(arena, load<u32>(arena, Fragment.MEMORY) + QUEUE_CHARGE, Fragment.MEMORY);
  append(arena, q, load<u64>(p, Packet.TIME));
  return q;
}

/**
 * Drops what a queue holds and lets it begin anew. Of each packet it is told what became of it (`datagram` or `reason`),
 * but for packet `own`, which is just being pushed and was never held.
 */
export function emptyQueue(arena: usize, q: usize, own: u64, datagram: u64, reason: u32): void {
  let piece = <usize>load<u32>(q, Fragment.QUEUE_PIECES);
  while (piece) {
    const next = <usize>load<u32>(piece, Fragment.PIECE_NEXT);
    const number = load<u64>(piece, Fragment.PIECE_NUMBER);
    if (number != own) tell(arena, number, datagram, reason);
    freePiece(arena, piece);
    piece = next;
  }
  store<u32>(q, 0, Fragment.QUEUE_PIECES);
  store<u32>(q, 0, Fragment.QUEUE_LAST_RUN);
  store<u32>(q, 0, Fragment.QUEUE_FLAGS);
  store<u32>(q, 0, Fragment.QUEUE_LENGTH);
  store<u32>(q, 0, Fragment.QUEUE_MEAT);
  store<u32>(q, 0, Fragment.QUEUE_ECN);
  store<u32>(q, u32.MAX_VALUE, Fragment.QUEUE_CAPTURED);
  memory.fill(q + Fragment.QUEUE_RUNS, 0, Fragment.RUN_BUCKETS << 2);
}

export function killQueue(arena: usize, q: usize, own: u64, datagram: u64, reason: u32): void {
  emptyQueue(arena, q, own, datagram, reason);
  unlink(arena, q);
  dropPeer(arena, load<u32>(q, Fragment.QUEUE_PEER));
  remove(load<u32>(q, Fragment.QUEUE_BUCKET), q, Fragment.QUEUE_NEXT);
  giveBack(arena + Fragment.FREE_QUEUE, q, Fragment.QUEUE_BYTES, Fragment.QUEUE_NEXT);
  store<u32>(arena, load<u32>(arena, Fragment.QUEUE_COUNT) - 1, Fragment.QUEUE_COUNT);
  store<u32>(arena, load<u32>(arena, Fragment.MEMORY) - QUEUE_CHARGE, Fragment.MEMORY);
}

/**
 * Kills the queues whose time is over at `now`. The clock is the capture's and may jump: a queue from the future by
 * more than the time-out is of another time, too.
 */
export function expireQueues(arena: usize, now: u64, reason: u32): void {
  const timeout = <i64>load<u64>(arena, Fragment.TIMEOUT_NS);
  let q = <usize>load<u32>(arena, Fragment.OLDEST);
  while (q) {
    const age = <i64>(now - load<u64>(q, Fragment.QUEUE_TIME));
    if (age < timeout && age >= -timeout) return;
    killQueue(arena, q, 0, 0, reason);
    q = load<u32>(arena, Fragment.OLDEST);
  }
}

/**
 * Whether more of the source's fragments than the limit came since the queue got its last one (ip_frag_too_far): then
 * its identification is likely to be used a second time, and what the queue holds is of the first. Counts this one.
 */
export function isTooFar(arena: usize, q: usize): bool {
  const limit = load<u32>(arena, Fragment.MAX_DISTANCE);
  const peer = <usize>load<u32>(q, Fragment.QUEUE_PEER);
  if (!limit) return false;
  const last = load<u32>(q, Fragment.QUEUE_DISTANCE);
  const now = load<u32>(peer, Fragment.PEER_FRAGMENTS) + 1;
  store<u32>(peer, now, Fragment.PEER_FRAGMENTS);
  store<u32>(q, now, Fragment.QUEUE_DISTANCE);
  return load<u32>(q, Fragment.QUEUE_PIECES) != 0 && now - last > limit;
}

/** Starts the queue's time again: it is the newest now. */
export function renewQueue(arena: usize, q: usize, now: u64): void {
  unlink(arena, q);
  append(arena, q, now);
}

function append(arena: usize, q: usize, now: u64): void {
  const newest = <usize>load<u32>(arena, Fragment.NEWEST);
  store<u64>(q, now, Fragment.QUEUE_TIME);
  store<u32>(q, <u32>newest, Fragment.QUEUE_OLDER);
  store<u32>(q, 0, Fragment.QUEUE_NEWER);
  if (newest) store<u32>(newest, <u32>q, Fragment.QUEUE_NEWER);
  else store<u32>(arena, <u32>q, Fragment.OLDEST);
  store<u32>(arena, <u32>q, Fragment.NEWEST);
}

function unlink(arena: usize, q: usize): void {
  const older = <usize>load<u32>(q, Fragment.QUEUE_OLDER);
  const newer = <usize>load<u32>(q, Fragment.QUEUE_NEWER);
  if (older) store<u32>(older, <u32>newer, Fragment.QUEUE_NEWER);
  else store<u32>(arena, <u32>newer, Fragment.OLDEST);
  if (newer) store<u32>(newer, <u32>older, Fragment.QUEUE_OLDER);
  else store<u32>(arena, <u32>older, Fragment.NEWEST);
}

/** Takes a record out of the list that begins at the word `link` and goes on at field `next`. */
function remove(link: usize, record: usize, next: usize): void {
  while (<usize>load<u32>(link) != record) link = <usize>load<u32>(link) + next;
  store<u32>(link, load<u32>(record + next));
}

function queueBucket(arena: usize, p: usize, id: u32): usize {
  const source = load<u64>(p, Packet.SRC) ^ rotl<u64>(load<u64>(p, Packet.SRC + 8), 32);
  const destination = load<u64>(p, Packet.DST) ^ rotl<u64>(load<u64>(p, Packet.DST + 8), 32);
  const key = (source * 0x9e3779b97f4a7c15) ^ rotl<u64>(destination, 29) ^ ((<u64>id) << 17);
  return bucketOf(arena, Fragment.QUEUE_BUCKETS, key);
}

function bucketOf(arena: usize, buckets: usize, key: u64): usize {
  let hash = (key + load<u32>(arena, Fragment.SEED)) * 0xd6e8feb86659fd93;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93;
  const slot = <u32>(hash >> 32) & load<u32>(arena, Fragment.BUCKET_MASK);
  return <usize>load<u32>(arena + buckets) + (slot << 2);
}

/** The peer of a source, made when it has none; one more queue refers to it. 0 when the pool is exhausted. */
function takePeer(arena: usize, source: u32): usize {
  const bucket = bucketOf(arena, Fragment.PEER_BUCKETS, source);
  let peer = <usize>load<u32>(bucket);
  while (peer && load<u32>(peer, Fragment.PEER_SRC) != source) peer = load<u32>(peer, Fragment.PEER_NEXT);
  if (peer) {
    store<u32>(peer, load<u32>(peer, Fragment.PEER_QUEUES) + 1, Fragment.PEER_QUEUES);
    return peer;
  }
  peer = takeFree(arena + Fragment.FREE_PEER, Fragment.PEER_BYTES, Fragment.PEER_NEXT);
  if (!peer) return 0;
  store<u32>(peer, source, Fragment.PEER_SRC);
  store<u32>(peer, load<u32>(bucket), Fragment.PEER_NEXT);
  store<u32>(bucket, <u32>peer);
  store<u32>(peer, <u32>bucket, Fragment.PEER_BUCKET);
  store<u32>(peer, 1, Fragment.PEER_QUEUES);
  store<u32>(peer, 0, Fragment.PEER_FRAGMENTS);
  return peer;
}

function dropPeer(arena: usize, peer: usize): void {
  const queues = load<u32>(peer, Fragment.PEER_QUEUES) - 1;
  store<u32>(peer, queues, Fragment.PEER_QUEUES);
  if (queues) return;
  remove(load<u32>(peer, Fragment.PEER_BUCKET), peer, Fragment.PEER_NEXT);
  giveBack(arena + Fragment.FREE_PEER, peer, Fragment.PEER_BYTES, Fragment.PEER_NEXT);
}
