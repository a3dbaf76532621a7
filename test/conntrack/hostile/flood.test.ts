// Floods: more flows than there may be, the same flows again and again, tuples in many zones, and tuples that collide.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { icmp, tcp, udp } from '../../generate/frame.ts';
import { runInside } from './inside.ts';
import { agree, COUNTING, lines, machineWith, pcapngOf, rules, type Sent, START_NS, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const A = '10.0.0.9';
const B = '10.0.1.9';
const A6 = '2001:db8::9';
const B6 = '2001:db8:1::9';
const SECOND = 1_000_000_000n;

const syn = (sport: number, dport = 80): Sent =>
  sent({ source: A, destination: B, protocol: 6, transport: tcp({ sport, dport, flags: 2 }) });
const syn6 = (sport: number): Sent =>
  sent({ source: A6, destination: B6, protocol: 6, transport: tcp({ sport, dport: 80, flags: 2 }) });
const dns = (sport: number, timeNs?: bigint): Sent =>
  sent({ source: A, destination: B, protocol: 17, transport: udp(sport, 53) }, { timeNs });
const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe('a SYN flood', () => {
  it.each([1, 2, 100, 9000])('is held at nf_conntrack_max = %i, and early drop makes room', async (max) => {
    const setup = { machine: machineWith({ nf_conntrack_max: max }), ...rules(COUNTING) };
    const flood = range(max === 9000 ? 12_000 : 1500).map((at) => syn((at % 60_000) + 1, 80 + (at >> 15)));
    const { result } = await agree(folder.path, flood, setup);
    const { conntrack } = result;
    expect(conntrack?.live).toBeLessThanOrEqual(max);
    expect(conntrack?.live).toBeGreaterThan(max * 0.8);
    expect(conntrack?.earlyDrops).toBeGreaterThan(0);
    // Each flow has been made, and is there, has made room, or found none.
    expect(conntrack?.created).toBe(flood.length - (conntrack?.tableFull ?? 0));
    expect(conntrack?.created).toBe((conntrack?.live ?? 0) + (conntrack?.earlyDrops ?? 0));
    expect(result.reasons.get('conntrack-full') ?? 0).toBe(conntrack?.tableFull);
  });

  it('finds no room among connections that are ASSURED', async () => {
    const setup = { machine: machineWith({ nf_conntrack_max: 10 }), ...rules(COUNTING) };
    // Two datagrams each way, more than two seconds apart, make a stream.
    const streams = range(3).flatMap((round) =>
      range(10).flatMap((at) => {
        const timeNs = START_NS + BigInt(round) * 3n * SECOND;
        const answer = udp(53, at + 1);
        return [
          dns(at + 1, timeNs),
          sent({ source: B, destination: A, protocol: 17, transport: answer }, { timeNs, interface: 'eth1' }),
        ];
      }),
    );
    const answer = await agree(folder.path, [...streams, ...range(50).map((at) => syn(at + 1))], setup);
    expect(answer.result.conntrack).toMatchObject({ live: 10, created: 10, tableFull: 50, earlyDrops: 0 });
    expect(lines(answer).slice(-50)).toEqual(
      Array.from({ length: 50 }, () =>
        expect.objectContaining({ verdict: 'LOST', reason: 'conntrack-full' }),
      ),
    );
  });

  it('of one family leaves room for the other', async () => {
    const setup = { machine: machineWith({ nf_conntrack_max: 200 }), ...rules(COUNTING) };
    const answer = await agree(folder.path, [...range(200).map((at) => syn6(at + 1)), syn(1)], setup);
    expect(lines(answer).at(-1)).toMatchObject({ verdict: 'ACCEPT', ctstate: 'NEW' });
  });

  it('of one family that has expired leaves room for the other', async () => {
    const setup = { machine: machineWith({ nf_conntrack_max: 200 }), ...rules(COUNTING) };
    const later = START_NS + 1000n * SECOND;
    const packets = [...range(200).map((at) => syn6(at + 1)), ...range(150).map((at) => dns(at + 1, later))];
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack).toMatchObject({ tableFull: 0, earlyDrops: 0, live: 150, expired: 200 });
  });
});

describe('memory', () => {
  const setup = { machine: machineWith({ nf_conntrack_max: 50_000 }), ...rules(COUNTING) };
  const rounds = async (count: number): Promise<number> => {
    const packets = range(count).flatMap((round) =>
      range(3000).map((at) => dns(at + 1, START_NS + BigInt(round) * 100n * SECOND + BigInt(at))),
    );
    const path = folder.file(`rounds-${count}.pcapng`, pcapngOf(packets));
    const { heapBytes, entries } = await runInside([path], setup);
    expect(entries).toBeLessThanOrEqual(6000);
    return heapBytes;
  };

  it('is that of the flows that live, not of all that ever came', async () => {
    const three = await rounds(3);
    expect(three).toBeGreaterThan(3000 * 128);
    expect(await rounds(12)).toBe(three);
  });

  it('does not grow behind the limit', async () => {
    const flood = (count: number): readonly Sent[] => range(count).map((at) => syn((at % 60_000) + 1));
    const small = { machine: machineWith({ nf_conntrack_max: 500 }), ...rules(COUNTING) };
    const heap = async (count: number): Promise<number> => {
      const path = folder.file(`flood-${count}.pcapng`, pcapngOf(flood(count)));
      return (await runInside([path], small)).heapBytes;
    };
    expect(await heap(9000)).toBe(await heap(2000));
  });
});

describe('one tuple in many zones', () => {
  // The zone is the TTL: more of them than the places that a tuple has.
  const zoned = (how: string): string =>
    [
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      ...range(250).map((at) => `-A PREROUTING -m ttl --ttl-eq ${at + 4} -j CT ${how} ${at + 1}`),
      'COMMIT',
      COUNTING,
    ].join('\n');
  const packets = range(500).map((at) =>
    sent({ source: A, destination: B, protocol: 17, transport: udp(5, 6), ttl: (at % 250) + 4 }),
  );

  it('is a connection in each', async () => {
    const setup = { machine: machineWith(), ...rules(zoned('--zone'), COUNTING) };
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack).toMatchObject({ created: 250, live: 250, tableFull: 0, clashes: 0 });
    expect(result.verdicts.ACCEPT.packets).toBe(500);
    const path = folder.file('zones.pcapng', pcapngOf(packets));
    expect((await runInside([path], setup)).entries).toBe(250);
  });

  it('clashes in the other direction, if they count in one', async () => {
    // All replies would be the same.
    const setup = { machine: machineWith(), ...rules(zoned('--zone-orig'), COUNTING) };
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack).toMatchObject({ created: 1, clashes: 498 });
  });

  it('is found again by a reply in a zone of both directions', async () => {
    const setup = { machine: machineWith(), ...rules(zoned('--zone'), COUNTING) };
    const reply = (ttl: number) =>
      sent({ source: B, destination: A, protocol: 17, transport: udp(6, 5), ttl }, { interface: 'eth1' });
    const answer = await agree(folder.path, [...packets, reply(77), reply(3)], setup);
    expect(lines(answer).slice(-2)).toEqual([
      expect.objectContaining({ ctstate: 'ESTABLISHED' }),
      expect.objectContaining({ ctstate: 'NEW' }),
    ]);
  });
});

describe('tuples that are alike', () => {
  it('of ICMP messages by code are connections of their own', async () => {
    const types = [8, 13, 15, 17];
    const pings = range(1024).map((at) =>
      sent({
        source: A,
        destination: B,
        protocol: 1,
        transport: icmp(types[at >> 8] as number, at & 255),
      }),
    );
    const setup = { machine: machineWith(), ...rules(COUNTING) };
    const { result } = await agree(folder.path, pings, setup);
    expect(result.conntrack).toMatchObject({ created: 1024, live: 1024 });
    expect(result.verdicts.ACCEPT.packets).toBe(1024);
  });

  it.each([6, 17])('that are their own replies (LAND) are replies, protocol %i', async (protocol) => {
    const transport = protocol === 17 ? udp(5, 5) : tcp({ sport: 5, dport: 5, flags: 2 });
    const land = range(50).map(() => sent({ source: B, destination: B, protocol, transport }));
    const setup = { machine: machineWith(), ...rules(COUNTING) };
    const answer = await agree(folder.path, land, setup);
    expect(answer.result.conntrack).toMatchObject({ created: 1 });
    expect(answer.counters).toMatch(/\[49:\d+\] -A FORWARD -m conntrack --ctdir REPLY/);
  });
});
