// The end of a scan with connection tracking: statistics of all shards, and the table in pieces.

import { describe, expect, it } from 'vitest';
import { conntrackConfig, writeConfig } from '../../src/conntrack/config.ts';
import { packEntry } from '../../src/conntrack/pack.ts';
import { readConntrack } from '../../src/conntrack/read.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import { endConntrack, writeLastEvents, writeTable } from '../../src/scan/conntrack.ts';

const config = conntrackConfig(machineFromOptions({}), {
  memoryEntries: 16_384,
  seed: 0n,
  verifyChecksums: true,
});
const SHARDS = 4096;
const CHUNK = 65_536;
const NOW = 1_700_000_000_000_000_000n;

const text = Array.from(
  { length: 5000 },
  (_, port) =>
    `ipv4     2 udp      17 30 src=192.0.2.1 dst=192.0.2.2 sport=${port} dport=53 ${port % 5 === 0 ? '[UNREPLIED] ' : ''}` +
    `src=192.0.2.2 dst=192.0.2.1 sport=53 dport=${port} mark=0 use=1\n`,
).join('');

function scanned(): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: 32 });
  const view = new DataView(memory.buffer);
  writeConfig(view, 1024, config, { shards: SHARDS, heap: 0, heapEnd: 0 });
  const entries = readConntrack(text, { file: '' });
  const table = SHARDS + 3 * Conntrack.SHARD_BYTES + Conntrack.SHARD_TABLE4;
  const { bytes } = config.entry4;
  view.setUint32(table + Conntrack.TABLE_CHUNKS, CHUNK, true);
  view.setUint32(table + Conntrack.TABLE_NEWEST, CHUNK, true);
  const end = CHUNK + Conntrack.CHUNK_ENTRIES + entries.length * bytes;
  view.setUint32(table + Conntrack.TABLE_USED, end, true);
  view.setUint32(CHUNK + Conntrack.CHUNK_END, end, true);
  entries.forEach((entry, index) => {
    packEntry(view, CHUNK + Conntrack.CHUNK_ENTRIES + index * bytes, entry, config, NOW);
  });
  for (let shard = 0; shard < 4; shard++) {
    const at = SHARDS + shard * Conntrack.SHARD_BYTES;
    for (let stat = 0; stat < Conntrack.STATS; stat++) {
      view.setBigUint64(at + Conntrack.SHARD_STATS + 8 * stat, BigInt((stat + 1) * 10 ** shard), true);
    }
  }
  return memory;
}

describe('endConntrack', () => {
  it('adds up the shards', () => {
    expect(config.shardBits).toBe(2);
    const { result } = endConntrack(scanned(), 1024, config, NOW);
    expect(result).toEqual({
      created: 1111,
      expired: 2222,
      earlyDrops: 3333,
      tableFull: 4444,
      invalid: 5555,
      untracked: 6666,
      wrongChecksums: 7777,
      checksums: 'verify',
      pickedUp: 8888,
      oneWay: 9999 + 1000,
      expectations: { made: 11_110, met: 12_221, refused: 13_332 },
      reopened: 14_443,
      clashes: 15_554,
      strayErrors: 16_665,
      eventsLost: 17_776,
      cutForHelpers: 18_887,
      live: 5000,
      limit: 16_384,
    });
  });
});

describe('writeTable', () => {
  it('writes the whole table in pieces', async () => {
    const pieces: Uint8Array[] = [];
    const sink = { name: 'table', write: async (chunk: Uint8Array) => void pieces.push(chunk) };
    await writeTable(sink, endConntrack(scanned(), 1024, config, NOW));
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces).toString()).toBe(text);
  });
});

describe('an entry that nobody collected', () => {
  it('has ended when its time is over', async () => {
    const later = NOW + 30_000_000_000n;
    const ended = endConntrack(scanned(), 1024, config, later);
    expect(ended.result).toMatchObject({ live: 0, expired: 2222 + 5000, oneWay: 9999 + 1000 });
    const pieces: Uint8Array[] = [];
    const sink = { name: 'events', write: async (chunk: Uint8Array) => void pieces.push(chunk) };
    await writeLastEvents(sink, ended);
    const lines = Buffer.concat(pieces).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(5000);
    expect(lines[1]).toBe(
      '[1700000030.000000]\t[DESTROY] ipv4     2 udp      17 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=53 src=192.0.2.2 dst=192.0.2.1 sport=53 dport=1',
    );
  });
});
