// The readable summary of a scan with many rules.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import * as extensions from '../../src/extension/index.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import { summaryText } from '../../src/report/summary.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';
import { pcap } from '../capture/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'summary-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The numbers of the rules that are listed, and what the summary says of the others. */
async function listed(packets: readonly number[], all: boolean): Promise<[number[], string[]]> {
  const capture = join(folder, 'empty.pcap');
  writeFileSync(capture, pcap([]));
  const lines = packets.map((count) => `[${count}:${count}] -A FORWARD -p tcp\n`).join('');
  const rules4 = readRules(`*filter\n${lines}COMMIT\n`, { file: 'many', family: 'ipv4' });
  const result = await scan({ captures: [capture], machine: machineFromOptions({}), workers: 1 });
  const style = { heading: (text: string) => text, faint: (text: string) => text };
  const options = { backend4: 'legacy', backend6: 'legacy', extensions, all, style } as const;
  const text = summaryText({ ...result, rules4 }, options);
  const numbers = text.match(/^\d+ +\d+ +\d+ .*tcp/gm)?.map((line) => Number.parseInt(line, 10)) ?? [];
  return [numbers, text.match(/^\(.*\)$/gm) ?? []];
}

test('of more than a thousand rules that were hit those with most packets are listed', async () => {
  // 400 with 9 packets behind 1,000 with 5, some with none before.
  const packets = [
    ...Array<number>(20).fill(0),
    ...Array<number>(1000).fill(5),
    ...Array<number>(400).fill(9),
  ];
  const [numbers, notes] = await listed(packets, false);
  const expected = packets.flatMap((count, index) =>
    count === 9 || (count === 5 && index < 620) ? [index + 1] : [],
  );
  expect(numbers).toEqual(expected);
  expect(numbers).toHaveLength(1000);
  expect(notes).toEqual([
    '(the 1,000 with most packets of 1,400 rules that saw any; --all lists them all)',
    '(20 of 1,420 rules and 2 of 3 chains saw no packet; --all lists them too)',
  ]);
});

test('a thousand are all listed, and --all lists any number', async () => {
  const [numbers] = await listed(Array<number>(1000).fill(1), false);
  expect(numbers).toHaveLength(1000);
  const [everything, notes] = await listed(Array<number>(1500).fill(1), true);
  expect(everything).toHaveLength(1500);
  expect(notes).toEqual([]);
});
