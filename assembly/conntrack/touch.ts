// Looking for the connections of a vector's packets before the first one of them passes: WebAssembly has no prefetch, but
// what is looked at here is in the cache when it is needed, and the misses of neighbouring packets overlap.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { shardAt, shardNumber, tableOf } from './shard';
import { bucketOf, slotsLike } from './table';
import { tupleHash } from './tuple';

const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;

/**
 * Leaves the bucket hash (Packet.CT_HASH) and the first entry that has one like it (CT_FIRST) in the records of those of
 * `count` packets, from `packets` on, that are IPv4 and have ports; where `chosen` is not 0, of those alone that have a
 * byte there. Answers a number that means nothing: what was read.
 *
 * Addresses are worked out first and read in loops that do nothing else, so that as many loads as the processor can have
 * are on their way at a time: first the buckets of all packets, then both lines of their entries.
 */
export function touch(lane: usize, packets: usize, chosen: usize, count: u32): u32 {
  const addresses = <usize>load<u32>(lane, Lane.ADDRESSES);
  const end = packets + <usize>count * Packet.BYTES;
  const last = addresses + ((<usize>count) << 2);
  findBuckets(lane, packets, end, chosen, addresses);
  let sum: u32 = 0;
  for (let at = addresses; at < last; at += 4) sum += load<u32>(<usize>load<u32>(at));
  let at = addresses;
  for (let p = packets; p < end; p += Packet.BYTES, at += 4) {
    const bucket = <usize>load<u32>(at);
    if (bucket == 0) continue;
    const slots = slotsLike(bucket, load<u32>(p, Packet.CT_HASH));
    const entry: u32 = slots == 0 ? 0 : load<u32>(bucket + ((<usize>ctz(slots)) << 2));
    store<u32>(p, entry, Packet.CT_FIRST);
    store<u32>(at, entry);
  }
  // Address 0 is read where there is none: nothing is there.
  for (let at = addresses; at < last; at += 4) {
    const entry = <usize>load<u32>(at);
    sum += load<u32>(entry, Conntrack.HASH) ^ load<u32>(entry, Conntrack.TRACK);
  }
  return sum;
}

/** The buckets of the packets' tuples, u32 each at `addresses`; 0 for those that are not looked at. */
function findBuckets(lane: usize, packets: usize, end: usize, chosen: usize, addresses: usize): void {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  let at = chosen;
  let to = addresses;
  for (let p = packets; p < end; p += Packet.BYTES, at++, to += 4) {
    store<u32>(to, 0);
    const proto = load<u32>(p, Packet.PROTO);
    if (!isChosen(p, chosen, at) || (proto != IPPROTO_TCP && proto != IPPROTO_UDP)) continue;
    const shard = shardAt(config, shardNumber(config, load<u32>(p, Packet.HASH)));
    const table = tableOf(shard, 4);
    store<u32>(p, <u32>shard, Packet.CT_SHARD);
    const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
    const hash = tupleHash(config, 4, p + Packet.SRC, p + Packet.DST, proto, ports);
    store<u32>(p, hash, Packet.CT_HASH);
    if (load<u32>(table, Conntrack.TABLE_BUCKETS) != 0) store<u32>(to, <u32>bucketOf(table, hash));
  }
}

function isChosen(p: usize, chosen: usize, at: usize): bool {
  if (chosen != 0) return load<u8>(at) != 0;
  return load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT && load<u32>(p, Packet.FAMILY) == 4;
}

/**
 * The entry that touch() found, plus 1 when the packet is a reply, if it is live and the packet's; else 0, and a look-up is
 * needed. It may be gone, or another one's by now: nothing of it is believed.
 */
export function touchedEntry(p: usize, hash: u32, ports: u32, proto: u32): u32 {
  const entry = <usize>load<u32>(p, Packet.CT_FIRST);
  if (entry == 0) return 0;
  const addresses = <u64>load<u32>(p, Packet.SRC) | ((<u64>load<u32>(p, Packet.DST)) << 32);
  const live = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;
  if (
    load<u32>(entry, Conntrack.HASH) != hash ||
    (load<u32>(entry, Conntrack.STATUS) & (live | Conntrack.IPS_DYING)) != live ||
    load<u64>(entry, Conntrack.DEADLINE) <= load<u64>(p, Packet.TIME) ||
    // Protocol, family and zone: one word.
    load<u32>(entry, Conntrack.PROTO) != (proto | (4 << 8)) ||
    load<u32>(p, Packet.CT_TEMPLATE) != 0 ||
    // A tuple that is its own mirror image is the reply's: find() knows.
    load<u32>(p, Packet.SRC) == load<u32>(p, Packet.DST)
  ) {
    return 0;
  }
  if (load<u64>(entry, Conntrack.ORIG_SRC) == addresses && load<u32>(entry, Conntrack.ORIG_PORTS) == ports) {
    // A tuple that may be its own mirror image is for find().
    return <u32>addresses == <u32>(addresses >> 32) ? 0 : <u32>entry;
  }
  const reply =
    load<u64>(entry, Conntrack.REPLY_SRC) == addresses && load<u32>(entry, Conntrack.REPLY_PORTS) == ports;
  return reply ? <u32>entry | 1 : 0;
}
