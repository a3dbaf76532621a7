// Looking for the connections of a vector's packets before the first one of them passes: WebAssembly has no prefetch, but
// what is looked at here is in the cache when it is needed, and the misses of neighbouring packets overlap.
//
// What is looked for is worked out first (layout/look-up.ts), and read in loops that do nothing else, so that as many
// loads as the processor can have are on their way at a time: first the buckets of all packets, then both lines of their
// entries.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as LookUp from '../../src/layout/look-up.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { shardAt, shardNumber, tableOf } from './shard';
import { bucketOf, slotsLike } from './table';
import { tupleHash4 } from './tuple';

const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;

/**
 * Leaves the bucket hash (Packet.CT_HASH) and the first entry that has one like it (CT_FIRST) in the records of those of
 * `count` packets, from `packets` on, that are IPv4 and have ports.
 */
export function touchRecords(lane: usize, packets: usize, count: u32): void {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const lookUps = <usize>load<u32>(lane, Lane.LOOK_UPS);
  const end = packets + <usize>count * Packet.BYTES;
  let at = lookUps;
  for (let p = packets; p < end; p += Packet.BYTES, at += LookUp.BYTES) {
    store<u64>(at, 0, LookUp.SHARD); // SHARD, FIRST
    const proto = load<u32>(p, Packet.PROTO);
    if (load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT || load<u32>(p, Packet.FAMILY) != 4) continue;
    if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) continue;
    const addresses = <u64>load<u32>(p, Packet.SRC) | ((<u64>load<u32>(p, Packet.DST)) << 32);
    const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
    const shard = shardAt(config, shardNumber(config, load<u32>(p, Packet.HASH)));
    seek(config, at, addresses, ports, proto, shard);
  }
  touch(lane, lookUps, count);
  at = lookUps;
  for (let p = packets; p < end; p += Packet.BYTES, at += LookUp.BYTES) keepLookUp(p, at);
}

/** Leaves what was found in a packet's record, if anything was looked for. */
export function keepLookUp(p: usize, lookUp: usize): void {
  const shard = load<u32>(lookUp, LookUp.SHARD);
  if (shard == 0) return;
  store<u32>(p, shard, Packet.CT_SHARD);
  store<u32>(p, load<u32>(lookUp, LookUp.HASH), Packet.CT_HASH);
  store<u32>(p, load<u32>(lookUp, LookUp.FIRST), Packet.CT_FIRST);
}

/** Fills in a look-up of an IPv4 packet with ports, up to its bucket, in its shard. */
export function seek(
  config: usize,
  lookUp: usize,
  addresses: u64,
  ports: u32,
  proto: u32,
  shard: usize,
): void {
  const table = tableOf(shard, 4);
  const bucketHash = tupleHash4(config, <u32>addresses, <u32>(addresses >> 32), proto, ports);
  const bucket: u32 = load<u32>(table, Conntrack.TABLE_BUCKETS) == 0 ? 0 : <u32>bucketOf(table, bucketHash);
  store<u64>(lookUp, addresses, LookUp.ADDRESSES);
  store<u64>(lookUp, <u64>ports | ((<u64>bucketHash) << 32), LookUp.PORTS); // PORTS, HASH
  store<u64>(lookUp, <u64>shard | ((<u64>bucket) << 32), LookUp.SHARD); // SHARD, FIRST
}

/** Finds the FIRST of `count` look-ups whose buckets stand there. */
export function touch(lane: usize, lookUps: usize, count: u32): void {
  const end = lookUps + <usize>count * LookUp.BYTES;
  // Address 0 is read where there is no bucket or entry: nothing is there.
  let sum: u32 = 0;
  for (let at = lookUps; at < end; at += LookUp.BYTES) sum += load<u32>(<usize>load<u32>(at, LookUp.FIRST));
  for (let at = lookUps; at < end; at += LookUp.BYTES) {
    const bucket = <usize>load<u32>(at, LookUp.FIRST);
    if (bucket == 0) continue;
    const slots = slotsLike(bucket, load<u32>(at, LookUp.HASH));
    const entry: u32 = slots == 0 ? 0 : load<u32>(bucket + ((<usize>ctz(slots)) << 2));
    store<u32>(at, entry, LookUp.FIRST);
  }
  for (let at = lookUps; at < end; at += LookUp.BYTES) {
    const entry = <usize>load<u32>(at, LookUp.FIRST);
    sum += load<u32>(entry, Conntrack.HASH) ^ load<u32>(entry, Conntrack.TRACK);
  }
  store<u32>(lane, sum, Lane.TOUCHED);
}

/** What an entry has to have of STATUS to be found. */
const LIVE: u32 = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;

/**
 * The entry that touch() found, plus 1 when the packet is a reply, if it is live and the packet's; else 0, and a look-up is
 * needed. It may be gone, or another one's by now: nothing of it is believed.
 */
export function touchedEntry(p: usize, hash: u32, ports: u32, proto: u32): u32 {
  const entry = <usize>load<u32>(p, Packet.CT_FIRST);
  if (entry == 0 || load<u32>(p, Packet.CT_TEMPLATE) != 0) return 0;
  const addresses = <u64>load<u32>(p, Packet.SRC) | ((<u64>load<u32>(p, Packet.DST)) << 32);
  return entryIfOf(entry, hash, addresses, ports, proto, load<u64>(p, Packet.TIME));
}

/** `entry`, plus 1 for a reply, when it is that of a packet without a zone; else 0. */
export function entryIfOf(entry: usize, hash: u32, addresses: u64, ports: u32, proto: u32, time: u64): u32 {
  const original =
    u32(load<u64>(entry, Conntrack.ORIG_SRC) == addresses) &
    u32(load<u32>(entry, Conntrack.ORIG_PORTS) == ports);
  const reply =
    u32(load<u64>(entry, Conntrack.REPLY_SRC) == addresses) &
    u32(load<u32>(entry, Conntrack.REPLY_PORTS) == ports);
  // One decision, for it nearly always is, and which of the two it is changes from packet to packet.
  const odd =
    u32((original | reply) == 0) |
    u32(load<u32>(entry, Conntrack.HASH) != hash) |
    u32((load<u32>(entry, Conntrack.STATUS) & (LIVE | Conntrack.IPS_DYING)) != LIVE) |
    u32(load<u64>(entry, Conntrack.DEADLINE) <= time) |
    // Protocol, family and zone: one word.
    u32(load<u32>(entry, Conntrack.PROTO) != (proto | (4 << 8))) |
    // A tuple that may be its own mirror image is for find().
    u32(<u32>addresses == <u32>(addresses >> 32));
  return (<u32>entry | (original ^ 1)) & (odd - 1);
}
