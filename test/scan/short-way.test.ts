// The short way of ordinary packets and reading ahead change nothing: scans with result records take the stages for
// every packet, scans with one worker never read ahead.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineFromOptions } from '../../src/host/options.ts';
import { readRules } from '../../src/save/read.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import { scan } from '../../src/scan/scan.ts';
import { block, type PcapRecord, pcap } from '../capture/build.ts';

const RULES = readRules(
  `*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 80 -j MARK --set-mark 5
-A PREROUTING -p udp --dport 53 -j DROP
COMMIT
*mangle
:FORWARD ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A FORWARD -m ttl --ttl-lt 64
-A POSTROUTING -m mark --mark 5
COMMIT
*filter
:FORWARD DROP [0:0]
:web - [0:0]
-A FORWARD -i lo -j ACCEPT
-A FORWARD -s 10.0.0.0/9 -p tcp --dport 25 -j REJECT
-A FORWARD -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A FORWARD -p tcp -m tcp --tcp-flags SYN,FIN SYN,FIN -j DROP
-A FORWARD -p tcp -m multiport --dports 80,443 -j web
-A FORWARD -d 10.1.0.0/16 -m length --length 0:60 -j ACCEPT
-A web -i eth1 -j DROP
-A web -j ACCEPT
COMMIT
`,
  { file: 'short-way' },
);

/** Jumps by headers alone, so that one look-up goes through all chains; some rules only count. */
const DISPATCH = readRules(
  `*filter
:FORWARD DROP [0:0]
:low - [0:0]
:high - [0:0]
:web - [0:0]
-A FORWARD
-A FORWARD -s 10.0.0.0/9 -j low
-A FORWARD -s 10.128.0.0/9 -p tcp -j high
-A FORWARD -p icmp -j ACCEPT
-A FORWARD -p tcp -m length --length 0:46 -j ACCEPT
-A low -p udp -m udp --dport 53 -j RETURN
-A low -d 10.1.0.0/31
-A low -p tcp -m multiport --dports 80,443 -j web
-A low -p udp -j REJECT
-A high -p tcp -m tcp --dport 22 -j ACCEPT
-A high -j web
-A high -p tcp -m tcp --tcp-flags SYN SYN -j DROP
-A web -s 10.0.0.0/10 -j RETURN
-A web -p tcp -m tcp --dport 443 -j ACCEPT
-A web -p tcp -m tcp --sport 1024:1500 -j DROP
COMMIT
`,
  { file: 'dispatch' },
);

let state = 7;
function random(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** One of the values; the first one nine times out of ten. */
function mostly(first: number, ...others: readonly number[]): number {
  return random(10) > 0 ? first : (others[random(others.length)] as number);
}

/** An Ethernet frame with IPv4, of which something is now and then not as in nearly every packet. */
function frame(): PcapRecord {
  const bytes = new Uint8Array(mostly(60, 1514, 54, 200));
  const view = new DataView(bytes.buffer);
  bytes[0] = mostly(2, 1, 255);
  view.setUint16(12, mostly(0x0800, 0x86dd, 0x8100, 0x0806));
  bytes[14] = mostly(0x45, 0x46, 0x44, 0x65);
  view.setUint16(16, mostly(bytes.length - 14, 46, 0, 20, 27, 39, 2000));
  view.setUint16(20, mostly(0x4000, 0, 0x2000, 0x8000, 3));
  bytes[22] = mostly(64, 0, 1, 2, 255);
  bytes[23] = [6, 6, 6, 17, 17, 1, 47][random(7)] as number;
  view.setUint32(26, 0x0a000000 + random(1 << 24));
  view.setUint32(30, mostly(0x0a010000 + random(4), 0xe0000001, 0xffffffff, 0x7f000001));
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, mostly(~sum & 0xffff, 0, 0xffff));
  view.setUint16(34, 1024 + random(1000));
  view.setUint16(36, [80, 443, 25, 53, 22][random(5)] as number);
  bytes[46] = 0x50;
  bytes[47] = mostly(16, 2, 3, 0);
  const captured = mostly(bytes.length, 53, 34, 13, 0);
  const data = bytes.subarray(0, Math.min(bytes.length, captured));
  return {
    seconds: random(5000),
    fraction: mostly(random(1000000), 4294967295),
    data,
    original: bytes.length,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'short-way-'));
const plain = join(folder, 'plain.pcap');
const long = join(folder, 'long.pcap');
const blocks = join(folder, 'blocks.pcapng');

beforeAll(() => {
  const records = Array.from({ length: 20_000 }, frame);
  writeFileSync(plain, pcap(records));
  // Some records are longer than what is read before a stretch.
  const some = records.map((record, index) =>
    index % 700 === 0 ? { ...record, data: new Uint8Array(5000 + random(200_000)) } : record,
  );
  writeFileSync(long, pcap(some));
  const section = new Uint8Array([
    0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
  ]);
  const parts = [block(0x0a0d0d0a, section), block(1, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]))];
  for (const { data, original = 0 } of records) {
    const body = new Uint8Array(20 + data.length);
    const view = new DataView(body.buffer);
    view.setUint32(12, data.length, true);
    view.setUint32(16, original, true);
    body.set(data, 20);
    parts.push(block(6, body));
    if (random(500) === 0) parts.push(block(0xbad, new Uint8Array(random(1_500_000))));
  }
  writeFileSync(blocks, Buffer.concat(parts));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function outcome(options: ScanOptions): Promise<unknown> {
  const { elapsedSeconds: _, skipped, ...result } = await scan(options);
  return { ...result, skipped: [...skipped].sort() };
}

describe('a scan', () => {
  const sink = { name: 'nothing', write: async (): Promise<void> => undefined };
  for (const [name, machine] of [
    ['a router', machineFromOptions({})],
    ['--hook FORWARD', machineFromOptions({ hook: 'FORWARD', out: 'eth1' })],
    ['--hook PREROUTING', machineFromOptions({ hook: 'PREROUTING', in: 'eth1' })],
    ['--hook POSTROUTING', machineFromOptions({ hook: 'POSTROUTING' })],
  ] as const) {
    for (const [which, rules4] of [
      ['no rules', undefined],
      ['rules', RULES],
      ['chains by headers', DISPATCH],
    ] as const) {
      it(`counts on the short way what it counts in stages: ${name}, ${which}`, async () => {
        const options = { captures: [plain], machine, rules4, workers: 1 };
        const staged = await outcome({ ...options, verdicts: sink });
        expect(await outcome(options)).toEqual(staged);
        expect(await outcome({ ...options, linear: true })).toEqual(staged);
      });
    }
  }

  it('reads ahead the same bytes', async () => {
    for (const captures of [[plain], [long], [blocks], [long, blocks, plain, plain]]) {
      const options = { captures, machine: machineFromOptions({}), rules4: RULES, batchBytes: 600_000 };
      const alone = await outcome({ ...options, workers: 1 });
      expect(await outcome({ ...options, workers: 3 })).toEqual(alone);
    }
  });
});
