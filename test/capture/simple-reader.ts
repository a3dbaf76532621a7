// A small reader of pcap and pcapng, written from the drafts and apart from src/capture, to compare with. Whole file
// in memory, BigInt arithmetic, no care for speed.

export interface SimpleRecord {
  readonly time: bigint;
  readonly captured: number;
  readonly original: number;
  readonly linktype: number;
  readonly direction: number;
  readonly data: Uint8Array;
}

interface SimpleInterface {
  readonly linktype: number;
  readonly snaplen: number;
  /** Nanoseconds = units * numerator / denominator + offset. */
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly offset: bigint;
  readonly fcs: number;
}

const BILLION = 1_000_000_000n;

export function simpleRead(bytes: Uint8Array): SimpleRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= 4 && view.getUint32(0) === 0x0a0d0d0a) return readPcapng(bytes, view);
  return readPcap(bytes, view);
}

function trimmed(
  bytes: Uint8Array,
  at: number,
  captured: number,
  claimed: number,
  fcs: number,
): Pick<SimpleRecord, 'captured' | 'original' | 'data'> {
  const original = Math.max(0, Math.max(claimed, captured) - fcs);
  const length = Math.min(captured, original);
  return { captured: length, original, data: bytes.subarray(at, at + length) };
}

function readPcap(bytes: Uint8Array, view: DataView): SimpleRecord[] {
  const records: SimpleRecord[] = [];
  if (bytes.length < 24) return records;
  const magics = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34];
  const little = magics.includes(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  const network = view.getUint32(20, little);
  const fcs = (network & 0x04000000) !== 0 ? (network >>> 28) * 2 : 0;
  const low = network & 0xffff;
  const linktype = low === 12 || low === 14 ? 101 : low;
  const headerBytes = magic === 0xa1b2cd34 ? 24 : 16;
  for (let at = 24; at + headerBytes <= bytes.length; ) {
    const captured = view.getUint32(at + 8, little);
    if (captured > 262144 || at + headerBytes + captured > bytes.length) break;
    const fraction = BigInt(view.getUint32(at + 4, little));
    records.push({
      time:
        BigInt(view.getUint32(at, little)) * BILLION + (magic === 0xa1b23c4d ? fraction : fraction * 1000n),
      linktype,
      direction: headerBytes === 24 ? (bytes[at + 22] === 4 ? 2 : 1) : 0,
      ...trimmed(bytes, at + headerBytes, captured, view.getUint32(at + 12, little), fcs),
    });
    at += headerBytes + captured;
  }
  return records;
}

interface Option {
  readonly code: number;
  readonly value: DataView;
}

function options(view: DataView, from: number, end: number, little: boolean): Option[] {
  const found: Option[] = [];
  let at = from;
  while (at + 4 <= end) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || at + 4 + length > end) break;
    found.push({ code, value: new DataView(view.buffer, view.byteOffset + at + 4, length) });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return found;
}

function readInterface(view: DataView, at: number, total: number, little: boolean): SimpleInterface {
  const found = options(view, at + 16, at + total - 4, little);
  const last = (code: number, least: number): DataView | undefined =>
    found.findLast((one) => one.code === code && one.value.byteLength >= least)?.value;
  const resolution = last(9, 1)?.getUint8(0) ?? 6;
  const power = BigInt(resolution & 127);
  const low = view.getUint16(at + 8, little);
  const fcs = last(13, 1)?.getUint8(0) ?? 0;
  return {
    linktype: low === 12 || low === 14 ? 101 : low,
    snaplen: view.getUint32(at + 12, little),
    numerator: BILLION,
    denominator: resolution >= 128 ? 2n ** power : 10n ** power,
    offset: (last(14, 8)?.getBigInt64(0, little) ?? 0n) * BILLION,
    fcs: fcs >= 16 ? fcs >> 3 : fcs,
  };
}

function readPcapng(bytes: Uint8Array, view: DataView): SimpleRecord[] {
  const records: SimpleRecord[] = [];
  let little = true;
  let interfaces: SimpleInterface[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const isSection = view.getUint32(at) === 0x0a0d0d0a;
    if (isSection) {
      if (at + 16 > bytes.length) break;
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      if (!little && view.getUint32(at + 8) !== 0x1a2b3c4d) break;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const total = view.getUint32(at + 4, little);
    if (total < 12 || total % 4 !== 0 || at + total > bytes.length) break;
    if (isSection && (total < 28 || view.getUint16(at + 12, little) !== 1)) break;
    if (isSection && ![0, 2].includes(view.getUint16(at + 14, little))) break;
    if (view.getUint32(at + total - 4, little) !== total) break;
    if (!isSection && type === 1) {
      if (total < 20) break;
      interfaces.push(readInterface(view, at, total, little));
    } else if (type === 2 || type === 6) {
      if (total < 32) break;
      const captured = view.getUint32(at + 20, little);
      const one = interfaces[type === 2 ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little)];
      if (one === undefined || captured > total - 32 || captured > 262144) break;
      const units =
        (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
      const padded = Math.ceil(captured / 4) * 4;
      const found = options(view, at + 28 + padded, at + total - 4, little);
      const flags = found.find((one) => one.code === 2 && one.value.byteLength === 4);
      const word = flags?.value.getUint32(0, little) ?? 0;
      const fcs = (word >> 5) & 15 || one.fcs;
      records.push({
        time: BigInt.asUintN(64, (units * one.numerator) / one.denominator + one.offset),
        linktype: one.linktype,
        direction: word & 3,
        ...trimmed(bytes, at + 28, captured, view.getUint32(at + 24, little), fcs),
      });
    } else if (type === 3) {
      const [one] = interfaces;
      if (one === undefined || total < 16 || total > 262144 + 16) break;
      const original = view.getUint32(at + 8, little);
      const most = one.snaplen === 0 ? original : Math.min(original, one.snaplen);
      const captured = Math.min(most, total - 16);
      records.push({
        time: 0n,
        linktype: one.linktype,
        direction: 0,
        ...trimmed(bytes, at + 12, captured, original, one.fcs),
      });
    }
    at += total;
  }
  return records;
}
