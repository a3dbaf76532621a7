// Few connections, many packets, and rules that lead most of them the same way: what packets count that take the trail of
// those before them (assembly/evaluate/trail.ts), with room for few trails or none too, is what the reference counts and the
// kernel rule by rule, which follows none.
//
// WASMTABLES_SEED and WASMTABLES_RUNS choose other worlds and more of them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { pcap, pcapng } from '../generate/capture.ts';
import { hostText, routerText, unroutedText } from '../generate/machine.ts';
import { trailWorld } from '../generate/trail.ts';
import type { World } from '../generate/world.ts';
import { type Comparison, counted, differences, interpreted, scanned, unlike } from './compare.ts';

const seed = Number(process.env.WASMTABLES_SEED ?? 20240601);
const runs = Number(process.env.WASMTABLES_RUNS ?? 12);
const folder = mkdtempSync(join(tmpdir(), 'wasmtables-trail-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function comparisonOf({ rules4, rules6, machine, backend }: World, bytes: Uint8Array): Comparison {
  const file = join(folder, 'random.pcapng');
  writeFileSync(file, bytes);
  return { captures: [file], rules4, rules6, machine, backend };
}

/** One after another in one lane. */
async function check(comparison: Comparison): Promise<void> {
  const expected = await interpreted(comparison);
  const ways: readonly (readonly [name: string, way: Partial<Comparison>])[] = [
    ['rule by rule', { linear: true }],
    ['remembered', {}],
    ['two keys and a list', { trailKeys: 2, trailLists: 1 }],
    ['no room', { trailKeys: 0 }],
  ];
  for (const [name, way] of ways) {
    expect(differences(expected, await scanned({ ...comparison, ...way })), name).toEqual([]);
    const alone = await counted({ ...comparison, ...way });
    expect(unlike(expected, alone), `${name}, without verdict lines`).toEqual([]);
  }
}

async function checkLanes(comparison: Comparison): Promise<void> {
  const expected = await interpreted(comparison);
  for (const trailKeys of [256, 2]) {
    const pooled = { ...comparison, workers: 2, batchBytes: 1, trailKeys, trailLists: trailKeys };
    expect(differences(expected, await scanned(pooled)), `${trailKeys} keys`).toEqual([]);
    const alone = await counted(pooled);
    expect(unlike(expected, alone), `${trailKeys} keys, without verdict lines`).toEqual([]);
  }
}

const routed = trailWorld(hostText(), true);
const plain = trailWorld(unroutedText(), true);
/** Where the shortest way is (assembly/evaluate/express-known.ts). */
const shortest = trailWorld(routerText(), false);

describe('trails', { timeout: 300_000 }, () => {
  test('of packets that are routed', async () => {
    await fc.assert(
      fc.asyncProperty(routed, (one) => check(comparisonOf(one, pcapng(one.frames, one.machine)))),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });

  test('of plain captures of machines without routes', async () => {
    await fc.assert(
      fc.asyncProperty(plain, (one) => check(comparisonOf(one, pcap(one.frames)))),
      { seed: seed + 1, numRuns: runs, endOnFailure: true },
    );
  });

  test('of plain captures of a router with table filter alone', async () => {
    await fc.assert(
      fc.asyncProperty(shortest, (one) => check(comparisonOf(one, pcap(one.frames)))),
      { seed: seed + 3, numRuns: 4 * runs, endOnFailure: true },
    );
  });

  test('with several lanes', async () => {
    await fc.assert(
      fc.asyncProperty(routed, (one) => {
        // The frames again and again, each time later than before: more than one batch.
        const last = one.frames.at(-1)?.timeNs ?? 0n;
        const first = one.frames[0]?.timeNs ?? 0n;
        const frames = Array.from({ length: 8 }, (_, round) =>
          one.frames.map((frame) => ({ ...frame, timeNs: frame.timeNs + BigInt(round) * (last - first) })),
        ).flat();
        return checkLanes(comparisonOf(one, pcapng(frames, one.machine)));
      }),
      { seed: seed + 2, numRuns: Math.ceil(runs / 5), endOnFailure: true },
    );
  });
});
