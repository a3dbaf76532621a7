// The records are whole and agree with themselves: what was seen packet by packet adds up to the kernel's counters.

import { describe, expect, test } from 'vitest';
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

describe.each(records)('$name', (record) => {
  test.each(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'])('%s adds up', (state) => {
    const seen = record.packets.filter((packet) => packet.observed?.ctstate === state);
    expect(seen.length).toBe(counted(record, `--ctstate ${state}`));
  });

  test.each(['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'] as const)('%s adds up', (status) => {
    const seen = record.packets.filter((packet) => packet.observed?.ctstatus.includes(status));
    expect(seen.length).toBe(counted(record, `--ctstatus ${status}`));
  });

  test('replies add up, times ascend', () => {
    const seen = record.packets.filter((packet) => packet.observed?.reply);
    expect(seen.length).toBe(counted(record, '--ctdir REPLY'));
    const times = record.packets.map((packet) => packet.timeNs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(record.tableTimeNs).toBeGreaterThanOrEqual(times.at(-1) ?? 0);
  });
});
