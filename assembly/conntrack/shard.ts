// Shards: which one a packet's state is in, and what they begin with.

import * as Conntrack from '../../src/layout/conntrack.ts';

/** Spreads the bits of the tuple's hash: those of neighbouring flows are alike. */
const SPREAD: u32 = 0x9e3779b1;

/**
 * Number of the shard that a tuple's hash (Packet.HASH, the same for both directions) leads to. Without a seed: which
 * shard a flow is in decides when others that have expired are found, and events are the same in every run.
 */
export function shardNumber(config: usize, hash: u32): u32 {
  const bits = load<u32>(config, Conntrack.SHARD_BITS);
  return bits == 0 ? 0 : (hash * SPREAD) >>> (32 - bits);
}

export function shardAt(config: usize, number: u32): usize {
  return <usize>load<u32>(config, Conntrack.SHARDS) + <usize>number * Conntrack.SHARD_BYTES;
}

/** The table of a family (4 or 6) in a shard. */
export function tableOf(shard: usize, family: u32): usize {
  return shard + (family == 4 ? Conntrack.SHARD_TABLE4 : Conntrack.SHARD_TABLE6);
}

/** Where the configuration's word of a family is: that of IPv6 stands behind that of IPv4. */
export function familyWords(config: usize, family: u32): usize {
  return config + (family == 4 ? 0 : 4);
}

/** Adds `count` to a statistic (Conntrack.STAT_*). */
export function count(shard: usize, statistic: usize, count: u64): void {
  const at = shard + Conntrack.SHARD_STATS + statistic;
  store<u64>(at, load<u64>(at) + count);
}
