// Real captures: what the decoder says of each packet's addresses, protocol, ports and length against a parser written
// for this test alone, in the plainest way.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { Decoder } from './kernel.ts';

const CORPUS = new URL('../../../shared/corpus/pcap', import.meta.url).pathname;
const FRAMES_PER_FILE = 200;
const LONGEST_FRAME = 262_144;

interface Captured {
  readonly linktype: number;
  readonly bytes: Buffer;
  readonly length: number;
}

/** Frames of a classic pcap file; none of any other file. */
function frames(file: Buffer): Captured[] {
  if (file.length < 24) return [];
  const magic = file.readUInt32LE(0);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  if (!little && magic !== 0xd4c3b2a1 && magic !== 0x4d3cb2a1) return [];
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const linktype = u32(20) & 0xffff;
  const list: Captured[] = [];
  let at = 24;
  while (at + 16 <= file.length && list.length < FRAMES_PER_FILE) {
    const size = u32(at + 8);
    if (size > LONGEST_FRAME || at + 16 + size > file.length) break;
    list.push({ linktype, bytes: file.subarray(at + 16, at + 16 + size), length: u32(at + 12) });
    at += 16 + size;
  }
  return list;
}

/** Where the IP packet starts, and its version; undefined for what this parser does not know as IP. */
function network(frame: Captured): { at: number; version: number } | undefined {
  const { bytes, linktype } = frame;
  const byType = (type: number, at: number): { at: number; version: number } | undefined => {
    if (type === 0x0800) return { at, version: 4 };
    if (type === 0x86dd) return { at, version: 6 };
    if ((type === 0x8100 || type === 0x88a8) && bytes.length >= at + 4) {
      return byType(bytes.readUInt16BE(at + 2), at + 4);
    }
    if (type !== 0x8864 || bytes.length < at + 8 || bytes.readUInt16BE(at) !== 0x1100) return undefined;
    return { 33: { at: at + 8, version: 4 }, 87: { at: at + 8, version: 6 } }[bytes.readUInt16BE(at + 6)];
  };
  if (linktype === 1) return bytes.length < 14 ? undefined : byType(bytes.readUInt16BE(12), 14);
  if (linktype === 113) return bytes.length < 16 ? undefined : byType(bytes.readUInt16BE(14), 16);
  if (linktype === 276) return bytes.length < 20 ? undefined : byType(bytes.readUInt16BE(0), 20);
  if (linktype === 101 || linktype === 12) {
    const version = (bytes[0] ?? 0) >> 4;
    return version === 4 || version === 6 ? { at: 0, version } : undefined;
  }
  if (linktype === 228) return { at: 0, version: 4 };
  if (linktype === 229) return { at: 0, version: 6 };
  if (linktype === 0 || linktype === 108) {
    if (bytes.length < 4) return undefined;
    const family = Math.min(bytes.readUInt32LE(0), bytes.readUInt32BE(0));
    if (family === 2) return { at: 4, version: 4 };
    return [10, 24, 28, 30].includes(family) ? { at: 4, version: 6 } : undefined;
  }
  return undefined;
}

interface Fields {
  readonly source: string;
  readonly destination: string;
  readonly length: number;
  readonly proto: number;
  readonly ports: string;
}

/** The fields of a sound packet; undefined where the header is not, or is not captured. */
function parse(packet: Buffer, version: number, original: number): Fields | undefined {
  if (packet.length < (version === 4 ? 20 : 40) || (packet[0] ?? 0) >> 4 !== version) return undefined;
  let length = version === 4 ? packet.readUInt16BE(2) : 40 + packet.readUInt16BE(4);
  let at = version === 4 ? ((packet[0] ?? 0) & 15) * 4 : 40;
  let proto = packet[version === 4 ? 9 : 6] ?? 0;
  let later = version === 4 && (packet.readUInt16BE(6) & 0x1fff) !== 0;
  if (version === 4 && length === 0) length = original;
  if (length > original || length < at || at < 20 || at > packet.length) return undefined;
  // Jumbo payloads and segmentation are not this parser's.
  if (version === 6 && length === 40 && original > 40) return undefined;
  const whole = packet.subarray(0, length);
  while (version === 6 && [0, 43, 44, 51, 60].includes(proto)) {
    if (at + 8 > whole.length) return undefined;
    const next = whole[at] ?? 0;
    const size = whole[at + 1] ?? 0;
    if (proto === 44 && whole.readUInt16BE(at + 2) >> 3 !== 0) later = true;
    at += proto === 44 ? 8 : proto === 51 ? (size + 2) * 4 : (size + 1) * 8;
    proto = next;
    if (later) break;
  }
  const ported = [6, 17, 33, 132, 136].includes(proto) && !later && at + 4 <= whole.length;
  const source = packet.subarray(version === 4 ? 12 : 8, version === 4 ? 16 : 24).toString('hex');
  const destination = packet.subarray(version === 4 ? 16 : 24, version === 4 ? 20 : 40).toString('hex');
  const ports = ported ? `${whole.readUInt16BE(at)} ${whole.readUInt16BE(at + 2)}` : '0 0';
  return { source, destination, length, proto, ports };
}

test.skipIf(!existsSync(CORPUS))(
  'real captures decode as a plain parser reads them (needs the corpus)',
  () => {
    const decoder = new Decoder(1 << 20);
    const counts = { packets: 0, sound: 0, broken: 0, other: 0 };
    for (const name of readdirSync(CORPUS, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(pcap|cap|dmp)$/.test(name)) continue;
      for (const [index, frame] of frames(readFileSync(join(CORPUS, name))).entries()) {
        const where = `${name} packet ${index + 1}`;
        decoder.decode(frame);
        counts.packets++;
        const length = Math.max(frame.length, frame.bytes.length);
        const found = network(frame);
        const fields = found && parse(frame.bytes.subarray(found.at), found.version, length - found.at);
        const verdict = decoder.get(Packet.VERDICT);
        if (!fields) {
          if (found) counts.broken++;
          else counts.other++;
          continue;
        }
        // Hop-by-hop options that Linux refuses are beyond the plain parser, as is the length in a PPPoE header.
        const reason = decoder.get(Packet.REASON);
        if (decoder.flag(Packet.FLAG_BAD_OPTION)) continue;
        if (verdict === Verdict.LOST && reason === Reason.IP_TRUNCATED && name.includes('pppoe')) continue;
        counts.sound++;
        const decoded = {
          source: decoder.address(Packet.SRC),
          destination: decoder.address(Packet.DST),
          length: decoder.get(Packet.LENGTH),
          proto: decoder.get(Packet.PROTO),
          ports: `${decoder.get(Packet.SPORT)} ${decoder.get(Packet.DPORT)}`,
        };
        expect([where, verdict, decoded]).toEqual([where, Verdict.ACCEPT, fields]);
      }
    }
    expect(counts.sound).toBeGreaterThan(10_000);
    expect(counts.sound).toBeGreaterThan(counts.broken * 10);
  },
);
