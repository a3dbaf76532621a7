// What is no capture is told before anything is read.

import { chmodSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WasmtablesError, WasmtablesErrors } from '../../src/error.ts';
import { frame, pcap } from './build.ts';
import { Bench, fileOf, readCaptures } from './harness.ts';

function refused(...paths: string[]): { code: string; message: string }[] {
  try {
    new Bench().open(paths);
  } catch (error) {
    if (error instanceof WasmtablesErrors)
      return error.errors.map(({ code, message }) => ({ code, message }));
    if (error instanceof WasmtablesError) return [{ code: error.code, message: error.message }];
    throw error;
  }
  return [];
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('openCaptures', () => {
  it('names the file, the byte and what is wrong', () => {
    const good = pcap([]);
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), '0: the file is empty'],
      [bytes('*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n'), '0: this is text, not a capture (pcap or pcapng)'],
      [bytes('a'), '0: this is text, not a capture (pcap or pcapng)'],
      [
        Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2),
        '0: not a capture: it starts with 7f 45 4c 46, and neither pcap nor pcapng does',
      ],
      [good.subarray(0, 20), '20: the pcap file header is cut short'],
      [pcap([], { version: [1, 2] }), '4: pcap version 1.2 is too old to read'],
      [pcap([], { version: [2, 5], big: true }), '4: pcap version 2.5 is not known'],
    ];
    for (const [file, message] of cases) {
      const path = fileOf(file);
      expect(refused(path)).toEqual([{ code: 'CAPTURE', message: `${path}: byte ${message}` }]);
    }
  });

  it('tells a missing file, a folder and a forbidden file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wasmtables-open-'));
    const loop = join(folder, 'loop');
    symlinkSync('loop', loop);
    const forbidden = fileOf(pcap([]));
    chmodSync(forbidden, 0);
    expect(refused(join(folder, 'missing.pcap'))).toEqual([
      { code: 'IO', message: `${folder}/missing.pcap: no such file` },
    ]);
    expect(refused(folder)).toEqual([{ code: 'IO', message: `${folder}: is a directory` }]);
    expect(refused(loop)).toMatchObject([{ code: 'IO' }]);
    // The superuser may read what nobody may.
    if (process.getuid?.() !== 0) {
      expect(refused(forbidden)).toEqual([{ code: 'IO', message: `${forbidden}: permission denied` }]);
    }
  });

  it('tells all files at once', () => {
    expect(refused('/no/such/file', fileOf(pcap([])), fileOf(bytes('text'))).map((one) => one.code)).toEqual([
      'IO',
      'CAPTURE',
    ]);
  });

  it('takes a capture without packets', async () => {
    expect(await readCaptures([fileOf(pcap([])), fileOf(pcap([{ data: frame(4) }]))])).toMatchObject({
      records: [{ captured: 4 }],
      problems: [],
    });
  });
});
