// Writing records: the bytes, lengths and times of captured records, as pcap or pcapng. Lanes format the records of
// their batches; put one behind the other in the order of the batches, behind the file's header, they are the file.

import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';
import type { CaptureHeader, SharedDescription } from './description.ts';
import { type CapturedRecord, readRecord } from './record.ts';

/** What a written file is like. Structured-clonable. */
export interface RecordFormat {
  readonly format: 'pcap' | 'pcapng';
  /** pcap only. */
  readonly linktype: number;
  readonly nanoseconds: boolean;
  readonly fcsBytes: number;
}

const PCAPNG: RecordFormat = { format: 'pcapng', linktype: 0, nanoseconds: true, fcsBytes: 0 };

/**
 * The format of a file to write, before the scan. pcapng when the name ends in .pcapng, and when pcap cannot hold
 * what may come: several link types, or a pcapng capture, which may have more interfaces. pcap counts microseconds
 * unless one of the captures counts nanoseconds. `peeked` has the headers of streams (peek.ts).
 */
export function chooseRecordFormat(
  name: string,
  description: SharedDescription,
  peeked: ReadonlyMap<number, CaptureHeader>,
): RecordFormat {
  if (/\.pcapng$/i.test(name)) return PCAPNG;
  const headers = description.files.map((file, place) => file.header ?? peeked.get(place));
  const first = headers[0];
  if (first === undefined) return PCAPNG;
  const fits = headers.every(
    (header) =>
      header?.format === 'pcap' && header.linktype === first.linktype && header.fcsBytes === first.fcsBytes,
  );
  if (!fits) return PCAPNG;
  return { ...first, nanoseconds: headers.some((header) => header?.nanoseconds === true) };
}

/** Longest packet that readers of pcap take for true. */
const SNAPLEN = 262144;

/** What a written file begins with. */
export function formatFileHeader(format: RecordFormat): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(format.format === 'pcap' ? 24 : 28);
  const view = new DataView(bytes.buffer);
  if (format.format === 'pcap') {
    view.setUint32(0, format.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAPLEN, true);
    const fcs = format.fcsBytes === 0 ? 0 : 0x04000000 | ((format.fcsBytes / 2) << 28);
    view.setUint32(20, format.linktype | fcs, true);
  } else {
    view.setUint32(0, 0x0a0d0d0a, true);
    view.setUint32(4, 28, true);
    view.setUint32(8, 0x1a2b3c4d, true);
    view.setUint16(12, 1, true);
    view.setBigInt64(16, -1n, true);
    view.setUint32(24, 28, true);
  }
  return bytes;
}

/** Formats records of batches; one a lane and written file. */
export class RecordFormatter {
  readonly #memory: WebAssembly.Memory;
  readonly #description: SharedDescription;
  readonly #format: RecordFormat;
  readonly #interfaceName: (index: number) => string | undefined;

  /** `interfaceName` names what Capture.MACHINE_INTERFACE says, so that pcapng keeps the names. */
  constructor(
    memory: WebAssembly.Memory,
    description: SharedDescription,
    format: RecordFormat,
    interfaceName: (index: number) => string | undefined = () => undefined,
  ) {
    this.#memory = memory;
    this.#description = description;
    this.#format = format;
    this.#interfaceName = interfaceName;
  }

  /**
   * The records with these indexes (ascending) of the batch at `batch`, copied. Every batch is to be formatted, also
   * for no records: in pcapng, interfaces are described before the first record that has them, written or not, so
   * that the file does not depend on how the captures were cut into batches.
   */
  format(batch: number, records: Iterable<number>): Uint8Array<ArrayBuffer> {
    const view = new DataView(this.#memory.buffer);
    const output = new Output();
    const isPcap = this.#format.format === 'pcap';
    const { interfaces } = this.#description;
    const source = view.getUint32(batch + Batch.SOURCE, true);
    const index = view.getUint32(batch + Batch.INDEX, true);
    const announced = view.getUint32(batch + Batch.INTERFACES_TO, true);
    let described = isPcap ? announced : view.getUint32(batch + Batch.INTERFACES_FROM, true);
    let seen = 0;
    const describeUntil = (record: number): void => {
      for (; seen <= record && described < announced; seen++) {
        const used = view.getUint32(index + seen * Batch.ENTRY_BYTES + Batch.ENTRY_INTERFACE, true);
        for (; described <= used; described++) {
          const at = interfaces + described * Capture.INTERFACE_BYTES;
          const name = this.#interfaceName(view.getUint32(at + Capture.MACHINE_INTERFACE, true));
          describeInterface(output, view, at, new TextEncoder().encode(name ?? ''));
        }
      }
    };
    for (const record of records) {
      describeUntil(record);
      const one = readRecord(view, source, interfaces, index + record * Batch.ENTRY_BYTES);
      const data = new Uint8Array(this.#memory.buffer, one.data, one.captured);
      if (isPcap) this.#pcapRecord(output, one, data);
      else enhancedPacket(output, one, data);
    }
    describeUntil(view.getUint32(batch + Batch.COUNT, true) - 1);
    return output.take();
  }

  #pcapRecord(output: Output, record: CapturedRecord, data: Uint8Array): void {
    let { seconds, fraction } = record;
    if (this.#format.nanoseconds && !record.nanoseconds) {
      // A fraction of a second or more is kept by carrying: a u32 may not hold it in nanoseconds.
      seconds += Math.floor(fraction / 1_000_000);
      fraction = (fraction % 1_000_000) * 1000;
    }
    const at = output.reserve(16 + data.length);
    output.view.setUint32(at, seconds, true);
    output.view.setUint32(at + 4, fraction, true);
    output.view.setUint32(at + 8, data.length, true);
    output.view.setUint32(at + 12, record.original, true);
    output.bytes.set(data, at + 16);
  }
}

/** An Interface Description Block that gives timestamps the units they have in the capture. */
function describeInterface(output: Output, source: DataView, at: number, name: Uint8Array): void {
  const offset = source.getBigInt64(at + Capture.TIME_OFFSET, true) / 1_000_000_000n;
  const fcsBytes = source.getUint32(at + Capture.FCS_BYTES, true);
  const nameBytes = name.length === 0 ? 0 : 4 + ((name.length + 3) & ~3);
  const total = 20 + nameBytes + 8 + (offset === 0n ? 0 : 12) + (fcsBytes === 0 ? 0 : 8) + 4;
  let to = output.reserve(total);
  const { view } = output;
  view.setUint32(to, 1, true);
  view.setUint32(to + 4, total, true);
  view.setUint16(to + 8, source.getUint32(at + Capture.LINKTYPE, true), true);
  view.setUint32(to + 12, source.getUint32(at + Capture.SNAPLEN, true), true);
  view.setUint32(to + total - 4, total, true);
  to += 16;
  if (name.length > 0) {
    view.setUint16(to, 2, true);
    view.setUint16(to + 2, name.length, true);
    output.bytes.set(name, to + 4);
    to += nameBytes;
  }
  view.setUint16(to, 9, true);
  view.setUint16(to + 2, 1, true);
  view.setUint8(to + 4, resolution(source, at));
  to += 8;
  if (offset !== 0n) {
    view.setUint16(to, 14, true);
    view.setUint16(to + 2, 8, true);
    view.setBigInt64(to + 4, offset, true);
    to += 12;
  }
  if (fcsBytes !== 0) {
    view.setUint16(to, 13, true);
    view.setUint16(to + 2, 1, true);
    view.setUint8(to + 4, fcsBytes);
  }
}

/** if_tsresol, from what it was made into. */
function resolution(source: DataView, at: number): number {
  const kind = source.getUint32(at + Capture.TIME_KIND, true);
  const units = source.getBigUint64(at + Capture.UNITS, true);
  if (kind === Capture.TIME_BINARY) return 0x80 | Number(units);
  const digits = units.toString().length - 1;
  if (kind === Capture.TIME_MULTIPLY) return 9 - digits;
  // Units too fine for any timestamp to reach a nanosecond: which of them is no longer known, nor matters.
  return units === 0n ? 29 : 9 + digits;
}

function enhancedPacket(output: Output, record: CapturedRecord, data: Uint8Array): void {
  const padded = (data.length + 3) & ~3;
  const total = 28 + padded + (record.flags === 0 ? 0 : 12) + 4;
  const at = output.reserve(total);
  const { view } = output;
  view.setUint32(at, 6, true);
  view.setUint32(at + 4, total, true);
  view.setUint32(at + 8, record.captureInterface, true);
  view.setUint32(at + 12, record.unitsHigh, true);
  view.setUint32(at + 16, record.unitsLow, true);
  view.setUint32(at + 20, data.length, true);
  view.setUint32(at + 24, record.original, true);
  output.bytes.set(data, at + 28);
  if (record.flags !== 0) {
    view.setUint16(at + 28 + padded, 2, true);
    view.setUint16(at + 28 + padded + 2, 4, true);
    view.setUint32(at + 28 + padded + 4, record.flags, true);
  }
  view.setUint32(at + total - 4, total, true);
}

/** Bytes that grow; what is reserved is zero. */
class Output {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  #used = 0;

  /** Where the next `length` bytes go. */
  reserve(length: number): number {
    const at = this.#used;
    this.#used += length;
    if (this.#used > this.bytes.length) {
      const larger = new Uint8Array(Math.max(4096, 2 * this.bytes.length, this.#used));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.#used);
  }
}
