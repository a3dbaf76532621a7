// The records are whole and agree with themselves: what was seen packet by packet adds up to the kernel's counters.

import { describe, expect, test } from 'vitest';
import { corpusIsThere, loadCaptureRecords } from './corpus.ts';
import { type ConntrackRecord, hostFiles, loadRecords } from './records.ts';

const records = [...loadRecords()];

/** Packets counted by a rule of mangle PREROUTING, in both families. */
function counted(record: ConntrackRecord, option: string): number {
  let packets = 0;
  for (const saved of [record.counters4, record.counters6]) {
    const rule = new RegExp(`^\\[(\\d+):\\d+\\] -A PREROUTING -m conntrack ${option}$`, 'm').exec(saved);
    packets += Number(rule?.[1] ?? Number.NaN);
  }
  return packets;
}

test('there are records', () => {
  expect(records.length).toBeGreaterThan(25);
  expect(new Set(records.map((record) => record.name)).size).toBe(records.length);
  expect(Object.keys(hostFiles())).toContain('addr.json');
});

test('sysctls of a record replace those of the router', () => {
  const key = 'net.netfilter.nf_conntrack_tcp_loose';
  expect(hostFiles()['sysctl.txt']).toContain(`${key} = 1\n`);
  expect(hostFiles({ [key]: '0' })['sysctl.txt']).not.toContain(`${key} = 1\n`);
  expect(hostFiles({ [key]: '0' })['sysctl.txt']).toContain(`${key} = 0\n`);
});

const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const;
const STATUSES = ['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'] as const;

/** Packets by what was seen of each, and by the counters. */
function sums(record: ConntrackRecord) {
  const { packets } = record;
  const seen: Record<string, number> = {};
  const counters: Record<string, number> = {};
  for (const state of STATES) {
    seen[state] = packets.filter((packet) => packet.observed?.ctstate === state).length;
    counters[state] = counted(record, `--ctstate ${state}`);
  }
  for (const status of STATUSES) {
    seen[status] = packets.filter((packet) => packet.observed?.ctstatus.includes(status)).length;
    counters[status] = counted(record, `--ctstatus ${status}`);
  }
  seen.REPLY = packets.filter((packet) => packet.observed?.reply).length;
  counters.REPLY = counted(record, '--ctdir REPLY');
  return { seen, counters };
}

describe.each(records)('$name', (record) => {
  test('what was seen adds up', () => {
    const { seen, counters } = sums(record);
    expect(seen).toEqual(counters);
  });

  test('times ascend', () => {
    const times = record.packets.map((packet) => packet.timeNs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(record.tableTimeNs).toBeGreaterThanOrEqual(times.at(-1) ?? 0);
  });
});

test.skipIf(!corpusIsThere())('captures of the corpus: what was seen adds up', () => {
  const captures = new Set<string>();
  for (const record of loadCaptureRecords()) {
    captures.add(record.capture);
    const { seen, counters } = sums(record);
    expect(seen, record.name).toEqual(counters);
  }
  expect(captures.size).toBeGreaterThan(200);
});
