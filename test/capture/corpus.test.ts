// Every capture of the corpus: as many packets as its manifest says, with the times, lengths and bytes that a reader
// of a few lines finds; and the same through small batches.

import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import { corpus, fileOf, type ReadRecord, readCaptures } from './harness.ts';
import { type SimpleRecord, simpleRead } from './simple-reader.ts';

const root = corpus();

/** Where the manifest's tool went on in spite of what libpcap refuses, or gave up before. */
const OTHER_COUNT: ReadonlyMap<string, number> = new Map([
  // Versions that are not known; libpcap does not read them either.
  ['pcap/libpcap/pcap-invalid-version-1.pcap', 0],
  ['pcap/libpcap/pcap-invalid-version-2.pcap', 0],
  ['pcap/libpcap/pcapng-invalid-vers-1.pcapng', 0],
  ['pcap/libpcap/pcapng-invalid-vers-2.pcapng', 0],
  // The lengths of the first block after the section header differ.
  ['pcap/libpcap/shb-option-too-long.pcapng', 0],
  // Version 2.0, whose lengths are exchanged: one whole record stands before the break.
  ['pcap/ndpi/default__pcap__fuzz-2021-10-13.pcap', 1],
]);

/** Packets in the files of the conformance set, as capinfos counts them. */
const CONFORMANCE: Readonly<Record<string, number>> = {
  test001: 4,
  test002: 0,
  test004: 4,
  test005: 4,
  test006: 5,
  test008: 4,
  test009: 2,
  test010: 4,
  test012: 4,
  test013: 0,
  test014: 0,
  test016: 4,
  test017: 0,
  test018: 4,
  test100: 5,
  test102: 5,
  test201: 4,
  test202: 8,
};

interface Entry {
  readonly file: string;
  readonly packets: number;
}

function manifest(folder: string): Entry[] {
  const lines = readFileSync(`${folder}/pcap/MANIFEST.tsv`, 'utf8').trimEnd().split('\n').slice(1);
  return lines.map((line) => {
    const [file = '', , packets] = line.split('\t');
    return { file, packets: Number(packets) };
  });
}

function plainBytes(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

function sameRecords(found: readonly ReadRecord[], expected: readonly SimpleRecord[]): string | undefined {
  if (found.length !== expected.length) return `${found.length} records, not ${expected.length}`;
  for (const [index, one] of found.entries()) {
    const other = expected[index];
    if (other === undefined) return `record ${index}`;
    const same =
      one.time === other.time &&
      one.captured === other.captured &&
      one.original === other.original &&
      one.linktype === other.linktype &&
      one.direction === other.direction &&
      Buffer.compare(one.data, other.data) === 0;
    if (!same) return `record ${index}: ${summary(one)}, not ${summary(other)}`;
  }
  return undefined;
}

function summary(one: SimpleRecord | ReadRecord): string {
  return `${one.time} ${one.captured}/${one.original} linktype ${one.linktype} direction ${one.direction}`;
}

async function read(paths: readonly string[], stretch: number): Promise<readonly ReadRecord[]> {
  try {
    return (await readCaptures(paths, { stretch })).records;
  } catch (error) {
    if (error instanceof WasmtablesError && error.code === 'CAPTURE') return [];
    throw error;
  }
}

describe.skipIf(root === undefined)('the corpus (../shared/corpus, beside the project)', () => {
  const folder = root ?? '';

  it('has the packets of its manifest, as a simple reader sees them', async () => {
    const wrong: string[] = [];
    for (const { file, packets } of manifest(folder)) {
      const path = `${folder}/${file}`;
      const records = await read([path], 0);
      const count = OTHER_COUNT.get(file) ?? packets;
      if (records.length !== count) wrong.push(`${file}: ${records.length} packets, not ${count}`);
      if (OTHER_COUNT.has(file)) continue;
      const difference = sameRecords(records, simpleRead(plainBytes(path)));
      if (difference !== undefined) wrong.push(`${file}: ${difference}`);
    }
    expect(wrong).toEqual([]);
  });

  it('reads the same in stretches of 4 KiB', async () => {
    const wrong: string[] = [];
    for (const { file, packets } of manifest(folder)) {
      if (packets > 3000 || OTHER_COUNT.has(file)) continue;
      const path = `${folder}/${file}`;
      const difference = sameRecords(await read([path], 4096), simpleRead(plainBytes(path)));
      if (difference !== undefined) wrong.push(`${file}: ${difference}`);
    }
    expect(wrong).toEqual([]);
  });

  it('reads the pcapng conformance set as capinfos and a simple reader do', async () => {
    const wrong: string[] = [];
    let files = 0;
    for (const name of readdirSync(`${folder}/pcapng`, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(pcapng|ntar|pcap|gz)$/.test(name)) continue;
      files++;
      const path = `${folder}/pcapng/${name}`;
      const test = /(test\d+)\.pcapng$/.exec(name)?.[1];
      for (const stretch of [0, 64]) {
        const records = await read([path], stretch);
        if (test !== undefined && records.length !== CONFORMANCE[test])
          wrong.push(`${name}: ${records.length}`);
        const difference = sameRecords(records, simpleRead(plainBytes(path)));
        if (difference !== undefined) wrong.push(`${name}: ${difference}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(files).toBe(37);
  });

  it('reads several files as one stream', async () => {
    const files = manifest(folder).filter((one) => one.packets < 50 && !OTHER_COUNT.has(one.file));
    const some = files.filter((_, index) => index % 7 === 0);
    const expected = some.flatMap((one) => simpleRead(plainBytes(`${folder}/${one.file}`)));
    const records = await read(
      some.map((one) => `${folder}/${one.file}`),
      0,
    );
    expect(sameRecords(records, expected)).toBeUndefined();
  });

  it('hands out what precedes a break, wherever it is', async () => {
    for (const name of ['pcapng/output_be/difficult/test201.pcapng', 'pcap/arkime/pcap__stun.pcap']) {
      const bytes = readFileSync(`${folder}/${name}`);
      for (let length = 1; length < bytes.length; length++) {
        const part = bytes.subarray(0, length);
        const records = await read([fileOf(part)], 0);
        expect(sameRecords(records, simpleRead(part))).toBeUndefined();
      }
    }
  });
});
