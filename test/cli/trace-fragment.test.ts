// What trace says of fragments: where they are held, and what becomes of them, which comes later in the capture.

import { afterAll, describe, expect, it } from 'vitest';
import type { Family } from '../../src/model/ruleset.ts';
import { pcap } from '../generate/capture.ts';
import { address, buildFrame, type FrameSpec, fragmentHeader, udp } from '../generate/frame.ts';
import { Folder, run } from './run.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const PAYLOAD = udp(1000, 53, 40);

/** Bytes `start` to `end` of a datagram of 48 bytes, to the host. */
function fragment(family: Family, id: number, start: number, end: number): FrameSpec {
  const transport = PAYLOAD.subarray(start, end);
  const more = end < PAYLOAD.length;
  if (family === 'ipv4') {
    const addresses = { source: address('192.0.2.9'), destination: address('192.0.2.1') };
    return { ...addresses, protocol: 17, transport, id, fragmentOffset: start / 8, moreFragments: more };
  }
  const addresses = { source: address('2001:db8::9'), destination: address('2001:db8::1') };
  return { ...addresses, protocol: 17, transport, extensions: [fragmentHeader(start / 8, more, id)] };
}

/** A capture of these, and how many seconds after the first one each comes. */
function capture(name: string, frames: readonly (readonly [seconds: number, spec: FrameSpec])[]): string {
  const built = frames.map(([seconds, spec], index) => ({
    ...buildFrame(spec),
    number: index + 1,
    timeNs: 1_700_000_000_000_000_000n + BigInt(seconds) * 1_000_000_000n,
    interfaceIndex: undefined,
    direction: undefined,
  }));
  return folder.file(name, pcap(built));
}

const table = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';
const tracked = folder.file('tracked', `${table}-A INPUT -m conntrack --ctstate NEW -j DROP\nCOMMIT\n`);
const plain = folder.file('plain', `${table}-A INPUT -p udp -m udp --dport 53 -j DROP\nCOMMIT\n`);

/** The lines but those of rules, cut behind the verdict or hook. */
function trace(rules: string, file: string, ...args: string[]): string[] {
  const machine = ['--local', '192.0.2.1/24,2001:db8::1/64', '--rules', rules, '--rules6', rules];
  const { stdout } = run(['trace', ...machine, ...args, file]);
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => line.replace(/ at \S+:/, '').replace(/: ipv.*/, ''));
}

describe.each(['ipv4', 'ipv6'] as const)('of fragments that connection tracking wants, %s', (family) => {
  const whole = family === 'ipv4' ? 68 : 88;
  const file = capture(`${family}.pcap`, [
    [0, fragment(family, 1, 0, 24)],
    [1, fragment(family, 2, 0, 24)],
    [2, fragment(family, 2, 16, 48)],
    [3, fragment(family, 3, 0, 24)],
    [4, fragment(family, 1, 24, 40)],
    [5, fragment(family, 1, 40, 48)],
    [80, fragment(family, 4, 0, 24)],
  ]);

  it('all packets in order, with what became of each', () => {
    const lines = trace(tracked, file).filter((line) => !line.startsWith('TRACE'));
    expect(lines).toEqual([
      'FRAGMENT: PREROUTING holds bytes 0 to 24 of a datagram',
      'packet 1 FRAGMENT (completed by packet 6)',
      'FRAGMENT: PREROUTING holds bytes 0 to 24 of a datagram',
      'packet 2 FRAGMENT (given up: fragment-overlap)',
      'packet 3 LOST (fragment-overlap)',
      'FRAGMENT: PREROUTING holds bytes 0 to 24 of a datagram',
      'packet 4 FRAGMENT (given up: fragment-timeout)',
      'FRAGMENT: PREROUTING holds bytes 24 to 40 of a datagram',
      'packet 5 FRAGMENT (completed by packet 6)',
      `FRAGMENT: PREROUTING completes the datagram of packets 1, 5 and 6: ${whole} bytes`,
      'CONNTRACK: PREROUTING NEW original',
      'packet 6 DROP in INPUT by filter:INPUT:rule:1',
      'FRAGMENT: PREROUTING holds bytes 0 to 24 of a datagram',
      'packet 7 FRAGMENT (incomplete)',
    ]);
  });

  it('one of them, though what completes it comes behind', () => {
    expect(trace(tracked, file, '--packet', '1').at(-1)).toBe('packet 1 FRAGMENT (completed by packet 6)');
    expect(trace(tracked, file, '--packet', '4').at(-1)).toBe(
      'packet 4 FRAGMENT (given up: fragment-timeout)',
    );
  });
});

describe('of fragments where no connections are tracked', () => {
  const frames = (family: Family) =>
    capture(`plain-${family}.pcap`, [
      [0, fragment(family, 1, 0, 24)],
      [1, fragment(family, 1, 24, 48)],
    ]);

  it('IPv4 datagrams are put together before INPUT', () => {
    const lines = trace(plain, frames('ipv4')).map((line) => line.replace(/^(TRACE: \S+) .*/, '$1'));
    expect(lines).toEqual([
      'FRAGMENT: INPUT holds bytes 0 to 24 of a datagram',
      'packet 1 FRAGMENT (completed by packet 2) in PREROUTING',
      'FRAGMENT: INPUT completes the datagram of packets 1 and 2: 68 bytes',
      'TRACE: filter:INPUT:rule:1',
      'packet 2 DROP in INPUT by filter:INPUT:rule:1',
    ]);
  });

  it('IPv6 fragments stay what they are', () => {
    const lines = trace(plain, frames('ipv6')).filter((line) => line.startsWith('packet'));
    expect(lines).toEqual([
      'packet 1 DROP in INPUT by filter:INPUT:rule:1',
      'packet 2 ACCEPT in INPUT by filter:INPUT:policy',
    ]);
  });
});
