// Lays out the reassembly arena (src/layout/fragment.ts) in a stretch of shared memory.

import * as Fragment from '../../src/layout/fragment.ts';

/** Linux's defaults: 30 s, 4 MiB, 64 fragments. */
const TIMEOUT_NS: u64 = 30_000_000_000;
const HIGH_THRESHOLD: u32 = 4194304;
const MAX_DISTANCE: u32 = 64;
/** Everything starts at a multiple of this. */
const ALIGN: usize = 64;

/** Bytes of an arena in which `threshold` bytes of charged memory (net.ipv4.ipfrag_high_thresh) can be reached. */
export function fragmentArenaBytes(threshold: u32): u32 {
  return Fragment.FIXED_BYTES + (threshold / Fragment.THRESHOLD_PER_PIECE + 1) * Fragment.BYTES_PER_PIECE;
}

/**
 * Makes an empty arena of `bytes` (at least fragmentArenaBytes(0)) at `arena`, a multiple of 64, with Linux's defaults,
 * out of memory that is all zeros: a scan without fragments never touches most of it. Its threshold is Linux's or what
 * the size allows. `seed` goes into the hash of the buckets.
 */
export function initializeFragments(arena: usize, bytes: u32, seed: u32): void {
  const pieces = (bytes - Fragment.FIXED_BYTES) / Fragment.BYTES_PER_PIECE;
  let buckets: u32 = 16;
  while (buckets < pieces) buckets <<= 1;
  store<u64>(arena, TIMEOUT_NS, Fragment.TIMEOUT_NS);
  store<u32>(arena, min(HIGH_THRESHOLD, pieces * Fragment.THRESHOLD_PER_PIECE), Fragment.HIGH_THRESHOLD);
  store<u32>(arena, MAX_DISTANCE, Fragment.MAX_DISTANCE);
  store<u32>(arena, seed, Fragment.SEED);
  let at = align(arena + Fragment.HEADER_BYTES);
  // The Ethernet header stands in the 14 bytes before the datagram.
  at += ALIGN;
  store<u32>(arena, <u32>at, Fragment.DATAGRAM);
  at = align(at + Fragment.DATAGRAM_BYTES);
  store<u32>(arena, <u32>at, Fragment.QUEUE_BUCKETS);
  at += buckets << 2;
  store<u32>(arena, <u32>at, Fragment.PEER_BUCKETS);
  at += buckets << 2;
  store<u32>(arena, buckets - 1, Fragment.BUCKET_MASK);
  at = align(at);
  store<u32>(arena, freeList(at, pieces, Fragment.QUEUE_BYTES, Fragment.QUEUE_NEXT), Fragment.FREE_QUEUE);
  at = align(at + pieces * Fragment.QUEUE_BYTES);
  store<u32>(arena, freeList(at, pieces, Fragment.PIECE_BYTES, Fragment.PIECE_NEXT), Fragment.FREE_PIECE);
  at = align(at + pieces * Fragment.PIECE_BYTES);
  store<u32>(arena, freeList(at, pieces, Fragment.PEER_BYTES, Fragment.PEER_NEXT), Fragment.FREE_PEER);
  at = align(at + pieces * Fragment.PEER_BYTES);
  const chunks = pieces * Fragment.CHUNKS_PER_PIECE + Fragment.EXTRA_CHUNKS;
  store<u32>(arena, freeList(at, chunks, Fragment.CHUNK_BYTES, Fragment.CHUNK_NEXT), Fragment.FREE_CHUNK);
  store<u32>(arena, chunks, Fragment.FREE_CHUNKS);
  at = align(at + chunks * Fragment.CHUNK_BYTES);
  store<u32>(arena, <u32>at, Fragment.EVENTS);
  store<u32>(arena, pieces + Fragment.EXTRA_EVENTS, Fragment.EVENT_CAPACITY);
}

function align(address: usize): usize {
  return (address + ALIGN - 1) & ~(ALIGN - 1);
}

/**
 * A free list of `count` records of `size` bytes at `first`; returns its head. The link of a free record, at `link`, is
 * the distance from its own end to the next one, so that zeros link each record to its neighbour.
 */
function freeList(first: usize, count: u32, size: u32, link: usize): u32 {
  setNext(first + (count - 1) * size, 0, size, link);
  return <u32>first;
}

function setNext(record: usize, next: usize, size: u32, link: usize): void {
  store<u32>(record + link, <u32>(next - record - size));
}

/** Takes the first record of the free list whose head stands at `head`; 0 when there is none. */
export function takeFree(head: usize, size: u32, link: usize): usize {
  const record = <usize>load<u32>(head);
  if (record) store<u32>(head, <u32>(record + size + load<u32>(record + link)));
  return record;
}

/** Puts a record back as the first one. */
export function giveBack(head: usize, record: usize, size: u32, link: usize): void {
  setNext(record, load<u32>(head), size, link);
  store<u32>(head, <u32>record);
}
