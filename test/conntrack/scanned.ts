// A record (records.ts) as a capture on disk, and what a scan of it answers.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';
import { scanOnOneLane } from '../property/one-lane.ts';
import { type ConntrackRecord, machineOf } from './records.ts';

const START_NS = 1_700_000_000_000_000_000n;

/** A line of --verdicts. */
export interface Line {
  readonly verdict: string;
  readonly hook: string | null;
  readonly ctstate: string | null;
  readonly reason: string | null;
}

/** What a scan says of a record: of each packet, of the table at the record's time, and the rules with their counters. */
export interface Replayed {
  readonly outcomes: readonly Line[];
  readonly table: readonly string[];
  readonly counters4: string;
  readonly counters6: string;
  readonly verdicts: string;
}

export function rulesOf(record: ConntrackRecord): { readonly rules4: RuleSet; readonly rules6: RuleSet } {
  return {
    rules4: readRules(record.rules4, { file: 'rules.v4', family: 'ipv4' }),
    rules6: readRules(record.rules6, { file: 'rules.v6', family: 'ipv6' }),
  };
}

/** The packets as a pcapng file with nanoseconds and the interfaces' names. */
export function pcapngOf(record: ConntrackRecord): Uint8Array {
  const names = ['eth0', 'eth1'];
  const blocks = [block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff))];
  for (const name of names) blocks.push(block(1, interfaceBody(name)));
  const add = (timeNs: number, name: string, frame: Uint8Array): void => {
    const time = START_NS + BigInt(timeNs);
    const head = words(
      names.indexOf(name),
      Number(time >> 32n),
      Number(time & 0xffffffffn),
      frame.length,
      frame.length,
    );
    blocks.push(block(6, Buffer.concat([head, padded(frame)])));
  };
  for (const { timeNs, interface: name, frame } of record.packets) add(timeNs, name, frame);
  // The table is that at the time of the latest packet: one that is not IP, when Linux was asked for it.
  const last = Uint8Array.from({ length: 60 }, (_, at) => (at === 12 ? 0x08 : at === 13 ? 0x06 : 0));
  add(record.tableTimeNs, 'eth0', last);
  return Buffer.concat(blocks);
}

function interfaceBody(name: string): Uint8Array {
  const text = Buffer.from(name);
  const option = (code: number, value: Uint8Array): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt16LE(code);
    header.writeUInt16LE(value.length, 2);
    return Buffer.concat([header, padded(value)]);
  };
  return Buffer.concat([words(1, 0), option(2, text), option(9, Buffer.from([9])), words(0)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value >>> 0, index * 4);
  });
  return bytes;
}

function block(type: number, body: Uint8Array): Buffer {
  const length = body.length + 12;
  return Buffer.concat([words(type, length), body, words(length)]);
}

export async function replay(
  record: ConntrackRecord,
  how: { readonly workers: number; readonly batchBytes?: number; readonly backend?: Backend },
): Promise<Replayed> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmtables-'));
  try {
    const capture = join(folder, 'record.pcapng');
    writeFileSync(capture, pcapngOf(record));
    const verdicts: Uint8Array[] = [];
    const table: Uint8Array[] = [];
    const sink = (name: string, chunks: Uint8Array[]) => ({
      name,
      async write(chunk: Uint8Array) {
        chunks.push(chunk.slice());
      },
    });
    const backend = how.backend ?? 'legacy';
    const run = how.workers === 1 ? scanOnOneLane : scan;
    const result = await run({
      captures: [capture],
      ...rulesOf(record),
      machine: machineOf(record),
      backend,
      workers: how.workers,
      batchBytes: how.batchBytes,
      verdicts: sink('verdicts', verdicts),
      conntrack: sink('conntrack', table),
    });
    const text = Buffer.concat(verdicts).toString();
    const print = (rules: RuleSet | undefined): string =>
      rules === undefined ? '' : printRules(rules, { backend, counters: true });
    return {
      outcomes: text
        .trimEnd()
        .split('\n')
        .slice(0, record.packets.length)
        .map((line) => JSON.parse(line) as Line),
      table: Buffer.concat(table)
        .toString()
        .split('\n')
        .filter((line) => line !== ''),
      counters4: print(result.rules4),
      counters6: print(result.rules6),
      verdicts: text,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
