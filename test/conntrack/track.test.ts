// The trackers against the real kernel, packet by packet (linux/*.jsonl): ctstate, status, and of the entry afterwards
// status, timeout, state, window scales and flags.

import { describe, expect, test } from 'vitest';
import { loadRecords } from './records.ts';
import { replay } from './replay.ts';

/** Records of what a core without zones, errors and fragments can follow. */
const records = [...loadRecords(['tcp', 'protocol', 'packetdrill'])].filter((record) =>
  /^(tcp|udp|udplite|icmp6?-queries|sctp|gre|dccp|generic)/.test(record.name),
);

test('there are records', () => {
  expect(records.filter((record) => record.group === 'tcp').length).toBeGreaterThanOrEqual(30);
  expect(records.filter((record) => record.group === 'protocol').length).toBeGreaterThanOrEqual(20);
});

describe.each(records)('$group $name', (record) => {
  test('is tracked as Linux tracked it', () => {
    const { differences, compared } = replay(record);
    expect(differences.slice(0, 10)).toEqual([]);
    expect(compared).toBeGreaterThan(record.packets.length / 2);
  });
});
