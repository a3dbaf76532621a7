// What connection tracking counted, summed over its shards (src/layout/conntrack.ts, STAT_*).

import * as Conntrack from '../layout/conntrack.ts';
import type { ConntrackConfig } from './config.ts';
import { shardAddresses } from './record.ts';

const OFFSETS = {
  created: Conntrack.STAT_CREATED,
  expired: Conntrack.STAT_EXPIRED,
  earlyDrops: Conntrack.STAT_EARLY_DROP,
  tableFull: Conntrack.STAT_FULL,
  invalid: Conntrack.STAT_INVALID,
  untracked: Conntrack.STAT_UNTRACKED,
  wrongChecksums: Conntrack.STAT_BAD_CHECKSUM,
  pickedUp: Conntrack.STAT_PICKED_UP,
  oneWay: Conntrack.STAT_ONE_WAY,
  expectationsMade: Conntrack.STAT_EXPECT_NEW,
  expectationsMet: Conntrack.STAT_EXPECT_MET,
  expectationsRefused: Conntrack.STAT_EXPECT_FULL,
  reopened: Conntrack.STAT_REOPENED,
  clashes: Conntrack.STAT_CLASH,
  strayErrors: Conntrack.STAT_FORGED_ICMP,
  eventsLost: Conntrack.STAT_EVENTS_LOST,
  cutForHelpers: Conntrack.STAT_HELPER_CUT,
} as const;

/** Exact to 2^53. */
export type ConntrackStatistics = Readonly<Record<keyof typeof OFFSETS, number>>;

export function readStatistics(
  memory: WebAssembly.Memory,
  configAddress: number,
  config: ConntrackConfig,
): ConntrackStatistics {
  const view = new DataView(memory.buffer);
  const shards = shardAddresses(view, configAddress, config);
  const sum = (offset: number): number =>
    shards.reduce(
      (total, shard) => total + Number(view.getBigUint64(shard + Conntrack.SHARD_STATS + offset, true)),
      0,
    );
  return Object.fromEntries(
    Object.entries(OFFSETS).map(([name, offset]) => [name, sum(offset)]),
  ) as ConntrackStatistics;
}
