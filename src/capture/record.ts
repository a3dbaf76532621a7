// One record as JavaScript sees it: for writing. What packets mean is the kernel's to say (assembly/capture).

import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';

export interface CapturedRecord {
  readonly captureInterface: number;
  /** Absolute address of the captured bytes, their number, and the number that were on the wire. */
  readonly data: number;
  readonly captured: number;
  readonly original: number;
  /** pcap: the two parts of the timestamp, the second in nanoseconds or microseconds. */
  readonly seconds: number;
  readonly fraction: number;
  readonly nanoseconds: boolean;
  /** The timestamp in the interface's units. */
  readonly unitsHigh: number;
  readonly unitsLow: number;
  /** As in pcapng's epb_flags. */
  readonly flags: number;
}

/** The record of the index entry at `entry`, of a batch whose source record is at `source`. */
export function readRecord(
  view: DataView,
  source: number,
  interfaces: number,
  entry: number,
): CapturedRecord {
  const at = view.getUint32(entry + Batch.ENTRY_RECORD, true);
  const captureInterface = view.getUint32(entry + Batch.ENTRY_INTERFACE, true);
  const little = view.getUint32(source + Capture.SWAPPED, true) === 0;
  if (view.getUint32(source + Capture.FORMAT, true) === Capture.PCAP) {
    return readPcap(view, source, at, captureInterface, little);
  }
  const described = interfaces + captureInterface * Capture.INTERFACE_BYTES;
  return readPcapng(view, described, at, captureInterface, little);
}

function readPcap(
  view: DataView,
  source: number,
  at: number,
  captureInterface: number,
  little: boolean,
): CapturedRecord {
  const headerBytes = view.getUint32(source + Capture.RECORD_HEADER_BYTES, true);
  const lengths = view.getUint32(source + Capture.LENGTHS, true);
  const nanoseconds = view.getUint32(source + Capture.NANOSECONDS, true) !== 0;
  let captured = view.getUint32(at + 8, little);
  let original = view.getUint32(at + 12, little);
  const exchanged = lengths === Capture.LENGTHS_EXCHANGED;
  if (exchanged || (lengths === Capture.LENGTHS_EITHER && captured > original)) {
    [captured, original] = [original, captured];
  }
  const seconds = view.getUint32(at, little);
  const fraction = view.getUint32(at + 4, little);
  const units = BigInt(seconds) * (nanoseconds ? 1_000_000_000n : 1_000_000n) + BigInt(fraction);
  let flags = 0;
  // The modified variant tells the packet type of Linux: 4 is outgoing.
  if (headerBytes === 24) flags = view.getUint8(at + 22) === 4 ? 2 : 1;
  return {
    captureInterface,
    data: at + headerBytes,
    captured,
    original,
    seconds,
    fraction,
    nanoseconds,
    unitsHigh: Number(units >> 32n),
    unitsLow: Number(units & 0xffffffffn),
    flags,
  };
}

function readPcapng(
  view: DataView,
  described: number,
  at: number,
  captureInterface: number,
  little: boolean,
): CapturedRecord {
  const total = view.getUint32(at + 4, little);
  const common = { captureInterface, seconds: 0, fraction: 0, nanoseconds: true };
  if (view.getUint32(at, little) === 3) {
    const original = view.getUint32(at + 8, little);
    const snaplen = view.getUint32(described + Capture.SNAPLEN, true);
    let captured = Math.min(original, total - 16);
    if (snaplen !== 0) captured = Math.min(captured, snaplen);
    return { ...common, data: at + 12, captured, original, unitsHigh: 0, unitsLow: 0, flags: 0 };
  }
  const captured = view.getUint32(at + 20, little);
  return {
    ...common,
    data: at + 28,
    captured,
    original: view.getUint32(at + 24, little),
    unitsHigh: view.getUint32(at + 12, little),
    unitsLow: view.getUint32(at + 16, little),
    flags: readFlags(view, at + 28 + ((captured + 3) & ~3), at + total - 4, little),
  };
}

function readFlags(view: DataView, options: number, end: number, little: boolean): number {
  for (let option = options; end - option >= 4; ) {
    const code = view.getUint16(option, little);
    const length = view.getUint16(option + 2, little);
    if (code === 0) return 0;
    const padded = (length + 3) & ~3;
    if (padded > end - option - 4) return 0;
    if (code === 2 && length === 4) return view.getUint32(option + 4, little);
    option += 4 + padded;
  }
  return 0;
}
