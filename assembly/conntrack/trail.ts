// What a shard remembers trails with (layout/trail.ts): keys and lists, each once. One lane at a time works on a shard, so
// that nothing in here is locked. What there is no room for is not remembered; rules that come in the place of others
// begin with everything forgotten, once there is no room.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Trail from '../../src/layout/trail.ts';
import { familyWords, tableOf } from './shard';

/** Places that a key and a list may have, from the one that its hash leads to. */
const KEY_PLACES: u32 = 16;
const LIST_PLACES: u32 = 4;
/** Keys in a cache line. */
const KEYS_A_LINE: u32 = 4;
const LISTS_AT: usize = Trail.KEYS * Trail.KEY_BYTES;

/** Is it a trail of this key? 0 is none. */
export function hasKey(trails: usize, word: u32, key: v128): bool {
  const at = trails + <usize>((word >>> Trail.KEY_SHIFT) & Trail.KEY_MASK) * Trail.KEY_BYTES;
  return word != 0 && i8x16.all_true(i8x16.eq(v128.load(at), key));
}

/** Address of a list by its number. */
export function listAt(trails: usize, number: u32): usize {
  return trails + LISTS_AT + <usize>number * Trail.LIST_BYTES;
}

/**
 * The word of a trail that is the list at `noted`, of an image with `records` records; 0 when there is no room for it.
 * `verdict`: VALID, with ACCEPT.
 */
export function trailWord(shard: usize, key: v128, verdict: u32, records: u32, noted: usize): u32 {
  const number = keyNumber(shard, key);
  if (number == NO_ROOM) return 0;
  let place = load<u32>(noted, Trail.LIST_RECORDS);
  if (load<u32>(noted, Trail.LIST_COUNT) > 1) {
    const list = listNumber(shard, noted);
    if (list == NO_ROOM) return 0;
    place = records + list;
  }
  if (place > <u32>Trail.PLACE_MASK) return 0;
  return verdict | (number << Trail.KEY_SHIFT) | place;
}

const NO_ROOM: u32 = 0xffffffff;

/** Keys of the same interfaces and mark stand together, for those are what there may be many of. */
function keyNumber(shard: usize, key: v128): u32 {
  const trails = <usize>load<u32>(shard, Conntrack.SHARD_TRAILS);
  const keys = load<u32>(<usize>load<u32>(shard, Conntrack.SHARD_CONFIG), Conntrack.TRAIL_KEYS);
  if (keys == 0) return NO_ROOM;
  const hash = i32x4.extract_lane(key, 2) * 0x9e3779b1 + i32x4.extract_lane(key, 3) * 0x85ebca6b;
  let number = ((<u32>hash >>> 16) % keys) & ~(KEYS_A_LINE - 1);
  for (let hop: u32 = 0; hop < min<u32>(KEY_PLACES, keys); hop++) {
    const at = trails + <usize>number * Trail.KEY_BYTES;
    if (load<u32>(at, Trail.KEY_IMAGE) == 0) v128.store(at, key);
    else if (!i8x16.all_true(i8x16.eq(v128.load(at), key))) {
      number = number + 1 == keys ? 0 : number + 1;
      continue;
    }
    return number;
  }
  return NO_ROOM;
}

function listNumber(shard: usize, noted: usize): u32 {
  const trails = <usize>load<u32>(shard, Conntrack.SHARD_TRAILS);
  const lists = load<u32>(<usize>load<u32>(shard, Conntrack.SHARD_CONFIG), Conntrack.TRAIL_LISTS);
  for (let at = noted + ((<usize>load<u32>(noted) + 1) << 2); at < noted + Trail.LIST_BYTES; at += 4)
    store<u32>(at, 0);
  let hash: u64 = 0;
  for (let at = noted; at < noted + Trail.LIST_BYTES; at += 8)
    hash = (rotl<u64>(hash, 23) ^ load<u64>(at)) * 0x9e3779b97f4a7c15;
  for (let hop: u32 = 0; hop < LIST_PLACES; hop++) {
    const number = (<u32>(hash >> 32) + hop) & (lists - 1);
    const list = listAt(trails, number);
    if (load<u32>(list) == 0) memory.copy(list, noted, Trail.LIST_BYTES);
    else if (memory.compare(list, noted, Trail.LIST_BYTES) != 0) continue;
    return number;
  }
  return NO_ROOM;
}

/** Forgets all trails for those of a newer image than those for which they were forgotten last. False when it is none. */
export function forgetOlder(shard: usize, serial: u32): bool {
  if (serial <= load<u32>(shard, Conntrack.SHARD_TRAIL_SERIAL)) return false;
  const config = <usize>load<u32>(shard, Conntrack.SHARD_CONFIG);
  forgetIn(config, shard, 4);
  forgetIn(config, shard, 6);
  memory.fill(load<u32>(shard, Conntrack.SHARD_TRAILS), 0, load<u32>(config, Conntrack.TRAIL_BYTES));
  store<u32>(shard, serial, Conntrack.SHARD_TRAIL_SERIAL);
  return true;
}

/** Takes the trails from all entries of a family. */
function forgetIn(config: usize, shard: usize, family: u32): void {
  const table = tableOf(shard, family);
  const bytes = load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4);
  const newest = <usize>load<u32>(table, Conntrack.TABLE_NEWEST);
  let chunk = <usize>load<u32>(table, Conntrack.TABLE_CHUNKS);
  while (chunk != 0) {
    const end =
      chunk == newest ? load<u32>(table, Conntrack.TABLE_USED) : load<u32>(chunk, Conntrack.CHUNK_END);
    for (let entry = chunk + Conntrack.CHUNK_ENTRIES; entry + bytes <= <usize>end; entry += bytes) {
      // A free one has its link there.
      if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IN_USE) != 0) store<u64>(entry, 0, Conntrack.TRAIL);
    }
    chunk = chunk == newest ? 0 : <usize>load<u32>(chunk);
  }
}
