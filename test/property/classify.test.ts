// Long chains of random rules, and packets at every bound that their rules have and one beside it: the classified walk
// says and counts what the linear one does. WASMTABLES_SEED and WASMTABLES_RUNS choose other chains and more of them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { machineFromOptions } from '../../src/host/options.ts';
import type { Frame } from '../../src/interpret/interpreter.ts';
import { pcap } from '../generate/capture.ts';
import { buildFrame, type FrameSpec, icmp, tcp, udp } from '../generate/frame.ts';
import { read } from '../generate/world.ts';
import { counted, differences, interpreted, scanned, unlike } from './compare.ts';

const seed = Number(process.env.WASMTABLES_SEED ?? 20240601);
const runs = Number(process.env.WASMTABLES_RUNS ?? 40);
const folder = mkdtempSync(join(tmpdir(), 'wasmtables-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Random = (below: number) => number;

/** A small generator of its own (mulberry32): a chain has thousands of draws, which fast-check need not shrink. */
function random(start: number): Random {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** What the rules of a chain mention, so that packets can be put at the bounds. */
interface Bounds {
  readonly addresses: number[];
  readonly ports: number[];
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** The first and last address of a prefix, and those beside them. */
function prefix(next: Random, bounds: Bounds): string {
  // Few networks, so that prefixes nest and meet.
  const base = ((10 << 24) | (next(3) << 16) | (next(4) << 8) | next(256)) >>> 0;
  const length = [0, 1, 7, 8, 9, 15, 16, 17, 22, 23, 24, 25, 28, 30, 31, 32, 32, 32][next(18)] as number;
  const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
  const first = (base & mask) >>> 0;
  const last = (first | ~mask) >>> 0;
  bounds.addresses.push(first, last, (first - 1) >>> 0, (last + 1) >>> 0);
  return `${dotted(first)}/${length}`;
}

function portRange(next: Random, bounds: Bounds): string {
  const first = [0, 1, 22, 53, 80, 1023, 1024, 8080, 65534, 65535][next(10)] as number;
  const last = next(2) === 0 ? first : Math.min(65535, first + next(40));
  for (const at of [first - 1, first, last, last + 1]) if (at >= 0 && at <= 65535) bounds.ports.push(at);
  return first === last ? `${first}` : `${first}:${last}`;
}

function not(next: Random): string {
  return next(6) === 0 ? '! ' : '';
}

const FLAGS = ['SYN', 'SYN,ACK', 'FIN', 'RST', 'ACK,PSH', 'FIN,SYN,RST,ACK'];

function protocolPart(next: Random, bounds: Bounds): string {
  const ported = (): string => {
    const name = ['tcp', 'udp', 'udplite', 'sctp'][next(4)] as string;
    if (next(3) === 0) {
      const list = Array.from({ length: 1 + next(4) }, () => portRange(next, bounds)).join(',');
      return `-p ${name} -m multiport ${not(next)}--${['sports', 'dports', 'ports'][next(3)]} ${list}`;
    }
    const side = next(3) === 0 ? '--sport' : '--dport';
    return `-p ${name} -m ${name} ${not(next)}${side} ${portRange(next, bounds)}`;
  };
  switch (next(8)) {
    case 0:
      return '';
    case 1:
      return `${not(next)}-p ${['tcp', 'udp', 'icmp', '47'][next(4)]}`;
    case 2:
      return `-p tcp -m tcp ${not(next)}--tcp-flags ${FLAGS[next(6)]} ${['SYN', 'NONE', 'ACK', 'RST'][next(4)]}`;
    case 3:
      return `-p icmp -m icmp ${not(next)}--icmp-type ${['8', '0', '3', '3/1', '3/4', 'any'][next(6)]}`;
    default:
      return ported();
  }
}

function rule(next: Random, bounds: Bounds, chain: string): string {
  const parts = [
    next(2) === 0 ? `${not(next)}-s ${prefix(next, bounds)}` : '',
    next(3) === 0 ? `${not(next)}-d ${prefix(next, bounds)}` : '',
    next(6) === 0 ? `${not(next)}-i ${['eth0', 'eth+', 'eth1', 'lo', '+'][next(5)]}` : '',
    next(8) === 0 ? `${not(next)}-o ${['eth1', 'eth0', 'e+'][next(3)]}` : '',
    next(20) === 0 ? `${not(next)}-f` : '',
    protocolPart(next, bounds),
    next(12) === 0 ? `-m length --length ${next(60)}:${60 + next(60)}` : '',
    next(12) === 0 ? `-m mark ${not(next)}--mark ${next(4)}/3` : '',
    ['', '', '', '', '-j MARK --set-mark 1', '-j ACCEPT', '-j user', '-g user', '-j RETURN'][
      next(next(3) === 0 ? 9 : 5)
    ],
  ];
  const target = chain === 'user' ? parts.map((part) => part?.replace(/-[jg] user/, '-j DROP')) : parts;
  return [`-A ${chain}`, ...target.filter((part) => part !== '')].join(' ');
}

function pick<T>(next: Random, list: readonly T[]): T {
  return list[next(list.length)] as T;
}

function frame(next: Random, bounds: Bounds, number: number): Frame {
  const address = (): Uint8Array => {
    const value = bounds.addresses.length === 0 ? next(2 ** 32) : pick(next, bounds.addresses);
    return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  };
  const port = (): number =>
    bounds.ports.length === 0 || next(6) === 0 ? next(65536) : pick(next, bounds.ports);
  const flags = pick(next, [2, 18, 16, 1, 4, 24, 0, 255, next(256)]);
  const [protocol, transport] = pick<() => [number, Uint8Array]>(next, [
    () => [6, tcp({ sport: port(), dport: port(), flags })],
    () => [6, tcp({ sport: port(), dport: port(), flags }).slice(0, next(24))],
    () => [17, udp(port(), port(), next(40))],
    () => [136, udp(port(), port())],
    () => [132, udp(port(), port(), 8)],
    () => [1, icmp(pick(next, [0, 3, 8, 5]), next(6))],
    () => [47, new Uint8Array(8)],
  ])();
  const spec: FrameSpec = {
    source: address(),
    destination: address(),
    protocol,
    transport,
    ...(next(10) === 0 && { fragmentOffset: next(3), moreFragments: next(2) === 0 }),
    ...(next(30) === 0 && { snap: 34 + next(24) }),
  };
  return {
    ...buildFrame(spec),
    number,
    timeNs: BigInt(number),
    interfaceIndex: undefined,
    direction: undefined,
  };
}

describe('chains of random rules', () => {
  test('classified and linear walk agree at every bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(5, 20, 60, 130, 300),
        fc.constantFrom('legacy' as const, 'nft' as const),
        async (start, size, backend) => {
          const next = random(start);
          const bounds: Bounds = { addresses: [], ports: [] };
          const rules = Array.from({ length: size }, () => rule(next, bounds, 'FORWARD'));
          const users = Array.from({ length: 20 }, () => rule(next, bounds, 'user'));
          const text = ['*filter', ':FORWARD DROP [0:0]', ':user - [0:0]', ...rules, ...users, 'COMMIT', ''];
          const file = join(folder, 'bounds.pcap');
          const frames = Array.from({ length: 600 }, (_, index) => frame(next, bounds, index + 1));
          writeFileSync(file, pcap(frames));
          const comparison = {
            captures: [file],
            rules4: read(text.join('\n'), 'ipv4', backend),
            machine: machineFromOptions({ hook: 'FORWARD', in: 'eth0', out: 'eth1' }),
            backend,
          };
          const linear = await scanned({ ...comparison, linear: true });
          expect(differences(linear, await scanned(comparison)), text.join('\n')).toEqual([]);
          expect(unlike(linear, await counted(comparison))).toEqual([]);
          expect(unlike(linear, await counted({ ...comparison, linear: true }))).toEqual([]);
          if (size <= 60) expect(differences(await interpreted(comparison), linear)).toEqual([]);
        },
      ),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });
});
