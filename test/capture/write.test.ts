// Captures written from captures: the same bytes, lengths and times.

import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../src/capture/reader.ts';
import { chooseRecordFormat, formatFileHeader, RecordFormatter } from '../../src/capture/write.ts';
import * as Batch from '../../src/layout/batch.ts';
import { concat, enhanced, frame, interfaceBlock, option, pack, pcap, section } from './build.ts';
import { Bench, fileOf, readCaptures } from './harness.ts';
import { simpleRead } from './simple-reader.ts';

/** All records of the captures with these numbers (from 0), or all, as a file of this name. */
function write(
  paths: readonly string[],
  name: string,
  stretch = 0,
  wanted = (_: number) => true,
): Uint8Array {
  const bench = new Bench();
  const description = bench.open(paths, stretch);
  const format = chooseRecordFormat(name, description, new Map());
  const formatter = new RecordFormatter(bench.memory, description, format);
  const reader = new CaptureReader(bench.memory, bench.kernel, description);
  const chunks = [formatFileHeader(format)];
  for (let first = 0; ; ) {
    const { status, count } = reader.readBatch(bench.batch);
    if (status === 'end') break;
    const numbers = Array.from({ length: count }, (_, index) => index).filter((index) =>
      wanted(first + index),
    );
    chunks.push(formatter.format(bench.batch, numbers));
    first += count;
  }
  reader.close();
  return concat(...chunks);
}

const magic = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
const visible = (bytes: Uint8Array) =>
  simpleRead(bytes).map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data).toString('hex') }));

const records = Array.from({ length: 50 }, (_, seed) => ({
  seconds: 1_700_000_000 + seed,
  fraction: seed * 19_999,
  data: frame(seed * 3, seed),
  original: seed * 3 + (seed % 2) * 1000,
}));

describe('pcap', () => {
  it('is written byte for byte as it was', () => {
    const file = pcap(records);
    const written = write([fileOf(file)], 'out.pcap', 100);
    // All but the file's snap length.
    expect(written.subarray(24)).toEqual(file.subarray(24));
    expect(written.subarray(0, 16)).toEqual(file.subarray(0, 16));
    expect(written.subarray(20, 24)).toEqual(file.subarray(20, 24));
  });

  it('has only the records asked for', () => {
    const written = write([fileOf(pcap(records))], 'out.pcap', 100, (number) => number % 3 === 0);
    const expected = visible(pcap(records)).filter((_, number) => number % 3 === 0);
    expect(visible(written)).toEqual(expected);
  });

  it('keeps other byte orders, variants, and the frame check sequence', () => {
    const network = (0x04000000 | (2 << 28) | 1) >>> 0;
    for (const options of [
      { big: true },
      { modified: true },
      { big: true, network },
      { magic: 0xa1b23c4d },
    ]) {
      const file = pcap(records, options);
      const written = write([fileOf(file)], 'out.pcap');
      const expected = visible(file).map((one) => ({ ...one, direction: 0 }));
      expect(visible(written)).toEqual(expected);
    }
  });

  it('counts nanoseconds as soon as one capture does', () => {
    const micro = pcap([...records, { seconds: 1, fraction: 5_000_000, data: frame(3) }]);
    const nano = pcap(records, { magic: 0xa1b23c4d, big: true });
    const written = write([fileOf(micro), fileOf(nano)], 'out.pcap');
    expect(magic(written)).toBe(0xa1b23c4d);
    expect(visible(written)).toEqual([...visible(micro), ...visible(nano)]);
  });
});

describe('pcapng', () => {
  const flags = (value: number) => [option(2, pack(false, [4, value])), option(0, frame(0))];
  const rich = concat(
    section(),
    interfaceBlock(1, [option(9, Uint8Array.of(9)), option(14, pack(false, [8, -7n]))], false, 96),
    interfaceBlock(101, [option(9, Uint8Array.of(128 | 40)), option(13, Uint8Array.of(2))]),
    enhanced(1, 1_700_000_000_123_456_789n, frame(33), { options: flags(2), original: 77 }),
    enhanced(0, 8_000_000_001n, frame(0)),
    section(true),
    interfaceBlock(113, [option(9, Uint8Array.of(12), true)], true),
    enhanced(0, 123_456_789_012_345n, frame(5), { big: true }),
  );

  it('keeps interfaces, time units, directions and lengths', () => {
    for (const stretch of [0, 40]) {
      const written = write([fileOf(rich)], 'out.pcapng', stretch);
      expect(visible(written)).toEqual(visible(rich));
    }
  });

  it('is written for a pcapng capture and for several link types, whatever the name', () => {
    const one = pcap(records, { network: 1 });
    const other = pcap(records, { network: 101, magic: 0xa1b23c4d });
    expect(magic(write([fileOf(one), fileOf(other)], 'out.pcap'))).toBe(0x0a0d0d0a);
    expect(visible(write([fileOf(one), fileOf(rich), fileOf(other)], 'out.pcap', 200))).toEqual([
      ...visible(one),
      ...visible(rich),
      ...visible(other),
    ]);
  });

  it('is the same for every way of cutting the captures into batches', () => {
    const files = [fileOf(pcap(records)), fileOf(rich), fileOf(pcap(records, { big: true, network: 101 }))];
    const whole = write(files, 'out.pcapng');
    for (const stretch of [64, 100, 150, 200, 300]) {
      expect(write(files, 'out.pcapng', stretch)).toEqual(whole);
    }
    const some = write(files, 'out.pcapng', 0, (number) => number % 4 === 0);
    expect(write(files, 'out.pcapng', 150, (number) => number % 4 === 0)).toEqual(some);
  });

  it('reads back through the kernel', async () => {
    const written = write([fileOf(rich)], 'out.pcapng');
    const [before, after] = [await readCaptures([fileOf(rich)]), await readCaptures([fileOf(written)])];
    expect(after.records).toEqual(before.records);
  });
});

describe('a batch', () => {
  it('tells of each interface once, also when nothing of it is written', () => {
    const file = concat(
      section(),
      interfaceBlock(1),
      enhanced(0, 0n, frame(4)),
      interfaceBlock(113),
      enhanced(1, 0n, frame(4)),
    );
    const bench = new Bench();
    const description = bench.open([fileOf(file)], 100);
    const reader = new CaptureReader(bench.memory, bench.kernel, description);
    const ranges: number[][] = [];
    const view = new DataView(bench.memory.buffer);
    while (reader.readBatch(bench.batch).status === 'batch') {
      ranges.push(
        [Batch.INTERFACES_FROM, Batch.INTERFACES_TO].map((offset) =>
          view.getUint32(bench.batch + offset, true),
        ),
      );
    }
    reader.close();
    expect(ranges).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});
