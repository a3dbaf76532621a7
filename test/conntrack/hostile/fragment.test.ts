// Fragments where connections are tracked: floods, overlaps, tiny ones, the longest datagram, tags, cut captures.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { fragmentHeader, tcp, udp } from '../../generate/frame.ts';
import { randomSource } from '../../packet/frames.ts';
import { runInside } from './inside.ts';
import { agree, COUNTING, lines, machineWith, pcapngOf, rules, type Sent, START_NS, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const setup = { machine: machineWith(), ...rules(COUNTING) };
const ROUTER6 = '2001:db8::1';

/** `bytes` of a datagram from `offset` on, both of them multiples of 8 but for the end. */
interface Piece {
  readonly offset: number;
  readonly bytes: number;
  readonly more: boolean;
  readonly id: number;
}

type Make = (piece: Piece, where?: Omit<Sent, 'frame'>) => Sent;

const body = ({ offset, bytes }: Piece): Uint8Array =>
  offset === 0
    ? udp(1, 2, Math.max(0, bytes - 8))
        .fill(0xab, 8)
        .subarray(0, bytes)
    : new Uint8Array(bytes).fill(0xcd);

const four: Make = (piece, where) =>
  sent(
    {
      source: '10.0.0.9',
      destination: '10.0.1.9',
      protocol: 17,
      transport: body(piece),
      id: piece.id,
      moreFragments: piece.more,
      fragmentOffset: piece.offset / 8,
    },
    where,
  );

const sixTo =
  (destination: string): Make =>
  (piece, where) =>
    sent(
      {
        source: '2001:db8::9',
        destination,
        protocol: 17,
        transport: body(piece),
        extensions: [fragmentHeader(piece.offset / 8, piece.more, piece.id)],
      },
      where,
    );
const six = sixTo('2001:db8:1::9');

const families = [
  ['IPv4', four],
  ['IPv6', six],
] as const;

describe.each(families)('%s', (_, make) => {
  it('a flood of datagrams that are never complete ends at the threshold', async () => {
    const flood = range(6000).map((id) => make({ offset: 0, bytes: 64, more: true, id }));
    const answer = await agree(folder.path, flood, setup);
    const { reasons, verdicts, conntrack } = answer.result;
    expect(reasons.get('fragment-memory')).toBeGreaterThan(1000);
    expect(verdicts.FRAGMENT.packets).toBeGreaterThan(3000);
    expect(conntrack).toMatchObject({ created: 0, live: 0 });
  });

  it('a flood is over when its time is', async () => {
    const flood = range(6000).map((id) => make({ offset: 0, bytes: 64, more: true, id }));
    const late = START_NS + 100_000_000_000n;
    const whole = [
      make({ offset: 0, bytes: 64, more: true, id: 9999 }, { timeNs: late }),
      make({ offset: 64, bytes: 8, more: false, id: 9999 }, { timeNs: late }),
    ];
    const answer = await agree(folder.path, [...flood, ...whole], setup);
    expect(lines(answer).at(-1)).toMatchObject({ verdict: 'ACCEPT', ctstate: 'NEW' });
  });

  it('random pieces, overlapping, twice, tiny, out of order and in flows that go on', async () => {
    const random = randomSource(4711);
    const packets = range(4000).map(() => {
      const offset = 8 * random(24);
      const more = random(4) !== 0;
      const bytes = more && random(8) !== 0 ? 8 * (1 + random(6)) : 1 + random(40);
      return make({ offset, bytes, more, id: random(60) }, random(10) === 0 ? { snap: 40 + random(60) } : {});
    });
    const { result } = await agree(folder.path, packets, setup);
    expect(result.reasons.get('fragment-overlap')).toBeGreaterThan(10);
    expect(result.conntrack?.created).toBeGreaterThan(0);
    await runInside([folder.file('random.pcapng', pcapngOf(packets))], setup);
  });

  it('a datagram of which every piece is eight bytes', async () => {
    const count = 2000;
    const pieces = range(count).map((at) => make({ offset: 8 * at, bytes: 8, more: at < count - 1, id: 5 }));
    const answer = await agree(folder.path, [...pieces].reverse(), setup);
    expect(answer.result.verdicts).toMatchObject({
      FRAGMENT: { packets: count - 1 },
      ACCEPT: { packets: 1 },
    });
  });
});

describe('the longest datagram', () => {
  it.each([
    ['IPv4', four, 65_515, 1],
    ['IPv6', sixTo(ROUTER6), 65_535, 1],
    ['IPv4 and a byte', four, 65_516, 0],
    ['IPv6 and a byte', sixTo(ROUTER6), 65_536, 0],
  ] as const)('of %s', async (_, make, payload, accepted) => {
    const size = 8000;
    const pieces = (id: number) =>
      range(Math.ceil(payload / size)).map((at) => {
        const bytes = Math.min(size, payload - at * size);
        return make({ offset: at * size, bytes, more: (at + 1) * size < payload, id });
      });
    // Whatever stands behind the datagram in memory is asked for by those that come after it.
    const others = range(3000).map((id) => make({ offset: 0, bytes: 16, more: true, id: 100 + id }));
    const { result } = await agree(folder.path, [...pieces(1), ...others, ...pieces(2)], setup);
    expect(result.verdicts.ACCEPT.packets).toBe(2 * accepted);
    await runInside([folder.file('long.pcapng', pcapngOf([...pieces(1), ...others, ...pieces(2)]))], setup);
  });
});

describe('fragments of IPv6 that go on as they are', () => {
  it('keep the MAC of a frame with tags', async () => {
    const raw = [
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      '-A PREROUTING -m mac --mac-source 02:00:00:00:00:fe',
      'COMMIT',
    ].join('\n');
    const machine = { ...setup.machine, useVlan: false };
    const packets = range(60).map((at) =>
      sent({
        source: '2001:db8::9',
        destination: '2001:db8:1::9',
        protocol: 6,
        // Less than a header: ipv6frag_thdr_truncated.
        transport: tcp({ sport: at + 1, dport: 2, flags: 2 }).subarray(0, 8),
        vlans: [5, 6, 7, 8].slice(0, at % 5),
        extensions: [fragmentHeader(0, true, at)],
      }),
    );
    const answer = await agree(folder.path, packets, { machine, ...rules(COUNTING, `${raw}\n${COUNTING}`) });
    expect(answer.counters).toMatch(/\[60:\d+\] -A PREROUTING -m mac/);
  });
});
