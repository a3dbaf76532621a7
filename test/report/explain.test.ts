import { describe, expect, it } from 'vitest';
import { Bytes } from '../../src/interpret/bytes.ts';
import type { ConntrackStep } from '../../src/interpret/conntrack/step.ts';
import type { Outcome } from '../../src/interpret/interpreter.ts';
import type { Packet } from '../../src/interpret/packet.ts';
import type { Step } from '../../src/interpret/walk.ts';
import { pathLines } from '../../src/report/explain.ts';

describe('pathLines', () => {
  const step = (text: string): Step =>
    ({
      text,
      table: 'raw',
      chain: 'PREROUTING',
      number: 1,
      matched: true,
      packet,
      in: undefined,
      out: undefined,
      mark: 0,
      ttl: 64,
    }) as Step;
  const header = Uint8Array.from([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 99, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
  const packet = { bytes: new Bytes(header, header.length), family: 'ipv4' } as Packet;
  const tracked = (place: number, hook: ConntrackStep['hook']): ConntrackStep => ({
    place,
    hook,
    ctstate: 'UNTRACKED',
  });
  const kinds = (places: readonly ConntrackStep[] | undefined) => {
    const path = ['raw:PREROUTING:policy:1', 'mangle:PREROUTING:policy:1'].map(step);
    const outcome = { number: 1, timeNs: 0n, verdict: 'ACCEPT', path, tracked: places } as unknown as Outcome;
    const options = { backend: 'legacy', explain: false } as const;
    return pathLines(outcome, { linkHeader: undefined }, options).map((line) => line.split(' ', 2).join(' '));
  };

  it('puts connection tracking where it has its place', () => {
    expect(kinds([tracked(1, 'PREROUTING')])).toEqual([
      'TRACE: raw:PREROUTING:policy:1',
      'CONNTRACK: PREROUTING',
      'TRACE: mangle:PREROUTING:policy:1',
      'packet 1',
    ]);
    expect(kinds([tracked(0, 'OUTPUT'), tracked(2, 'PREROUTING')])).toEqual([
      'CONNTRACK: OUTPUT',
      'TRACE: raw:PREROUTING:policy:1',
      'TRACE: mangle:PREROUTING:policy:1',
      'CONNTRACK: PREROUTING',
      'packet 1',
    ]);
    expect(kinds(undefined)).toHaveLength(3);
  });
});
