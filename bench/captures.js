// The captures and rule sets that the benchmarks read, made when they are not there yet, always the same.

import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';

const DATA = new URL('data/', import.meta.url);

/** A small generator (xorshift32), so that every run has the same packets. */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const DESTINATION_PORTS = [22, 25, 53, 80, 443, 3306, 6379, 8080];

/** An Ethernet frame of `length` bytes with IPv4 and TCP, of one of `flows` random flows. */
function frame(length, random, flow) {
  const bytes = Buffer.alloc(length);
  bytes.write('020000000001020000000002', 0, 'hex');
  bytes.writeUInt16BE(0x0800, 12);
  bytes[14] = 0x45;
  bytes.writeUInt16BE(length - 14, 16);
  bytes.writeUInt16BE(0x4000, 20);
  bytes[22] = 64;
  bytes[23] = 6;
  bytes.writeUInt32BE(flow.source, 26);
  bytes.writeUInt32BE(flow.destination, 30);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~sum & 0xffff, 24);
  bytes.writeUInt16BE(flow.sourcePort, 34);
  bytes.writeUInt16BE(flow.destinationPort, 36);
  bytes.writeUInt32BE(random(), 38);
  bytes[46] = 0x50;
  bytes[47] = 0x10;
  return bytes;
}

function makeFlows(count, random) {
  return Array.from({ length: count }, () => ({
    source: ((random() % 223) + 1) * 0x1000000 + (random() & 0xffffff),
    destination: 0x0a000000 + (random() % 4),
    sourcePort: 1024 + (random() % 60000),
    destinationPort: DESTINATION_PORTS[random() % DESTINATION_PORTS.length],
  }));
}

/** Bytes of `packets` pcap records, 10 µs from one to the next. */
export function records(packets, length, flows = 100_000, seed = 1) {
  const random = generator(seed);
  const all = makeFlows(flows, random);
  const out = Buffer.alloc(packets * (16 + length));
  for (let index = 0; index < packets; index++) {
    const at = index * (16 + length);
    out.writeUInt32LE(1_700_000_000 + Math.floor(index / 100_000), at);
    out.writeUInt32LE((index % 100_000) * 10, at + 4);
    out.writeUInt32LE(length, at + 8);
    out.writeUInt32LE(length, at + 12);
    frame(length, random, all[random() % flows]).copy(out, at + 16);
  }
  return out;
}

export function fileHeader() {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** Path of a capture of `packets` frames of `length` bytes in bench/data/. */
export function capture(packets, length) {
  const path = new URL(`${packets}x${length}.pcap`, DATA).pathname;
  if (existsSync(path)) return path;
  mkdirSync(DATA, { recursive: true });
  const file = openSync(`${path}.part`, 'w');
  writeSync(file, fileHeader());
  // One stretch, written again and again: what is measured does not keep anything of a packet.
  const stretch = records(Math.min(packets, 500_000), length);
  for (let left = packets; left > 0; ) {
    const part = stretch.subarray(0, Math.min(left * (16 + length), stretch.length));
    writeSync(file, part);
    left -= part.length / (16 + length);
  }
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}

/** A rule set of the kind that a small server or gateway has: 20 rules, nothing that keeps state. */
export const TWENTY_RULES = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A FORWARD -i lo -j ACCEPT
-A FORWARD -s 192.0.2.0/24 -j DROP
-A FORWARD -s 198.51.100.0/24 -j DROP
-A FORWARD -s 203.0.113.0/24 -j DROP
-A FORWARD -s 10.9.8.0/24 -p tcp --dport 22 -j ACCEPT
-A FORWARD -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A FORWARD -p tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP
-A FORWARD -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP
-A FORWARD -p udp --dport 53 -j ACCEPT
-A FORWARD -p udp --dport 123 -j ACCEPT
-A FORWARD -p tcp --dport 22 -d 10.0.0.1 -j ACCEPT
-A FORWARD -p tcp -m multiport --dports 80,443 -j web
-A FORWARD -p tcp --dport 25 -j ACCEPT
-A FORWARD -p tcp --dport 8080 -d 10.0.0.2 -j ACCEPT
-A FORWARD -p tcp --dport 3306 -j DROP
-A FORWARD -p tcp --dport 53 -j ACCEPT
-A FORWARD -p tcp --dport 6379 -j REJECT
-A FORWARD -j DROP
-A web -s 172.16.0.0/12 -j DROP
-A web -j ACCEPT
COMMIT
`;

/** `count` rules of addresses, ports and protocols, of which few match any packet. */
export function manyRules(count) {
  const random = generator(7);
  const rules = Array.from({ length: count }, () => {
    const source = [(random() % 223) + 1, random() & 255, random() & 255, 0].join('.');
    const port = 10_000 + (random() % 20_000);
    const protocol = random() % 4 === 0 ? 'udp' : 'tcp';
    return `-A FORWARD -s ${source}/24 -p ${protocol} --dport ${port} -j DROP`;
  });
  return `*filter\n:FORWARD ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`;
}
