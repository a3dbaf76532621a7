// Tracked connections: the short way, the stages (scans with result records take them for every packet) and several
// lanes change nothing, neither counters nor the table of connections, packet for packet as Linux was recorded.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import { scan } from '../../src/scan/scan.ts';
import { pcap } from '../capture/build.ts';
import { loadRecords } from '../conntrack/records.ts';

const LEADING = `*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT
-A FORWARD -p tcp --dport 443 -j ACCEPT
-A FORWARD -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`;
const COUNTING = `*mangle
:PREROUTING ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -m conntrack --ctstate NEW
-A FORWARD -m conntrack --ctstate ESTABLISHED --ctdir REPLY
-A FORWARD -m connbytes --connbytes 4 --connbytes-dir both --connbytes-mode packets
-A POSTROUTING -m conntrack --ctstatus ASSURED -j CONNMARK --set-xmark 0x7/0xffffffff
COMMIT
${LEADING}`;

/** Files that a record is cut into. */
const FILES = 12;

interface Answer {
  readonly counters: string;
  readonly table: string;
}

async function answer(options: ScanOptions): Promise<Answer> {
  const table: Uint8Array[] = [];
  const result = await scan({
    ...options,
    conntrack: {
      name: 'conntrack',
      async write(chunk) {
        table.push(chunk.slice());
      },
    },
  });
  const { rules4 } = result;
  return {
    counters: rules4 === undefined ? '' : printRules(rules4, { counters: true }),
    table: Buffer.concat(table).toString(),
  };
}

describe.each([
  ['rules that lead with ESTABLISHED', LEADING],
  ['rules at every hook', COUNTING],
])('%s', (_, text) => {
  const rules4 = readRules(text, { file: 'rules.v4', family: 'ipv4' });
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wasmtables-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([...loadRecords(['tcp'])].map((record) => [record.name, record] as const))(
    '%s',
    async (name, record) => {
      const records = record.packets.map(({ timeNs, frame }) => ({
        seconds: 1_700_000_000 + Math.floor(timeNs / 1e9),
        fraction: Math.floor((timeNs % 1e9) / 1000),
        // Frames of the least length, as they are on a wire.
        data: frame.length < 60 ? Uint8Array.from({ length: 60 }, (__, at) => frame[at] ?? 0) : frame,
      }));
      // A batch a file at least: lanes have many turns to take.
      const captures = Array.from({ length: FILES }, (_, part) => {
        const from = Math.floor((records.length * part) / FILES);
        const to = Math.floor((records.length * (part + 1)) / FILES);
        const path = join(folder, `${name}-${part}.pcap`);
        writeFileSync(path, pcap(records.slice(from, to)));
        return path;
      });
      const options: ScanOptions = { captures, rules4, workers: 1 };
      const short = await answer(options);
      expect(short.table.split('\n').length).toBeGreaterThan(3);
      const nowhere = { name: 'verdicts', write: async () => {} };
      expect(await answer({ ...options, verdicts: nowhere })).toEqual(short);
      expect(await answer({ ...options, workers: 2 })).toEqual(short);
      expect(await answer({ ...options, workers: 3, verdicts: nowhere })).toEqual(short);
    },
  );
});
