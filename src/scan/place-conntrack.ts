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
  readonly config: number;
  readonly shards: number;
  readonly shardCount: number;
}

/** Entries of the heap come in chunks, and bucket arrays are doubled: what may be lost to that. */
const HEAP_SLACK_BYTES = 64 * 1024 * 1024;
/** Bucket arrays of an entry, old ones included. */
const BUCKET_BYTES = 16;

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
  const perEntry = Math.max(config.entryBytes4, config.entryBytes6) + BUCKET_BYTES;
  const wanted = config.limit * perEntry + HEAP_SLACK_BYTES;
  const heap = allocator.allocateUpTo(wanted);
  const view = new DataView(memory.buffer);
  writeConfig(view, address, config);
  view.setUint32(address + Conntrack.SHARDS, shards, true);
  view.setUint32(address + Conntrack.HEAP_NEXT, heap.address, true);
  view.setUint32(address + Conntrack.HEAP_END, heap.address + heap.bytes, true);
  kernel.initShards?.(address);
  return { config: address, shards, shardCount };
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
