// The captures of the corpus that Linux has tracked, through the reference interpreter.

import { expect, test } from 'vitest';
import { counted, differences, unlike } from './agree.ts';
import { corpusIsThere, loadCaptureRecords } from './corpus.ts';
import { interpret } from './interpreted.ts';

/** Only the time of the whole was recorded. */
function withoutTime(line: string): string {
  return line.replace(/^(\S+ +\d+ \S+ +\d+ )\d+/, '$10');
}

test.skipIf(!corpusIsThere())(
  'captures as Linux tracked them (needs ../shared/corpus)',
  { timeout: 300_000 },
  () => {
    let packets = 0;
    const wrong: string[] = [];
    for (const record of loadCaptureRecords()) {
      packets += record.packets.length;
      const interpreted = interpret(record);
      const found = differences(record, interpreted);
      const table = unlike(record.table.map(withoutTime), interpreted.table.map(withoutTime));
      if (`${counted(interpreted.counters4)}` !== `${counted(record.counters4)}`) found.push('IPv4 counters');
      if (`${counted(interpreted.counters6)}` !== `${counted(record.counters6)}`) found.push('IPv6 counters');
      wrong.push(...[...found, ...table].map((line) => `${record.name}: ${line}`));
    }
    expect(wrong).toEqual([]);
    expect(packets).toBeGreaterThan(50_000);
  },
);
