// Every recorded case once more, through whole rules: by the kernel's walk, linear and classified, and through a scan.
// A case's frame comes in by an interface of its own, which leads to a chain of its own.

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Interface, Machine } from '../../src/host/machine.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';
import { pcapng } from '../generate/capture.ts';

interface Case {
  readonly family: 4 | 6;
  readonly backend: Backend;
  readonly rule: string;
  readonly frame: string;
  readonly result: string;
}

const RESULTS: Readonly<Record<string, string>> = {
  '1,1': 'YES',
  '0,1': 'NO',
  '0,0': 'HOTDROP',
  '1,0': 'COUNTED',
};
const FAMILIES = [
  [4, 'ipv4'],
  [6, 'ipv6'],
] as const;

/** iptables-nft 1.8.9 forgets one condition; see kernel.test.ts. */
const cases = readFileSync(new URL('linux.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)
  .filter(({ backend, rule }) => backend !== 'nft' || rule !== '-p tcp -m tcp ! --sport :');

const named = (index: number): string => `c${index}`;

/** Rules behind the case's own let the chain have a classifier. */
function ruleSet(chosen: readonly Case[], number: 4 | 6, family: 'ipv4' | 'ipv6'): RuleSet {
  const indexes = chosen.flatMap((one, index) => (one.family === number ? [index] : []));
  const other = number === 4 ? '192.0.2.1' : '2001:db8::1';
  const text = [
    '*raw',
    ...indexes.map((index) => `:${named(index)} -`),
    ...indexes.map((index) => `-A PREROUTING -i ${named(index)} -j ${named(index)}`),
    ...indexes.flatMap((index) => [
      `-A ${named(index)} ${chosen[index]?.rule}`,
      `-A ${named(index)}`,
      ...[6, 17, 50, 89].map((protocol) => `-A ${named(index)} -s ${other} -p ${protocol}`),
    ]),
    'COMMIT\n',
  ].join('\n');
  return readRules(text, { file: 'linux.jsonl', family });
}

function machineOf(chosen: readonly Case[]): Machine {
  return {
    interfaces: chosen.map(
      (_, index): Interface => ({
        name: named(index),
        index: index + 1,
        loopback: false,
        ethernet: true,
        up: true,
        mtu: 1500,
        addresses: [],
      }),
    ),
    routes: [],
    policyRules: [],
    sysctls: new Map(),
    placement: { kind: 'hook', hook: 0 },
    defaultIn: 0,
    defaultOut: 0,
    useMac: false,
    useVlan: false,
    routed: false,
  };
}

async function evaluate(
  chosen: readonly Case[],
  backend: Backend,
  linear: boolean,
): Promise<readonly string[]> {
  const machine = machineOf(chosen);
  const directory = await mkdtemp(join(tmpdir(), 'wasmtables-walk-'));
  try {
    const capture = join(directory, 'cases.pcapng');
    const frames = chosen.map(({ frame }, index) => {
      const bytes = Buffer.from(frame, 'hex');
      const facts = { originalLength: bytes.length, linkType: 1, timeNs: 0n, number: index + 1 };
      return { bytes, interfaceIndex: index + 1, ...facts };
    });
    writeFileSync(capture, pcapng(frames, machine));
    const [rules4, rules6] = FAMILIES.map(([number, family]) => ruleSet(chosen, number, family));
    const scanned = await scan({
      captures: [capture],
      rules4,
      rules6,
      machine,
      backend,
      linear,
      workers: 1,
    });
    return chosen.map(({ family }, index) => {
      const counted = family === 4 ? scanned.rules4 : scanned.rules6;
      const chain = counted?.tables[0]?.chains.find(({ name }) => name === named(index));
      const counts = chain?.rules.slice(0, 2).map(({ counters }) => counters.packets) ?? [];
      return RESULTS[counts.join(',')] ?? counts.join(',');
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe.each(['legacy', 'nft'] as const)('whole rules do what Linux did, %s', (backend) => {
  const chosen = cases.filter((one) => one.backend === backend);
  it.each([
    ['linear', true],
    ['classified', false],
  ])('%s', async (_, linear) => {
    const results = await evaluate(chosen, backend, linear);
    const said = (results: readonly string[]): readonly string[] =>
      chosen.map(({ family, rule, frame }, index) => `IPv${family} ${rule} ${frame} ${results[index]}`);
    expect(said(results)).toEqual(said(chosen.map(({ result }) => result)));
  });
});
