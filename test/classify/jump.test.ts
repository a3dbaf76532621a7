// Chains that jump a lot: kube-proxy's shape, chains nested deep, chains without rules. Verdict, deciding rule and every
// counter are the linear ones.

import { describe, expect, test } from 'vitest';
import { drawTrace } from '../../bench/classify/filter-set.js';
import { kubeRules, kubeServices, kubeTrace } from '../../bench/classify/kube.js';
import type { ClassifierChoice } from '../../src/compile/classify/choose.ts';
import { compile } from '../../src/compile/compile.ts';
import * as Header from '../../src/layout/header.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { readRules } from '../../src/save/read.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;

function lane(text: string, choice: ClassifierChoice): ClassifiedLane {
  return new ClassifiedLane({ rules4: readRules(text, { file: 'jumps', family: 'ipv4' }) }, choice);
}

function expectSame(text: string, trace: Uint8Array, choices: readonly ClassifierChoice[]): void {
  const linear = lane(text, 'linear');
  const expected = linear.passHeaders(trace, FORWARD);
  for (const choice of choices) {
    const classified = lane(text, choice);
    expect(classified.passHeaders(trace, FORWARD).equals(expected), choice).toBe(true);
    expect(classified.counters()).toEqual(linear.counters());
  }
}

describe('services, each dispatched to by one rule', () => {
  test.each([
    [20, 4000, ['bit-vectors', 'trees', 'auto']],
    [700, 6000, ['bit-vectors', 'trees', 'auto']],
    [2500, 4000, ['auto']],
  ] as const)('%i of them', (count, packets, choices) => {
    const services = kubeServices(count, count);
    expectSame(kubeRules(services), kubeTrace(services, packets, 3), choices);
  });

  test('short chains share a budget, and the plan says so', () => {
    const rules = readRules(kubeRules(kubeServices(2500, 1)), { file: 'budget', family: 'ipv4' });
    const { chains, image } = compile(rules, { backend: 'legacy', unknown: 'refuse' });
    const lines = chains.reduce((sum, { chain }) => sum + chain.rules.length, 0);
    expect(image.length / lines).toBeLessThan(400);
    const plans = chains.map(({ plan }) => plan);
    expect(plans.filter((plan) => plan?.kind === 'bit-vectors').length).toBeGreaterThan(20);
    const notes = plans.flatMap((plan) => (plan?.kind === 'linear' ? plan.notes : []));
    expect(notes).toContainEqual(
      'bit vectors: not taken, those of other chains below 32 rules use up 1048576 bytes',
    );
  });
});

test('chains nested deep', () => {
  const depth = 30_000;
  const chains = Array.from({ length: depth }, (_, index) => `c${index}`);
  const jumps = chains.slice(1).map((chain, index) => `-A c${index} -s 10.0.0.0/8 -j ${chain}`);
  const text = [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ...chains.map((chain) => `:${chain} - [0:0]`),
    '-A FORWARD -j c0',
    ...jumps,
    `-A c${depth - 1} -p udp -j DROP`,
    'COMMIT\n',
  ].join('\n');
  const inside = {
    src: 0x0a000001,
    srcLength: 32,
    dst: 0,
    dstLength: 0,
    sport: [0, 9],
    dport: [0, 9],
  } as const;
  const trace = drawTrace(
    [
      { ...inside, proto: 17 },
      { ...inside, proto: 6 },
      { ...inside, src: 1, proto: 17 },
    ],
    20,
    1,
  );
  expectSame(text, trace, ['auto']);
  const rules = lane(text, 'auto');
  const answers = rules.passHeaders(trace, FORWARD);
  const verdicts = Array.from({ length: 20 }, (_, packet) =>
    answers.readUInt32LE(packet * Header.RESULT_BYTES),
  );
  expect(new Set(verdicts)).toEqual(new Set([Verdict.ACCEPT, Verdict.DROP]));
});

test('jumps to chains without rules count, and go on; gotos to them return', () => {
  const text = [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ':empty - [0:0]',
    ':user - [0:0]',
    '-A FORWARD -j empty',
    '-A FORWARD -p udp -j user',
    '-A FORWARD -p tcp -g empty',
    '-A FORWARD -j DROP',
    '-A user -d 10.0.0.0/8 -g empty',
    '-A user -j ACCEPT',
    'COMMIT\n',
  ].join('\n');
  const to = (dst: number, proto: number): Parameters<typeof drawTrace>[0][number] => ({
    src: 1,
    srcLength: 32,
    dst,
    dstLength: 32,
    sport: [1, 1],
    dport: [1, 1],
    proto,
  });
  const packets = [to(0x0a000001, 17), to(0x0b000001, 17), to(1, 6), to(1, 47)];
  const trace = new Uint8Array(packets.length * Header.BYTES);
  packets.forEach((packet, index) => {
    trace.set(drawTrace([packet], 1, 1), index * Header.BYTES);
  });
  const rules = lane(text, 'auto');
  const answers = rules.passHeaders(trace, FORWARD);
  const words = packets.flatMap((_, index) => [
    answers.readUInt32LE(8 * index),
    answers.readUInt32LE(8 * index + 4),
  ]);
  const chains = rules.images[0]?.rules.chains ?? [];
  const first = (name: string): number => chains.find(({ chain }) => chain.name === name)?.firstRecord ?? -1;
  // Behind the user chain's goto FORWARD goes on; the goto in FORWARD ends in its policy.
  expect(words).toEqual([
    ...[Verdict.DROP, first('FORWARD') + 3],
    ...[Verdict.ACCEPT, first('user') + 1],
    ...[Verdict.ACCEPT, first('FORWARD') + 4],
    ...[Verdict.DROP, first('FORWARD') + 3],
  ]);
  const counted = (name: string, rule: number): string | undefined =>
    rules.counters().find((line) => line.startsWith(`IPv4 record ${first(name) + rule}:`));
  expect(counted('FORWARD', 0)).toMatch(/: 4 240$/);
  expect(counted('FORWARD', 1)).toMatch(/: 2 120$/);
  expect(counted('FORWARD', 2)).toMatch(/: 1 60$/);
  expect(counted('user', 0)).toMatch(/: 1 60$/);
});
