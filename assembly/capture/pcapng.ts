// pcapng: the block walk and the opening of packet blocks (draft-ietf-opsawg-pcapng).
//
//   block: type | total length | body ... | total length
//
// Section headers and interface descriptions are JavaScript's to read: the walk stops at them. Blocks without a
// packet are passed over.

import * as Batch from '../../src/layout/batch.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Packet from '../../src/layout/packet.ts';
import { storeLengths } from './length.ts';
import { toNanoseconds } from './time.ts';

const SECTION_HEADER: u32 = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
/** The obsolete Packet Block: the interface is a u16, with a drop count behind it. */
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const TYPE: usize = 0;
const TOTAL_LENGTH: usize = 4;
/** Type and both lengths. */
const FRAME_BYTES: u32 = 12;

// Enhanced Packet Block and Packet Block.
const INTERFACE: usize = 8;
const TIME_HIGH: usize = 12;
const TIME_LOW: usize = 16;
const CAPTURED: usize = 20;
const ORIGINAL: usize = 24;
const ENHANCED_DATA: u32 = 28;
// Simple Packet Block.
const SIMPLE_ORIGINAL: usize = 8;
const SIMPLE_DATA: u32 = 12;

/** epb_flags, pack_flags: bits 0-1 direction, bits 5-8 length of the frame check sequence. */
const OPTION_FLAGS: u32 = 2;

function word(address: usize, offset: usize, swapped: bool): u32 {
  const value = load<u32>(address + offset);
  return swapped ? bswap<u32>(value) : value;
}

function half(address: usize, offset: usize, swapped: bool): u32 {
  const value = load<u16>(address + offset);
  return swapped ? <u32>bswap<u16>(value) : <u32>value;
}

function finish(batch: usize, stop: usize, entry: usize, result: u32): u32 {
  store<u32>(batch, <u32>stop, Batch.STOP);
  const index = <usize>load<u32>(batch, Batch.INDEX);
  store<u32>(batch, <u32>((entry - index) / Batch.ENTRY_BYTES), Batch.COUNT);
  return result;
}

/**
 * Appends the complete packet blocks in [start, end) to the batch's index and sets COUNT and STOP. `section` is the
 * address of the section's `sectionCount` capture interface indexes (u32). Result: Capture.WALK_*.
 */
export function walkPcapng(batch: usize, start: usize, end: usize, section: usize, sectionCount: u32): u32 {
  const source = <usize>load<u32>(batch, Batch.SOURCE);
  const swapped = load<u32>(source, Capture.SWAPPED) !== 0;
  const most = load<u32>(source, Capture.MAX_CAPTURED);
  const index = <usize>load<u32>(batch, Batch.INDEX);
  const full = index + <usize>load<u32>(batch, Batch.RECORD_CAPACITY) * Batch.ENTRY_BYTES;
  let entry = index + <usize>load<u32>(batch, Batch.COUNT) * Batch.ENTRY_BYTES;
  let block = start;
  while (end - block >= FRAME_BYTES) {
    const type = word(block, TYPE, swapped);
    // Its byte order, and so its length, is its own affair.
    if (type === SECTION_HEADER) return finish(batch, block, entry, Capture.WALK_BLOCK);
    const total = word(block, TOTAL_LENGTH, swapped);
    if (total < FRAME_BYTES || (total & 3) !== 0) return finish(batch, block, entry, Capture.WALK_BAD_LENGTH);
    if (type === INTERFACE_DESCRIPTION) return finish(batch, block, entry, Capture.WALK_BLOCK);
    const enhanced = type === ENHANCED_PACKET || type === PACKET;
    const isPacket = enhanced || type === SIMPLE_PACKET;
    if (<usize>total > end - block) {
      return finish(batch, block, entry, isPacket ? Capture.WALK_INCOMPLETE : Capture.WALK_SKIP);
    }
    if (word(block, <usize>total - 4, swapped) !== total) {
      return finish(batch, block, entry, Capture.WALK_BAD_TRAILER);
    }
    if (isPacket) {
      let local: u32 = 0;
      if (enhanced) {
        if (total < ENHANCED_DATA + 4) return finish(batch, block, entry, Capture.WALK_BAD_LENGTH);
        const captured = word(block, CAPTURED, swapped);
        if (captured > most || captured > total - ENHANCED_DATA - 4) {
          return finish(batch, block, entry, Capture.WALK_BAD_CAPTURED);
        }
        local = type === PACKET ? half(block, INTERFACE, swapped) : word(block, INTERFACE, swapped);
      } else if (total < SIMPLE_DATA + 4) {
        return finish(batch, block, entry, Capture.WALK_BAD_LENGTH);
      } else if (total - SIMPLE_DATA - 4 > most) {
        return finish(batch, block, entry, Capture.WALK_BAD_CAPTURED);
      }
      if (local >= sectionCount) return finish(batch, block, entry, Capture.WALK_BAD_INTERFACE);
      if (entry === full) return finish(batch, block, entry, Capture.WALK_FULL);
      store<u32>(entry, <u32>block, Batch.ENTRY_RECORD);
      store<u32>(entry, load<u32>(section + <usize>local * 4), Batch.ENTRY_INTERFACE);
      entry += Batch.ENTRY_BYTES;
    }
    block += <usize>total;
  }
  return finish(batch, block, entry, Capture.WALK_INCOMPLETE);
}

/** The flags option of a packet block whose options stand in [option, end); 0 when there is none. */
function flagsOf(option: usize, end: usize, swapped: bool): u32 {
  while (end - option >= 4) {
    const code = half(option, 0, swapped);
    const length = half(option, 2, swapped);
    if (code === 0) return 0;
    const padded = (<usize>length + 3) & ~3;
    if (padded > end - option - 4) return 0;
    if (code === OPTION_FLAGS && length === 4) return word(option, 4, swapped);
    option += 4 + padded;
  }
  return 0;
}

/**
 * Fills the packet records for `count` index entries from `entry` on; `record` is the number of the first entry in
 * its batch.
 */
export function openPcapng(
  source: usize,
  interfaces: usize,
  entry: usize,
  count: u32,
  record: u32,
  packets: usize,
): void {
  const swapped = load<u32>(source, Capture.SWAPPED) !== 0;
  let packet = packets;
  for (let i: u32 = 0; i < count; i++) {
    const block = <usize>load<u32>(entry, Batch.ENTRY_RECORD);
    const captureInterface = load<u32>(entry, Batch.ENTRY_INTERFACE);
    const described = interfaces + <usize>captureInterface * Capture.INTERFACE_BYTES;
    const total = word(block, TOTAL_LENGTH, swapped);
    let fcsBytes = load<u32>(described, Capture.FCS_BYTES);
    let direction: u32 = 0;
    let time: u64 = 0;
    let data: u32;
    let captured: u32;
    let original: u32;
    if (word(block, TYPE, swapped) === SIMPLE_PACKET) {
      // No timestamp, no captured length: that is what the snap length leaves of the original one.
      data = SIMPLE_DATA;
      original = word(block, SIMPLE_ORIGINAL, swapped);
      captured = total - SIMPLE_DATA - 4;
      if (captured > original) captured = original;
      const snaplen = load<u32>(described, Capture.SNAPLEN);
      if (snaplen !== 0 && captured > snaplen) captured = snaplen;
    } else {
      data = ENHANCED_DATA;
      captured = word(block, CAPTURED, swapped);
      original = word(block, ORIGINAL, swapped);
      const units = ((<u64>word(block, TIME_HIGH, swapped)) << 32) | <u64>word(block, TIME_LOW, swapped);
      time = toNanoseconds(described, units);
      const options = ENHANCED_DATA + ((captured + 3) & ~3);
      if (options + 8 <= total - 4) {
        const flags = flagsOf(block + <usize>options, block + <usize>total - 4, swapped);
        direction = flags & 3;
        const own = (flags >> 5) & 15;
        if (own !== 0) fcsBytes = own;
      }
    }
    store<u64>(packet, time, Packet.TIME);
    store<u32>(packet, <u32>block + data, Packet.FRAME);
    storeLengths(packet, captured, original, fcsBytes);
    store<u32>(packet, captureInterface, Packet.CAPTURE_INTERFACE);
    store<u32>(packet, direction, Packet.DIRECTION);
    store<u32>(packet, record + i, Packet.RECORD);
    entry += Batch.ENTRY_BYTES;
    packet += Packet.BYTES;
  }
}
