// A whole scan with a chain long enough for cut trees: the linear counters, for any number of workers.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { drawTrace, filterRules } from '../../bench/classify/filter-set.js';
import { HOSTILE } from '../../bench/classify/hostile.js';
import * as Header from '../../src/layout/header.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { scan } from '../../src/scan/scan.ts';

const folder = mkdtempSync(join(tmpdir(), 'classify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FRAME_BYTES = 60;

/** Headers as a pcap file of Ethernet frames; every 50th packet is a later fragment. */
function capture(trace: Uint8Array): Buffer {
  const count = trace.length / Header.BYTES;
  const headers = new DataView(trace.buffer);
  const file = Buffer.alloc(24 + count * (16 + FRAME_BYTES));
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt32LE(0x00040002, 4);
  file.writeUInt32LE(65535, 16);
  file.writeUInt32LE(1, 20);
  for (let packet = 0; packet < count; packet++) {
    const from = packet * Header.BYTES;
    const record = 24 + packet * (16 + FRAME_BYTES);
    file.writeUInt32LE(packet, record);
    file.writeUInt32LE(FRAME_BYTES, record + 8);
    file.writeUInt32LE(FRAME_BYTES, record + 12);
    const ethernet = record + 16;
    file.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], ethernet);
    const ip = ethernet + 14;
    file.set([0x45, 0, 0, 46, 0, 0, 0, packet % 50 === 0 ? 4 : 0, 64], ip);
    file.writeUInt8(headers.getUint8(from + Header.PROTO), ip + 9);
    file.writeUInt32BE(headers.getUint32(from + Header.SRC, true), ip + 12);
    file.writeUInt32BE(headers.getUint32(from + Header.DST, true), ip + 16);
    file.writeUInt16BE(headers.getUint16(from + Header.SPORT, true), ip + 20);
    file.writeUInt16BE(headers.getUint16(from + Header.DPORT, true), ip + 22);
    file.set([0x50, 2], ip + 32);
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += file.readUInt16BE(ip + at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    file.writeUInt16BE(~sum & 0xffff, ip + 10);
  }
  return file;
}

test.each(['addresses', 'wildcards', 'ports'])('%s', async (name) => {
  const filters = HOSTILE[name]?.(3000) ?? [];
  const rules4 = readRules(filterRules(filters), { file: name, family: 'ipv4' });
  const file = join(folder, `${name}.pcap`);
  writeFileSync(file, capture(drawTrace(filters, 5000, 8)));
  const counters: string[] = [];
  for (const [linear, workers] of [
    [true, 1],
    [false, 1],
    [false, 2],
  ] as const) {
    const result = await scan({ captures: [file], rules4, backend: 'legacy', linear, workers });
    counters.push(
      result.rules4 === undefined ? '' : printRules(result.rules4, { backend: 'legacy', counters: true }),
    );
  }
  expect(counters[1]).toBe(counters[0]);
  expect(counters[2]).toBe(counters[0]);
  // Packets came as far as the rules.
  expect(counters[0]).toMatch(/^\[[1-9]\d*:\d+\] -A FORWARD/m);
});
