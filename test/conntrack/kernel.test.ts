// The records of the real kernel through the scan: ctstate packet by packet, counters, and the table at the end.

import { describe, expect, test } from 'vitest';
import { loadRecords } from './records.ts';
import { replay } from './scanned.ts';

/** `-A` lines with their counters. */
function counted(text: string): string[] {
  return text.split('\n').filter((line) => /^\[\d+:\d+\] -A/.test(line));
}

describe.each([...loadRecords()])('$group: $name', (record) => {
  test('as Linux tracked it', async () => {
    const replayed = await replay(record, { workers: 1 });
    const seen = record.packets.map(({ observed }) => observed?.ctstate ?? null);
    const wrong = seen.flatMap((state, index) => {
      const here = replayed.ctstates[index] ?? null;
      return state === here || state === null ? [] : [`packet ${index + 1}: Linux ${state}, here ${here}`];
    });
    expect(wrong).toEqual([]);
    expect(counted(replayed.counters4)).toEqual(counted(record.counters4));
    expect(counted(replayed.counters6)).toEqual(counted(record.counters6));
  });
});
