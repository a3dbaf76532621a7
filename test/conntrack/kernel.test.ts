// The records of Linux through the scan, which is the WebAssembly kernel: the ctstate and the fate of each packet, every
// counter, and the table of connections; with one lane and with two.

import { describe, expect, test } from 'vitest';
import { counted, differences, unlike } from './agree.ts';
import { corpusIsThere, loadCaptureRecords } from './corpus.ts';
import { type ConntrackRecord, loadRecords } from './records.ts';
import { type Replayed, replay } from './scanned.ts';

/** What differs from the record, line by line. */
function unequal(record: ConntrackRecord, replayed: Replayed, shown: (line: string) => string): string[] {
  const wrong = differences(record, replayed);
  wrong.push(...unlike(record.table.map(shown), replayed.table.map(shown)));
  for (const family of ['counters4', 'counters6'] as const) {
    const here = counted(replayed[family]);
    counted(record[family]).forEach((line, index) => {
      if (here[index] !== line) wrong.push(`Linux ${line}, here ${here[index]}`);
    });
  }
  return wrong;
}

describe.each([...loadRecords()])('$group: $name', (record) => {
  test('as Linux tracked it', async () => {
    const replayed = await replay(record, { workers: 1 });
    expect(unequal(record, replayed, (line) => line)).toEqual([]);
    expect(await replay(record, { workers: 2 })).toEqual(replayed);
  });
});

/** Of captures only the time of the whole was recorded. */
function withoutTime(line: string): string {
  return line.replace(/^(\S+ +\d+ \S+ +\d+ )\d+/, '$10');
}

test.skipIf(!corpusIsThere())(
  'captures as Linux tracked them (needs ../shared/corpus)',
  { timeout: 300_000 },
  async () => {
    let packets = 0;
    const wrong: string[] = [];
    for (const record of loadCaptureRecords()) {
      packets += record.packets.length;
      const found = unequal(record, await replay(record, { workers: 1 }), withoutTime);
      wrong.push(...found.map((line) => `${record.name}: ${line}`));
    }
    expect(wrong).toEqual([]);
    expect(packets).toBeGreaterThan(70_000);
  },
);
