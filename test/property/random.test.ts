// Random worlds through all evaluators: the reference interpreter, the kernel walking rule by rule, by candidates,
// without result records (the express way), and by a pool of lanes with small batches. All say the same.
//
// WASMTABLES_SEED and WASMTABLES_RUNS choose other worlds and more of them. A failure prints the seed, what it shrank to
// (machine, rules, frames), and the first lines that differ.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { pcap, pcapng } from '../generate/capture.ts';
import { unroutedText } from '../generate/machine.ts';
import { type World, world } from '../generate/world.ts';
import {
  type Answers,
  type Comparison,
  counted,
  differences,
  interpreted,
  scanned,
  unlike,
} from './compare.ts';

const seed = Number(process.env.WASMTABLES_SEED ?? 20240601);
const runs = Number(process.env.WASMTABLES_RUNS ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'wasmtables-property-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function comparisonOf(one: World, bytes: Uint8Array): Comparison {
  const file = join(folder, 'random.pcapng');
  writeFileSync(file, bytes);
  const { rules4, rules6, machine, backend } = one;
  return { captures: [file], rules4, rules6, machine, backend };
}

async function check(comparison: Comparison, expected: Answers): Promise<void> {
  for (const linear of [true, false]) {
    expect(differences(expected, await scanned({ ...comparison, linear })), `linear: ${linear}`).toEqual([]);
    const alone = await counted({ ...comparison, linear });
    expect(unlike(expected, alone), `counters alone, linear: ${linear}`).toEqual([]);
  }
}

describe('random machines, rules and frames', () => {
  test('reference, linear and classified kernel agree', async () => {
    const worlds = world({ packets: 300, rules: 10 });
    await fc.assert(
      fc.asyncProperty(worlds, async (one) => {
        const comparison = comparisonOf(one, pcapng(one.frames, one.machine));
        await check(comparison, await interpreted(comparison));
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });

  test('they agree on plain captures of machines without routes', async () => {
    const worlds = world({ machine: unroutedText(), packets: 200, rules: 12 });
    await fc.assert(
      fc.asyncProperty(worlds, async (one) => {
        const comparison = comparisonOf(one, pcap(one.frames));
        await check(comparison, await interpreted(comparison));
      }),
      { seed, numRuns: Math.ceil(runs / 2) },
    );
  });

  test('any number of workers writes the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(world({ packets: 400 }), async (one) => {
        // The frames again and again: more than one batch.
        const bytes = pcapng(Array.from({ length: 40 }, () => one.frames).flat(), one.machine);
        const comparison = { ...comparisonOf(one, bytes), batchBytes: 1 };
        const expected = await scanned({ ...comparison, workers: 1 });
        for (const workers of [2, 3]) {
          const got = await scanned({ ...comparison, workers });
          expect(got.text === expected.text, `verdicts of ${workers} workers`).toBe(true);
          expect(got.counters).toBe(expected.counters);
        }
      }),
      { seed, numRuns: Math.max(3, Math.ceil(runs / 20)) },
    );
  });
});
