// Builds small captures byte by byte.

export interface PcapOptions {
  readonly big?: boolean;
  readonly magic?: number;
  readonly version?: readonly [number, number];
  readonly network?: number;
  readonly modified?: boolean;
}

export interface PcapRecord {
  readonly seconds?: number;
  readonly fraction?: number;
  readonly data: Uint8Array;
  readonly captured?: number;
  readonly original?: number;
  readonly packetType?: number;
}

export function pcap(records: readonly PcapRecord[], options: PcapOptions = {}): Uint8Array {
  const little = options.big !== true;
  const headerBytes = options.modified === true ? 24 : 16;
  const bytes = new Uint8Array(24 + records.reduce((sum, one) => sum + headerBytes + one.data.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, options.magic ?? (options.modified === true ? 0xa1b2cd34 : 0xa1b2c3d4), little);
  const [major, minor] = options.version ?? [2, 4];
  view.setUint16(4, major, little);
  view.setUint16(6, minor, little);
  view.setUint32(16, 65535, little);
  view.setUint32(20, options.network ?? 1, little);
  let at = 24;
  for (const one of records) {
    view.setUint32(at, one.seconds ?? 0, little);
    view.setUint32(at + 4, one.fraction ?? 0, little);
    view.setUint32(at + 8, one.captured ?? one.data.length, little);
    view.setUint32(at + 12, one.original ?? one.data.length, little);
    if (headerBytes === 24) bytes[at + 22] = one.packetType ?? 0;
    bytes.set(one.data, at + headerBytes);
    at += headerBytes + one.data.length;
  }
  return bytes;
}

/** A block with this body, padded to 4 bytes. */
export function block(type: number, body: Uint8Array, big = false): Uint8Array {
  const total = 12 + Math.ceil(body.length / 4) * 4;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, !big);
  view.setUint32(4, total, !big);
  bytes.set(body, 8);
  view.setUint32(total - 4, total, !big);
  return bytes;
}

/** Numbers as bytes: [bytes each, value] pairs; a Uint8Array stands for itself. */
export function pack(
  big: boolean,
  ...parts: (readonly [1 | 2 | 4 | 8, number | bigint] | Uint8Array)[]
): Uint8Array {
  const length = parts.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part[0]), 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      bytes.set(part, at);
      at += part.length;
      continue;
    }
    const [size, value] = part;
    if (size === 1) view.setUint8(at, Number(value));
    else if (size === 2) view.setUint16(at, Number(value), !big);
    else if (size === 4) view.setUint32(at, Number(value), !big);
    else view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), !big);
    at += size;
  }
  return bytes;
}

export function option(code: number, value: Uint8Array, big = false): Uint8Array {
  const padded = new Uint8Array(Math.ceil(value.length / 4) * 4);
  padded.set(value);
  return pack(big, [2, code], [2, value.length], padded);
}

export function section(big = false): Uint8Array {
  return block(0x0a0d0d0a, pack(big, [4, 0x1a2b3c4d], [2, 1], [2, 0], [8, -1]), big);
}

export function interfaceBlock(
  linktype: number,
  options: readonly Uint8Array[] = [],
  big = false,
  snaplen = 0,
): Uint8Array {
  return block(1, pack(big, [2, linktype], [2, 0], [4, snaplen], ...options), big);
}

export function enhanced(
  captureInterface: number,
  units: bigint,
  data: Uint8Array,
  more: { original?: number; options?: readonly Uint8Array[]; big?: boolean } = {},
): Uint8Array {
  const big = more.big === true;
  const padded = new Uint8Array(Math.ceil(data.length / 4) * 4);
  padded.set(data);
  const high = Number((units >> 32n) & 0xffffffffn);
  const low = Number(units & 0xffffffffn);
  const head = pack(
    big,
    [4, captureInterface],
    [4, high],
    [4, low],
    [4, data.length],
    [4, more.original ?? data.length],
  );
  return block(6, concat(head, padded, ...(more.options ?? [])), big);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes that tell records apart. */
export function frame(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31) & 255);
}
