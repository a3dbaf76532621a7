// Filter sets in ClassBench's format, as iptables rules and as the headers of a trace.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const LINE = /^@(\S+)\/(\d+)\s+(\S+)\/(\d+)\s+(\d+) : (\d+)\s+(\d+) : (\d+)\s+0x(..)\/0x(..)/;

/** A published set. Its flags are left out: the libraries that are compared with know five fields. */
export function readFilterSet(file) {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseFilter);
}

function parseFilter(line) {
  const found = LINE.exec(line);
  if (found === null) throw new Error(`not a ClassBench filter: ${line}`);
  const [, src, srcLength, dst, dstLength, ...rest] = found;
  const [sportLo, sportHi, dportLo, dportHi] = rest.map(Number);
  return {
    src: addressNumber(src),
    srcLength: Number(srcLength),
    dst: addressNumber(dst),
    dstLength: Number(dstLength),
    sport: [sportLo, sportHi],
    dport: [dportLo, dportHi],
    proto: rest[5] === 'FF' ? Number.parseInt(rest[4], 16) : 0,
  };
}

function addressNumber(text) {
  return text.split('.').reduce((value, byte) => value * 256 + Number(byte), 0);
}

export function addressText(value) {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Does iptables take ports with this protocol? */
const hasPorts = (proto) => proto === 6 || proto === 17;

/** A set as the FORWARD chain of the filter table. Ports are asked about only where iptables can. */
export function filterRules(filters) {
  const lines = filters.map(({ src, srcLength, dst, dstLength, sport, dport, proto }, index) => {
    const words = ['-A FORWARD'];
    if (srcLength > 0) words.push(`-s ${addressText(src)}/${srcLength}`);
    if (dstLength > 0) words.push(`-d ${addressText(dst)}/${dstLength}`);
    if (proto !== 0) words.push(`-p ${proto}`);
    if (hasPorts(proto)) {
      const ports = [
        ['--sport', sport],
        ['--dport', dport],
      ].filter(([, [lo, hi]]) => lo > 0 || hi < 65535);
      if (ports.length > 0) words.push(`-m ${proto === 6 ? 'tcp' : 'udp'}`);
      for (const [option, [lo, hi]] of ports)
        words.push(lo === hi ? `${option} ${lo}` : `${option} ${lo}:${hi}`);
    }
    words.push(index % 2 === 0 ? '-j ACCEPT' : '-j DROP');
    return words.join(' ');
  });
  return `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`;
}

/** The filter as iptables keeps it: no ports where the protocol has none. */
export function asRule(filter) {
  return hasPorts(filter.proto) ? filter : { ...filter, sport: [0, 65535], dport: [0, 65535] };
}

/** xorshift32: the same numbers for the same seed. */
export function randomNumbers(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

const HEADER_BYTES = 16;

/**
 * Headers drawn from the rules: a rule, and a point in it, at random. Layout: src/layout/header.ts.
 * @returns {Uint8Array} 16 bytes a packet
 */
export function drawTrace(filters, count, seed) {
  const random = randomNumbers(seed);
  const view = new DataView(new ArrayBuffer(count * HEADER_BYTES));
  for (let packet = 0; packet < count; packet++) {
    const filter = filters[random(filters.length)];
    const at = packet * HEADER_BYTES;
    view.setUint32(at, filter.src + random(2 ** (32 - filter.srcLength)), true);
    view.setUint32(at + 4, filter.dst + random(2 ** (32 - filter.dstLength)), true);
    const proto = filter.proto !== 0 ? filter.proto : [6, 17][random(2)];
    const port = ([lo, hi]) => lo + random(hi - lo + 1);
    view.setUint16(at + 8, hasPorts(proto) ? port(filter.sport) : 0, true);
    view.setUint16(at + 10, hasPorts(proto) ? port(filter.dport) : 0, true);
    view.setUint8(at + 12, proto);
    view.setUint8(at + 13, 0x02);
    view.setUint16(at + 14, 60, true);
  }
  return new Uint8Array(view.buffer);
}
