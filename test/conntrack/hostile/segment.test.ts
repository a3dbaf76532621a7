// Segments that lie about themselves, captures that cut helpers' packets anywhere, and the longest packets.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { concat, tcp, udp } from '../../generate/frame.ts';
import { randomSource } from '../../packet/frames.ts';
import { loadRecords } from '../records.ts';
import { runInside } from './inside.ts';
import { agree, COUNTING, machineWith, pcapngOf, rules, type Sent, START_NS, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const setup = { machine: machineWith(), ...rules(COUNTING) };
const A = '10.0.0.9';
const B = '10.0.1.9';

describe('TCP', () => {
  it('with options, offsets and lengths that lie', async () => {
    const random = randomSource(31);
    const kinds = [0, 1, 2, 3, 3, 4, 4, 5, 5, 8, 19, 255];
    const options = (): Uint8Array =>
      concat(
        ...range(random(7)).map(() => {
          const size = [0, 1, 2, 3, 4, 10, 18, 34, 40, 255][random(10)] as number;
          const body = range(random(12)).map(() => random(256));
          return [kinds[random(kinds.length)] as number, size, ...body];
        }),
      ).subarray(0, 40);
    const packets = range(4000).map((at) => {
      const back = random(2) === 0;
      const port = 1 + random(40);
      const segment = tcp({
        sport: back ? 80 : port,
        dport: back ? port : 80,
        flags: random(3) === 0 ? random(256) : ([2, 18, 16, 24, 17, 4][random(6)] as number),
        options: options(),
        ...(random(3) === 0 ? { words: random(16) } : {}),
        payload: random(60),
      });
      // Sequence, acknowledgement and window near each other, or anywhere.
      if (random(4) !== 0) segment[7] = random(8);
      else for (let byte = 4; byte < 12; byte++) segment[byte] = random(256);
      segment[14] = random(3) === 0 ? 0 : random(256);
      return sent(
        {
          source: back ? B : A,
          destination: back ? A : B,
          protocol: 6,
          transport: segment.subarray(0, random(8) === 0 ? random(segment.length) : segment.length),
          ...(random(9) === 0 ? { declaredLength: 20 + random(80) } : {}),
        },
        {
          interface: back ? 'eth1' : 'eth0',
          timeNs: START_NS + BigInt(at) * 1_000_000n,
          ...(random(6) === 0 ? { snap: 34 + random(60) } : {}),
        },
      );
    });
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack?.created).toBeGreaterThan(40);
    expect(result.conntrack?.invalid).toBeGreaterThan(100);
    await runInside([folder.file('segments.pcapng', pcapngOf(packets))], setup);
  });
});

// Of other protocols some: the fuzzing test cuts all of them.
const records = [...loadRecords(['helper', 'protocol'])].filter(
  ({ group, name }) =>
    group === 'helper' || /^(icmp6?-errors|sctp-lives|gre|udp-headers|zone-mark)/.test(name),
);

describe('a capture with a snap length', () => {
  it.each(records.map((record, at) => [`${record.group} ${record.name}`, record, at] as const))(
    '%s',
    async (_, record, number) => {
      const own = { machine: machineWith(), ...rules(record.rules4, record.rules6) };
      const packets = record.packets.slice(0, 120);
      const cut = (snap: (at: number) => number): readonly Sent[] =>
        packets.map(({ frame, interface: name, timeNs }, at) => ({
          frame,
          interface: name,
          timeNs: START_NS + BigInt(timeNs),
          snap: snap(at),
        }));
      // Many lengths, and one length for all: of two records of a kind one takes those between the other's.
      await agree(
        folder.path,
        cut((at) => 20 + ((at * 7) % 81)),
        own,
        5,
      );
      for (let snap = 20 + 8 * (number % 2); snap <= 100; snap += 16) {
        await runInside([folder.file('cut.pcapng', pcapngOf(cut(() => snap)))], own);
      }
    },
  );
});

describe('the longest packets', () => {
  const helpers = records.find(({ group }) => group === 'helper');
  const text = (words: string, bytes: number): Uint8Array =>
    new Uint8Array(Buffer.from(words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes), 'latin1'));

  it.each([
    ['FTP', 6, 21, 'PORT 10,0,0,9,7,8\r\n'],
    ['FTP without an end', 6, 21, 'PORT 1'],
    ['IRC', 6, 6667, 'PRIVMSG x :\u0001DCC SEND f 167772169 1234\u0001\n'],
    ['SIP', 17, 5060, 'REGISTER sip:x SIP/2.0\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@10.0.0.9>\r\n'],
    ['SIP contacts', 17, 5060, 'sip:a@10.0.0.9,'],
    ['SIP over TCP', 6, 5060, 'INVITE sip:x SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n'],
    ['Amanda', 17, 10080, 'CONNECT DATA 1 MESG 2 INDEX 3\n'],
    ['TFTP', 17, 69, '\u0000\u0001name'],
    ['PPTP', 6, 1723, '\u0000\u009c\u0000\u0001\u001a\u002b\u003c\u004d\u0000\u0007'],
    ['none', 17, 9, 'x'],
  ] as const)('%s', async (_, protocol, port, words) => {
    const own = { machine: machineWith(), ...rules(helpers?.rules4 ?? '', helpers?.rules6) };
    const bytes = 65_535 - 20 - (protocol === 6 ? 20 : 8);
    const packets = range(24).map((at) => {
      const back = at % 3 === 1;
      const [sport, dport] = back ? [port, 4000] : [4000, port];
      const flags = [2, 18, 16][at] ?? 24;
      const head = protocol === 6 ? tcp({ sport, dport, flags }) : udp(sport, dport);
      const payload = at < 3 && protocol === 6 ? new Uint8Array() : text(words, bytes);
      return sent(
        {
          source: back ? B : A,
          destination: back ? A : B,
          protocol,
          transport: concat(head, payload),
        },
        { interface: back ? 'eth1' : 'eth0' },
      );
    });
    await agree(folder.path, packets, own, 4);
    await runInside([folder.file('long.pcapng', pcapngOf(packets))], own);
  });
});
