// Captures of TCP connections for the benchmarks of connection tracking: handshakes of all flows first, then packets of
// random flows in both directions, each in its window. 60-byte frames, always the same.

import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { fileHeader } from './captures.js';

const DATA = new URL('data/', import.meta.url);
const FRAME = 60;
const RECORD = 16 + FRAME;
const PAYLOAD = 6;
const SYN = 2;
const SYN_ACK = 18;
const ACK = 16;

/**
 * Path of a capture: the handshakes of `flows` flows and then `packets` packets; made when it is not there. `drawn`: a name
 * for, and by its number, the ends of each flow.
 */
export function statefulCapture(flows, packets, drawn = { name: 'stateful', ends: endsOf }) {
  return capture(`${drawn.name}-${flows}-${packets}.pcap`, flows, drawn.ends, (writer) => {
    for (let flow = 0; flow < flows; flow++) writer.handshake(flow);
    for (let index = 0; index < packets; index++) writer.data();
  });
}

/** Path of a capture of the first segments of `flows` flows, and no more. */
export function synCapture(flows) {
  return capture(`syn-${flows}.pcap`, flows, endsOf, (writer) => {
    for (let flow = 0; flow < flows; flow++) writer.syn(flow);
  });
}

function endsOf(flow) {
  return {
    client: 0x0b000000 + Math.floor(flow / 16),
    server: 0x0a000000 + (flow % 16),
    clientPort: 1024 + (flow % 60000),
    serverPort: 443,
  };
}

function capture(name, flows, ends, write) {
  const path = new URL(name, DATA).pathname;
  if (existsSync(path)) return path;
  mkdirSync(DATA, { recursive: true });
  const file = openSync(`${path}.part`, 'w');
  const writer = new Writer(file, flows, ends);
  write(writer);
  writer.flush();
  closeSync(file);
  renameSync(`${path}.part`, path);
  return path;
}

class Writer {
  #file;
  #buffer = Buffer.alloc(RECORD * 65536);
  #at = 0;
  #count = 0;
  #random = 0x9e3779b9;
  #flows;
  #ends;
  /** Sequence numbers of the two ends of each flow. */
  #seq;

  constructor(file, flows, ends) {
    this.#ends = ends;
    this.#file = file;
    this.#flows = flows;
    this.#seq = new Uint32Array(flows * 2);
    writeSync(file, fileHeader());
  }

  syn(flow) {
    this.#packet(flow, 0, SYN, Math.imul(flow, 0x9e3779b1) >>> 0, 0, 0);
  }

  handshake(flow) {
    const client = Math.imul(flow, 0x9e3779b1) >>> 0;
    const server = Math.imul(flow, 0x85ebca6b) >>> 0;
    this.#packet(flow, 0, SYN, client, 0, 0);
    this.#packet(flow, 1, SYN_ACK, server, client + 1, 0);
    this.#packet(flow, 0, ACK, client + 1, server + 1, 0);
    this.#seq[flow * 2] = client + 1;
    this.#seq[flow * 2 + 1] = server + 1;
  }

  data() {
    const random = this.#next();
    const flow = (random >>> 1) % this.#flows;
    const direction = random & 1;
    const at = flow * 2 + direction;
    const seq = this.#seq[at];
    this.#packet(flow, direction, ACK, seq, this.#seq[flow * 2 + 1 - direction], PAYLOAD);
    this.#seq[at] = seq + PAYLOAD;
  }

  #next() {
    let state = this.#random;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#random = state;
    return state >>> 0;
  }

  #packet(flow, direction, flags, seq, ack, payload) {
    const b = this.#buffer;
    const at = this.#at;
    const count = this.#count++;
    b.writeUInt32LE(1_700_000_000 + Math.floor(count / 1_000_000), at);
    b.writeUInt32LE(count % 1_000_000, at + 4);
    b.writeUInt32LE(FRAME, at + 8);
    b.writeUInt32LE(FRAME, at + 12);
    b.fill(0, at + 16, at + RECORD);
    b.write(direction === 0 ? '020000000001020000000002' : '020000000002020000000001', at + 16, 'hex');
    b.writeUInt16BE(0x0800, at + 28);
    const ip = at + 30;
    const length = 40 + payload;
    b[ip] = 0x45;
    b.writeUInt16BE(length, ip + 2);
    b.writeUInt16BE(0x4000, ip + 6);
    b[ip + 8] = 64;
    b[ip + 9] = 6;
    const { client, server, clientPort, serverPort } = this.#ends(flow);
    b.writeUInt32BE(direction === 0 ? client : server, ip + 12);
    b.writeUInt32BE(direction === 0 ? server : client, ip + 16);
    b.writeUInt16BE(checksum(b, ip, 20, 0), ip + 10);
    const tcp = ip + 20;
    b.writeUInt16BE(direction === 0 ? clientPort : serverPort, tcp);
    b.writeUInt16BE(direction === 0 ? serverPort : clientPort, tcp + 2);
    b.writeUInt32BE(seq >>> 0, tcp + 4);
    b.writeUInt32BE(ack >>> 0, tcp + 8);
    b[tcp + 12] = 0x50;
    b[tcp + 13] = flags;
    b.writeUInt16BE(0xffff, tcp + 14);
    const pseudo = sum(b, ip + 12, 8) + 6 + length - 20;
    b.writeUInt16BE(checksum(b, tcp, length - 20, pseudo), tcp + 16);
    this.#at += RECORD;
    if (this.#at === b.length) this.flush();
  }

  flush() {
    writeSync(this.#file, this.#buffer, 0, this.#at);
    this.#at = 0;
  }
}

function sum(bytes, at, length) {
  let total = 0;
  for (let i = 0; i < length; i += 2) total += (bytes[at + i] << 8) | bytes[at + i + 1];
  return total;
}

function checksum(bytes, at, length, start) {
  let total = start + sum(bytes, at, length);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}
