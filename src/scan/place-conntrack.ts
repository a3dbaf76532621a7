// Connection tracking in a scan's memory: configuration, shards, what each lane needs to steer by them, and the heap,
// which is the last thing in the memory.

import { type ConntrackConfig, writeConfig } from '../conntrack/config.ts';
import type { LaneArena } from '../kernel/arena.ts';
import { type Kernel, MAXIMUM_PAGES, WASM_PAGE_BYTES } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Conntrack from '../layout/conntrack.ts';
import * as Lane from '../layout/lane.ts';
import * as Packet from '../layout/packet.ts';
import type { ScanMemory } from './place.ts';

/** Where connection tracking is in the memory. */
export interface PlacedConntrack {
  /** Of the configuration record. */
  readonly address: number;
  readonly config: ConntrackConfig;
  readonly shardCount: number;
}

/** Bytes of an entry at most, with all that it can have and its part of the bucket arrays, old ones included. */
const ENTRY_BYTES = 320;
/** What entries have at least. */
const LEAST_ENTRY_BYTES = Conntrack.BASE_BYTES4 + 16;
/** Events, expectations, and chunks that are not full. */
const SLACK_BYTES = 128 * 1024 * 1024;

/** The memory is what it is: so many entries of the smallest kind can be placed. */
export function memoryEntries({ allocator }: ScanMemory): number {
  return Math.max(0, Math.floor((allocator.left - SLACK_BYTES) / LEAST_ENTRY_BYTES));
}

export function placeConntrack(
  shared: ScanMemory,
  kernel: Kernel,
  lanes: readonly LaneArena[],
  config: ConntrackConfig,
): PlacedConntrack {
  const { allocator, memory } = shared;
  const address = allocator.allocate(Conntrack.CONFIG_BYTES);
  const shardCount = 1 << config.shardBits;
  const shards = allocator.allocate(shardCount * Conntrack.SHARD_BYTES);
  for (const { lane, batch } of lanes) placeSteering(shared, lane, batch, address);
  const heap = allocator.allocateUpTo(config.limit * ENTRY_BYTES + SLACK_BYTES);
  const places = { shards, heap: heap.address, heapEnd: heap.address + heap.bytes };
  writeConfig(new DataView(memory.buffer), address, config, places);
  kernel.initShards?.(address);
  return { address, config, shardCount };
}

function placeSteering({ allocator, memory }: ScanMemory, lane: number, batch: number, config: number): void {
  const records = new DataView(memory.buffer).getUint32(batch + Batch.RECORD_CAPACITY, true);
  const words: readonly (readonly [number, number])[] = [
    [Lane.CONNTRACK, config],
    [Lane.ORDER, allocator.allocate(records * 4)],
    [Lane.SHARD_STARTS, allocator.allocate(Lane.SHARD_STARTS_BYTES)],
    [Lane.SHARD_OF, allocator.allocate(records)],
    [Lane.PIECES, allocator.allocate(records * Lane.PIECE_BYTES)],
    [Lane.KEPT, allocator.allocate(records * Packet.BYTES)],
  ];
  const view = new DataView(memory.buffer);
  for (const [offset, value] of words) view.setUint32(lane + offset, value, true);
}
