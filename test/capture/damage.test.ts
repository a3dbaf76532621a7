// Captures cut at every byte and captures changed at random: all complete records are handed out, nothing is read
// outside of the file, nothing hangs.

import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import { concat, enhanced, frame, interfaceBlock, option, pack, pcap, section } from './build.ts';
import { fileOf, type ReadRecord, readCaptures } from './harness.ts';
import { simpleRead } from './simple-reader.ts';

const records = [10, 0, 60, 3].map((length, seed) => ({
  seconds: seed,
  fraction: seed,
  data: frame(length, seed),
}));
const flags = [option(2, pack(false, [4, 1])), option(0, frame(0))];
const samples: Readonly<Record<string, Uint8Array>> = {
  pcap: pcap(records),
  'big-endian pcap': pcap(records, { big: true }),
  'modified pcap': pcap(records, { modified: true }),
  pcapng: concat(
    section(),
    interfaceBlock(1, [option(9, Uint8Array.of(9))]),
    enhanced(0, 5n, frame(17), { options: flags }),
    interfaceBlock(101),
    enhanced(1, 5n, frame(6)),
    section(true),
    interfaceBlock(1, [], true),
    enhanced(0, 7n, frame(33), { big: true }),
  ),
};

async function read(bytes: Uint8Array, stretch: number): Promise<readonly ReadRecord[]> {
  try {
    return (await readCaptures([fileOf(bytes)], { stretch })).records;
  } catch (error) {
    if (error instanceof WasmtablesError && error.code === 'CAPTURE') return [];
    throw error;
  }
}

const visible = (record: { time: bigint; captured: number; original: number; data: Uint8Array }) =>
  `${record.time} ${record.captured} ${record.original} ${Buffer.from(record.data).toString('hex')}`;

describe('a capture cut short', () => {
  for (const [name, bytes] of Object.entries(samples)) {
    it(`hands out every complete record: ${name}`, async () => {
      const whole = simpleRead(bytes).map(visible);
      for (let length = 0; length <= bytes.length; length++) {
        const part = bytes.subarray(0, length);
        const found = (await read(part, length % 3 === 0 ? 32 : 0)).map(visible);
        expect(found).toEqual(simpleRead(part).map(visible));
        expect(found).toEqual(whole.slice(0, found.length));
      }
    });
  }
});

/** A small generator of its own (mulberry32), so that runs repeat. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function changed(bytes: Uint8Array, next: () => number): Uint8Array {
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  for (let count = 1 + (next() % 4); count > 0; count--) {
    const at = next() % result.length;
    const kind = next() % 4;
    if (kind === 0) result[at] = next() & 255;
    else if (kind === 1) result[at] = (result[at] ?? 0) ^ (1 << (next() % 8));
    else if (at + 4 <= result.length) {
      const extremes = [0, 1, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 262144, 262145];
      view.setUint32(at & ~3, extremes[next() % extremes.length] ?? 0, kind === 2);
    }
  }
  return result;
}

describe('a capture changed at random', () => {
  for (const [name, bytes] of Object.entries(samples)) {
    it(`is read as the simple reader reads it: ${name}`, async () => {
      const next = generator(20_260_000 + bytes.length);
      for (let round = 0; round < 700; round++) {
        const mutated = changed(bytes, next);
        const version = new DataView(mutated.buffer);
        // The simple reader knows no old versions.
        const isPcap = !name.startsWith('pcapng');
        if (isPcap) version.setUint32(4, name.startsWith('big') ? 0x04000200 : 0x00040002, true);
        if (name.startsWith('big')) version.setUint32(4, 0x00020004, false);
        const whole = (await read(mutated, 0)).map(visible);
        const small = (await read(mutated, 24 + (next() % 64))).map(visible);
        expect(small, `round ${round}`).toEqual(whole);
        const magic = version.getUint32(0, true);
        const known = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xd4c3b2a1, 0x4d3cb2a1, 0x34cdb2a1, 0x0a0d0d0a];
        if (!known.includes(magic)) continue;
        const expected = simpleRead(mutated).map(visible);
        expect(whole, `round ${round}: ${Buffer.from(mutated).toString('hex')}`).toEqual(expected);
      }
    });
  }
});
