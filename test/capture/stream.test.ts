// Pipes and compressed captures: the same as the plain file, and as much as there is of a damaged one.

import { execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { peek } from '../../src/capture/peek.ts';
import { StreamPump } from '../../src/capture/pump.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { block, concat, enhanced, frame, interfaceBlock, pcap, section } from './build.ts';
import { Bench, fileOf, type ReadOutcome, readCaptures } from './harness.ts';

const many = Array.from({ length: 3000 }, (_, seed) => ({
  seconds: seed,
  fraction: seed,
  // Not too regular, so that compression leaves several blocks.
  data: Uint8Array.from(
    { length: 40 + ((seed * 7919) % 1400) },
    (_, i) => Math.imul(seed * 31 + i, 2654435761) >>> 24,
  ),
}));
const capture = pcap(many);
let plain: ReadOutcome;

const times = (outcome: ReadOutcome) =>
  outcome.records.map((one) => `${one.time} ${one.captured} ${one.original}`);

beforeAll(async () => {
  plain = await readCaptures([fileOf(capture)]);
  expect(plain.records.length).toBe(3000);
});

/** zstd(1) where it is installed. */
function zstd(bytes: Uint8Array, ...options: string[]): Uint8Array | undefined {
  try {
    return execFileSync('zstd', ['-q', '-c', ...options], { input: bytes, maxBuffer: 1 << 28 });
  } catch {
    return undefined;
  }
}
const hasZstd = zstd(frame(1)) !== undefined;

/** A zstd frame of raw blocks, so that there is a test without zstd(1). */
function storedZstd(bytes: Uint8Array, windowDescriptor = 0x48): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 65536) {
    const part = bytes.subarray(at, at + 65536);
    const header = (part.length << 3) | (at + 65536 >= bytes.length ? 1 : 0);
    blocks.push(Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), part);
  }
  return concat(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor), ...blocks);
}

describe('a compressed capture', () => {
  it('reads gzip', async () => {
    const found = await readCaptures([fileOf(gzipSync(capture), 'pcap.gz')]);
    expect(found.problems).toEqual([]);
    expect(times(found)).toEqual(times(plain));
    expect(found.records.at(-1)?.data).toEqual(plain.records.at(-1)?.data);
  });

  it('reads gzip of several members, cut anywhere, and ignores what follows the last', async () => {
    const members = [0, 5, 100_001, 1_000_000, capture.length].map((at, index, cuts) =>
      gzipSync(capture.subarray(at, cuts[index + 1])),
    );
    const found = await readCaptures([fileOf(concat(...members, new Uint8Array(100)), 'gz')]);
    expect(found.problems).toEqual([]);
    expect(times(found)).toEqual(times(plain));
  });

  it('reads zstd', async () => {
    const found = await readCaptures([fileOf(storedZstd(capture), 'zst')]);
    expect(found.problems).toEqual([]);
    expect(times(found)).toEqual(times(plain));
  });

  it.skipIf(!hasZstd)('reads what zstd(1) writes, several frames too (zstd is installed)', async () => {
    const half = 1_000_000;
    const first = zstd(capture.subarray(0, half), '-19') ?? frame(0);
    const second = zstd(capture.subarray(half), '--no-check') ?? frame(0);
    const skippable = concat(Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0), frame(5));
    const found = await readCaptures([fileOf(concat(skippable, first, second, skippable), 'zst')]);
    expect(found.problems).toEqual([]);
    expect(times(found)).toEqual(times(plain));
  });

  it('refuses a zstd frame that asks for more than 128 MiB', async () => {
    const found = await readCaptures([fileOf(storedZstd(capture, 18 << 3), 'zst')]);
    expect(found.records).toEqual([]);
    expect(found.problems[0]?.message).toBe(
      'zstd: a frame asks for a window of 268435456 bytes, more than 128 MiB',
    );
  });

  it('hands out what precedes damage, and goes on with the next file', async () => {
    const gzip = gzipSync(capture);
    const damaged = gzip.slice();
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 50);
    const cases = {
      'gzip cut': gzip.subarray(0, gzip.length >> 1),
      'gzip without its checksum': gzip.subarray(0, gzip.length - 5),
      'gzip damaged': damaged,
      'zstd cut': storedZstd(capture).subarray(0, 1_000_000),
    };
    for (const [name, bytes] of Object.entries(cases)) {
      const path = fileOf(bytes, 'gz');
      const found = await readCaptures([path, fileOf(pcap(many.slice(0, 2)))]);
      expect(found.problems, name).toMatchObject([
        { file: path, message: expect.stringMatching(/^(gzip|zstd): /) },
      ]);
      const count = found.records.length - 2;
      expect(count, name).toBeGreaterThan(1000);
      expect(times(found).slice(0, count), name).toEqual(times(plain).slice(0, count));
      expect(times(found).slice(count), name).toEqual(times(plain).slice(0, 2));
    }
  });

  it('says what compressed bytes are when they are no capture', async () => {
    const text = fileOf(gzipSync('hello, hello, hello\n'.repeat(100)), 'gz');
    const empty = fileOf(gzipSync(''), 'gz');
    const twice = fileOf(gzipSync(gzipSync(capture)), 'gz');
    const found = await readCaptures([text, empty, twice]);
    expect(found.problems.map((one) => [one.file, one.offset, one.message])).toEqual([
      [text, 0, 'this is text, not a capture (pcap or pcapng)'],
      [empty, 0, 'the file is empty'],
      [twice, 0, 'compressed twice: only one layer of compression is read'],
    ]);
  });

  it('passes over a long block on its way', async () => {
    const huge = block(0x0bad, new Uint8Array(9_000_000));
    const file = concat(section(), interfaceBlock(1), huge, enhanced(0, 1n, frame(5)), huge);
    const found = await readCaptures([fileOf(gzipSync(file), 'gz')]);
    expect(found.problems).toEqual([]);
    expect(found.records.map((one) => one.data)).toEqual([frame(5)]);
  });

  it('does not write into a ring that nobody reads', async () => {
    const bench = new Bench();
    const big = pcap(Array.from({ length: 200 }, () => ({ data: new Uint8Array(200_000) })));
    const description = bench.open([fileOf(gzipSync(big), 'gz')]);
    const pump = new StreamPump(bench.memory, description);
    const pumping = pump.run();
    while (!pump.settled) await new Promise((resolve) => setTimeout(resolve, 1));
    pump.stop();
    await pumping;
    const reader = new CaptureReader(bench.memory, bench.kernel, description);
    expect(reader.readBatch(bench.batch)).toMatchObject({ status: 'end', count: 0 });
  });
});

describe('a look ahead', () => {
  it('shows the first packets and leaves them for the scan', async () => {
    for (const bytes of [capture, gzipSync(capture)]) {
      const bench = new Bench(300_000);
      const description = bench.open([fileOf(bytes), fileOf(capture)]);
      const pump = description.ring === 0 ? undefined : new StreamPump(bench.memory, description);
      const pumping = pump?.run();
      const seen: string[] = [];
      const { memory, kernel, batch } = bench;
      const result = await peek(memory, kernel, description, pump, batch, 1000, (_, count) => {
        for (const one of bench.records(count, description.interfaces))
          seen.push(`${one.time} ${one.captured} ${one.original}`);
      });
      expect(result).toMatchObject({ count: 1000, problems: [], all: false });
      expect(result.headers.get(0)).toEqual({ format: 'pcap', linktype: 1, nanoseconds: false, fcsBytes: 0 });
      expect(seen).toEqual(times(plain).slice(0, 1000));
      const reader = new CaptureReader(memory, kernel, description, undefined, 'poll');
      let count = 0;
      for (;;) {
        const read = reader.readBatch(batch);
        count += read.count;
        if (read.status === 'end') break;
        if (read.status === 'wait') await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(count).toBe(6000);
      await pumping;
    }
  });
});

/** What two lanes in threads of their own read, as dist/ has them; the main thread feeds the ring. */
describe('lanes', () => {
  it('read a stream in turns and wait for it', async () => {
    const bench = new Bench();
    const other = new Bench();
    // The second lane's batch is in the same memory.
    const batches = [
      bench.batch,
      bench.allocator.place(new Uint8Array(other.memory.buffer, other.batch, 64).slice()),
    ];
    const view = new DataView(bench.memory.buffer);
    view.setUint32((batches[1] ?? 0) + 16, bench.allocator.allocate(65536 * 8), true);
    view.setUint32((batches[1] ?? 0) + 24, bench.allocator.allocate(512 * 1024 + 64), true);
    const description = bench.open([fileOf(gzipSync(capture), 'gz'), fileOf(capture)]);
    const pump = new StreamPump(bench.memory, description);
    const pumping = pump.run();
    const baton = bench.allocator.allocate(64);
    const lane = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { memory, description, batch, baton, dist } = workerData;
      Promise.all([import(dist + 'kernel/kernel.js'), import(dist + 'capture/reader.js')]).then(([k, r]) => {
        const reader = new r.CaptureReader(memory, k.instantiateKernel(k.compileKernel(), memory), description);
        const words = new Int32Array(memory.buffer, baton, 1);
        let count = 0;
        for (let end = false; !end; ) {
          while (Atomics.compareExchange(words, 0, 0, 1) !== 0) Atomics.wait(words, 0, 1);
          const result = reader.readBatch(batch);
          Atomics.store(words, 0, 0);
          Atomics.notify(words, 0, 1);
          count += result.count;
          end = result.status === 'end';
        }
        parentPort.postMessage(count);
      });`;
    const dist = new URL('../../dist/', import.meta.url).href;
    const counts = batches.map(
      (batch) =>
        new Promise<number>((resolve, reject) => {
          const workerData = { memory: bench.memory, description, batch, baton, dist };
          const worker = new Worker(lane, { eval: true, workerData });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    );
    const [first = 0, second = 0] = await Promise.all(counts);
    expect(first + second).toBe(6000);
    await pumping;
  });
});

/** A program that prints how many packets stdin has. */
const counter = `
  const dist = process.argv[1];
  const [k, a, o, p, r] = await Promise.all(
    ['kernel/kernel', 'kernel/allocator', 'capture/open', 'capture/pump', 'capture/reader'].map((m) => import(dist + m + '.js')),
  );
  const memory = k.createMemory(4 << 20);
  const allocator = new a.Allocator(memory);
  const description = o.openCaptures(['-'], (bytes) => allocator.allocate(bytes));
  const batch = allocator.allocate(64);
  const parts = [65536 * 8, 0, 512 * 1024].map((bytes) => allocator.allocate(bytes));
  const view = new DataView(memory.buffer);
  [parts[0], 0, parts[2], 512 * 1024, 65536].forEach((value, i) => view.setUint32(batch + 16 + 4 * i, value, true));
  const pump = description.ring === 0 ? undefined : new p.StreamPump(memory, description);
  const pumping = pump?.run();
  const reader = new r.CaptureReader(memory, k.instantiateKernel(k.compileKernel(), memory), description, () => 0, 'poll');
  let count = 0;
  for (;;) {
    const result = reader.readBatch(batch);
    count += result.count;
    if (result.problems.length > 0) console.log(result.problems[0].message);
    if (result.status === 'end') break;
    if (result.status === 'wait') await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await pumping;
  console.log(description.files[0].kind, count);`;

function count(stdin: number | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const dist = new URL('../../dist/', import.meta.url).href;
    const program = spawn(process.execPath, ['--input-type=module', '-e', counter, dist], {
      stdio: [typeof stdin === 'number' ? stdin : 'pipe', 'pipe', 'inherit'],
    });
    let text = '';
    program.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    program.on('error', reject);
    program.on('close', () => resolve(text.trim()));
    if (typeof stdin !== 'number') program.stdin?.end(stdin);
  });
}

describe('a named pipe', () => {
  it('is read once, from its first byte on', async () => {
    const path = `${fileOf(capture)}.pipe`;
    execFileSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', fileOf(gzipSync(capture)), path]);
    const found = await readCaptures([path]);
    expect(found.problems).toEqual([]);
    expect(times(found)).toEqual(times(plain));
    writer.kill();
  });
});

describe('stdin', () => {
  it('is read as a pipe, compressed too, and in place when it is a file', async () => {
    const file = fileOf(capture);
    const compressed = fileOf(gzipSync(capture));
    expect(await count(capture)).toBe('stream 3000');
    expect(await count(gzipSync(capture))).toBe('stream 3000');
    expect(await count(openSync(file, 'r'))).toBe('file 3000');
    expect(await count(openSync(compressed, 'r'))).toBe('stream 3000');
    expect(await count(new Uint8Array(0))).toBe('the file is empty\nstream 0');
  });

  it('starts where the file stands', async () => {
    const path = fileOf(concat(frame(1000), capture));
    const dist = new URL('../../dist/', import.meta.url).href;
    const script = 'exec < "$0"; dd bs=1000 count=1 > /dev/null 2>&1; exec "$@"';
    const output = execFileSync('sh', [
      '-c',
      script,
      path,
      process.execPath,
      '--input-type=module',
      '-e',
      counter,
      dist,
    ]);
    expect(output.toString().trim()).toBe('file 3000');
  });
});
