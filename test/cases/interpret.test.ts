// The verdict cases through the reference interpreter.

import { describe, expect, test } from 'vitest';
import { Interpreter } from '../../src/interpret/interpreter.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { type Case, type CounterCase, loadCases } from './load.ts';

const cases = loadCases();

function counted(rules: readonly (RuleSet | undefined)[], wanted: CounterCase): string {
  for (const set of rules) {
    const table = set?.tables.find((one) => one.name === wanted.table);
    const chain = table?.chains.find((one) => one.name === wanted.chain);
    const counters = wanted.rule === 0 ? chain?.counters : chain?.rules[wanted.rule - 1]?.counters;
    if (counters !== undefined) return `${counters.packets} packets, ${counters.bytes} bytes`;
  }
  return 'no such rule';
}

function check(one: Case): void {
  const interpreter = new Interpreter(one);
  const outcomes = one.packets.map((packet) => interpreter.evaluate(packet.frame));
  one.packets.forEach((packet, index) => {
    const outcome = outcomes[index];
    const steps = outcome?.path.map((step) => `${step.text}${step.matched ? '' : ` (${step.failed})`}`);
    expect(outcome, `${packet.text}\n${steps?.join('\n')}`).toMatchObject(packet.expected);
  });
  const { ipv4, ipv6 } = interpreter.countersOf();
  for (const wanted of one.counters) {
    const name = `${wanted.table}:${wanted.chain}:${wanted.rule}`;
    expect(`${name} ${counted([ipv4, ipv6], wanted)}`).toBe(
      `${name} ${wanted.packets} packets, ${wanted.bytes} bytes`,
    );
  }
}

describe('verdict cases through the reference interpreter', () => {
  test.each(cases.map((one) => [`${one.file}: ${one.title}`, one] as const))('%s', (_, one) => {
    check(one);
  });
});
