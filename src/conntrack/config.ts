// TEMP
import * as Conntrack from '../layout/conntrack.ts';
import type { Family } from '../model/ruleset.ts';
export interface ConntrackConfig {
  readonly shardBits: number;
  readonly limit: number;
  readonly entryBytes4: number;
  readonly entryBytes6: number;
  readonly flags: number;
}
export function conntrackConfig(_options: unknown, families: readonly Family[]): ConntrackConfig {
  return {
    shardBits: 6,
    limit: 1 << 24,
    entryBytes4: 128,
    entryBytes6: 192,
    flags: (families.includes('ipv4') ? 1 : 0) | (families.includes('ipv6') ? 2 : 0) | 4,
  };
}
export function writeConfig(view: DataView, at: number, c: ConntrackConfig): void {
  view.setUint32(at + Conntrack.FLAGS, c.flags, true);
  view.setUint32(at + Conntrack.SHARD_BITS, c.shardBits, true);
  view.setUint32(at + Conntrack.SHARD_LIMIT, c.limit >> c.shardBits, true);
  view.setUint32(at + Conntrack.ENTRY_BYTES4, 128, true);
  view.setUint32(at + Conntrack.ENTRY_BYTES6, 192, true);
  view.setUint32(at + Conntrack.TCP_MAX_RETRANS, 3, true);
  for (let i = Conntrack.TIMEOUT_TCP; i < 480; i += 8) view.setBigUint64(at + i, 600000000000n, true);
}
