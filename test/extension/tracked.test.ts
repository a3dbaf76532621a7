// What Linux counted by the matches and targets of connection tracking (tracked.py), once more through scans, rule by
// rule and classified, and by the reference.

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHost } from '../../src/host/folder.ts';
import type { Machine } from '../../src/host/machine.ts';
import { type Frame, Interpreter } from '../../src/interpret/interpreter.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';
import { hostFiles } from '../conntrack/records.ts';
import { pcapng } from '../generate/capture.ts';

interface Case {
  readonly name: string;
  readonly family: 4 | 6;
  readonly backend: Backend;
  /** Behind `net.netfilter.nf_conntrack_`. */
  readonly sysctls: Readonly<Record<string, number>>;
  /** For iptables-restore. */
  readonly rules: string;
  /** Microseconds, the interface (0: eth0, 1: eth1), hex from the IP header on. */
  readonly packets: readonly (readonly [timeUs: number, side: 0 | 1, packet: string])[];
  /** `iptables-save -c` behind the packets. */
  readonly saved: string;
}

const MACS = ['020000000001', '020000000101'];
const PEER = '020000000099';
const ETHERNET = 1;
/** So that nothing is younger than the epoch. */
const START_NS = 1_700_000_000_000_000_000n;

const cases = readFileSync(new URL('tracked.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

function machineOf({ sysctls }: Case): Machine {
  const files = hostFiles(
    Object.fromEntries(
      Object.entries(sysctls).map(([name, value]) => [`net.netfilter.nf_conntrack_${name}`, `${value}`]),
    ),
  );
  return readHost((name) => ({ path: name, text: files[name] }));
}

function framesOf({ packets }: Case, machine: Machine): Frame[] {
  return packets.map(([timeUs, side, packet], index) => {
    const type = packet.startsWith('4') ? '0800' : '86dd';
    const bytes = Buffer.from(`${MACS[side]}${PEER}${type}${packet}`, 'hex');
    return {
      bytes,
      originalLength: bytes.length,
      linkType: ETHERNET,
      timeNs: START_NS + BigInt(timeUs) * 1000n,
      interfaceIndex: machine.interfaces.find(({ name }) => name === `eth${side}`)?.index,
      direction: 'in',
      number: index + 1,
    };
  });
}

async function scanned(one: Case, ruleSet: RuleSet, linear: boolean): Promise<RuleSet | undefined> {
  const machine = machineOf(one);
  const directory = await mkdtemp(join(tmpdir(), 'wasmtables-tracked-'));
  try {
    const capture = join(directory, 'case.pcapng');
    writeFileSync(capture, pcapng(framesOf(one, machine), machine));
    const family = one.family === 4 ? 'rules4' : 'rules6';
    const { backend } = one;
    const options = { captures: [capture], machine, backend, linear, workers: 1 };
    return (await scan({ ...options, [family]: ruleSet }))[family];
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The same by the reference. */
function interpreted(one: Case, ruleSet: RuleSet): RuleSet {
  const machine = machineOf(one);
  const family = one.family === 4 ? 'rules4' : 'rules6';
  const interpreter = new Interpreter({ machine, backend: one.backend, [family]: ruleSet });
  for (const frame of framesOf(one, machine)) interpreter.evaluate(frame);
  const none = { packets: 0n, bytes: 0n };
  const tables = ruleSet.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({
      ...chain,
      counters: interpreter.counters.get(chain) ?? none,
      rules: chain.rules.map((rule) => ({ ...rule, counters: interpreter.counters.get(rule) ?? none })),
    })),
  }));
  return { ...ruleSet, tables };
}

describe.each(cases)('$name, IPv$family, $backend', (one) => {
  const { backend, rules, saved } = one;
  const ruleSet = readRules(rules, { file: one.name, family: one.family === 4 ? 'ipv4' : 'ipv6', backend });

  it.each([
    ['rule by rule', true],
    ['classified', false],
  ])('counts as Linux did, %s', async (_, linear) => {
    const counted = await scanned(one, ruleSet, linear);
    expect(printRules(counted as RuleSet, { backend, counters: true })).toBe(`${saved}\n`);
  });

  it('counts as Linux did, by the reference', () => {
    const counted = interpreted(one, ruleSet);
    expect(printRules(counted, { backend, counters: true })).toBe(`${saved}\n`);
  });
});
