// What JavaScript calls before packets run: empty shards, and entries of a starting state.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { fold, hasPorts, tupleHash as steering } from '../packet/transport';
import { familyWords, shardAt, shardNumber } from './shard';
import { find, freeEntry, insert, takeEntry, zoneHash } from './table';
import { tupleHash } from './tuple';

/** Empties all shards of a configuration whose SHARD_BITS, SHARDS and TRAILS are set. */
export function initializeShards(config: usize): void {
  const count: u32 = 1 << load<u32>(config, Conntrack.SHARD_BITS);
  memory.fill(load<u32>(config, Conntrack.SHARDS), 0, count * Conntrack.SHARD_BYTES);
  for (let shard: u32 = 0; shard < count; shard++) {
    const at = shardAt(config, shard);
    store<u32>(at, <u32>config, Conntrack.SHARD_CONFIG);
    const trails = load<u32>(config, Conntrack.TRAILS);
    if (trails != 0) {
      store<u32>(at, trails + shard * load<u32>(config, Conntrack.TRAIL_BYTES), Conntrack.SHARD_TRAILS);
    }
  }
}

/**
 * Enters a connection of a starting state: `record` is an entry (layout/conntrack.ts) with its tuples, status, deadline
 * and what is behind; HASH and links are filled in here. Answers 0 when its shard is full, memory is exhausted, or the
 * tuple is there already.
 */
export function insertEntry(lane: usize, record: usize): u32 {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const family = u32(load<u8>(record, Conntrack.FAMILY));
  const shard = shardAt(config, shardNumber(config, steeringHashOf(record)));
  if (load<u32>(shard, Conntrack.SHARD_COUNT) >= load<u32>(config, Conntrack.SHARD_LIMIT)) return 0;
  // Nothing is expired before the first packet.
  const p = <usize>load<u32>(lane, Lane.PACKETS);
  store<u64>(p, 0, Packet.TIME);
  const four = family == 4;
  const source = record + (four ? Conntrack.ORIG_SRC : Conntrack.ORIG_SRC6);
  const destination = record + (four ? Conntrack.ORIG_DST : Conntrack.ORIG_DST6);
  const proto = u32(load<u8>(record, Conntrack.PROTO));
  const ports = load<u32>(record, Conntrack.ORIG_PORTS);
  const hash = tupleHash(config, family, source, destination, proto, ports);
  const zone = u32(load<u16>(record, Conntrack.ZONE));
  const directions = u32(load<u8>(record, Conntrack.ZONE_DIR));
  if (find(shard, lane, p, family, hash, source, destination, proto, ports, zone, directions) != 0) return 0;
  const entry = takeEntry(lane, p, config, shard, family);
  if (entry == 0) return 0;
  memory.copy(entry, record, load<u32>(familyWords(config, family), Conntrack.ENTRY_BYTES4));
  store<u32>(entry, hash ^ zoneHash(zone, directions), Conntrack.HASH);
  const status = load<u32>(record, Conntrack.STATUS) | Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;
  store<u32>(entry, status, Conntrack.STATUS);
  if ((status & Conntrack.IPS_SEEN_REPLY) != 0) {
    store<u8>(entry, load<u8>(entry, Conntrack.BITS) | u8(Conntrack.BIT_REPLIED), Conntrack.BITS);
  }
  if (insert(lane, p, config, shard, entry)) return 1;
  freeEntry(shard, entry);
  return 0;
}

/** Packet.HASH of the connection's packets: addresses and ports as they stand in packets. */
function steeringHashOf(record: usize): u32 {
  const proto = u32(load<u8>(record, Conntrack.PROTO));
  const ports = hasPorts(proto) ? load<u32>(record, Conntrack.ORIG_PORTS) : 0;
  const sport = <u32>bswap<u16>(<u16>ports);
  const dport = <u32>bswap<u16>(<u16>(ports >>> 16));
  if (load<u8>(record, Conntrack.FAMILY) == 4) {
    const source = bswap<u32>(load<u32>(record, Conntrack.ORIG_SRC));
    const destination = bswap<u32>(load<u32>(record, Conntrack.ORIG_DST));
    return steering(<u64>source, sport, <u64>destination, dport, proto);
  }
  const source = record + Conntrack.ORIG_SRC6;
  const destination = record + Conntrack.ORIG_DST6;
  return steering(
    fold(bswap<u64>(load<u64>(source)), bswap<u64>(load<u64>(source, 8))),
    sport,
    fold(bswap<u64>(load<u64>(destination)), bswap<u64>(load<u64>(destination, 8))),
    dport,
    proto,
  );
}
