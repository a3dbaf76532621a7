// A scan with one lane whose memory is kept, and what its tables must look like whatever came: counts that fit, entries
// that are found where they belong, lists that end, expectations of masters that live.

import { compile } from '../../../src/compile/compile.ts';
import { type ConntrackConfig, conntrackConfig } from '../../../src/conntrack/config.ts';
import { shardAddresses } from '../../../src/conntrack/record.ts';
import { lowerMachine } from '../../../src/host/lower.ts';
import type { Machine } from '../../../src/host/machine.ts';
import { compileKernel, instantiateKernel } from '../../../src/kernel/kernel.ts';
import * as Conntrack from '../../../src/layout/conntrack.ts';
import type { RuleSet } from '../../../src/model/ruleset.ts';
import { InterfaceNames } from '../../../src/pool/interface-names.ts';
import { runLaneHere } from '../../../src/pool/lane.ts';
import type { ScanOptions } from '../../../src/scan/options.ts';
import { placeLanes, placeShared, setHost } from '../../../src/scan/place.ts';
import { beginTracking, placeConntrack } from '../../../src/scan/place-conntrack.ts';
import { collectMemories } from '../../pool/memory.ts';

export interface Inside {
  readonly view: DataView;
  readonly address: number;
  readonly config: ConntrackConfig;
  /** Bytes of the heap that were ever handed out. */
  readonly heapBytes: number;
  /** Confirmed entries, expired ones included. */
  readonly entries: number;
}

/** Runs captures with one lane, then looks at the tables; throws where they are not as they must be. */
export async function runInside(
  captures: readonly string[],
  setup: Pick<ScanOptions, 'rules4' | 'rules6'> & { readonly machine: Machine },
  seed = 1n,
): Promise<Inside> {
  collectMemories();
  const { machine, rules4, rules6 } = setup;
  const compiled = (rules: RuleSet | undefined) =>
    rules === undefined ? undefined : compile(rules, { backend: 'legacy', unknown: 'refuse' });
  const parts = { rules4: compiled(rules4), rules6: compiled(rules6) };
  const options = { captures, ...setup, seed, workers: 1 };
  const shared = placeShared(options, parts);
  const module = compileKernel();
  const kernel = instantiateKernel(module, shared.memory);
  const lanes = placeLanes(shared, kernel, options, 1);
  const names = new InterfaceNames(shared.memory, shared.interfaces);
  names.add(0, '');
  for (const { index, name } of machine.interfaces) names.add(index, name);
  setHost(shared, lanes, lowerMachine(machine));
  const needs = [parts.rules4, parts.rules6].flatMap((rules) => rules?.entryNeeds ?? []);
  const config = conntrackConfig(machine, {
    help: needs.some(({ help }) => help),
    accounting: needs.some(({ accounting }) => accounting),
    verifyChecksums: false,
    seed,
    memoryEntries: 1 << 20,
  });
  const placed = placeConntrack(shared, kernel, lanes, config, machine);
  beginTracking(shared, lanes, placed);
  const view = new DataView(shared.memory.buffer);
  const before = view.getUint32(placed.address + Conntrack.HEAP_NEXT, true);
  const [{ lane, batch, fragments }] = lanes as [(typeof lanes)[number]];
  await runLaneHere({
    module,
    memory: shared.memory,
    control: shared.control,
    lane,
    batch,
    fragments,
    captures: shared.captures,
    alone: true,
    tracking: { address: placed.address, shards: placed.shardCount, fragments6: placed.fragments6 },
    interfaces: shared.interfaces,
  });
  const heapBytes = view.getUint32(placed.address + Conntrack.HEAP_NEXT, true) - before;
  const entries = checkTables(view, placed.address, config);
  return { view, address: placed.address, config, heapBytes, entries };
}

function expectThat(right: boolean, what: string): void {
  if (!right) throw new Error(what);
}

/** Answers how many confirmed entries there are. */
function checkTables(view: DataView, address: number, config: ConntrackConfig): number {
  let sum = 0;
  for (const shard of shardAddresses(view, address, config)) {
    const tables = [
      [shard + Conntrack.SHARD_TABLE4, config.entry4.bytes],
      [shard + Conntrack.SHARD_TABLE6, config.entry6.bytes],
    ] as const;
    const masters = new Set<number>();
    let all = 0;
    for (const [table, bytes] of tables) {
      const found = checkTable(view, table, bytes);
      all += found.size;
      for (const entry of found) masters.add(entry);
    }
    const count = view.getUint32(shard + Conntrack.SHARD_COUNT, true);
    expectThat(all === count, `${all} entries in a shard that counts ${count}`);
    expectThat(count <= config.shardLimit, `${count} entries in a shard of ${config.shardLimit}`);
    checkExpectations(view, shard, masters);
    sum += all;
  }
  return sum;
}

function checkTable(view: DataView, table: number, bytes: number): ReadonlySet<number> {
  const word = (at: number) => view.getUint32(at, true);
  const free = new Set<number>();
  for (let at = word(table + Conntrack.TABLE_FREE); at !== 0; at = word(at + Conntrack.NEXT)) {
    expectThat(!free.has(at), 'a list of free entries that does not end');
    expectThat((word(at + Conntrack.STATUS) & Conntrack.IN_USE) === 0, 'a free entry that is in use');
    free.add(at);
  }
  const used = new Set<number>();
  const newest = word(table + Conntrack.TABLE_NEWEST);
  for (let chunk = word(table + Conntrack.TABLE_CHUNKS); chunk !== 0; chunk = word(chunk)) {
    const end = chunk === newest ? word(table + Conntrack.TABLE_USED) : word(chunk + Conntrack.CHUNK_END);
    for (let at = chunk + Conntrack.CHUNK_ENTRIES; at < end; at += bytes) {
      const status = word(at + Conntrack.STATUS);
      const confirmed = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;
      if ((status & confirmed) === confirmed) used.add(at);
      else expectThat(free.has(at), `an entry that nobody has: status ${status.toString(16)}`);
    }
  }
  const buckets = word(table + Conntrack.TABLE_BUCKETS);
  const count = buckets === 0 ? 0 : word(table + Conntrack.TABLE_MASK) + 1;
  const found = new Set<number>();
  for (let bucket = 0; bucket < count; bucket++) {
    for (let slot = 0; slot < Conntrack.BUCKET_SLOTS; slot++) {
      const entry = word(buckets + bucket * Conntrack.BUCKET_BYTES + slot * 4);
      if (entry === 0) continue;
      expectThat(used.has(entry) && !found.has(entry), 'a bucket with what is no entry, or one twice');
      const home = word(entry + Conntrack.HASH) & (count - 1);
      expectThat((bucket - home + count) % count < 8, 'an entry that is too far from its bucket');
      found.add(entry);
    }
  }
  expectThat(found.size === used.size, `${found.size} entries in buckets, ${used.size} in use`);
  expectThat(found.size === word(table + Conntrack.TABLE_COUNT), 'a table that counts wrong');
  return used;
}

function checkExpectations(view: DataView, shard: number, masters: ReadonlySet<number>): void {
  const word = (at: number) => view.getUint32(at, true);
  const buckets = word(shard + Conntrack.SHARD_EXPECTS);
  let count = 0;
  let keymaps = 0;
  for (let bucket = 0; buckets !== 0 && bucket < Conntrack.EXPECT_BUCKETS; bucket++) {
    for (let e = word(buckets + bucket * 4); e !== 0; e = word(e + Conntrack.EXPECT_NEXT)) {
      if (view.getUint8(e + Conntrack.EXPECT_FLAGS) & Conntrack.EXPECT_KEYMAP) keymaps++;
      else count++;
      expectThat(count + keymaps < 1_000_000, 'a list of expectations that does not end');
      expectThat(masters.has(word(e + Conntrack.EXPECT_MASTER)), 'an expectation whose master is gone');
    }
  }
  expectThat(count === word(shard + Conntrack.SHARD_EXPECT_COUNT), 'expectations that are counted wrong');
  expectThat(keymaps === word(shard + Conntrack.SHARD_KEYMAP_COUNT), 'call ids that are counted wrong');
}
