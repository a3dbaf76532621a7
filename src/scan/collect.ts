// After the scan: the lanes' counters and totals added up, and the rule set with these counters.

import { linkTypeName } from '../capture/linktype.ts';
import { countAtOrigins } from '../compile/aliases.ts';
import type { CompiledRules } from '../compile/compile.ts';
import * as Image from '../layout/image.ts';
import * as Lane from '../layout/lane.ts';
import * as Reason from '../layout/reason.ts';
import * as Totals from '../layout/totals.ts';
import type { Counters, Rule, RuleSet, Table } from '../model/ruleset.ts';
import { etherTypeName } from '../report/ethertype.ts';
import { REASON_NAMES, reasonName } from '../report/reason.ts';
import type { ScanResult } from '../report/result.ts';
import { perVerdict } from '../report/verdict.ts';
import type { LaneArena } from './arena.ts';
import type { ScanMemory } from './place.ts';

/** Adds up u64 arrays that stand at `addresses`, `count` words each. */
export function sumWords(
  memory: WebAssembly.Memory,
  addresses: readonly number[],
  count: number,
): BigUint64Array {
  const sum = new BigUint64Array(count);
  addresses.forEach((address, lane) => {
    const words = new BigUint64Array(memory.buffer, address, count);
    if (lane === 0) {
      sum.set(words);
      return;
    }
    for (let index = 0; index < count; index++) {
      sum[index] = (sum[index] as bigint) + (words[index] as bigint);
    }
  });
  return sum;
}

const ZERO: Counters = { packets: 0n, bytes: 0n };

/** Packets and bytes by record, over all lanes; those of flattened chains at the rules that they stand for. */
function countedWords(
  memory: WebAssembly.Memory,
  { recordCount, aliases }: CompiledRules,
  addresses: readonly number[],
): BigUint64Array {
  const words = sumWords(memory, addresses, (recordCount * Image.COUNTER_BYTES) / 8);
  countAtOrigins(words, aliases);
  return words;
}

/**
 * The model with the scan's counters. To those of each table the counters are added that `before` has for it: the same
 * table with other counters.
 */
export function withCounters(
  memory: WebAssembly.Memory,
  rules: CompiledRules,
  counterAddresses: readonly number[],
  before: (table: Table) => Table | undefined,
): RuleSet {
  const words = countedWords(memory, rules, counterAddresses);
  const at = (record: number, counted: Counters | undefined): Counters => {
    const packets = words[2 * record] as bigint;
    // Most rules of a large set are never hit.
    if (packets === 0n) return counted ?? ZERO;
    const bytes = words[2 * record + 1] as bigint;
    return counted === undefined
      ? { packets, bytes }
      : { packets: packets + counted.packets, bytes: bytes + counted.bytes };
  };
  const { ruleSet, chains } = rules;
  const firstRecords = new Map(chains.map(({ chain, firstRecord }) => [chain, firstRecord]));
  return {
    ...ruleSet,
    tables: ruleSet.tables.map((table) => {
      const counted = before(table)?.chains;
      return {
        ...table,
        chains: table.chains.map((chain, index) => {
          const first = firstRecords.get(chain) as number;
          const chainBefore = counted?.[index];
          return {
            ...chain,
            // A user chain's end counts nothing that iptables-save shows.
            counters:
              chain.policy === undefined ? ZERO : at(first + chain.rules.length, chainBefore?.counters),
            rules: chain.rules.map((rule, number) =>
              counting(rule, at(first + number, chainBefore?.rules[number]?.counters)),
            ),
          };
        }),
      };
    }),
  };
}

/** The rule with these counters: itself if it has them already. */
function counting(rule: Rule, counters: Counters): Rule {
  const { packets, bytes } = rule.counters;
  return packets === counters.packets && bytes === counters.bytes ? rule : { ...rule, counters };
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

/** Frames that are not IP, by ethertype or link type. */
function collectSkipped(memory: WebAssembly.Memory, lanes: readonly LaneArena[]): Map<string, number> {
  const skipped = new Map<string, number>();
  for (const { skipped: address } of lanes) {
    const view = new DataView(memory.buffer, address, Lane.SKIPPED_SLOTS * Lane.SKIPPED_BYTES);
    for (let at = 0; at < view.byteLength; at += Lane.SKIPPED_BYTES) {
      const packets = Number(view.getBigUint64(at + 8, true));
      if (packets === 0) continue;
      const name = skippedName(view.getUint32(at, true));
      skipped.set(name, (skipped.get(name) ?? 0) + packets);
    }
  }
  return skipped;
}

/** `key` is reason << 16 | type; 0 is what found no place in a lane's table. */
function skippedName(key: number): string {
  if (key === 0) return 'others';
  const reason = key >>> 16;
  if (reason === Reason.ETHERTYPE) return etherTypeName(key & 0xffff);
  return reason === Reason.LINK_TYPE ? linkTypeName(key & 0xffff) : reasonName(reason);
}

/** What the lanes do not know. */
type Around = Pick<
  ScanResult,
  'elapsedSeconds' | 'warnings' | 'broken' | 'interrupted' | 'conntrack' | 'rules4' | 'rules6'
>;

/** The result of a scan whose lanes are done. */
export function collectResult(
  { memory }: ScanMemory,
  lanes: readonly LaneArena[],
  around: Around,
): ScanResult {
  const totals = new TotalsReader(memory, lanes);
  const verdicts = perVerdict((_, number) => ({
    packets: totals.at(Totals.VERDICTS + 16 * number),
    bytes: totals.at(Totals.VERDICTS + 16 * number + 8),
  }));
  const reasons = REASON_NAMES.map((name, reason) => [name, totals.at(Totals.REASONS + 8 * reason)] as const);
  return {
    ...around,
    packets: totals.at(Totals.PACKETS),
    bytes: Object.values(verdicts).reduce((sum, { bytes }) => sum + bytes, 0),
    ...timeSpan(memory, lanes),
    verdicts,
    reasons: new Map(reasons.filter(([, packets]) => packets > 0)),
    families: {
      other: totals.at(Totals.FAMILIES),
      ipv4: totals.at(Totals.FAMILIES + 8),
      ipv6: totals.at(Totals.FAMILIES + 16),
    },
    skipped: collectSkipped(memory, lanes),
    assumed: totals.at(Totals.ASSUMED),
    answersNotMade: totals.at(Totals.ANSWERS_NOT_MADE),
  };
}

/** Earliest and latest time stamp over all lanes. */
export function timeSpan(
  memory: WebAssembly.Memory,
  lanes: readonly LaneArena[],
): Pick<ScanResult, 'firstTimeNs' | 'lastTimeNs'> {
  let first: bigint | undefined;
  let last: bigint | undefined;
  for (const { totals } of lanes) {
    const view = new DataView(memory.buffer, totals, Totals.TOTALS_BYTES);
    if (view.getBigUint64(Totals.PACKETS, true) === 0n) continue;
    const laneFirst = BigInt.asUintN(64, ~view.getBigUint64(Totals.FIRST_TIME, true));
    const laneLast = view.getBigUint64(Totals.LAST_TIME, true);
    if (first === undefined || laneFirst < first) first = laneFirst;
    if (last === undefined || laneLast > last) last = laneLast;
  }
  return { firstTimeNs: first, lastTimeNs: last };
}
