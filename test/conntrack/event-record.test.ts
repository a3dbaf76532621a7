// Events out of a shard's chunks, as lines, merged in packet order.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { conntrackConfig } from '../../src/conntrack/config.ts';
import type { ConntrackEntry } from '../../src/conntrack/entry.ts';
import { takeEvents } from '../../src/conntrack/event-record.ts';
import { packEntry } from '../../src/conntrack/pack.ts';
import { readConntrack } from '../../src/conntrack/read.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import { formatEvents, mergeEventLines } from '../../src/pool/event-lines.ts';
import { OrderedOutput } from '../../src/scan/ordered-output.ts';

const config = conntrackConfig(machineFromOptions({}), { memoryEntries: 1, seed: 0n });
const entries = readConntrack(readFileSync(new URL('linux-list.txt', import.meta.url), 'utf8'), { file: '' });
const tcp = entries.find(({ protocol, family }) => protocol === 6 && family === 'ipv6') as ConntrackEntry;
const udp = entries.find(({ protocol, family }) => protocol === 17 && family === 'ipv4') as ConntrackEntry;

const SHARD = 1024;
const KINDS = [Conntrack.EVENT_NEW, Conntrack.EVENT_UPDATE, Conntrack.EVENT_DESTROY];

/** Writes events as the kernel does, into chunks of the pool (the configuration is at 0), then new ones from `heap` on. */
function writeEvents(view: DataView, heap: number, numbers: readonly bigint[]): number {
  let next = heap;
  for (const number of numbers) {
    let chunk = view.getUint32(SHARD + Conntrack.SHARD_EVENTS_LAST, true);
    if (chunk === 0 || view.getUint32(chunk + Conntrack.EVENTS_COUNT, true) === Conntrack.CHUNK_EVENTS) {
      const pooled = view.getUint32(Conntrack.EVENT_POOL, true);
      const fresh = pooled === 0 ? next : pooled;
      if (pooled === 0) next += 65_536;
      else view.setUint32(Conntrack.EVENT_POOL, view.getUint32(pooled + Conntrack.EVENTS_NEXT, true), true);
      view.setBigUint64(fresh, 0n, true);
      if (chunk === 0) view.setUint32(SHARD + Conntrack.SHARD_EVENTS, fresh, true);
      else view.setUint32(chunk + Conntrack.EVENTS_NEXT, fresh, true);
      view.setUint32(SHARD + Conntrack.SHARD_EVENTS_LAST, fresh, true);
      chunk = fresh;
    }
    const count = view.getUint32(chunk + Conntrack.EVENTS_COUNT, true);
    const at = chunk + Conntrack.EVENTS_HEADER_BYTES + count * Conntrack.EVENT_BYTES;
    view.setUint8(at + Conntrack.EVENT_KIND, KINDS[Number(number % 3n)] as number);
    view.setUint32(at + Conntrack.EVENT_WHAT, 1 << Conntrack.IPCT_PROTOINFO, true);
    view.setBigUint64(at + Conntrack.EVENT_NUMBER, number, true);
    view.setBigUint64(at + Conntrack.EVENT_TIME, number * 1_000_000_000n, true);
    packEntry(
      view,
      at + Conntrack.EVENT_ENTRY,
      number % 2n === 0n ? tcp : udp,
      config,
      number * 1_000_000_000n,
    );
    view.setUint32(chunk + Conntrack.EVENTS_COUNT, count + 1, true);
  }
  return next;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1));

describe('takeEvents', () => {
  it('reads them in order and gives the chunks back, to be filled again', () => {
    const memory = new WebAssembly.Memory({ initial: 16 });
    const view = new DataView(memory.buffer);
    let heap = 65_536;
    expect(takeEvents(memory, SHARD, config)).toEqual([]);
    for (const count of [
      1,
      Conntrack.CHUNK_EVENTS,
      3 * Conntrack.CHUNK_EVENTS + 1,
      2,
      3 * Conntrack.CHUNK_EVENTS,
    ]) {
      heap = writeEvents(view, heap, upTo(count));
      const events = takeEvents(memory, SHARD, config);
      expect(events.map(({ number }) => number)).toEqual(upTo(count));
      expect(takeEvents(memory, SHARD, config)).toEqual([]);
    }
    // The largest batch decides how many chunks there are.
    expect(heap).toBe(65_536 * 5);
  });

  it('reads what happened, when, and to what', () => {
    const memory = new WebAssembly.Memory({ initial: 16 });
    writeEvents(new DataView(memory.buffer), 65_536, upTo(3));
    const events = takeEvents(memory, SHARD, config);
    expect(events.map(({ kind }) => kind)).toEqual(['UPDATE', 'DESTROY', 'NEW']);
    expect(events[1]).toMatchObject({ timeNs: 2_000_000_000n, what: 1 << Conntrack.IPCT_PROTOINFO });
    expect(events[1]?.entry).toMatchObject({ family: 'ipv6', state: tcp.state, timeoutNs: tcp.timeoutNs });
    expect(events[2]?.entry).toMatchObject({ family: 'ipv4', original: udp.original });
  });
});

describe('event lines', () => {
  const lines = (numbers: readonly bigint[]) =>
    formatEvents(
      numbers.map((number) => ({
        kind: 'NEW',
        what: 0,
        number,
        timeNs: number * 1_000_000_000n,
        entry: udp,
      })),
    );
  const seconds = (text: Uint8Array) =>
    [...new TextDecoder().decode(text).matchAll(/^\[0*(\d+)\./gm)].map(([, number]) =>
      BigInt(number as string),
    );

  it('of several shards are merged by packet number', () => {
    const merged = mergeEventLines([lines([2n, 5n, 5n, 11n]), lines([]), lines([1n, 3n]), lines([4n, 12n])]);
    expect(seconds(merged)).toEqual([1n, 2n, 3n, 4n, 5n, 5n, 11n, 12n]);
    expect(mergeEventLines([])).toHaveLength(0);
    expect(seconds(mergeEventLines([lines([]), lines([7n, 8n])]))).toEqual([7n, 8n]);
  });

  it('of batches are written in the order of the batches', async () => {
    const written: Uint8Array[] = [];
    const sink = { name: 'events', write: async (chunk: Uint8Array) => void written.push(chunk) };
    const output = new OrderedOutput(undefined, [], sink);
    const message = (sequence: number, numbers: readonly bigint[]) => ({
      sequence,
      kib: 0,
      held: [],
      events: [],
      writes: [],
      conntrackEvents: [lines(numbers)],
    });
    for (const one of [message(2, [30n]), message(1, []), message(0, [1n, 2n])]) await output.add(one);
    await output.finish();
    expect(written.flatMap(seconds)).toEqual([1n, 2n, 30n]);
  });
});
