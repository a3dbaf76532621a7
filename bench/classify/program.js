// node bench/classify/program.js [MILLIONS [SET...]]: the whole program on 60-byte frames drawn from a set's rules, one
// core, against `tcpdump -r FILE -w /dev/null tcp` on the same file. Rounds are interleaved, processor time is counted
// (user and system), the best round is taken. Captures are made in bench/data/ and kept.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fileHeader } from '../captures.js';
import { drawTrace, filterRules } from './filter-set.js';
import { filtersOf, setNames } from './sets.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const DATA = new URL('../data/', import.meta.url).pathname;
const MILLIONS = Number(process.argv[2] ?? 5);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CORE = process.env.CORE ?? '1';
const FRAME_BYTES = 60;
const HEADER_BYTES = 16;
/** Headers drawn; the file repeats them. */
const DRAWN = 1_000_000;

mkdirSync(DATA, { recursive: true });
for (const name of setNames(process.argv.slice(3))) measure(name);

function measure(name) {
  const filters = filtersOf(name);
  const rules = `${DATA}${name}.v4`;
  writeFileSync(rules, filterRules(filters));
  const packets = MILLIONS * 1_000_000;
  const file = capture(name, filters, packets);
  spawnSync('cat', [file], { stdio: 'ignore' });
  const contenders = {
    tcpdump: () => processorTime('tcpdump', '-r', file, '-w', '/dev/null', 'tcp'),
    us: () => processorTime(process.execPath, MAIN, 'scan', '--rules', rules, file),
    start: () => processorTime(process.execPath, MAIN, 'scan', '--rules', rules, empty()),
  };
  const best = Object.fromEntries(Object.keys(contenders).map((key) => [key, Infinity]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [key, run] of Object.entries(contenders)) best[key] = Math.min(best[key], run());
  }
  const ns = (seconds) => ((seconds * 1e9) / packets).toFixed(1);
  const { tcpdump, us, start } = best;
  process.stdout.write(
    `${name.padEnd(10)} ${MILLIONS} million: tcpdump ${ns(tcpdump)} ns, wasmtables ${ns(us)} ns (${start.toFixed(2)} s of it to start): ` +
      `${(tcpdump / us).toFixed(2)} of tcpdump, ${(tcpdump / (us - start)).toFixed(2)} without the start\n`,
  );
}

function empty() {
  const path = `${DATA}empty.pcap`;
  if (!existsSync(path)) writeFileSync(path, fileHeader());
  return path;
}

/** Seconds of user and system time that a program took on one core. */
function processorTime(command, ...args) {
  const before = childTime();
  const { status, stderr } = spawnSync('taskset', ['-c', CORE, command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return childTime() - before;
}

/** User and system time of all children so far. */
function childTime() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function capture(name, filters, packets) {
  const path = `${DATA}${name}-${packets}.pcap`;
  if (existsSync(path)) return path;
  const trace = drawTrace(filters, Math.min(packets, DRAWN), 20261123);
  const stretch = frames(trace);
  const file = openSync(`${path}.part`, 'w');
  writeSync(file, fileHeader());
  for (let left = packets * (16 + FRAME_BYTES); left > 0; left -= stretch.length) {
    writeSync(file, stretch.subarray(0, Math.min(left, stretch.length)));
  }
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}

/** pcap records of Ethernet frames with the trace's headers. */
function frames(trace) {
  const headers = new DataView(trace.buffer);
  const count = trace.length / HEADER_BYTES;
  const out = Buffer.alloc(count * (16 + FRAME_BYTES));
  for (let packet = 0; packet < count; packet++) {
    const from = packet * HEADER_BYTES;
    const at = packet * (16 + FRAME_BYTES);
    out.writeUInt32LE(1_700_000_000 + Math.floor(packet / 100_000), at);
    out.writeUInt32LE((packet % 100_000) * 10, at + 4);
    out.writeUInt32LE(FRAME_BYTES, at + 8);
    out.writeUInt32LE(FRAME_BYTES, at + 12);
    out.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], at + 16);
    const ip = at + 30;
    out.set([0x45, 0, 0, FRAME_BYTES - 14, 0, 0, 0x40, 0, 64, headers.getUint8(from + 12)], ip);
    out.writeUInt32BE(headers.getUint32(from, true), ip + 12);
    out.writeUInt32BE(headers.getUint32(from + 4, true), ip + 16);
    let sum = 0;
    for (let word = 0; word < 20; word += 2) sum += out.readUInt16BE(ip + word);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    out.writeUInt16BE(~sum & 0xffff, ip + 10);
    out.writeUInt16BE(headers.getUint16(from + 8, true), ip + 20);
    out.writeUInt16BE(headers.getUint16(from + 10, true), ip + 22);
    out.set([0x50, headers.getUint8(from + 13)], ip + 32);
  }
  return out;
}
