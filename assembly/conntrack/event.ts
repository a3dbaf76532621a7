// Events (nf_conntrack_ecache): what is told of an entry as `conntrack -E` prints it. They are written into chunks of the
// shard; the lane that has the shard's turn takes them with its batch (takeEvents()), and their chunks go back to a pool
// of all shards: whichever shards a batch's packets are in, its events have room.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { allocate } from './heap';
import { count, familyWords } from './shard';

/** The entry is gone. */
export function destroyed(lane: usize, p: usize, shard: usize, entry: usize): void {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  if ((load<u32>(config, Conntrack.FLAGS) & Conntrack.EVENTS) == 0) return;
  write(config, shard, p, entry, Conntrack.EVENT_DESTROY, 1 << Conntrack.IPCT_DESTROY);
}

/** Adds to what the next confirmation of a packet of this entry will tell (nf_conntrack_event_cache). */
export function cache(config: usize, entry: usize, bits: u32): void {
  if ((load<u32>(config, Conntrack.FLAGS) & Conntrack.EVENTS) == 0) return;
  store<u16>(entry, u16(u32(load<u16>(entry, Conntrack.EVENT_CACHE)) | bits), Conntrack.EVENT_CACHE);
}

/** nf_ct_deliver_cached_events: tells what has gathered. */
export function deliver(config: usize, shard: usize, p: usize, entry: usize): void {
  const bits = u32(load<u16>(entry, Conntrack.EVENT_CACHE));
  if (bits == 0) return;
  store<u16>(entry, 0, Conntrack.EVENT_CACHE);
  if ((bits & ((1 << Conntrack.IPCT_NEW) | (1 << Conntrack.IPCT_RELATED))) != 0) {
    write(config, shard, p, entry, Conntrack.EVENT_NEW, bits);
  } else {
    write(config, shard, p, entry, Conntrack.EVENT_UPDATE, bits);
  }
}

function write(config: usize, shard: usize, p: usize, entry: usize, kind: u32, bits: u32): void {
  const mask = u32(load<u16>(entry, Conntrack.EVENT_MASK));
  if (mask != 0 && (bits & mask) == 0) return;
  const event = place(config, shard);
  if (event == 0) {
    count(shard, Conntrack.STAT_EVENTS_LOST, 1);
    return;
  }
  store<u32>(event, kind, Conntrack.EVENT_KIND);
  store<u32>(event, bits, Conntrack.EVENT_WHAT);
  store<u64>(event, load<u64>(p, Packet.NUMBER), Conntrack.EVENT_NUMBER);
  store<u64>(event, load<u64>(p, Packet.TIME), Conntrack.EVENT_TIME);
  const bytes = load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.ENTRY_BYTES4);
  memory.copy(
    event + Conntrack.EVENT_ENTRY,
    entry,
    min<u32>(bytes, Conntrack.EVENT_BYTES - Conntrack.EVENT_ENTRY),
  );
}

/** Room for one more event; 0 when memory is exhausted. */
function place(config: usize, shard: usize): usize {
  let chunk = <usize>load<u32>(shard, Conntrack.SHARD_EVENTS_LAST);
  let events: u32 = chunk == 0 ? Conntrack.CHUNK_EVENTS : load<u32>(chunk, Conntrack.EVENTS_COUNT);
  if (events == Conntrack.CHUNK_EVENTS) {
    let next = takeFromPool(config);
    if (next == 0) next = addChunk(config);
    if (next == 0) return 0;
    if (chunk == 0) store<u32>(shard, <u32>next, Conntrack.SHARD_EVENTS);
    else store<u32>(chunk, <u32>next, Conntrack.EVENTS_NEXT);
    store<u64>(next, 0); // EVENTS_NEXT, EVENTS_COUNT
    store<u32>(shard, <u32>next, Conntrack.SHARD_EVENTS_LAST);
    chunk = next;
    events = 0;
  }
  store<u32>(chunk, events + 1, Conntrack.EVENTS_COUNT);
  return chunk + Conntrack.EVENTS_HEADER_BYTES + events * Conntrack.EVENT_BYTES;
}

/** A chunk that no shard has; 0 none. */
function takeFromPool(config: usize): usize {
  while (true) {
    const head = atomic.load<u64>(config, Conntrack.EVENT_POOL);
    const chunk = <usize>(<u32>head);
    if (chunk == 0) return 0;
    // It may be another lane's by now: then the number has changed.
    const rest = <u64>load<u32>(chunk, Conntrack.EVENTS_NEXT) | (((head >> 32) + 1) << 32);
    if (atomic.cmpxchg<u64>(config, head, rest, Conntrack.EVENT_POOL) == head) return chunk;
  }
}

/** What events may take of the heap is bounded, lest there be none left for connections. */
function addChunk(config: usize): usize {
  while (true) {
    const left = atomic.load<u32>(config, Conntrack.EVENT_CHUNKS);
    if (left == 0) return 0;
    if (atomic.cmpxchg<u32>(config, left, left - 1, Conntrack.EVENT_CHUNKS) == left) break;
  }
  return allocate(config, Conntrack.EVENT_CHUNK_BYTES);
}
