// Places what a lane owns in the shared memory: its record (src/layout/lane.ts), counters, stack, packet records,
// totals and its batch.

import type { CompiledRules } from '../compile/compile.ts';
import type { Allocator } from '../kernel/allocator.ts';
import * as Batch from '../layout/batch.ts';
import * as Frame from '../layout/frame.ts';
import * as Image from '../layout/image.ts';
import * as Lane from '../layout/lane.ts';
import * as Packet from '../layout/packet.ts';
import * as Stage from '../layout/stage.ts';
import * as Totals from '../layout/totals.ts';

/** An image in the shared memory. */
export interface PlacedImage {
  readonly rules: CompiledRules;
  readonly address: number;
}

/** What all lanes share. */
export interface SharedParts {
  readonly image4?: PlacedImage | undefined;
  readonly image6?: PlacedImage | undefined;
  readonly captureInterfaces: number;
  readonly fragments: number;
  readonly options: number;
}

/** Addresses that JavaScript needs of a lane. */
export interface LaneArena {
  readonly packets: number;
  /** Shared by all lanes. */
  readonly fragments: number;
  readonly lane: number;
  readonly batch: number;
  readonly totals: number;
  readonly skipped: number;
  readonly counters4: number;
  readonly counters6: number;
}

/**
 * @param dataBytes captured bytes in a batch
 * @param results whether result records are written: only then is there room for them
 */
export function placeLane(
  allocator: Allocator,
  shared: SharedParts,
  dataBytes: number,
  results: boolean,
): LaneArena {
  const lane = allocator.allocate(Lane.BYTES);
  const arena: LaneArena = {
    lane,
    batch: placeBatch(allocator, dataBytes, results),
    totals: allocator.allocate(Totals.TOTALS_BYTES),
    skipped: allocator.allocate(Lane.SKIPPED_SLOTS * Lane.SKIPPED_BYTES),
    counters4: placeCounters(allocator, shared.image4),
    counters6: placeCounters(allocator, shared.image6),
    fragments: shared.fragments,
    packets: allocator.allocate(2 * Lane.VECTOR * Packet.BYTES + Lane.EXPRESS_BYTES),
  };
  const depth = Math.max(stackDepth(shared.image4), stackDepth(shared.image6));
  const words: readonly (readonly [number, number])[] = [
    [Lane.IMAGE4, shared.image4?.address ?? 0],
    [Lane.IMAGE6, shared.image6?.address ?? 0],
    [Lane.COUNTERS4, arena.counters4],
    [Lane.COUNTERS6, arena.counters6],
    [Lane.STACK, allocator.allocate(depth * Frame.BYTES)],
    [Lane.PACKETS, arena.packets],
    [Lane.TOTALS, arena.totals],
    [Lane.CAPTURE_INTERFACES, shared.captureInterfaces],
    [Lane.OPTIONS, shared.options | (results ? Lane.OPTION_RESULTS : 0)],
    [Lane.FRAGMENTS, arena.fragments],
    [Lane.DEFERRED, allocator.allocate(recordCapacity(dataBytes) * 4)],
    [Lane.REST, allocator.allocate(Lane.VECTOR * 4)],
    [Lane.STAGE, allocator.allocate(Stage.BYTES)],
    [Lane.SKIPPED, arena.skipped],
    [Lane.COPY, allocator.allocate(Packet.BYTES)],
  ];
  const view = new DataView(allocator.memory.buffer, lane, Lane.BYTES);
  for (const [offset, value] of words) view.setUint32(offset, value, true);
  return arena;
}

function placeCounters(allocator: Allocator, image: PlacedImage | undefined): number {
  return image === undefined ? 0 : allocator.allocate(image.rules.recordCount * Image.COUNTER_BYTES);
}

function stackDepth(image: PlacedImage | undefined): number {
  if (image === undefined) return 1;
  return new DataView(image.rules.image.buffer).getUint32(Image.STACK_DEPTH, true);
}

/** Most records that `dataBytes` can hold: no record is shorter than a pcap header without a packet. */
function recordCapacity(dataBytes: number): number {
  return Math.ceil(dataBytes / Batch.LEAST_RECORD_BYTES);
}

function placeBatch(allocator: Allocator, dataBytes: number, results: boolean): number {
  const batch = allocator.allocate(Batch.HEADER_BYTES);
  const capacity = recordCapacity(dataBytes);
  const words: readonly (readonly [number, number])[] = [
    [Batch.INDEX, allocator.allocate(capacity * Batch.ENTRY_BYTES)],
    [Batch.RESULTS, results ? allocator.allocate(capacity * Batch.RESULT_BYTES) : 0],
    // The kernel may load 16 bytes at a time from within a packet's bounds: room behind the last.
    [Batch.DATA, allocator.allocate(dataBytes + 64)],
    [Batch.DATA_CAPACITY, dataBytes],
    [Batch.RECORD_CAPACITY, capacity],
  ];
  const view = new DataView(allocator.memory.buffer, batch, Batch.HEADER_BYTES);
  for (const [offset, value] of words) view.setUint32(offset, value, true);
  return batch;
}
