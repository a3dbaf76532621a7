// Random worlds whose rules ask about connections: the reference, the kernel rule by rule, by candidates, by the short
// way (without verdict lines), and by several lanes with small batches say the same of every packet, count the same, and
// know the same connections at the end.
//
// WASMTABLES_SEED and WASMTABLES_RUNS choose other worlds and more of them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readConntrack } from '../../src/conntrack/read.ts';
import { pcap, pcapng } from '../generate/capture.ts';
import { unroutedText } from '../generate/machine.ts';
import { type World, world } from '../generate/world.ts';
import { type Comparison, counted, differences, interpreted, scanned, unlike } from './compare.ts';

const seed = Number(process.env.WASMTABLES_SEED ?? 20240601);
const runs = Number(process.env.WASMTABLES_RUNS ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'wasmtables-tracked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function comparisonOf({ rules4, rules6, machine, backend }: World, bytes: Uint8Array): Comparison {
  const file = join(folder, 'random.pcapng');
  writeFileSync(file, bytes);
  return { captures: [file], rules4, rules6, machine, backend };
}

async function check(comparison: Comparison): Promise<void> {
  const expected = await interpreted(comparison);
  for (const linear of [true, false]) {
    const name = linear ? 'linear' : 'classified';
    expect(differences(expected, await scanned({ ...comparison, linear })), name).toEqual([]);
    const alone = await counted({ ...comparison, linear });
    expect(unlike(expected, alone), `${name}, without verdict lines`).toEqual([]);
  }
}

/** Batches of few packets: the least that there are. */
async function checkLanes(comparison: Comparison): Promise<void> {
  const expected = await interpreted(comparison);
  for (const workers of [2, 3]) {
    const pooled = { ...comparison, workers, batchBytes: 1 };
    expect(differences(expected, await scanned(pooled)), `${workers} lanes`).toEqual([]);
    const alone = await counted(pooled);
    expect(unlike(expected, alone), `${workers} lanes, without verdict lines`).toEqual([]);
  }
}

const routed = world({ packets: 200, rules: 6, tracked: true });
const plain = world({ packets: 200, rules: 8, tracked: true, machine: unroutedText() });

describe('random rules about connections', { timeout: 300_000 }, () => {
  test('reference and kernel agree', async () => {
    await fc.assert(
      fc.asyncProperty(routed, (one) => check(comparisonOf(one, pcapng(one.frames, one.machine)))),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });

  test('they agree on plain captures of machines without routes', async () => {
    await fc.assert(
      fc.asyncProperty(plain, (one) => check(comparisonOf(one, pcap(one.frames)))),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });

  test('they agree with several lanes', async () => {
    await fc.assert(
      fc.asyncProperty(routed, (one) => checkLanes(comparisonOf(one, pcapng(one.frames, one.machine)))),
      { seed: seed + 1, numRuns: Math.ceil(runs / 10), endOnFailure: true },
    );
  });

  test('they agree on what goes on from a table of connections', async () => {
    await fc.assert(
      fc.asyncProperty(routed, async (one) => {
        const half = Math.ceil(one.frames.length / 2);
        const first = comparisonOf(one, pcapng(one.frames.slice(0, half), one.machine));
        const { table } = await interpreted(first);
        const conntrackFrom = readConntrack(table, { file: 'table.txt' });
        const second = comparisonOf(one, pcapng(one.frames.slice(half), one.machine));
        await check({ ...second, conntrackFrom });
      }),
      { seed: seed + 3, numRuns: Math.ceil(runs / 6), endOnFailure: true },
    );
  });

  test('they agree with several lanes on plain captures', async () => {
    await fc.assert(
      fc.asyncProperty(plain, (one) => checkLanes(comparisonOf(one, pcap(one.frames)))),
      { seed: seed + 2, numRuns: Math.ceil(runs / 10), endOnFailure: true },
    );
  });
});
