// Entries to records and back, in a memory laid out by hand.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ConntrackConfig, conntrackConfig, writeConfig } from '../../src/conntrack/config.ts';
import type { ConntrackEntry } from '../../src/conntrack/entry.ts';
import { packEntry } from '../../src/conntrack/pack.ts';
import { readConntrack } from '../../src/conntrack/read.ts';
import { listEntries, readEntry } from '../../src/conntrack/record.ts';
import { entryText } from '../../src/conntrack/text.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';

const listed = readFileSync(new URL('linux-list.txt', import.meta.url), 'utf8');
const all = readConntrack(listed, { file: 'conntrack.txt' });
const machine = {
  ...machineFromOptions({}),
  sysctls: new Map([
    ['net.netfilter.nf_conntrack_acct', '1'],
    ['net.netfilter.nf_conntrack_timestamp', '1'],
  ]),
};
const config = conntrackConfig(machine, {
  labels: true,
  memoryEntries: 8192,
  seed: 0n,
});
const NOW = 1_700_000_000_000_000_000n;

function roundTrip(entry: ConntrackEntry): { entry: ConntrackEntry; view: DataView } {
  const view = new DataView(new ArrayBuffer(512));
  new Uint8Array(view.buffer).fill(0xa5);
  packEntry(view, 64, entry, config, NOW);
  const layout = entry.family === 'ipv4' ? config.entry4 : config.entry6;
  const bytes = new Uint8Array(view.buffer);
  expect(bytes.subarray(0, 64).every((byte) => byte === 0xa5)).toBe(true);
  expect(bytes.subarray(64 + layout.bytes).every((byte) => byte === 0xa5)).toBe(true);
  return { entry: readEntry(view, 64, layout, NOW), view };
}

describe('a record', () => {
  it('holds all that text tells', () => {
    for (const entry of all) {
      const none = { packets: 0n, bytes: 0n };
      expect(roundTrip(entry).entry).toEqual({
        ...entry,
        originalAccounting: entry.originalAccounting ?? none,
        replyAccounting: entry.replyAccounting ?? none,
        labels: 0n,
        startNs: NOW + (entry.startNs ?? 0n),
      });
    }
  });

  it('holds labels', () => {
    const [entry] = readConntrack(
      'udp 17 9 src=::1 dst=::2 sport=1 dport=2 src=::2 dst=::1 sport=2 dport=1 labels=0,63,64,127',
      { file: 'conntrack.txt' },
    );
    const labels = 1n | (1n << 63n) | (1n << 64n) | (1n << 127n);
    expect(roundTrip(entry as ConntrackEntry).entry.labels).toBe(labels);
  });

  it('of TCP is liberal in both directions, as conntrack -I makes it', () => {
    const tcp = all.find(({ protocol }) => protocol === 6) as ConntrackEntry;
    const { view } = roundTrip(tcp);
    expect([view.getUint8(64 + Conntrack.TCP_FLAGS), view.getUint8(64 + Conntrack.TCP_FLAGS + 2)]).toEqual([
      10, 10,
    ]);
    expect(view.getUint32(64 + Conntrack.TCP_SEEN + Conntrack.TCP_MAXWIN, true)).toBe(0);
  });

  it("of GRE has the sysctls' timeouts, or those of a PPTP call", () => {
    const gre = (seconds: bigint, status: number) => {
      const [entry] = all.filter(({ protocol }) => protocol === 47);
      const { view } = roundTrip({
        ...(entry as ConntrackEntry),
        status,
        timeoutNs: seconds * 1_000_000_000n,
      });
      const at = (offset: number) => view.getBigUint64(64 + offset, true) / 1_000_000_000n;
      return [at(Conntrack.GRE_TIMEOUT), at(Conntrack.GRE_STREAM_TIMEOUT)];
    };
    expect(gre(30n, 0)).toEqual([30n, 180n]);
    expect(gre(180n, Conntrack.IPS_SEEN_REPLY)).toEqual([30n, 180n]);
    expect(gre(181n, Conntrack.IPS_SEEN_REPLY)).toEqual([600n, 18_000n]);
    expect(gre(31n, 0)).toEqual([600n, 18_000n]);
  });
});

/** A memory with the entries in the chunks of two shards, `perChunk` in each chunk. */
function memoryWith(
  entries: readonly ConntrackEntry[],
  perChunk: number,
  from: ConntrackConfig = config,
): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const view = new DataView(memory.buffer);
  writeConfig(view, 1024, from, { shards: 4096, heap: 0, heapEnd: 0 });
  let heap = 16_384;
  entries.forEach((entry, index) => {
    const four = entry.family === 'ipv4';
    const { bytes } = four ? from.entry4 : from.entry6;
    const table =
      4096 +
      (index % 2 ** from.shardBits) * Conntrack.SHARD_BYTES +
      (four ? Conntrack.SHARD_TABLE4 : Conntrack.SHARD_TABLE6);
    const newest = view.getUint32(table + Conntrack.TABLE_NEWEST, true);
    let used = view.getUint32(table + Conntrack.TABLE_USED, true);
    if (newest === 0 || used === view.getUint32(newest + Conntrack.CHUNK_END, true)) {
      const chunk = heap;
      heap += Conntrack.CHUNK_HEADER_BYTES + perChunk * bytes;
      view.setUint32(chunk + Conntrack.CHUNK_END, heap, true);
      if (newest === 0) view.setUint32(table + Conntrack.TABLE_CHUNKS, chunk, true);
      else view.setUint32(newest + Conntrack.CHUNK_NEXT, chunk, true);
      view.setUint32(table + Conntrack.TABLE_NEWEST, chunk, true);
      used = chunk + Conntrack.CHUNK_ENTRIES;
    }
    packEntry(view, used, entry, from, NOW);
    view.setUint32(table + Conntrack.TABLE_USED, used + bytes, true);
  });
  return memory;
}

describe('listEntries', () => {
  const list = (memory: WebAssembly.Memory, from: ConntrackConfig, nowNs: bigint) =>
    Array.from(listEntries(memory, 1024, from, nowNs).alive, (entry) => entryText(entry, nowNs));

  it.each([1, 3, 100])('finds those of every shard and chunk, in their order (%i a chunk)', (perChunk) => {
    expect(config.shardBits).toBe(1);
    const memory = memoryWith([...all].reverse(), perChunk);
    const texts = list(memory, config, NOW);
    const bare = (text: string) => text.replace(/ (packets|bytes|delta-time)=\d+/g, '');
    const { count, oneWay } = listEntries(memory, 1024, config, NOW).alive;
    expect([count, oneWay]).toEqual([
      texts.length,
      texts.filter((text) => text.includes('[UNREPLIED]')).length,
    ]);
    expect(texts.map(bare)).toEqual(listed.trimEnd().split('\n').filter(notExpired).map(bare));
  });

  it('leaves out what is free, not confirmed or expired', () => {
    const memory = memoryWith(all, 100);
    const view = new DataView(memory.buffer);
    const first = view.getUint32(4096 + Conntrack.SHARD_TABLE4 + Conntrack.TABLE_CHUNKS, true);
    const count = list(memory, config, NOW).length;
    const at = (index: number) =>
      first + Conntrack.CHUNK_ENTRIES + index * config.entry4.bytes + Conntrack.STATUS;
    view.setUint32(at(0), view.getUint32(at(0), true) & ~Conntrack.IN_USE, true);
    view.setUint32(at(1), view.getUint32(at(1), true) & ~Conntrack.IPS_CONFIRMED, true);
    view.setUint32(at(2), view.getUint32(at(2), true) | Conntrack.IPS_DYING, true);
    expect(list(memory, config, NOW)).toHaveLength(count - 3);
    const later = list(memory, config, NOW + 500n * 1_000_000_000n);
    expect(later.every((text) => Number(/^\S+ +\d+ \S+ +\d+ (\d+)/.exec(text)?.[1]) >= 99)).toBe(true);
    expect(list(memory, config, NOW + 1_000_000n * 1_000_000_000n)).toEqual([]);
  });

  it('finds entries of every size', () => {
    const sizes = [{}, { help: true }, { help: true, accounting: true }, { help: true, labels: true }];
    const [plain, ...others] = sizes.map((features) => {
      const from = conntrackConfig(machineFromOptions({}), {
        ...features,
        memoryEntries: 8192,
        seed: 0n,
      });
      const texts = list(memoryWith(all, 7, from), from, NOW);
      return {
        bytes: from.entry4.bytes,
        texts: texts.map((text) => text.replace(/ (packets|bytes)=\d+/g, '')),
      };
    });
    expect(new Set(others.map(({ bytes }) => bytes)).size).toBe(3);
    for (const { texts } of others) expect(texts).toEqual(plain?.texts);
  });

  it('finds what has expired, too', () => {
    const memory = memoryWith(all, 100);
    const both = (nowNs: bigint) =>
      (['alive', 'expired'] as const).map((kind) => listEntries(memory, 1024, config, nowNs)[kind].count);
    expect(both(0n)).toEqual([all.length, 0]);
    const [alive = 0, expired = 0] = both(NOW + 500n * 1_000_000_000n);
    expect(alive * expired).toBeGreaterThan(0);
    expect(alive + expired).toBe(all.length);
    expect(both(1n << 63n)).toEqual([0, all.length]);
  });

  it('lists nothing where there is nothing', () => {
    expect(list(new WebAssembly.Memory({ initial: 1 }), { ...config, shardBits: 0 }, NOW)).toEqual([]);
  });
});

/** Less than a second left when it was listed: read back, nothing. */
function notExpired(line: string): boolean {
  return !/^ipv4 +2 udp +17 0 /.test(line);
}
