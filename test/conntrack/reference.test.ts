// The records of the real kernel through the reference interpreter: ctstate and way of each packet, what is told of
// connections, counters, and the table at the end.

import { describe, expect, test } from 'vitest';
import { eventText } from '../../src/conntrack/events.ts';
import { counted, differences, unlike } from './agree.ts';
import { type Interpreted, interpret } from './interpreted.ts';
import { type ConntrackRecord, loadRecords } from './records.ts';
import { entryDifferences } from './tracked.ts';

/**
 * Letters of what was told of connections, packet by packet: New, Update, Destroy. When expired ones are found to be so is
 * a matter of Linux's collector, too.
 */
function eventDifferences(record: ConntrackRecord, { events }: Interpreted): string[] {
  return record.packets.flatMap(({ events: linux }, index) => {
    const told = events.filter(({ number, entry, kind }) => {
      return number === BigInt(index + 1) && !(kind === 'DESTROY' && entry.timeoutNs === 0n);
    });
    const here = told.map(({ kind }) => kind.charAt(0)).join('');
    const ends = (text: string) => text.split('D').length - 1;
    const same = here.replaceAll('D', '') === linux.replaceAll('D', '') && ends(here) <= ends(linux);
    return same ? [] : [`packet ${index + 1}: Linux ${linux}, here ${here}`];
  });
}

/** Lines of `conntrack -E -o extended`, without those of expired connections, which have no remaining time. */
function toldDifferences(linux: readonly string[], { events }: Interpreted): string[] {
  const lines = events.map((event) => eventText(event).replace(/^\[[^\]]*\]\t/, ''));
  const alive = (line: string) => !/^\[DESTROY\] \w+ \d+ \w+ \d+ (?!\d)/.test(line);
  const here = lines.map(squeezed).filter(alive);
  const there = linux.map(squeezed).filter(alive);
  return Array.from({ length: Math.max(here.length, there.length) }, (_, index) => {
    const [theirs, ours] = [there[index] ?? '', here[index] ?? ''];
    return theirs === ours || isTickApart(theirs, ours) ? '' : `Linux ${theirs}, here ${ours}`;
  }).filter((line) => line !== '');
}

function squeezed(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}

/** The same but for a second of the remaining time. */
function isTickApart(one: string, other: string): boolean {
  const split = (line: string) => /^(\[\w+\] \w+ \d+ \w+ \d+ )(\d+)( .*)$/.exec(line) ?? [];
  const [, head, seconds, rest] = split(one);
  const [, head2, seconds2, rest2] = split(other);
  return head === head2 && rest === rest2 && Math.abs(Number(seconds) - Number(seconds2)) <= 1;
}

/** Whose packets Linux tracks as they are: no -j CT, no fragments, no helpers. */
function isPlain({ group, rules4 }: ConntrackRecord): boolean {
  return ['tcp', 'packetdrill', 'protocol'].includes(group) && !rules4.includes('*raw');
}

const records = [...loadRecords()];

describe('as Linux tracked it', () => {
  for (const record of records) {
    test(`${record.group}: ${record.name}`, () => {
      const interpreted = interpret(record);
      expect(differences(record, interpreted)).toEqual([]);
      expect(eventDifferences(record, interpreted)).toEqual([]);
      expect(counted(interpreted.counters4)).toEqual(counted(record.counters4));
      expect(counted(interpreted.counters6)).toEqual(counted(record.counters6));
      expect(unlike(record.table, interpreted.table)).toEqual([]);
      if (record.events !== undefined) expect(toldDifferences(record.events, interpreted)).toEqual([]);
    });
  }
});

describe('connections after each packet', () => {
  test.each(records.filter(isPlain))('$group: $name', (record) => {
    expect(entryDifferences(record)).toEqual([]);
  });
});
