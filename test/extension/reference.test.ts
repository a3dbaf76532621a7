import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Interpreter } from '../../src/interpret/interpreter.ts';
import type { Backend } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { MACHINE } from './machine.ts';

const RESULTS: Readonly<Record<string, string>> = {
  '1,1': 'YES',
  '0,1': 'NO',
  '0,0': 'HOTDROP',
  '1,0': 'COUNTED',
};

function evaluate(family: number, backend: Backend, rule: string, frame: string): string | undefined {
  const text = `*raw\n-A PREROUTING ${rule}\n-A PREROUTING\nCOMMIT\n`;
  const rules = readRules(text, { file: 'linux.jsonl', family: family === 4 ? 'ipv4' : 'ipv6' });
  const interpreter = new Interpreter({
    [family === 4 ? 'rules4' : 'rules6']: rules,
    machine: MACHINE,
    backend,
  });
  const bytes = Buffer.from(frame, 'hex');
  interpreter.evaluate({ bytes, originalLength: bytes.length, linkType: 1, timeNs: 0n, number: 1 });
  const chain = rules.tables[0]?.chains.find(({ name }) => name === 'PREROUTING');
  const counts = (chain?.rules ?? []).map((one) => interpreter.counters.get(one)?.packets ?? 0n);
  return RESULTS[counts.join(',')];
}

describe('the reference does what Linux did', () => {
  const lines = readFileSync(new URL('linux.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  lines.forEach((line, index) => {
    const { family, backend, rule, frame, result } = JSON.parse(line);
    // iptables-nft 1.8.9 forgets this condition; see kernel.test.ts.
    if (backend === 'nft' && rule === '-p tcp -m tcp ! --sport :') return;
    it(`${index + 1}: IPv${family} ${backend} ${rule}`, () => {
      expect(evaluate(family, backend, rule, frame)).toBe(result);
    });
  });
});
