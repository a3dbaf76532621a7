// The kernel that was recorded does what the kernel's own packetdrill tests of conntrack state
// (tools/testing/selftests/net/netfilter/packetdrill/conntrack_*.pkt).

import { describe, expect, test } from 'vitest';
import { type ConntrackRecord, loadRecords } from './records.ts';

const SYN_SENT = 1;
const SYN_RECV = 2;
const ESTABLISHED = 3;
const CLOSE_WAIT = 5;
const CLOSE = 8;
/** IPS_SEEN_REPLY, IPS_ASSURED */
const SEEN_REPLY = 2;
const ASSURED = 4;

const records = new Map([...loadRecords(['packetdrill'])].map((record) => [record.name, record]));

function invalid(record: ConntrackRecord): readonly string[] {
  const packets = record.packets.filter((packet) => packet.observed?.ctstate === 'INVALID');
  return packets.map((packet) => packet.interface);
}

/** The TCP state after each packet. */
const states = (record: ConntrackRecord) => record.packets.map((packet) => packet.entry?.state);

const lastStatus = (record: ConntrackRecord) => record.packets.at(-1)?.entry?.status ?? 0;

describe.each(['ipv4', 'ipv6'])('%s', (family) => {
  const find = (name: string): ConntrackRecord => {
    const record = records.get(`packetdrill-${name}-${family}`);
    if (record === undefined) throw new Error(`no record ${name}`);
    return record;
  };

  test('data acknowledged long ago is not INVALID', () => {
    expect(invalid(find('ack-loss-stall'))).toEqual([]);
  });

  test('a RST that is not exact closes a connection in CLOSE_WAIT', () => {
    const record = find('inexact-rst');
    expect(invalid(record)).toEqual([]);
    expect(states(record).slice(-3)).toEqual([CLOSE_WAIT, CLOSE, CLOSE]);
  });

  test('four RSTs are INVALID, the exact one closes', () => {
    const record = find('rst-invalid');
    expect(invalid(record)).toEqual(['eth1', 'eth1', 'eth1', 'eth1']);
    expect(new Set(states(record).slice(2, -1))).toEqual(new Set([ESTABLISHED]));
    expect(states(record).at(-1)).toBe(CLOSE);
  });

  test('a challenge ACK in SYN_SENT passes', () => {
    const record = find('syn-challenge-ack');
    expect(invalid(record)).toEqual([]);
    expect(states(record)[3]).toBe(SYN_SENT);
    expect((record.packets[3]?.entry?.status ?? SEEN_REPLY) & SEEN_REPLY).toBe(0);
    expect(states(record).at(-1)).toBe(ESTABLISHED);
    expect(lastStatus(record) & ASSURED).toBe(ASSURED);
  });

  test('an old SYN/ACK is INVALID and leaves SYN_SENT', () => {
    const record = find('synack-old');
    expect(invalid(record)).toEqual(['eth1']);
    expect(states(record)[2]).toBe(SYN_SENT);
    expect(states(record).at(-1)).toBe(ESTABLISHED);
    expect(lastStatus(record) & ASSURED).toBe(ASSURED);
  });

  test('a SYN in ESTABLISHED begins anew after the RST', () => {
    const record = find('synack-reuse');
    expect(invalid(record)).toEqual([]);
    expect(states(record).at(-1)).toBe(SYN_RECV);
  });
});
