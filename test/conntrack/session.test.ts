// A whole session of a host (session/record.py): what conntrack(8) told and listed there, and what a scan of its
// capture writes. What Linux decides by a clock that no capture has is left out: when its garbage collector finds what
// has expired, and parts of seconds.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readConntrack } from '../../src/conntrack/read.ts';
import { readHostFolder } from '../../src/host/folder.ts';
import { readRules } from '../../src/save/read.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import { scan } from '../../src/scan/scan.ts';
import { Folder } from '../cli/run.ts';

const SESSION = fileURLToPath(new URL('session/', import.meta.url));
const recorded = (name: string): string => readFileSync(`${SESSION}${name}`, 'utf8');
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const folder = new Folder();
afterAll(() => folder.remove());

const bytes = gunzipSync(readFileSync(`${SESSION}capture.pcap.gz`));
const setup = {
  machine: readHostFolder(`${SESSION}host`),
  rules4: readRules(recorded('host/rules.v4'), { file: 'rules.v4', family: 'ipv4' }),
  rules6: readRules(recorded('host/rules.v6'), { file: 'rules.v6', family: 'ipv6' }),
};

async function written(pcap: Uint8Array, options: Partial<ScanOptions> = {}) {
  const texts = { table: '', events: '', verdicts: '' };
  const sink = (name: keyof typeof texts) => ({
    name,
    write: async (chunk: Uint8Array) => {
      texts[name] += new TextDecoder().decode(chunk);
    },
  });
  const result = await scan({
    captures: [folder.file('part.pcap', pcap)],
    ...setup,
    verifyChecksums: true,
    conntrack: sink('table'),
    events: sink('events'),
    verdicts: sink('verdicts'),
    workers: 1,
    ...options,
  });
  return { ...texts, result };
}

/** The line with its timeout cut out, and the timeout. */
function parted(line: string): { text: string; seconds: number } {
  const seconds = Number(/ (\d+) (?=[A-Z_0-9]* ?src=)/.exec(line)?.[1] ?? -1);
  const text = line.replace(/^\[[^\]]*\]/, '').replace(/ \d+ (?=[A-Z_0-9]* ?src=)/, ' ');
  return { text, seconds };
}

function expectSame(ours: string[], theirs: string[], apart: number): void {
  const order = (a: { text: string }, b: { text: string }) =>
    a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
  const [left, right] = [ours, theirs].map((one) => one.map(parted).sort(order)) as [
    ReturnType<typeof parted>[],
    ReturnType<typeof parted>[],
  ];
  expect(left.map(({ text }) => text)).toEqual(right.map(({ text }) => text));
  left.forEach(({ seconds, text }, index) => {
    expect(Math.abs(seconds - (right[index]?.seconds ?? 0)), text).toBeLessThanOrEqual(apart);
  });
}

/** Events of one connection, in their order. */
function byConnection(text: string): string[] {
  const events = new Map<string, string[]>();
  for (const line of lines(text)) {
    const tuple = /src=.*?(?= (packets|\[|src))/.exec(line)?.[0] ?? line;
    events.set(tuple, [...(events.get(tuple) ?? []), parted(line).text.split(' src=')[0] as string]);
  }
  return [...events].map(([tuple, kinds]) => `${tuple}: ${kinds.join(',')}`).sort();
}

describe('a session', () => {
  it('leaves the connections that Linux had at its end', async () => {
    const { table } = await written(bytes);
    expect(lines(table).length).toBeGreaterThan(10);
    expectSame(lines(table), lines(recorded('table.txt')), 1);
  });

  it('tells what Linux told, of each connection in the same order', async () => {
    const { events } = await written(bytes);
    expect(lines(events).length).toBeGreaterThan(60);
    expectSame(lines(events), lines(recorded('events.txt')), 1);
    expect(byConnection(events)).toEqual(byConnection(recorded('events.txt')));
  });

  it('is the same with several workers and small batches, whatever the seed', async () => {
    const one = await written(bytes, { seed: 1n });
    const other = await written(bytes, { seed: 2n, workers: 3, batchBytes: 4096 });
    expect(other.table).toBe(one.table);
    expect(other.events).toBe(one.events);
    expect(other.verdicts).toBe(one.verdicts);
  });
});

/** The capture's first packets, and the others. */
function cut(count: number): readonly [Uint8Array, Uint8Array] {
  let at = 24;
  for (let record = 0; record < count; record++) at += 16 + bytes.readUInt32LE(at + 8);
  return [bytes.subarray(0, at), Buffer.concat([bytes.subarray(0, 24), bytes.subarray(at)])];
}

const packets = lines((await written(bytes)).verdicts).length;

describe('a session in two parts', () => {
  it.each([1, 10, 25, 40, 60, 80, 100, packets - 1])('goes on behind packet %i', async (count) => {
    expect(count).toBeLessThan(packets);
    const whole = await written(bytes);
    const [first, second] = cut(count);
    const { table } = await written(first);
    const rest = await written(second, { conntrackFrom: readConntrack(table, { file: 'table.txt' }) });
    const states = (text: string) =>
      lines(text).map((line) => {
        const { verdict, ctstate, rule } = JSON.parse(line);
        return `${verdict} ${ctstate} ${rule}`;
      });
    expect(states(rest.verdicts)).toEqual(states(whole.verdicts).slice(count));
    // The table tells whole seconds, and the time between the parts is not known.
    expectSame(lines(rest.table), lines(whole.table), 2);
  });
});
