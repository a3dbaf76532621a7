// Forged ICMP errors: every type, about anything, cut short everywhere.

import { afterAll, describe, expect, it } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { concat, fragmentHeader, routingHeader, tcp, udp } from '../../generate/frame.ts';
import { randomSource } from '../../packet/frames.ts';
import { agree, COUNTING, lines, machineWith, rules, type Sent, sent } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const setup = { machine: machineWith(), ...rules(COUNTING) };
const ETHERNET = 14;

const families = [
  ['IPv4', '10.0.0.9', '10.0.1.9', 1, 3, 256],
  ['IPv6', '2001:db8::9', '2001:db8:1::9', 58, 1, 256],
] as const;

describe.each(families)('errors of %s', (_, inside, outside, protocol, unreachable, types) => {
  const flow = sent({ source: inside, destination: outside, protocol: 17, transport: udp(1000, 53, 30) });
  const quote = flow.frame.subarray(ETHERNET);
  const error = (type: number, quoted: Uint8Array, how: Partial<Sent> = {}, source = outside): Sent =>
    sent(
      {
        source,
        destination: inside,
        protocol,
        ttl: 255,
        transport: concat([type, 0, 0, 0, 0, 0, 0, 0], quoted),
      },
      { interface: 'eth1', ...how },
    );

  it('are related to the flow that they are about', async () => {
    const answer = await agree(folder.path, [flow, error(unreachable, quote)], setup);
    expect(lines(answer).at(-1)).toMatchObject({ ctstate: 'RELATED', verdict: 'ACCEPT' });
  });

  it('of every type', async () => {
    const packets = [flow, ...range(types).map((type) => error(type, quote))];
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack?.live).toBeLessThan(12);
    expect(result.conntrack?.invalid).toBeGreaterThan(100);
  });

  it('cut short everywhere, by themselves and by the capture', async () => {
    const whole = error(unreachable, quote);
    const own = range(quote.length + 1).map((bytes) => error(unreachable, quote.subarray(0, bytes)));
    const captured = range(whole.frame.length + 1).map((snap) => ({ ...whole, snap }));
    const answer = await agree(folder.path, [flow, ...own, ...captured], setup);
    const states = new Set(lines(answer).map(({ verdict, ctstate }) => `${verdict} ${ctstate}`));
    expect(states).toContain('DROP INVALID');
    expect(states).toContain('ACCEPT RELATED');
    expect([...states].some((state) => state.startsWith('UNKNOWN'))).toBe(true);
    expect(answer.result.conntrack).toMatchObject({ created: 1, live: 1 });
  });

  it('about flows that nobody knows are counted', async () => {
    const packets = range(500).map((at) => {
      const other = sent({ source: inside, destination: outside, protocol: 17, transport: udp(at, 53, 30) });
      return error(unreachable, other.frame.subarray(ETHERNET));
    });
    const { result } = await agree(folder.path, packets, setup);
    expect(result.conntrack).toMatchObject({ strayErrors: 500, invalid: 500, created: 0 });
  });

  it('about random bytes, errors, fragments, and themselves', async () => {
    const random = randomSource(99);
    const quotes = range(1500).map((at) => {
      const bytes = Uint8Array.from(quote);
      for (let times = random(4); times >= 0; times--) bytes[random(bytes.length)] = random(256);
      if (at % 7 === 0) return error(unreachable, bytes).frame.subarray(ETHERNET);
      return at % 5 === 0 ? bytes.map(() => random(256)) : bytes;
    });
    const packets = quotes.map((bytes) =>
      error(
        random(3) === 0 ? random(256) : unreachable,
        bytes,
        random(4) === 0 ? { snap: 40 + random(70) } : {},
      ),
    );
    await agree(folder.path, [flow, ...packets], setup);
  });
});

describe('errors of IPv6 about chains of headers', () => {
  it('that are cut, endless, or lie', async () => {
    const chain = [fragmentHeader(0, false, 1), routingHeader(0, 0), routingHeader(2, 1, 3)];
    const spec = {
      source: '2001:db8::9',
      destination: '2001:db8:1::9',
      protocol: 6,
      transport: tcp({ sport: 1, dport: 2, flags: 2 }),
      extensions: chain,
    };
    const flow = sent(spec);
    const quote = flow.frame.subarray(ETHERNET);
    const packets = range(quote.length).flatMap((bytes) =>
      [1, 137].map((type) =>
        sent(
          {
            source: 'fe80::1',
            destination: '2001:db8::9',
            protocol: 58,
            ttl: 255,
            transport: concat(
              [type, 0, 0, 0, 0, 0, 0, 0],
              type === 137 ? concat(new Uint8Array(32), [4, 1, 0, 0, 0, 0, 0, 0]) : [],
              quote.subarray(0, bytes),
            ),
          },
          { interface: 'eth1' },
        ),
      ),
    );
    const cut = range(flow.frame.length).map((snap) => ({ ...flow, snap }));
    await agree(folder.path, [flow, ...packets, ...cut], setup);
  });
});
