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
 */
export function touch(lane: usize, packets: usize, chosen: usize, count: u32): u32 {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const end = packets + <usize>count * Packet.BYTES;
  let sum: u32 = 0;
  let at = chosen;
  for (let p = packets; p < end; p += Packet.BYTES, at++) {
    const proto = load<u32>(p, Packet.PROTO);
    if (!isChosen(p, chosen, at) || (proto != IPPROTO_TCP && proto != IPPROTO_UDP)) continue;
    const shard = shardAt(config, shardNumber(config, load<u32>(p, Packet.HASH)));
    const table = tableOf(shard, 4);
    store<u32>(p, <u32>shard, Packet.CT_SHARD);
    const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
    const hash = tupleHash(config, 4, p + Packet.SRC, p + Packet.DST, proto, ports);
    store<u32>(p, hash, Packet.CT_HASH);
    if (load<u32>(table, Conntrack.TABLE_BUCKETS) == 0) continue;
    const bucket = bucketOf(table, hash);
    store<u32>(p, <u32>bucket, Packet.CT_FIRST);
    sum += load<u32>(bucket);
  }
  at = chosen;
  for (let p = packets; p < end; p += Packet.BYTES, at++) {
    const bucket = <usize>load<u32>(p, Packet.CT_FIRST);
    if (!isChosen(p, chosen, at) || bucket == 0) continue;
    const slots = slotsLike(bucket, load<u32>(p, Packet.CT_HASH));
    // Address 0 may be read, too: nothing is there.
    const entry: usize = slots == 0 ? 0 : <usize>load<u32>(bucket + ((<usize>ctz(slots)) << 2));
    store<u32>(p, <u32>entry, Packet.CT_FIRST);
    sum += load<u32>(entry, Conntrack.HASH) ^ load<u32>(entry, Conntrack.TRACK);
  }
  return sum;
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
    load<u32>(p, Packet.CT_TEMPLATE) != 0
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
