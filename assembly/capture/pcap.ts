// Classic pcap: the record walk and the opening of records (draft-ietf-opsawg-pcap).
//
//   record header: seconds | µs or ns | captured length | original length [| ifindex | protocol, type, pad]
//
// The walk runs under the reading baton, one lane at a time, so it does the least there is: one load, one compare
// and one index entry a record.

import * as Batch from '../../src/layout/batch.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Packet from '../../src/layout/packet.ts';
import { storeLengths } from './length.ts';

/** Offsets in the record header. */
const SECONDS: usize = 0;
const FRACTION: usize = 4;
const CAPTURED: usize = 8;
const ORIGINAL: usize = 12;
const PACKET_TYPE: usize = 22;
/**
 * How far ahead of a record the walk reads a word to have it cached: each record's place depends on the length of
 * the one before, so that a processor cannot look ahead by itself. It halves the time of the walk.
 */
const AHEAD_BYTES: usize = 768;
/** linux/if_packet.h */
const PACKET_OUTGOING: u32 = 4;

/**
 * Appends the complete records in [start, end) to the batch's index, as records of `captureInterface`, and sets
 * COUNT and STOP. Result: Capture.WALK_*.
 */
export function walkPcap(batch: usize, start: usize, end: usize, captureInterface: u32): u32 {
  const source = <usize>load<u32>(batch, Batch.SOURCE);
  const plain =
    load<u32>(source, Capture.SWAPPED) === 0 && load<u32>(source, Capture.LENGTHS) === Capture.LENGTHS_NORMAL;
  if (plain) return walkPlain(batch, source, start, end, captureInterface);
  return walkAny(batch, source, start, end, captureInterface);
}

function finish(batch: usize, stop: usize, entry: usize): void {
  store<u32>(batch, <u32>stop, Batch.STOP);
  const index = <usize>load<u32>(batch, Batch.INDEX);
  store<u32>(batch, <u32>((entry - index) / Batch.ENTRY_BYTES), Batch.COUNT);
}

/** Native byte order, lengths in their usual order. */
function walkPlain(batch: usize, source: usize, start: usize, end: usize, captureInterface: u32): u32 {
  const headerBytes = <usize>load<u32>(source, Capture.RECORD_HEADER_BYTES);
  const most = load<u32>(source, Capture.MAX_CAPTURED);
  const index = <usize>load<u32>(batch, Batch.INDEX);
  const full = index + <usize>load<u32>(batch, Batch.RECORD_CAPACITY) * Batch.ENTRY_BYTES;
  let entry = index + <usize>load<u32>(batch, Batch.COUNT) * Batch.ENTRY_BYTES;
  const upper = (<u64>captureInterface) << 32;
  let record = start;
  let result: u32 = Capture.WALK_INCOMPLETE;
  const lastAhead = end - 4;
  let touched: u32 = 0;
  // No sum that hostile lengths could wrap: what is left is compared, and only what fits is added.
  while (end - record >= headerBytes) {
    const captured = load<u32>(record, CAPTURED);
    touched |= load<u32>(min<usize>(record + AHEAD_BYTES, lastAhead));
    if (captured > most) {
      result = Capture.WALK_BAD_CAPTURED;
      break;
    }
    if (<usize>captured > end - record - headerBytes) break;
    if (entry === full) {
      result = Capture.WALK_FULL;
      break;
    }
    store<u64>(entry, <u64>record | upper);
    entry += Batch.ENTRY_BYTES;
    record += headerBytes + captured;
  }
  store<u32>(batch, touched, Batch.AHEAD);
  finish(batch, record, entry);
  return result;
}

/** The captured length of a record in any of the variants. */
function capturedOf(source: usize, record: usize): u32 {
  let captured = load<u32>(record, CAPTURED);
  let original = load<u32>(record, ORIGINAL);
  if (load<u32>(source, Capture.SWAPPED) !== 0) {
    captured = bswap<u32>(captured);
    original = bswap<u32>(original);
  }
  const lengths = load<u32>(source, Capture.LENGTHS);
  if (lengths === Capture.LENGTHS_NORMAL) return captured;
  if (lengths === Capture.LENGTHS_EXCHANGED) return original;
  return min<u32>(captured, original);
}

function originalOf(source: usize, record: usize): u32 {
  let captured = load<u32>(record, CAPTURED);
  let original = load<u32>(record, ORIGINAL);
  if (load<u32>(source, Capture.SWAPPED) !== 0) {
    captured = bswap<u32>(captured);
    original = bswap<u32>(original);
  }
  const lengths = load<u32>(source, Capture.LENGTHS);
  if (lengths === Capture.LENGTHS_NORMAL) return original;
  if (lengths === Capture.LENGTHS_EXCHANGED) return captured;
  return max<u32>(captured, original);
}

function walkAny(batch: usize, source: usize, start: usize, end: usize, captureInterface: u32): u32 {
  const headerBytes = <usize>load<u32>(source, Capture.RECORD_HEADER_BYTES);
  const most = load<u32>(source, Capture.MAX_CAPTURED);
  const index = <usize>load<u32>(batch, Batch.INDEX);
  const full = index + <usize>load<u32>(batch, Batch.RECORD_CAPACITY) * Batch.ENTRY_BYTES;
  let entry = index + <usize>load<u32>(batch, Batch.COUNT) * Batch.ENTRY_BYTES;
  const upper = (<u64>captureInterface) << 32;
  let record = start;
  let result: u32 = Capture.WALK_INCOMPLETE;
  while (end - record >= headerBytes) {
    const captured = capturedOf(source, record);
    if (captured > most) {
      result = Capture.WALK_BAD_CAPTURED;
      break;
    }
    if (<usize>captured > end - record - headerBytes) break;
    if (entry === full) {
      result = Capture.WALK_FULL;
      break;
    }
    store<u64>(entry, <u64>record | upper);
    entry += Batch.ENTRY_BYTES;
    record += headerBytes + captured;
  }
  finish(batch, record, entry);
  return result;
}

/**
 * Fills the packet records for `count` index entries from `entry` on; `record` is the number of the first entry in
 * its batch.
 */
export function openPcap(
  source: usize,
  interfaces: usize,
  entry: usize,
  count: u32,
  record: u32,
  packets: usize,
): void {
  const headerBytes = load<u32>(source, Capture.RECORD_HEADER_BYTES);
  const fractionNs: u64 = load<u32>(source, Capture.NANOSECONDS) !== 0 ? 1 : 1000;
  const plain =
    load<u32>(source, Capture.SWAPPED) === 0 &&
    load<u32>(source, Capture.LENGTHS) === Capture.LENGTHS_NORMAL &&
    headerBytes === 16;
  if (plain) openPlain(interfaces, entry, count, record, packets, fractionNs);
  else openAny(source, interfaces, entry, count, record, packets, fractionNs);
}

/** Native byte order, lengths in their usual order, 16-byte headers: no decision but the entry's interface. */
function openPlain(
  interfaces: usize,
  entry: usize,
  count: u32,
  record: u32,
  packets: usize,
  fractionNs: u64,
): void {
  let packet = packets;
  for (let i: u32 = 0; i < count; i++) {
    const header = <usize>load<u32>(entry, Batch.ENTRY_RECORD);
    const captureInterface = load<u32>(entry, Batch.ENTRY_INTERFACE);
    const time = <u64>load<u32>(header, SECONDS) * 1000000000 + <u64>load<u32>(header, FRACTION) * fractionNs;
    store<u64>(packet, time, Packet.TIME);
    store<u32>(packet, <u32>header + 16, Packet.FRAME);
    storeLengths(
      packet,
      load<u32>(header, CAPTURED),
      load<u32>(header, ORIGINAL),
      load<u32>(interfaces + <usize>captureInterface * Capture.INTERFACE_BYTES, Capture.FCS_BYTES),
    );
    store<u32>(packet, captureInterface, Packet.CAPTURE_INTERFACE);
    store<u32>(packet, 0, Packet.DIRECTION);
    store<u32>(packet, record + i, Packet.RECORD);
    entry += Batch.ENTRY_BYTES;
    packet += Packet.BYTES;
  }
}

function openAny(
  source: usize,
  interfaces: usize,
  entry: usize,
  count: u32,
  record: u32,
  packets: usize,
  fractionNs: u64,
): void {
  const swapped = load<u32>(source, Capture.SWAPPED) !== 0;
  const headerBytes = load<u32>(source, Capture.RECORD_HEADER_BYTES);
  let packet = packets;
  for (let i: u32 = 0; i < count; i++) {
    const header = <usize>load<u32>(entry, Batch.ENTRY_RECORD);
    const captureInterface = load<u32>(entry, Batch.ENTRY_INTERFACE);
    let seconds = load<u32>(header, SECONDS);
    let fraction = load<u32>(header, FRACTION);
    if (swapped) {
      seconds = bswap<u32>(seconds);
      fraction = bswap<u32>(fraction);
    }
    store<u64>(packet, <u64>seconds * 1000000000 + <u64>fraction * fractionNs, Packet.TIME);
    store<u32>(packet, <u32>header + headerBytes, Packet.FRAME);
    storeLengths(
      packet,
      capturedOf(source, header),
      originalOf(source, header),
      load<u32>(interfaces + <usize>captureInterface * Capture.INTERFACE_BYTES, Capture.FCS_BYTES),
    );
    store<u32>(packet, captureInterface, Packet.CAPTURE_INTERFACE);
    let direction: u32 = 0;
    if (headerBytes === 24) direction = load<u8>(header, PACKET_TYPE) === PACKET_OUTGOING ? 2 : 1;
    store<u32>(packet, direction, Packet.DIRECTION);
    store<u32>(packet, record + i, Packet.RECORD);
    entry += Batch.ENTRY_BYTES;
    packet += Packet.BYTES;
  }
}
