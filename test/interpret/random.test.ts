// Random worlds through the reference: it never throws, answers every frame, and its counters add up.
//
// WASMTABLES_RUNS chooses how many of them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Interpreter, type Outcome } from '../../src/interpret/interpreter.ts';
import { type World, world } from '../generate/world.ts';

function run(one: World): { readonly outcomes: readonly Outcome[]; readonly interpreter: Interpreter } {
  const interpreter = new Interpreter(one);
  return { outcomes: one.frames.map((frame) => interpreter.evaluate(frame)), interpreter };
}

const runs = Number(process.env.WASMTABLES_RUNS ?? 100);
const RUNS = { numRuns: runs, seed: 20240601 };

describe('random rules, machines and frames', () => {
  test('every frame has one outcome, and steps that end where the outcome says', () => {
    fc.assert(
      fc.property(world(), (one) => {
        const { outcomes } = run(one);
        for (const outcome of outcomes) {
          if (outcome.verdict === 'SKIP') expect(outcome.family).toBeNull();
          if (outcome.verdict === 'DROP' || outcome.verdict === 'REJECT') {
            expect(outcome.chain).not.toBeNull();
            expect(outcome.path.at(-1)?.chain).toBe(outcome.chain);
          }
          if (outcome.verdict === 'LOST') expect(outcome.reason).not.toBeNull();
        }
      }),
      RUNS,
    );
  });

  test('counters are the matched steps', () => {
    fc.assert(
      fc.property(world(), (one) => {
        const { outcomes, interpreter } = run(one);
        const steps = outcomes.flatMap((outcome) =>
          outcome.path.filter((step) => step.matched && !isChainEnd(one, outcome, step)),
        );
        const counted = [...interpreter.counters.values()].reduce((sum, each) => sum + each.packets, 0n);
        // The end of a user chain is a step without a counter; a dropped inverted match counts without being a step.
        expect(counted).toBeGreaterThanOrEqual(BigInt(steps.length));
      }),
      RUNS,
    );
  });

  test('the same world gives the same answers again', () => {
    fc.assert(
      fc.property(world({ packets: 10 }), (one) => {
        expect(run(one).outcomes).toEqual(run(one).outcomes);
      }),
      { ...RUNS, numRuns: Math.ceil(runs / 5) },
    );
  });
});

/** The step behind the last rule of a user chain. */
function isChainEnd(one: World, outcome: Outcome, step: Outcome['path'][number]): boolean {
  const rules = outcome.family === 'ipv4' ? one.rules4 : one.rules6;
  const table = rules.tables.find(({ name }) => name === step.table);
  const chain = table?.chains.find(({ name }) => name === step.chain);
  return chain?.hook === undefined && step.number > (chain?.rules.length ?? 0);
}
