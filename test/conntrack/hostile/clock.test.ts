// Clocks that jump by years, stand still, begin at 0 and end at the end of 64 bits.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { fragmentHeader, tcp, udp } from '../../generate/frame.ts';
import { randomSource } from '../../packet/frames.ts';
import { loadRecords } from '../records.ts';
import { runInside } from './inside.ts';
import { agree, COUNTING, lines, machineWith, pcapngOf, rules, type Sent, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const SECOND = 1_000_000_000n;
const YEAR = 31_557_600n * SECOND;
const END = 0xffffffffffffffffn;
const TIMES = [
  0n,
  1n,
  SECOND,
  50n * YEAR,
  100n * YEAR,
  2n ** 63n - 1n,
  2n ** 63n,
  END - SECOND,
  END - 1n,
  END,
];
const setup = { machine: machineWith(), ...rules(COUNTING) };

const there = (port: number, timeNs: bigint): Sent =>
  sent({ source: '10.0.0.9', destination: '10.0.1.9', protocol: 17, transport: udp(port, 53) }, { timeNs });
const back = (port: number, timeNs: bigint): Sent =>
  sent(
    { source: '10.0.1.9', destination: '10.0.0.9', protocol: 17, transport: udp(53, port) },
    { timeNs, interface: 'eth1' },
  );

describe('a time stamp', () => {
  it.each(TIMES)('of %i ns is one as any other', async (time) => {
    const answer = await agree(folder.path, [there(1, time), back(1, time), there(2, time)], setup);
    const states = lines(answer).map(({ ctstate }) => ctstate);
    // At the very end of time nothing lasts.
    expect(states).toEqual(['NEW', time === END ? 'NEW' : 'ESTABLISHED', 'NEW']);
  });
});

describe('a clock', () => {
  it('that jumps forward ends connections; what comes after it jumped back lasts from then on', async () => {
    const now = 50n * YEAR;
    const later = now + 10n * YEAR;
    const packets = [there(1, now), there(1, later), back(1, now), back(1, later)];
    const answer = await agree(folder.path, packets, setup);
    expect(lines(answer).map(({ ctstate }) => ctstate)).toEqual(['NEW', 'NEW', 'ESTABLISHED', 'NEW']);
    expect(answer.result.conntrack).toMatchObject({ created: 3, live: 1, expired: 2 });
  });

  it('that jumps to and fro leaves the tables whole', async () => {
    const random = randomSource(7);
    const packets = range(3000).map((at) => {
      const time = (TIMES[random(TIMES.length)] as bigint) + BigInt(random(1000));
      const timeNs = BigInt.asUintN(64, time);
      const port = 1 + random(300);
      if (at % 9 === 0) {
        const syn = tcp({ sport: port, dport: 80, flags: [2, 18, 16, 17, 4][random(5)] as number });
        return sent({ source: '10.0.0.9', destination: '10.0.1.9', protocol: 6, transport: syn }, { timeNs });
      }
      if (at % 10 === 0) {
        return sent(
          {
            source: '2001:db8::9',
            destination: '2001:db8:1::9',
            protocol: 17,
            transport: udp(1, 2, 8),
            extensions: [fragmentHeader(random(3) * 2, random(2) === 0, random(20))],
          },
          { timeNs },
        );
      }
      return random(2) === 0 ? there(port, timeNs) : back(port, timeNs);
    });
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack?.created).toBeGreaterThan(300);
    await runInside([folder.file('jumps.pcapng', pcapngOf(packets))], setup);
  });
});

describe('helpers at the end of time', () => {
  const records = [...loadRecords(['helper'])];
  it.each(records.map((record) => [record.name, record] as const))('%s', async (_, record) => {
    for (const start of [END, END - SECOND, END - 400n * SECOND]) {
      const packets = record.packets.map(({ frame, timeNs, interface: name }) => {
        const time = start + BigInt(timeNs);
        return { frame, interface: name, timeNs: time > END ? END : time };
      });
      const machine = machineWith();
      const own = { machine, ...rules(record.rules4, record.rules6) };
      await agree(folder.path, packets, own, 4);
      await runInside([folder.file('helper.pcapng', pcapngOf(packets))], own);
    }
  });
});
