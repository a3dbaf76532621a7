// The table of one shard and family: entries in buckets, found by their tuples in both directions, and the sweep that
// takes expired ones away.
//
// A bucket is a cache line (layout/conntrack.ts): twelve entries and a byte of each one's hash, so that a look-up reads
// one line and then the entry it is after. What a full bucket cannot take goes to the next one, and the bucket counts
// what went by. Without address translation a reply's tuple is the mirror image of the original one and hashes alike, so
// that one place serves both directions. A zone that counts in both directions has its own place for each tuple; entries
// of one that counts in one only stand with those without a zone.
//
// Expiry is a matter of an entry's deadline: a look-up takes away what it finds expired, and each new entry pays for a
// look at two others, so that what nobody looks up goes, too, and memory follows the live entries. In a large table these
// looks are saved up, and taken together: then their cache misses overlap.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { destroyed } from './event';
import { forgetMaster } from './expect';
import { allocate } from './heap';
import { count, familyWords, tableOf } from './shard';

const FIRST_BUCKETS: u32 = 8;
/** Entries a bucket, on the average, beyond which there are twice as many buckets. */
const MOST_LOAD: u32 = 8;
/** ... below which there never are, however full a few of them may be. */
const LEAST_LOAD: u32 = 2;
/** How far from its own bucket an entry may be. */
const HOPS: u32 = 8;
/** The first chunk of a table is small: many shards may never hold more. */
const FIRST_CHUNK_ENTRIES: u32 = 32;
/** Old buckets with room for fewer are of no use. */
const LEAST_CHUNK_ENTRIES: u32 = 8;
const MOST_CHUNK_ENTRIES: u32 = 1024;
/** Entries that each new one looks at. */
const SWEEP: u32 = 2;
/** Entries that are looked at together, in a table of LARGE or more. */
const SWEEP_TOGETHER: u32 = 16;
const LARGE: u32 = 256;

/** Address of the bucket that a hash leads to; the table has buckets. */
export function bucketOf(table: usize, hash: u32): usize {
  return (
    <usize>load<u32>(table, Conntrack.TABLE_BUCKETS) +
    ((<usize>(hash & load<u32>(table, Conntrack.TABLE_MASK))) << 6)
  );
}

/** The slots of a bucket whose hash may be this one, a bit each. */
export function slotsLike(bucket: usize, hash: u32): i32 {
  const tags = v128.load(bucket, Conntrack.BUCKET_TAGS);
  return i8x16.bitmask(i8x16.eq(tags, i8x16.splat(<i8>(hash >>> 24)))) & ((1 << Conntrack.BUCKET_SLOTS) - 1);
}

/** The slots of a bucket that hold this address (0: the free ones), a bit each. */
function slotsWith(bucket: usize, entry: u32): i32 {
  const wanted = i32x4.splat(entry);
  return (
    i32x4.bitmask(i32x4.eq(v128.load(bucket), wanted)) |
    (i32x4.bitmask(i32x4.eq(v128.load(bucket, 16), wanted)) << 4) |
    (i32x4.bitmask(i32x4.eq(v128.load(bucket, 32), wanted)) << 8)
  );
}

function nextBucket(table: usize, bucket: usize): usize {
  const first = <usize>load<u32>(table, Conntrack.TABLE_BUCKETS);
  const last = first + ((<usize>load<u32>(table, Conntrack.TABLE_MASK)) << 6);
  return bucket == last ? first : bucket + Conntrack.BUCKET_BYTES;
}

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
  if (zone != 0) {
    const found = findAt(
      shard,
      lane,
      p,
      family,
      hash ^ zoneHash(zone, BOTH),
      source,
      destination,
      proto,
      ports,
      zone,
      zoneDirections,
    );
    if (found != 0) return found;
  }
  return findAt(shard, lane, p, family, hash, source, destination, proto, ports, zone, zoneDirections);
}

/** The directions of most zones. */
const BOTH: u32 = 3;

/** What is mixed into a tuple's hash where the entry's zone has places of its own, else 0. */
export function zoneHash(zone: u32, zoneDirections: u32): u32 {
  return zoneDirections == BOTH ? zone * 0x9e3779b1 : 0;
}

/** The same among the entries with the hash `hash`. */
function findAt(
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
  if (load<u32>(table, Conntrack.TABLE_BUCKETS) == 0) return 0;
  let bucket = bucketOf(table, hash);
  for (let hop: u32 = 0; hop < HOPS; hop++) {
    let slots = slotsLike(bucket, hash);
    while (slots != 0) {
      const entry = <usize>load<u32>(bucket + ((<usize>ctz(slots)) << 2));
      slots &= slots - 1;
      if (entry == 0 || load<u32>(entry, Conntrack.HASH) != hash) continue;
      if (u32(load<u8>(entry, Conntrack.PROTO)) != proto) continue;
      const direction =
        family == 4
          ? directionOf4(entry, source, destination, ports, zone, zoneDirections)
          : directionOf6(entry, source, destination, ports, zone, zoneDirections);
      if (direction < 0) continue;
      if (load<u64>(entry, Conntrack.DEADLINE) > load<u64>(p, Packet.TIME)) return <u32>entry | direction;
      expire(lane, p, shard, entry);
    }
    if (load<u32>(bucket, Conntrack.BUCKET_PASSED) == 0) return 0;
    bucket = nextBucket(table, bucket);
  }
  return 0;
}

/**
 * 0 when the tuple is the original one of an IPv4 entry, 1 when it is the reply's, else -1. Of a tuple that is its own
 * mirror image Linux finds the reply's, which was entered last, unless a zone keeps them apart.
 */
function directionOf4(
  entry: usize,
  source: usize,
  destination: usize,
  ports: u32,
  zone: u32,
  zoneDirections: u32,
): i32 {
  const addresses = <u64>load<u32>(source) | ((<u64>load<u32>(destination)) << 32);
  const original =
    load<u64>(entry, Conntrack.ORIG_SRC) == addresses &&
    load<u32>(entry, Conntrack.ORIG_PORTS) == ports &&
    sameZone(entry, 0, zone, zoneDirections);
  if (original && (<u32>addresses != <u32>(addresses >> 32) || isOneSided(zone, zoneDirections))) return 0;
  const reply =
    load<u64>(entry, Conntrack.REPLY_SRC) == addresses &&
    load<u32>(entry, Conntrack.REPLY_PORTS) == ports &&
    sameZone(entry, 1, zone, zoneDirections);
  return reply ? 1 : original ? 0 : -1;
}

/** The same for IPv6. */
function directionOf6(
  entry: usize,
  source: usize,
  destination: usize,
  ports: u32,
  zone: u32,
  zoneDirections: u32,
): i32 {
  const original =
    load<u32>(entry, Conntrack.ORIG_PORTS) == ports &&
    sameAddress(entry + Conntrack.ORIG_SRC6, source) &&
    sameAddress(entry + Conntrack.ORIG_DST6, destination) &&
    sameZone(entry, 0, zone, zoneDirections);
  if (original && (!sameAddress(source, destination) || isOneSided(zone, zoneDirections))) return 0;
  const reply =
    load<u32>(entry, Conntrack.REPLY_PORTS) == ports &&
    sameAddress(entry + Conntrack.REPLY_SRC6, source) &&
    sameAddress(entry + Conntrack.REPLY_DST6, destination) &&
    sameZone(entry, 1, zone, zoneDirections);
  return reply ? 1 : original ? 0 : -1;
}

/** A zone that counts in one direction only. */
function isOneSided(zone: u32, zoneDirections: u32): bool {
  return zone != 0 && zoneDirections != 3;
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
  const owed = load<u32>(table, Conntrack.TABLE_OWED) + SWEEP;
  const together = load<u32>(table, Conntrack.TABLE_COUNT) < LARGE ? SWEEP : SWEEP_TOGETHER;
  store<u32>(table, owed < together ? owed : 0, Conntrack.TABLE_OWED);
  if (owed >= together) sweep(lane, p, config, shard, table, family, owed);
  const bytes = load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4);
  let entry = <usize>load<u32>(table, Conntrack.TABLE_FREE);
  if (entry != 0) {
    store<u32>(table, load<u32>(entry, Conntrack.NEXT), Conntrack.TABLE_FREE);
    for (let at = entry; at < entry + bytes; at += 16) v128.store(at, i32x4.splat(0));
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

/** Takes old buckets, or a chunk from the heap, each larger than the one before; answers its first entry. */
function addChunk(config: usize, table: usize, bytes: u32): usize {
  const newest = <usize>load<u32>(table, Conntrack.TABLE_NEWEST);
  const spareBytes = load<u32>(table, Conntrack.TABLE_SPARE_BYTES);
  let entries: u32 = 0;
  let chunk: usize = 0;
  if (spareBytes >= <u32>Conntrack.CHUNK_HEADER_BYTES + LEAST_CHUNK_ENTRIES * bytes) {
    chunk = <usize>load<u32>(table, Conntrack.TABLE_SPARE);
    entries = (spareBytes - Conntrack.CHUNK_HEADER_BYTES) / bytes;
    store<u64>(table, 0, Conntrack.TABLE_SPARE); // TABLE_SPARE, TABLE_SPARE_BYTES
  } else {
    entries = FIRST_CHUNK_ENTRIES;
    if (newest != 0) {
      const before = (load<u32>(newest, Conntrack.CHUNK_END) - <u32>newest) / bytes;
      entries = max<u32>(FIRST_CHUNK_ENTRIES, min<u32>(before * 2, MOST_CHUNK_ENTRIES));
    }
    chunk = allocate(config, Conntrack.CHUNK_HEADER_BYTES + entries * bytes);
    if (chunk == 0) return 0;
  }
  store<u32>(chunk, <u32>chunk + Conntrack.CHUNK_HEADER_BYTES + entries * bytes, Conntrack.CHUNK_END);
  if (newest != 0) store<u32>(newest, <u32>chunk, Conntrack.CHUNK_NEXT);
  else store<u32>(table, <u32>chunk, Conntrack.TABLE_CHUNKS);
  store<u32>(table, <u32>chunk, Conntrack.TABLE_NEWEST);
  return chunk + Conntrack.CHUNK_ENTRIES;
}

/** Gives back an entry that is in no bucket. */
export function freeEntry(shard: usize, entry: usize): void {
  forgetMaster(shard, entry);
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  store<u32>(entry, 0, Conntrack.STATUS);
  store<u32>(entry, load<u32>(table, Conntrack.TABLE_FREE), Conntrack.NEXT);
  store<u32>(table, <u32>entry, Conntrack.TABLE_FREE);
  store<u32>(shard, load<u32>(shard, Conntrack.SHARD_COUNT) - 1, Conntrack.SHARD_COUNT);
}

/**
 * Puts an entry whose HASH is set into its bucket. False when there is no memory for buckets, or too many entries share
 * the same few (Linux drops at chains of 50 to 80).
 */
export function insert(lane: usize, p: usize, config: usize, shard: usize, entry: usize): bool {
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  const entries = load<u32>(table, Conntrack.TABLE_COUNT);
  const buckets: u32 =
    load<u32>(table, Conntrack.TABLE_BUCKETS) == 0 ? 0 : load<u32>(table, Conntrack.TABLE_MASK) + 1;
  if (buckets == 0) {
    if (!grow(lane, p, config, shard, table, FIRST_BUCKETS)) return false;
  } else if (entries >= buckets * MOST_LOAD) grow(lane, p, config, shard, table, buckets << 1);
  if (!place(table, entry)) {
    // More buckets part those that are only near each other; what is alike would cost memory for nothing.
    const size = load<u32>(table, Conntrack.TABLE_MASK) + 1;
    if (entries < size * LEAST_LOAD || !grow(lane, p, config, shard, table, size << 1)) return false;
    if (!place(table, entry)) return false;
  }
  store<u32>(table, load<u32>(table, Conntrack.TABLE_COUNT) + 1, Conntrack.TABLE_COUNT);
  return true;
}

/** The first free slot from the entry's bucket on. */
function place(table: usize, entry: usize): bool {
  const hash = load<u32>(entry, Conntrack.HASH);
  const home = bucketOf(table, hash);
  let bucket = home;
  for (let hop: u32 = 0; hop < HOPS; hop++) {
    const free = slotsWith(bucket, 0);
    if (free != 0) {
      const slot = <usize>ctz(free);
      store<u32>(bucket + (slot << 2), <u32>entry);
      store<u8>(bucket + slot, u8(hash >>> 24), Conntrack.BUCKET_TAGS);
      passBy(table, home, bucket, 1);
      return true;
    }
    bucket = nextBucket(table, bucket);
  }
  return false;
}

/** Adds to what went by the buckets from `home` up to the one before `bucket`. */
function passBy(table: usize, home: usize, bucket: usize, change: u32): void {
  while (home != bucket) {
    store<u32>(home, load<u32>(home, Conntrack.BUCKET_PASSED) + change, Conntrack.BUCKET_PASSED);
    home = nextBucket(table, home);
  }
}

/** Moves all entries to `count` new buckets; without memory for them the old ones fill up instead. */
function grow(lane: usize, p: usize, config: usize, shard: usize, table: usize, size: u32): bool {
  const old = <usize>load<u32>(table, Conntrack.TABLE_BUCKETS);
  const buckets = allocate(config, size * Conntrack.BUCKET_BYTES);
  if (buckets == 0) return false;
  const oldEnd: usize = old == 0 ? 0 : old + ((<usize>load<u32>(table, Conntrack.TABLE_MASK) + 1) << 6);
  store<u32>(table, <u32>buckets, Conntrack.TABLE_BUCKETS);
  store<u32>(table, size - 1, Conntrack.TABLE_MASK);
  let sum: u32 = 0;
  for (let bucket = old; bucket < oldEnd; bucket += Conntrack.BUCKET_BYTES) {
    // Where entries are is read some buckets ahead: most of them are not in the cache.
    sum += readEntries(min<usize>(bucket + AHEAD * Conntrack.BUCKET_BYTES, oldEnd - Conntrack.BUCKET_BYTES));
    for (let slot: usize = 0; slot < <usize>Conntrack.BUCKET_SLOTS; slot++) {
      const entry = <usize>load<u32>(bucket + (slot << 2));
      // Half the entries a bucket: each finds a place, unless nearly all have the same few hashes.
      if (entry == 0 || place(table, entry)) continue;
      store<u32>(table, load<u32>(table, Conntrack.TABLE_COUNT) - 1, Conntrack.TABLE_COUNT);
      count(shard, Conntrack.STAT_EARLY_DROP, 1);
      destroyed(lane, p, shard, entry);
      freeEntry(shard, entry);
    }
  }
  store<u32>(lane, sum, Lane.TOUCHED);
  const bytes = <u32>(oldEnd - old);
  if (bytes > load<u32>(table, Conntrack.TABLE_SPARE_BYTES)) {
    memory.fill(old, 0, bytes);
    store<u32>(table, <u32>old, Conntrack.TABLE_SPARE);
    store<u32>(table, bytes, Conntrack.TABLE_SPARE_BYTES);
  }
  return true;
}

/** Buckets that are read ahead of the one that is moved. */
const AHEAD: usize = 2;

/** Reads the hashes of a bucket's entries, all at a time (of those that are not there, address 0). Means nothing. */
function readEntries(bucket: usize): u32 {
  let sum: u32 = 0;
  for (let at = bucket; at < bucket + Conntrack.BUCKET_TAGS; at += 4)
    sum += load<u32>(<usize>load<u32>(at), Conntrack.HASH);
  return sum;
}

/** Takes an entry out of its bucket. */
function unlink(table: usize, entry: usize): void {
  const home = bucketOf(table, load<u32>(entry, Conntrack.HASH));
  let bucket = home;
  for (let hop: u32 = 0; hop < HOPS; hop++) {
    const own = slotsWith(bucket, <u32>entry);
    if (own != 0) {
      const slot = <usize>ctz(own);
      store<u32>(bucket + (slot << 2), 0);
      store<u8>(bucket + slot, 0, Conntrack.BUCKET_TAGS);
      passBy(table, home, bucket, -1);
      store<u32>(table, load<u32>(table, Conntrack.TABLE_COUNT) - 1, Conntrack.TABLE_COUNT);
      return;
    }
    bucket = nextBucket(table, bucket);
  }
}

/** nf_ct_delete: takes a confirmed entry away, with its event. */
export function remove(lane: usize, p: usize, shard: usize, entry: usize): void {
  detach(lane, p, shard, entry);
  freeEntry(shard, entry);
}

/** The same, but the record stays for the packet that ended the connection; freeEntry() when that is gone. */
export function detach(lane: usize, p: usize, shard: usize, entry: usize): void {
  const table = tableOf(shard, load<u8>(entry, Conntrack.FAMILY));
  destroyed(lane, p, shard, entry);
  if ((u32(load<u8>(entry, Conntrack.BITS)) & Conntrack.BIT_REPLIED) == 0)
    count(shard, Conntrack.STAT_ONE_WAY, 1);
  unlink(table, entry);
}

function expire(lane: usize, p: usize, shard: usize, entry: usize): void {
  count(shard, Conntrack.STAT_EXPIRED, 1);
  remove(lane, p, shard, entry);
}

/** Looks at the next `looks` entries in memory and takes those away that are expired. */
function sweep(
  lane: usize,
  p: usize,
  config: usize,
  shard: usize,
  table: usize,
  family: u32,
  looks: u32,
): void {
  const bytes = load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4);
  const now = load<u64>(p, Packet.TIME);
  let chunk = <usize>load<u32>(table, Conntrack.TABLE_SWEEP_CHUNK);
  let entry = <usize>load<u32>(table, Conntrack.TABLE_SWEEP);
  for (let i: u32 = 0; i < looks; i++) {
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
      expire(lane, p, shard, entry);
    }
    entry += bytes;
  }
  store<u32>(table, <u32>chunk, Conntrack.TABLE_SWEEP_CHUNK);
  store<u32>(table, <u32>entry, Conntrack.TABLE_SWEEP);
}

/**
 * Makes room for an entry of `family` in a full shard: what is expired goes first, then what early drop finds in its table,
 * then in the other family's. False when there is none.
 */
export function makeRoom(lane: usize, p: usize, config: usize, shard: usize, family: u32, hash: u32): bool {
  const other: u32 = family ^ (4 ^ 6);
  sweep(lane, p, config, shard, tableOf(shard, family), family, SWEEP);
  sweep(lane, p, config, shard, tableOf(shard, other), other, SWEEP);
  if (load<u32>(shard, Conntrack.SHARD_COUNT) < load<u32>(config, Conntrack.SHARD_LIMIT)) return true;
  return earlyDrop(lane, p, shard, family, hash) || earlyDrop(lane, p, shard, other, hash);
}

/** Buckets that early drop looks at (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE: u32 = 8;

/** early_drop: makes room by the entries of a bucket near `hash` that are not assured. False when there are none. */
function earlyDrop(lane: usize, p: usize, shard: usize, family: u32, hash: u32): bool {
  const table = tableOf(shard, family);
  if (load<u32>(table, Conntrack.TABLE_BUCKETS) == 0) return false;
  let bucket = bucketOf(table, hash);
  for (let i: u32 = 0; i < EVICTION_RANGE; i++) {
    let dropped: u32 = 0;
    for (let slot: usize = 0; slot < <usize>Conntrack.BUCKET_SLOTS; slot++) {
      const entry = <usize>load<u32>(bucket + (slot << 2));
      if (entry == 0) continue;
      if (load<u64>(entry, Conntrack.DEADLINE) <= load<u64>(p, Packet.TIME)) {
        expire(lane, p, shard, entry);
        dropped++;
      } else if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_ASSURED) == 0) {
        remove(lane, p, shard, entry);
        count(shard, Conntrack.STAT_EARLY_DROP, 1);
        dropped++;
      }
    }
    if (dropped != 0) return true;
    bucket = nextBucket(table, bucket);
  }
  return false;
}
