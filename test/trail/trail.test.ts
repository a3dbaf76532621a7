// What a connection's entry remembers of the way of its packets through FORWARD, by records made by hand: a packet follows
// it when it is like the one before in all that the chain asks, and else walks. Whether it follows is told by a trail
// that is made wrong.

import { describe, expect, test } from 'vitest';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Trail from '../../src/layout/trail.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { type Fields, TrailLane } from './lane.ts';

/** FORWARD's first record: INPUT's policy stands before it. */
const FIRST = 1;

/** Accepts, and asks only what the tuple says. */
const BY_TUPLE = `*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctorigsrc 192.0.2.1 -j DROP
-A FORWARD -s 192.0.2.1 -j DROP
-A FORWARD -p udp -m udp --dport 53 -j DROP
-A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT
COMMIT
`;
const ASKING = (match: string): string =>
  BY_TUPLE.replace('-A FORWARD -s', `-A FORWARD ${match}\n-A FORWARD -s`);

/** Packets that differ in one thing from the one before. */
const OTHERS: readonly (readonly [name: string, fields: Fields, match: string])[] = [
  [
    'state',
    { [Packet.CTSTATE]: Conntrack.STATE_NEW | Conntrack.STATE_PASSED },
    '-m conntrack --ctstate RELATED',
  ],
  ['in', { [Packet.IIF]: 2 }, '-i eth1'],
  ['out', { [Packet.OIF]: 1 }, '-o eth0'],
  ['mark', { [Packet.MARK]: 0x80000000 }, '-m mark --mark 1'],
  ['packet type', { [Packet.PKTTYPE]: 2 }, '-m pkttype --pkt-type multicast'],
  ['TCP flags', { [Packet.TCP_FLAGS]: 0x11 }, '-p tcp -m tcp --tcp-flags FIN,RST RST'],
];

/** The trail of a packet that was like the usual one; what the next packet does when that trail is wrong. */
function follows(lane: TrailLane, fields: Fields, before: Fields = {}, status?: number): boolean {
  const entry = lane.entry();
  expect(lane.pass(entry, before).verdict).toBe(Verdict.ACCEPT);
  const word = lane.trail(entry);
  expect(word & Trail.ACCEPT).not.toBe(0);
  lane.setTrail(entry, word & ~Trail.ACCEPT);
  if (status !== undefined) lane.setWord(entry + Conntrack.STATUS, status);
  return lane.pass(entry, fields).verdict === Verdict.DROP;
}

describe('a packet', () => {
  test('that is like the one before follows it, and counts with its own length', () => {
    const lane = new TrailLane(BY_TUPLE);
    const entry = lane.entry();
    const lengths = [40, 100, 1500];
    const passed = lengths.map((length) => lane.pass(entry, { [Packet.LENGTH]: length }));
    expect(passed).toEqual(Array.from(lengths, () => ({ verdict: Verdict.ACCEPT, decision: FIRST + 3 })));
    expect(lane.lane.counters()).toEqual([`IPv4 record ${FIRST + 3}: 3 1640`]);
    expect(follows(lane, {})).toBe(true);
  });

  test.each(OTHERS)('follows one with other %s where no rule asks for it', (_, fields) => {
    expect(follows(new TrailLane(BY_TUPLE), fields)).toBe(true);
  });

  test.each(OTHERS)('walks behind one with other %s where a rule does', (_, fields, match) => {
    const lane = new TrailLane(ASKING(match));
    expect(follows(lane, fields)).toBe(false);
    expect(follows(lane, {})).toBe(true);
  });

  test('follows what differs in other TCP flags than those that are asked for', () => {
    const lane = new TrailLane(ASKING('-p tcp -m tcp --syn'));
    expect(follows(lane, { [Packet.TCP_FLAGS]: 0x18 })).toBe(true);
    expect(follows(lane, { [Packet.TCP_FLAGS]: 0x02 })).toBe(false);
  });

  test('walks when the connection has come to what a rule asks of its status', () => {
    const assured = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED | Conntrack.IPS_ASSURED;
    expect(follows(new TrailLane(BY_TUPLE), {}, {}, assured)).toBe(true);
    expect(follows(new TrailLane(ASKING('-m conntrack --ctstatus ASSURED')), {}, {}, assured)).toBe(false);
  });

  test('walks when the rules are others', () => {
    const lane = new TrailLane(BY_TUPLE);
    const entry = lane.entry();
    lane.pass(entry);
    lane.setTrail(entry, lane.trail(entry) & ~Trail.ACCEPT);
    lane.setSerial(1);
    expect(lane.pass(entry).verdict).toBe(Verdict.ACCEPT);
  });

  test.each([
    ['an abnormal header', { [Packet.FLAGS]: Packet.FLAG_PORTS | Packet.FLAG_ABNORMAL }],
    ['another protocol', { [Packet.PROTO]: 132 }],
  ])('with %s neither follows nor is followed', (_, fields) => {
    expect(follows(new TrailLane(BY_TUPLE.replace('DROP [', 'ACCEPT [')), fields)).toBe(false);
    const lane = new TrailLane(BY_TUPLE);
    const entry = lane.entry();
    lane.pass(entry, fields);
    expect(lane.trail(entry)).toBe(0);
  });

  test('of a connection that is not confirmed, or over, leaves nothing', () => {
    const lane = new TrailLane(BY_TUPLE);
    const dying = Conntrack.IPS_CONFIRMED | Conntrack.IPS_DYING;
    for (const status of [Conntrack.IN_USE, Conntrack.IN_USE | dying, 0]) {
      const entry = lane.entry(status);
      expect(lane.pass(entry).verdict).toBe(Verdict.ACCEPT);
      expect(lane.trail(entry)).toBe(0);
    }
  });

  test('in the other direction has a trail of its own', () => {
    const lane = new TrailLane(BY_TUPLE);
    const entry = lane.entry();
    const reply = { [Packet.CTINFO]: Conntrack.INFO_ESTABLISHED_REPLY, [Packet.DPORT]: 1024 };
    expect(lane.pass(entry)).toEqual({ verdict: Verdict.ACCEPT, decision: FIRST + 3 });
    expect(lane.pass(entry, reply)).toEqual({ verdict: Verdict.DROP, decision: FIRST + 4 });
    expect(lane.trail(entry) & Trail.PLACE_MASK).toBe(FIRST + 3);
    expect(lane.trail(entry, true) & Trail.PLACE_MASK).toBe(FIRST + 4);
    expect(lane.pass(entry, reply)).toEqual({ verdict: Verdict.DROP, decision: FIRST + 4 });
  });
});

/** `count` rules that count and a jump before what decides. */
const counting = (count: number): string => {
  const rules = Array.from({ length: count }, (_, rule) => `-A FORWARD -p tcp -m tcp --sport ${rule}:`);
  return `*filter
:FORWARD DROP [0:0]
:sub - [0:0]
${rules.join('\n')}
-A FORWARD -m conntrack --ctstate ESTABLISHED -j sub
-A sub -j LOG
-A sub -j RETURN
COMMIT
`;
};

describe('a trail of several records', () => {
  const decided = (count: number) => ({ verdict: Verdict.DROP, decision: FIRST + count + 1 });
  /** All of FORWARD's records, and those of sub, which stand behind OUTPUT's policy. */
  const counted = (count: number, packets: number): string[] =>
    Array.from({ length: count + 5 }, (_, record) => record)
      .filter((record) => record !== count + 2)
      .map((record) => `IPv4 record ${FIRST + record}: ${packets} ${packets * 40}`);

  test.each([1, 11])('counts at all of them, %i before the jump', (count) => {
    const lane = new TrailLane(counting(count));
    const [one, other] = [lane.entry(), lane.entry()];
    for (let packet = 0; packet < 3; packet++) expect(lane.pass(one)).toEqual(decided(count));
    for (let packet = 0; packet < 2; packet++) expect(lane.pass(other)).toEqual(decided(count));
    expect(lane.lane.counters()).toEqual(counted(count, 5));
    // Both entries have the same list.
    expect(lane.trail(one) & Trail.PLACE_MASK).toBeGreaterThanOrEqual(lane.records);
    expect(lane.trail(other)).toBe(lane.trail(one));
  });

  test('is not remembered when there are too many', () => {
    const lane = new TrailLane(counting(12));
    const entry = lane.entry();
    for (let packet = 0; packet < 3; packet++) expect(lane.pass(entry)).toEqual(decided(12));
    expect(lane.lane.counters()).toEqual(counted(12, 3));
    expect(lane.trail(entry)).toBe(0);
  });
});

describe('memory for trails', () => {
  const mark = (value: number): Fields => ({ [Packet.MARK]: value });

  test('of keys that is full remembers no more, and what it has', () => {
    const lane = new TrailLane(ASKING('-m mark --mark 1'), { trailKeys: 2 });
    const entry = lane.entry();
    for (const value of [5, 6, 7]) lane.pass(entry, mark(value));
    expect(follows(lane, mark(6), mark(6))).toBe(true);
    const late = lane.entry();
    lane.pass(late, mark(7));
    expect(lane.trail(late)).toBe(0);
  });

  test('of lists that is full likewise', () => {
    const rules = Array.from({ length: 40 }, (_, port) => `-A FORWARD -p tcp -m tcp --sport ${port}`);
    const text = `*filter\n:FORWARD ACCEPT [0:0]\n${rules.join('\n')}\n-A FORWARD -m conntrack --ctstate INVALID\nCOMMIT\n`;
    const lane = new TrailLane(text, { trailLists: 2 });
    const entries = rules.map((_, port) => {
      const entry = lane.entry();
      for (let packet = 0; packet < 3; packet++) lane.pass(entry, { [Packet.SPORT]: port });
      return entry;
    });
    expect(entries.filter((entry) => lane.trail(entry) !== 0)).toHaveLength(2);
    expect(lane.lane.counters()).toEqual([
      ...rules.map((_, record) => `IPv4 record ${FIRST + record}: 3 120`),
      `IPv4 record ${FIRST + 41}: 120 4800`,
    ]);
  });

  test('begins anew with rules that replace others, once it is full', () => {
    const lane = new TrailLane(ASKING('-m mark --mark 1'), { trailKeys: 2 });
    const [one, other, free] = [lane.entry(), lane.entry(), lane.entry(0)];
    lane.setTrail(free, one);
    for (const [entry, value] of [
      [one, 5],
      [other, 6],
    ] as const) {
      lane.pass(entry, mark(value));
      expect(lane.trail(entry)).not.toBe(0);
    }
    lane.setSerial(7);
    lane.pass(one, mark(5));
    expect(lane.trail(one)).not.toBe(0);
    expect(lane.trail(other)).toBe(0);
    // The link of a free entry is no trail.
    expect(lane.trail(free)).toBe(one);
    expect(follows(lane, mark(6), mark(6))).toBe(true);
    // Once for an image.
    lane.pass(other, mark(8));
    expect(lane.trail(other)).toBe(0);
    expect(lane.trail(one)).not.toBe(0);
  });
});
