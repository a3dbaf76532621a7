// CLUSTER: total nodes | invert << 16, mask, hash seed.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { familyWords } from '../conntrack/shard';
import { hasTemplate } from './entry';
import { jhash1 } from './jhash';

const PACKET_HOST: u32 = 0;
const PACKET_MULTICAST: u32 = 2;

export function cluster(lane: usize, p: usize, op: usize): i32 {
  // The nodes share a multicast link address: what came by it is for the host, and matches behind this one see that.
  if (load<u32>(p, Packet.PKTTYPE) == PACKET_MULTICAST && !toMulticast(p)) {
    store<u32>(p, PACKET_HOST, Packet.PKTTYPE);
  }
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0 && !hasTemplate(p)) return Op.NO;
  const hash: u32 = entry == 0 ? 0 : sourceHash(lane, entry, load<u32>(op, 12));
  const node = <u32>((<u64>hash * <u64>load<u16>(op, 4)) >> 32);
  return i32((load<u32>(op, 8) >>> node) & 1) ^ i32(load<u16>(op, 6));
}

function toMulticast(p: usize): bool {
  if (load<u32>(p, Packet.FAMILY) == 4) return load<u32>(p, Packet.DST) >>> 28 == 0xe;
  return load<u64>(p, Packet.DST) >> 56 == 0xff;
}

/** Of the original source address, of the master's for an expected connection; bytes as they stand in packets. */
function sourceHash(lane: usize, entry: usize, seed: u32): u32 {
  const family = u32(load<u8>(entry, Conntrack.FAMILY));
  let source = entry + (family == 4 ? Conntrack.ORIG_SRC : Conntrack.ORIG_SRC6);
  if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_EXPECTED) != 0) {
    const config = <usize>load<u32>(lane, Lane.CONNTRACK);
    const master = load<u32>(familyWords(config, family), Conntrack.MASTER4);
    if (master != 0) source = entry + master;
  }
  // Of an IPv6 address Linux hashes the first 32 bits alone (xt_cluster_hash_ipv6 counts words for bytes).
  return jhash1(bswap<u32>(load<u32>(source + (family == 4 ? 0 : 4))), seed);
}
