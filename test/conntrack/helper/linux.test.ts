// Helpers against what the Linux kernel made of the same conversations (NAME.jsonl, recorded by record.py): which packets
// were dropped, what was expected after each, and which connections were related.

import { describe, expect, test } from 'vitest';
import { readCases } from './case.ts';
import { replay } from './engine.ts';
import { KernelEngine } from './kernel.ts';
import { ReferenceEngine } from './reference.ts';

const FILES = ['ftp', 'tftp', 'irc', 'pptp', 'amanda', 'sane', 'sip', 'sip-tcp', 'netbios-ns', 'snmp'];
/** Conversations with mutated payloads. */
const RANDOM = ['ftp', 'irc', 'pptp', 'amanda', 'sane', 'sip', 'sip-tcp'];

describe.each(FILES)('%s', (file) => {
  const cases = readCases(file);

  test('the records hold expectations', () => {
    expect(cases.filter((one) => one.steps.some((step) => step.expects.length > 0)).length).toBeGreaterThan(
      3,
    );
  });

  test.each(cases.map((one) => [one.name, one] as const))('kernel: %s', (_, one) => {
    replay(one, new KernelEngine());
  });

  test.each(cases.map((one) => [one.name, one] as const))('reference: %s', (_, one) => {
    replay(one, new ReferenceEngine());
  });
});

test.each(RANDOM)('%s: mutated conversations', (file) => {
  const cases = readCases(`${file}-random`);
  expect(cases.length).toBeGreaterThanOrEqual(100);
  for (const one of cases) {
    replay(one, new KernelEngine());
    replay(one, new ReferenceEngine());
  }
});
