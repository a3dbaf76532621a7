// Sysctls at 0, at 1 and as large as they can be; captures without packets and with one; starting states that are large,
// double or garbage; more lanes than there is work; scans that are stopped.

import { afterAll, describe, expect, it } from 'vitest';
import { readConntrack } from '../../../src/conntrack/read.ts';
import { WasmtablesErrors } from '../../../src/error.ts';
import { Folder } from '../../cli/run.ts';
import { udp } from '../../generate/frame.ts';
import { randomSource } from '../../packet/frames.ts';
import { loadRecords } from '../records.ts';
import { runInside } from './inside.ts';
import { agree, answerOf, COUNTING, lines, machineWith, pcapngOf, rules, type Sent, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const MOST = 0x7fffffff;

const records = [...loadRecords(['tcp', 'protocol', 'helper', 'fragment'])];
const helpers = records.find(({ group }) => group === 'helper');
const ruleSets = rules(helpers?.rules4 ?? COUNTING, helpers?.rules6);
/** Packets of all records, one record behind the other. */
const mixed: readonly Sent[] = records.flatMap((record, at) =>
  record.packets.slice(0, 40).map(({ frame, interface: name, timeNs }) => ({
    frame,
    interface: name,
    timeNs: 1_700_000_000_000_000_000n + BigInt(at) * 1_000_000_000n + BigInt(timeNs),
  })),
);
const whole = folder.file('mixed.pcapng', pcapngOf(mixed));

const TCP = [
  ...['syn_sent', 'syn_recv', 'established', 'fin_wait', 'close_wait', 'last_ack', 'time_wait', 'close'],
  ...['max_retrans', 'unacknowledged'],
].map((state) => `tcp_timeout_${state}`);
const OTHERS = ['udp_timeout', 'udp_timeout_stream', 'icmp_timeout', 'icmpv6_timeout', 'generic_timeout'];
const NAMES = [
  ...['max', 'expect_max', 'tcp_max_retrans', 'tcp_loose', 'tcp_be_liberal', 'tcp_ignore_invalid_rst'],
  ...['acct', 'timestamp', 'events', 'checksum', 'frag6_timeout'],
  ...['gre_timeout', 'gre_timeout_stream', 'sctp_timeout_established', 'sctp_timeout_closed'],
  ...TCP,
  ...OTHERS,
].map((name) => `nf_conntrack_${name}`);
/** Memory is laid out for as much: at its most, a scan takes seconds to start. */
const FRAGMENT_MEMORY = 'nf_conntrack_frag6_high_thresh';

describe('sysctls', () => {
  it.each([0, 1, MOST])('all of %i', async (value) => {
    const values = [...NAMES, FRAGMENT_MEMORY].map((name) => [name, value]);
    const machine = machineWith(Object.fromEntries(values));
    const answer = await agree(folder.path, mixed, { machine, ...ruleSets });
    expect(answer.result.packets).toBe(mixed.length);
    await runInside([whole], { machine, ...ruleSets });
  });

  it.each(range(8))('any of 0, 1 and the most (%i)', async (seed) => {
    const random = randomSource(seed);
    const values = NAMES.map((name) => [name, [0, 1, 2, MOST][random(4)] as number]);
    values.push([FRAGMENT_MEMORY, [0, 1, 4096, 1 << 23][random(4)] as number]);
    const machine = machineWith(Object.fromEntries(values));
    await agree(folder.path, mixed, { machine, ...ruleSets }, 5);
    await runInside([whole], { machine, ...ruleSets });
  });

  it('a timeout of 0 makes every packet the first of its flow', async () => {
    const machine = machineWith({ nf_conntrack_udp_timeout: 0 });
    const flow = range(40).map(() =>
      sent({ source: '10.0.0.9', destination: '10.0.1.9', protocol: 17, transport: udp(1, 2) }),
    );
    const answer = await agree(folder.path, flow, { machine, ...rules(COUNTING) });
    expect(answer.result.conntrack).toMatchObject({ created: 40, expired: 40, live: 0 });
  });

  it('without expectations nothing is RELATED by a helper', async () => {
    const machine = machineWith({ nf_conntrack_expect_max: 0 });
    const { result } = await agree(folder.path, mixed, { machine, ...ruleSets });
    expect(result.conntrack?.expectations).toMatchObject({ made: 0, met: 0 });
    expect(result.conntrack?.expectations.refused).toBeGreaterThan(10);
  });
});

describe('a capture', () => {
  const setup = { machine: machineWith(), ...ruleSets };

  it.each([0, 1, 2])('of %i packets, with as many lanes as there can be', async (count) => {
    const path = folder.file('few.pcapng', pcapngOf(mixed.slice(0, count)));
    const [one, many] = await Promise.all(
      [1, 6].map((workers) => answerOf({ ...setup, captures: [path], workers })),
    );
    expect(many?.result.packets).toBe(count);
    expect(many?.verdicts).toBe(one?.verdicts);
    expect(many?.events).toBe(one?.events);
    expect(many?.table).toBe(one?.table);
  });

  it('that is stopped lets all lanes go', async () => {
    for (const delay of [0, 1, 5, 20]) {
      const stop = new AbortController();
      const captures = range(20).map(() => whole);
      const scanned = answerOf({ ...setup, captures, workers: 3, signal: stop.signal });
      setTimeout(() => stop.abort(), delay);
      const { result } = await scanned;
      expect(result.packets).toBeLessThanOrEqual(20 * mixed.length);
    }
  });

  it('whose events nobody can write stops all lanes', async () => {
    const events = { name: 'events', write: () => Promise.reject(new Error('no more room')) };
    const captures = range(20).map(() => whole);
    await expect(answerOf({ ...setup, captures, workers: 3, events }, true)).rejects.toThrow('no more room');
  });
});

describe('a starting state', () => {
  const setup = { machine: machineWith(), ...rules(COUNTING) };
  const line = (source: number, port: number, zone = '') =>
    `ipv4     2 udp      17 30 src=10.0.0.${source} dst=10.0.1.9 sport=${port} dport=53 ` +
    `src=10.0.1.9 dst=10.0.0.${source} sport=53 dport=${port} [ASSURED] mark=0${zone} use=1`;
  const reply = (source: number, port: number): Sent =>
    sent(
      { source: '10.0.1.9', destination: `10.0.0.${source}`, protocol: 17, transport: udp(53, port) },
      { interface: 'eth1' },
    );

  it.each([10_000, 100_000])('of %i connections is there', async (count) => {
    const text = range(count)
      .map((at) => line(2 + (at % 250), 1 + Math.floor(at / 250)))
      .join('\n');
    const conntrackFrom = readConntrack(text, { file: 'table' });
    const replies = range(250).map((at) => reply(2 + at, count / 250));
    const answer =
      count > 10_000
        ? await answerOf({ ...setup, conntrackFrom, captures: [folder.file('replies', pcapngOf(replies))] })
        : await agree(folder.path, replies, { ...setup, conntrackFrom });
    expect(new Set(lines(answer).map(({ ctstate }) => ctstate))).toEqual(new Set(['ESTABLISHED']));
    expect(answer.result.conntrack?.live).toBe(count);
  });

  it('that is larger than there may be is cut, and that is said', async () => {
    const conntrackFrom = readConntrack(
      range(500)
        .map((at) => line(2, at + 1))
        .join('\n'),
      { file: 'table' },
    );
    const machine = machineWith({ nf_conntrack_max: 100 });
    const answer = await agree(folder.path, [reply(2, 1)], { ...setup, machine, conntrackFrom });
    expect(answer.result.conntrack?.live).toBe(100);
    expect(answer.result.warnings.join()).toContain('no room for 400 of the 500 connections');
  });

  it('with one tuple in more zones than it has places', async () => {
    const text = range(300)
      .map((at) => line(2, 7, ` zone=${at + 1}`))
      .join('\n');
    const conntrackFrom = readConntrack(text, { file: 'table' });
    expect(conntrackFrom.length).toBe(300);
    const answer = await agree(folder.path, [reply(2, 7)], { ...setup, conntrackFrom });
    expect(answer.result.conntrack?.live).toBe(301);
    expect(answer.result.warnings.join()).not.toContain('no room');
  });

  it('with one tuple in more zones of one direction than it has places is cut', async () => {
    const entries = readConntrack(
      range(300)
        .map((at) => line(2, 7, ` zone=${at + 1}`))
        .join('\n'),
      {
        file: 'table',
      },
    );
    const conntrackFrom = entries.map((entry) => ({ ...entry, zoneDirections: 1 }));
    const answer = await agree(folder.path, [reply(2, 8)], { ...setup, conntrackFrom });
    expect(answer.result.conntrack?.live).toBe(97);
    expect(answer.result.warnings.join()).toContain('no room for 204 of the 300 connections');
  });

  it('that is garbage, or has a connection twice, is refused with what is wrong', () => {
    const random = randomSource(3);
    const good = line(2, 7);
    const garbage = range(3000).map(() => {
      const letters = [...good];
      for (let times = 0; times < 1 + random(6); times++) {
        letters[random(letters.length)] = String.fromCharCode(
          random(3) === 0 ? random(0x2000) : 32 + random(95),
        );
      }
      return letters.slice(0, random(2) === 0 ? random(letters.length) : letters.length).join('');
    });
    expect(() => readConntrack(garbage.join('\n'), { file: 'table' })).toThrow(WasmtablesErrors);
    expect(() => readConntrack(`${good}\n${good}`, { file: 'table' })).toThrow(/line 1 has an entry/);
    for (const one of garbage) {
      try {
        readConntrack(one, { file: 'table' });
      } catch (error) {
        expect(error).toBeInstanceOf(WasmtablesErrors);
      }
    }
  });
});
