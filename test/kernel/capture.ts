// A capture reader and writer of the comparison's own: small, and shared with nothing in src/, so that both sides of
// the comparison do not err alike.

import { gunzipSync } from 'node:zlib';

export type Direction = 'in' | 'out';

export interface CapturedPacket {
  readonly linkType: number;
  /** pcapng if_name. */
  readonly interface?: string | undefined;
  /** pcapng epb_flags. */
  readonly direction?: Direction | undefined;
  readonly data: Uint8Array;
  readonly originalLength: number;
}

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const PCAP_MAGIC_US = 0xa1b2c3d4;
const PCAP_MAGIC_NS = 0xa1b23c4d;
const PCAP_MAGIC_MODIFIED = 0xa1b2cd34;
const PCAPNG_MAGIC = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Packets of a pcap or pcapng file, gzip or not; reading stops at the first thing that cannot be. */
export function readCapture(file: Uint8Array): CapturedPacket[] {
  // A Uint8Array of its own: slice() of a Buffer would not copy.
  const bytes = new Uint8Array(file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 24) return [];
  if (view.getUint32(0) === PCAPNG_MAGIC) return readPcapng(bytes, view);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === PCAP_MAGIC_US || magic === PCAP_MAGIC_NS) return readPcap(bytes, view, little, 16);
    if (magic === PCAP_MAGIC_MODIFIED) return readPcap(bytes, view, little, 24);
  }
  return [];
}

/** The file with times of the comparison's own: microseconds or nanoseconds, a packet as long after the one before. */
export function restamped(file: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file);
  const view = new DataView(bytes.buffer);
  if (bytes.length < 24) return bytes;
  if (view.getUint32(0) === PCAPNG_MAGIC) {
    restampPcapng(view);
    return bytes;
  }
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    const headerBytes = magic === PCAP_MAGIC_MODIFIED ? 24 : 16;
    if (![PCAP_MAGIC_US, PCAP_MAGIC_NS, PCAP_MAGIC_MODIFIED].includes(magic)) continue;
    for (let at = 24, number = 0; at + headerBytes <= bytes.length; number++) {
      view.setUint32(at, START_SECONDS + Math.floor(number / 10_000), little);
      view.setUint32(at + 4, (number % 10_000) * STEP_US, little);
      at += headerBytes + view.getUint32(at + 8, little);
    }
  }
  return bytes;
}

const START_SECONDS = 1_700_000_000;
/** As STEP_NS of evaluate.ts; files with nanoseconds are quicker, and nothing asks. */
const STEP_US = 100;

function restampPcapng(view: DataView): void {
  let little = true;
  for (let at = 0, number = 0; at + 12 <= view.byteLength; ) {
    if (view.getUint32(at) === PCAPNG_MAGIC) little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
    const length = view.getUint32(at + 4, little);
    if (length < 12 || at + length > view.byteLength) break;
    if (view.getUint32(at, little) === 6) {
      const time = BigInt(START_SECONDS) * 1_000_000n + BigInt(number++ * STEP_US);
      view.setUint32(at + 12, Number(time >> 32n), little);
      view.setUint32(at + 16, Number(time & 0xffffffffn), little);
    }
    at += length;
  }
}

function readPcap(bytes: Uint8Array, view: DataView, little: boolean, headerBytes: number): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  const linkType = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at + headerBytes <= bytes.length; ) {
    const captured = view.getUint32(at + 8, little);
    const originalLength = view.getUint32(at + 12, little);
    at += headerBytes;
    if (captured > 262144 || at + captured > bytes.length) break;
    packets.push({ linkType, data: bytes.subarray(at, at + captured), originalLength });
    at += captured;
  }
  return packets;
}

interface SectionInterface {
  readonly linkType: number;
  readonly name?: string | undefined;
}

function readPcapng(bytes: Uint8Array, view: DataView): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  let interfaces: SectionInterface[] = [];
  let little = true;
  for (let at = 0; at + 12 <= bytes.length; ) {
    if (view.getUint32(at) === PCAPNG_MAGIC) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || at + length > bytes.length) break;
    const body = at + 8;
    const end = at + length - 4;
    if (type === 1) {
      const name = option(bytes, view, little, body + 8, end, 2);
      interfaces.push({
        linkType: view.getUint16(body, little),
        name: name === undefined ? undefined : new TextDecoder().decode(name).replace(/\0+$/, ''),
      });
    } else if (type === 6) {
      const one = interfaces[view.getUint32(body, little)];
      const captured = view.getUint32(body + 12, little);
      const start = body + 20;
      if (one === undefined || start + captured > end) break;
      const flags = option(bytes, view, little, start + captured + (-captured & 3), end, 2);
      const flag = flags === undefined ? 0 : (flags[little ? 0 : 3] as number) & 3;
      packets.push({
        linkType: one.linkType,
        interface: one.name,
        direction: flag === 1 ? 'in' : flag === 2 ? 'out' : undefined,
        data: bytes.subarray(start, start + captured),
        originalLength: view.getUint32(body + 16, little),
      });
    }
    at += length;
  }
  return packets;
}

function option(
  bytes: Uint8Array,
  view: DataView,
  little: boolean,
  from: number,
  end: number,
  wanted: number,
): Uint8Array | undefined {
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0) return undefined;
    if (code === wanted) return bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length + (-length & 3);
  }
  return undefined;
}

/** One frame of a scenario made here: the interface it is seen on, which way it goes, the bytes. */
export interface Frame {
  readonly interface: string;
  readonly direction: Direction;
  readonly data: Uint8Array;
}

/** A pcapng file (little-endian, Ethernet, one interface block a name, direction flags), a tenth of a millisecond a frame. */
export function writePcapng(frames: readonly Frame[]): Uint8Array {
  const names = [...new Set(frames.map((frame) => frame.interface))];
  const blocks: Uint8Array[] = [];
  blocks.push(block(PCAPNG_MAGIC, words(BYTE_ORDER_MAGIC, 0x00000001, 0xffffffff, 0xffffffff)));
  for (const name of names) {
    const text = new TextEncoder().encode(name);
    blocks.push(block(1, join(words(LINKTYPE_ETHERNET, 0), ngOption(2, text), words(0))));
  }
  frames.forEach((frame, number) => {
    const time = BigInt(START_SECONDS) * 1_000_000n + BigInt(number * STEP_US);
    const header = words(
      names.indexOf(frame.interface),
      Number(time >> 32n),
      Number(time & 0xffffffffn),
      frame.data.length,
      frame.data.length,
    );
    const flags = ngOption(2, words(frame.direction === 'in' ? 1 : 2));
    blocks.push(block(6, join(header, pad(frame.data), flags, words(0))));
  });
  return join(...blocks);
}

function block(type: number, body: Uint8Array): Uint8Array {
  return join(words(type, body.length + 12), body, words(body.length + 12));
}

function ngOption(code: number, value: Uint8Array): Uint8Array {
  return join(words(code | (value.length << 16)), pad(value));
}

function pad(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array((data.length + 3) & ~3);
  padded.set(data);
  return padded;
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(4 * index, value, true);
  });
  return bytes;
}

export function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
