// The table of one shard and family: entries in buckets, found by their tuples in both directions, and the sweep that
// takes expired ones away.
//
// Without address translation a reply's tuple is the mirror image of the original one and hashes alike, so that one link
// serves both directions. Buckets are doubled when there are more entries than buckets. Expiry is a matter of an entry's
// deadline: look-ups pass over what is expired and take it away, and each new entry pays for a look at two others, so
// that what nobody looks up goes, too, and memory follows the live entries.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';
import { destroyed } from './event';
import { allocate } from './heap';
import { count, familyWords, tableOf } from './shard';

const FIRST_BUCKETS: u32 = 64;
/** The first chunk of a table is small: many shards may never hold more. */
const FIRST_CHUNK_ENTRIES: u32 = 32;
const MOST_CHUNK_ENTRIES: u32 = 1024;
/** Entries that each new one looks at. */
const SWEEP: u32 = 2;

/**
 * The live entry that has this tuple in one of its directions: its address, plus 1 when the tuple is the reply's; 0 when
 * there is none. `source` and `destination` are addresses of addresses (layout/packet.ts); `zone` and `zoneDirections`
 * are the looker's (nf_ct_zone_tmpl).
 */
export function find(
  shard: usize,
  lane: usize,
  p: usize,
  family: u32,
  hash: u32,
  source: usize,
  destination: usize,
  proto: u32,
  ports: u32,
  zone: u32,
  zoneDirections: u32,
): u32 {
  const table = tableOf(shard, family);
  const buckets = <usize>load<u32>(table, Conntrack.TABLE_BUCKETS);
  if (buckets == 0) return 0;
  const now = load<u64>(p, Packet.TIME);
  let entry = <usize>load<u32>(buckets + ((hash & load<u32>(table, Conntrack.TABLE_MASK)) << 2));
  while (entry != 0) {
    const next = <usize>load<u32>(entry, Conntrack.NEXT);
    if (load<u64>(entry, Conntrack.DEADLINE) <= now) {
      expire(lane, p, shard, table, entry);
    } else if (load<u32>(entry, Conntrack.HASH) == hash && u32(load<u8>(entry, Conntrack.PROTO)) == proto) {
      if (family == 4) {
        const a = load<u32>(source);
        const b = load<u32>(destination);
        if (
          load<u32>(entry, Conntrack.ORIG_SRC) == a &&
          load<u32>(entry, Conntrack.ORIG_DST) == b &&
          load<u32>(entry, Conntrack.ORIG_PORTS) == ports &&
          sameZone(entry, 0, zone, zoneDirections)
        ) {
          return <u32>entry;
        }
        if (
          load<u32>(entry, Conntrack.REPLY_SRC) == a &&
          load<u32>(entry, Conntrack.REPLY_DST) == b &&
          load<u32>(entry, Conntrack.REPLY_PORTS) == ports &&
          sameZone(entry, 1, zone, zoneDirections)
        ) {
          return <u32>entry | 1;
        }
      } else {
        if (
          load<u32>(entry, Conntrack.ORIG_PORTS) == ports &&
          sameAddress(entry + Conntrack.ORIG_SRC6, source) &&
          sameAddress(entry + Conntrack.ORIG_DST6, destination) &&
          sameZone(entry, 0, zone, zoneDirections)
        ) {
          return <u32>entry;
        }
        if (
          load<u32>(entry, Conntrack.REPLY_PORTS) == ports &&
          sameAddress(entry + Conntrack.REPLY_SRC6, source) &&
          sameAddress(entry + Conntrack.REPLY_DST6, destination) &&
          sameZone(entry, 1, zone, zoneDirections)
        ) {
          return <u32>entry | 1;
        }
      }
    }
    entry = next;
  }
  return 0;
}

function sameAddress(a: usize, b: usize): bool {
  return i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)));
}

/** nf_ct_zone_equal: zones are compared in the direction that the tuple is found in. */
function sameZone(entry: usize, direction: u32, zone: u32, zoneDirections: u32): bool {
  const own = u32(load<u16>(entry, Conntrack.ZONE));
  if ((own | zone) == 0) return true;
  const here = (u32(load<u8>(entry, Conntrack.ZONE_DIR)) >> direction) & 1 ? own : 0;
  return here == ((zoneDirections >> direction) & 1 ? zone : 0);
}

/** A zeroed record, marked as in use, of what may be taken; 0 when memory is exhausted. */
export function takeEntry(lane: usize, p: usize, config: usize, shard: usize, family: u32): usize {
  const table = tableOf(shard, family);
  sweep(lane, p, config, shard, table, family);
  const bytes = load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4);
  let entry = <usize>load<u32>(table, Conntrack.TABLE_FREE);
  if (entry != 0) {
    store<u32>(table, load<u32>(entry, Conntrack.NEXT), Conntrack.TABLE_FREE);
    memory.fill(entry, 0, bytes);
  } else {
    entry = <usize>load<u32>(table, Conntrack.TABLE_USED);
    const chunk = <usize>load<u32>(table, Conntrack.TABLE_NEWEST);
    if (chunk == 0 || entry + bytes > <usize>load<u32>(chunk, Conntrack.CHUNK_END)) {
      entry = addChunk(config, table, bytes);
      if (entry == 0) return 0;
    }
    store<u32>(table, <u32>(entry + bytes), Conntrack.TABLE_USED);
  }
  store<u32>(entry, Conntrack.IN_USE, Conntrack.STATUS);
  store<u32>(shard, load<u32>(shard, Conntrack.SHARD_COUNT) + 1, Conntrack.SHARD_COUNT);
  return entry;
}

/** Takes a chunk from the heap, each larger than the one before; answers its first entry. */
function addChunk(config: usize, table: usize, bytes: u32): usize {
  const newest = <usize>load<u32>(table, Conntrack.TABLE_NEWEST);
  let entries: u32 = FIRST_CHUNK_ENTRIES;
  if (newest != 0) {
    const before = (load<u32>(newest, Conntrack.CHUNK_END) - <u32>newest) / bytes;
    entries = min<u32>(before * 2, MOST_CHUNK_ENTRIES);
  }
  const chunk = allocate(config, Conntrack.CHUNK_HEADER_BYTES + entries * bytes);
  if (chunk == 0) return 0;
  store<u32>(chunk, <u32>chunk + Conntrack.CHUNK_HEADER_BYTES + entries * bytes, Conntrack.CHUNK_END);
  if (newest != 0) store<u32>(newest, <u32>chunk, Conntrack.CHUNK_NEXT);
  else store<u32>(table, <u32>chunk, Conntrack.TABLE_CHUNKS);
  store<u32>(table, <u32>chunk, Conntrack.TABLE_NEWEST);
  return chunk + Conntrack.CHUNK_ENTRIES;
}

/** Gives back an entry that is in no bucket. */
export function freeEntry(shard: usize, entry: usize): void {
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  store<u32>(entry, 0, Conntrack.STATUS);
  store<u32>(entry, load<u32>(table, Conntrack.TABLE_FREE), Conntrack.NEXT);
  store<u32>(table, <u32>entry, Conntrack.TABLE_FREE);
  store<u32>(shard, load<u32>(shard, Conntrack.SHARD_COUNT) - 1, Conntrack.SHARD_COUNT);
}

/** Puts an entry whose HASH is set into its bucket. False when there is no memory for buckets. */
export function insert(config: usize, shard: usize, entry: usize): bool {
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  const entries = load<u32>(table, Conntrack.TABLE_COUNT);
  const mask = load<u32>(table, Conntrack.TABLE_MASK);
  if (load<u32>(table, Conntrack.TABLE_BUCKETS) == 0) {
    if (!grow(config, table, FIRST_BUCKETS)) return false;
  } else if (entries > mask) grow(config, table, (mask + 1) << 1);
  link(table, entry);
  store<u32>(table, entries + 1, Conntrack.TABLE_COUNT);
  return true;
}

function link(table: usize, entry: usize): void {
  const mask = load<u32>(table, Conntrack.TABLE_MASK);
  const bucket =
    <usize>load<u32>(table, Conntrack.TABLE_BUCKETS) + ((load<u32>(entry, Conntrack.HASH) & mask) << 2);
  store<u32>(entry, load<u32>(bucket), Conntrack.NEXT);
  store<u32>(bucket, <u32>entry);
}

/** Moves all entries to an array of `count` buckets; without memory for it chains get longer instead. */
function grow(config: usize, table: usize, count: u32): bool {
  const old = <usize>load<u32>(table, Conntrack.TABLE_BUCKETS);
  const buckets = allocate(config, count << 2);
  if (buckets == 0) return false;
  const oldCount: u32 = old == 0 ? 0 : load<u32>(table, Conntrack.TABLE_MASK) + 1;
  store<u32>(table, <u32>buckets, Conntrack.TABLE_BUCKETS);
  store<u32>(table, count - 1, Conntrack.TABLE_MASK);
  for (let i: u32 = 0; i < oldCount; i++) {
    let entry = <usize>load<u32>(old + (i << 2));
    while (entry != 0) {
      const next = <usize>load<u32>(entry, Conntrack.NEXT);
      link(table, entry);
      entry = next;
    }
  }
  return true;
}

/** Takes an entry out of its bucket. */
function unlink(table: usize, entry: usize): void {
  const mask = load<u32>(table, Conntrack.TABLE_MASK);
  let at =
    <usize>load<u32>(table, Conntrack.TABLE_BUCKETS) + ((load<u32>(entry, Conntrack.HASH) & mask) << 2);
  while (<usize>load<u32>(at) != entry) at = <usize>load<u32>(at) + Conntrack.NEXT;
  store<u32>(at, load<u32>(entry, Conntrack.NEXT));
  store<u32>(table, load<u32>(table, Conntrack.TABLE_COUNT) - 1, Conntrack.TABLE_COUNT);
}

/** nf_ct_delete: takes a confirmed entry away, with its event. */
export function remove(lane: usize, p: usize, shard: usize, entry: usize): void {
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  destroyed(lane, p, shard, entry);
  if ((u32(load<u8>(entry, Conntrack.BITS)) & Conntrack.BIT_REPLIED) == 0)
    count(shard, Conntrack.STAT_ONE_WAY, 1);
  unlink(table, entry);
  freeEntry(shard, entry);
}

function expire(lane: usize, p: usize, shard: usize, table: usize, entry: usize): void {
  count(shard, Conntrack.STAT_EXPIRED, 1);
  remove(lane, p, shard, entry);
}

/** Looks at the next few entries in memory and takes those away that are expired. */
function sweep(lane: usize, p: usize, config: usize, shard: usize, table: usize, family: u32): void {
  const bytes = load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4);
  const now = load<u64>(p, Packet.TIME);
  let chunk = <usize>load<u32>(table, Conntrack.TABLE_SWEEP_CHUNK);
  let entry = <usize>load<u32>(table, Conntrack.TABLE_SWEEP);
  for (let i: u32 = 0; i < SWEEP; i++) {
    const newest = chunk == <usize>load<u32>(table, Conntrack.TABLE_NEWEST);
    const end: usize =
      chunk == 0
        ? 0
        : newest
          ? load<u32>(table, Conntrack.TABLE_USED)
          : load<u32>(chunk, Conntrack.CHUNK_END);
    if (entry >= end) {
      chunk =
        newest || chunk == 0 ? <usize>load<u32>(table, Conntrack.TABLE_CHUNKS) : <usize>load<u32>(chunk);
      entry = chunk + Conntrack.CHUNK_ENTRIES;
      if (chunk == 0) break;
      continue;
    }
    const status = load<u32>(entry, Conntrack.STATUS);
    if ((status & Conntrack.IPS_CONFIRMED) != 0 && load<u64>(entry, Conntrack.DEADLINE) <= now) {
      expire(lane, p, shard, table, entry);
    }
    entry += bytes;
  }
  store<u32>(table, <u32>chunk, Conntrack.TABLE_SWEEP_CHUNK);
  store<u32>(table, <u32>entry, Conntrack.TABLE_SWEEP);
}

/** Buckets that early drop looks at (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE: u32 = 8;

/** early_drop: makes room by the entries of a bucket near `hash` that are not assured. False when there are none. */
export function earlyDrop(lane: usize, p: usize, shard: usize, family: u32, hash: u32): bool {
  const table = tableOf(shard, family);
  const buckets = <usize>load<u32>(table, Conntrack.TABLE_BUCKETS);
  if (buckets == 0) return false;
  const mask = load<u32>(table, Conntrack.TABLE_MASK);
  const now = load<u64>(p, Packet.TIME);
  for (let i: u32 = 0; i < EVICTION_RANGE; i++) {
    let dropped: u32 = 0;
    let entry = <usize>load<u32>(buckets + (((hash + i) & mask) << 2));
    while (entry != 0) {
      const next = <usize>load<u32>(entry, Conntrack.NEXT);
      if (load<u64>(entry, Conntrack.DEADLINE) <= now) {
        expire(lane, p, shard, table, entry);
        dropped++;
      } else if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_ASSURED) == 0) {
        remove(lane, p, shard, entry);
        count(shard, Conntrack.STAT_EARLY_DROP, 1);
        dropped++;
      }
      entry = next;
    }
    if (dropped != 0) return true;
  }
  return false;
}
