// After the scan: the lanes' counters and totals added up, and the rule set with these counters.

import type { LaneArena, PlacedImage } from '../kernel/arena.ts';
import * as Image from '../layout/image.ts';
import * as Lane from '../layout/lane.ts';
import * as Totals from '../layout/totals.ts';
import type { Counters, RuleSet } from '../model/ruleset.ts';

/** Adds up u64 arrays that stand at `addresses`, `count` words each. */
export function sumWords(
  memory: WebAssembly.Memory,
  addresses: readonly number[],
  count: number,
): BigUint64Array {
  const sum = new BigUint64Array(count);
  for (const address of addresses) {
    const words = new BigUint64Array(memory.buffer, address, count);
    for (let index = 0; index < count; index++) {
      sum[index] = (sum[index] as bigint) + (words[index] as bigint);
    }
  }
  return sum;
}

/** The model with the scan's counters; `keep` adds them to the counters that the input had. */
export function withCounters(
  memory: WebAssembly.Memory,
  placed: PlacedImage,
  counterAddresses: readonly number[],
  keep: boolean,
): RuleSet {
  const words = sumWords(memory, counterAddresses, (placed.rules.recordCount * Image.COUNTER_BYTES) / 8);
  const at = (record: number, before: Counters): Counters => ({
    packets: (words[2 * record] as bigint) + (keep ? before.packets : 0n),
    bytes: (words[2 * record + 1] as bigint) + (keep ? before.bytes : 0n),
  });
  const { ruleSet, chains } = placed.rules;
  const firstRecords = new Map(chains.map(({ chain, firstRecord }) => [chain, firstRecord]));
  return {
    ...ruleSet,
    tables: ruleSet.tables.map((table) => ({
      ...table,
      chains: table.chains.map((chain) => {
        const first = firstRecords.get(chain) as number;
        const counters = at(first + chain.rules.length, chain.counters);
        return {
          ...chain,
          // A user chain's end counts nothing that iptables-save shows.
          counters: chain.policy === undefined ? { packets: 0n, bytes: 0n } : counters,
          rules: chain.rules.map((rule, index) => ({ ...rule, counters: at(first + index, rule.counters) })),
        };
      }),
    })),
  };
}

/** Totals of all lanes, by src/layout/totals.ts. */
export class TotalsReader {
  readonly #words: BigUint64Array;

  constructor(memory: WebAssembly.Memory, lanes: readonly LaneArena[]) {
    const addresses = lanes.map(({ totals }) => totals);
    this.#words = sumWords(memory, addresses, Totals.TOTALS_BYTES / 8);
  }

  /** The u64 at a byte offset, as a number: exact to 2^53. */
  at(offset: number): number {
    return Number(this.#words[offset / 8]);
  }
}

/** Frames that are not IP: packets by `reason << 16 | type`; key 0 is the rest. */
export function collectSkipped(memory: WebAssembly.Memory, lanes: readonly LaneArena[]): Map<number, number> {
  const skipped = new Map<number, number>();
  for (const { skipped: address } of lanes) {
    const view = new DataView(memory.buffer, address, Lane.SKIPPED_SLOTS * Lane.SKIPPED_BYTES);
    for (let at = 0; at < view.byteLength; at += Lane.SKIPPED_BYTES) {
      const packets = Number(view.getBigUint64(at + 8, true));
      if (packets === 0) continue;
      const key = view.getUint32(at, true);
      skipped.set(key, (skipped.get(key) ?? 0) + packets);
    }
  }
  return skipped;
}
