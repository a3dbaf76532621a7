// Random worlds whose rules ask about connections: the reference and the kernel say the same of every packet, with one
// lane and with several. Fragments are left out: test/fragment has those.
//
// WASMTABLES_SEED and WASMTABLES_RUNS choose other worlds and more of them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { pcapng } from '../generate/capture.ts';
import { type World, world } from '../generate/world.ts';
import { differences, interpreted, scanned } from './compare.ts';

const seed = Number(process.env.WASMTABLES_SEED ?? 20240601);
const runs = Number(process.env.WASMTABLES_RUNS ?? 60);
const folder = mkdtempSync(join(tmpdir(), 'wasmtables-tracked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check({ frames, machine, rules4, rules6, backend }: World, workers: number): Promise<void> {
  const file = join(folder, 'random.pcapng');
  writeFileSync(file, pcapng(frames, machine));
  const comparison = { captures: [file], rules4, rules6, machine, backend };
  const expected = await interpreted(comparison);
  const batchBytes = workers === 1 ? undefined : 1;
  const got = await scanned({ ...comparison, workers, batchBytes });
  expect(differences(expected, got)).toEqual([]);
}

describe('random rules about connections', () => {
  test('reference and kernel agree', async () => {
    const worlds = world({ packets: 200, rules: 6, tracked: true });
    await fc.assert(
      fc.asyncProperty(worlds, (one) => check(one, 1)),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });

  test('they agree with two lanes', async () => {
    const worlds = world({ packets: 200, rules: 6, tracked: true });
    await fc.assert(
      fc.asyncProperty(worlds, (one) => check(one, 2)),
      { seed: seed + 1, numRuns: Math.ceil(runs / 10), endOnFailure: true },
    );
  });
});
