// Captures that nobody should send, through whole scans: with one lane and with three, in one batch and in many, by way
// of the stages and by the short way. What is asked of all of them is that nothing differs.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readHost } from '../../../src/host/folder.ts';
import type { Machine } from '../../../src/host/machine.ts';
import { printRules } from '../../../src/save/print.ts';
import { readRules } from '../../../src/save/read.ts';
import type { ScanOptions } from '../../../src/scan/options.ts';
import { scan } from '../../../src/scan/scan.ts';
import { enhanced, interfaceBlock, option, section } from '../../capture/build.ts';
import { address, buildFrame, type FrameSpec } from '../../generate/frame.ts';
import { collectMemories } from '../../pool/memory.ts';
import { hostFiles } from '../records.ts';

/** A frame that came in by an interface of the router of linux/host.json. */
export interface Sent {
  readonly frame: Uint8Array;
  /** Of the capture's clock, u64. Default: a millisecond behind the one before. */
  readonly timeNs?: bigint | undefined;
  readonly interface?: 'eth0' | 'eth1' | undefined;
  /** Captured bytes at most. */
  readonly snap?: number | undefined;
}

export const START_NS = 1_700_000_000_000_000_000n;
const NAMES = ['eth0', 'eth1'] as const;

/** Counts every state at two hooks. */
export const COUNTING = `*mangle
:PREROUTING ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A PREROUTING -m conntrack --ctstate NEW
-A PREROUTING -m conntrack --ctstate ESTABLISHED
-A PREROUTING -m conntrack --ctstate RELATED
-A PREROUTING -m conntrack --ctstate INVALID
-A FORWARD -m conntrack --ctdir REPLY
-A FORWARD -m conntrack --ctstatus ASSURED
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`;

export function machineWith(sysctls: Readonly<Record<string, number>> = {}): Machine {
  const entries = Object.entries(sysctls).map(([name, value]) => [`net.netfilter.${name}`, `${value}`]);
  const files = hostFiles(Object.fromEntries(entries));
  return { ...readHost((name) => ({ path: name, text: files[name] })), useMac: true };
}

export function rules(text4: string, text6 = text4): Pick<ScanOptions, 'rules4' | 'rules6'> {
  return {
    rules4: readRules(text4, { file: 'rules.v4', family: 'ipv4' }),
    rules6: readRules(text6, { file: 'rules.v6', family: 'ipv6' }),
  };
}

/** pcapng with nanoseconds and both interfaces' names. */
export function pcapngOf(packets: readonly Sent[]): Uint8Array {
  const interfaces = NAMES.map((name) => {
    const options = [option(2, Buffer.from(name)), option(9, Uint8Array.of(9)), option(0, new Uint8Array())];
    return interfaceBlock(1, options);
  });
  const blocks = withTimes(packets).map(({ frame, timeNs, interface: name = 'eth0', snap }) =>
    enhanced(NAMES.indexOf(name), timeNs, frame.subarray(0, snap), { original: frame.length }),
  );
  return Buffer.concat([section(), ...interfaces, ...blocks]);
}

type Timed = Sent & { readonly timeNs: bigint };

function withTimes(packets: readonly Sent[]): readonly Timed[] {
  let next = START_NS;
  return packets.map((packet) => {
    const timeNs = packet.timeNs ?? next;
    next = timeNs + 1_000_000n;
    return { ...packet, timeNs };
  });
}

const MACS = { eth0: Uint8Array.of(2, 0, 0, 0, 0, 1), eth1: Uint8Array.of(2, 0, 0, 0, 1, 1) } as const;

/** A packet for the router, on one of its interfaces. */
export function sent(
  {
    source,
    destination,
    ...spec
  }: Omit<FrameSpec, 'source' | 'destination'> & {
    readonly source: string;
    readonly destination: string;
  },
  where: Omit<Sent, 'frame'> = {},
): Sent {
  const { bytes } = buildFrame({
    macDestination: MACS[where.interface ?? 'eth0'],
    ...spec,
    source: address(source),
    destination: address(destination),
  });
  return { ...where, frame: bytes };
}

export interface Answer {
  readonly verdicts: string;
  readonly table: string;
  readonly events: string;
  readonly counters: string;
  readonly result: Awaited<ReturnType<typeof scan>>;
}

export async function answerOf(options: ScanOptions, quiet = false): Promise<Answer> {
  collectMemories();
  const texts = { verdicts: '', table: '', events: '' };
  const sink = (name: keyof typeof texts) => ({
    name,
    async write(chunk: Uint8Array) {
      texts[name] += Buffer.from(chunk).toString('latin1');
    },
  });
  const result = await scan({
    seed: 1n,
    verifyChecksums: false,
    ...options,
    ...(quiet ? {} : { verdicts: sink('verdicts'), events: sink('events') }),
    conntrack: sink('table'),
  });
  const counters = [result.rules4, result.rules6].map((one) =>
    one === undefined ? '' : printRules(one, { backend: 'legacy', counters: true }),
  );
  return { ...texts, counters: counters.join(''), result };
}

/** What a scan says, without the time that it took. */
function said({ result, ...texts }: Answer): unknown {
  const { elapsedSeconds, rules4, rules6, ...rest } = result;
  return { texts, rest };
}

/**
 * Scans packets in one file with one lane, in `pieces` files (each is a batch at least) with one and with three lanes,
 * and without output for single packets; expects that all say the same, and answers what.
 */
export async function agree(
  folder: string,
  packets: readonly Sent[],
  options: Omit<ScanOptions, 'captures'>,
  pieces = 12,
): Promise<Answer> {
  const write = (name: string, some: readonly Sent[]): string => {
    const path = join(folder, name);
    writeFileSync(path, pcapngOf(some));
    return path;
  };
  const timed = withTimes(packets);
  const size = Math.max(1, Math.ceil(timed.length / pieces));
  const whole = [write('whole.pcapng', timed)];
  const parts = Array.from({ length: Math.max(1, Math.ceil(timed.length / size)) }, (_, part) =>
    write(`part-${part}.pcapng`, timed.slice(part * size, (part + 1) * size)),
  );
  const one = await answerOf({ ...options, captures: whole, workers: 1 });
  const single = await answerOf({ ...options, captures: parts, workers: 1 });
  const three = await answerOf({ ...options, captures: parts, workers: 3 });
  expect(said(single)).toEqual(said(one));
  expect(said(three)).toEqual(said(one));
  const quiet = await answerOf({ ...options, captures: parts, workers: 3 }, true);
  const { table, counters } = one;
  expect({ table: quiet.table, counters: quiet.counters }).toEqual({ table, counters });
  return one;
}

/** Lines of --verdicts. */
export function lines({ verdicts }: Answer): readonly {
  readonly verdict: string;
  readonly ctstate: string | null;
  readonly reason: string | null;
}[] {
  return verdicts
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
