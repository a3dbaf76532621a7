// Connection tracking in a scan's memory: configuration, shards, what each lane needs to steer by them, and the heap,
// which is the last thing in the memory.

import { type ConntrackConfig, trailBytes, writeConfig } from '../conntrack/config.ts';
import type { Machine } from '../host/machine.ts';
import { sysctl } from '../host/sysctl.ts';
import type { Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Conntrack from '../layout/conntrack.ts';
import * as Fragment from '../layout/fragment.ts';
import * as Lane from '../layout/lane.ts';
import * as LookUp from '../layout/look-up.ts';
import * as Packet from '../layout/packet.ts';
import type { LaneArena } from './arena.ts';
import {
  arenaBytesFor,
  fragmentArenaBytes,
  fragmentSeed,
  MOST_FRAGMENT_THRESHOLD,
  type ScanMemory,
} from './place.ts';

/** Where connection tracking is in the memory. */
export interface PlacedConntrack {
  /** Of the configuration record. */
  readonly address: number;
  readonly config: ConntrackConfig;
  readonly shardCount: number;
  /** The reassembly arena of IPv6. */
  readonly fragments6: number;
}

/** Bytes of an entry at most, with all that it can have and its part of the bucket arrays, old ones included. */
const ENTRY_BYTES = 320;
/** What entries have at least. */
const LEAST_ENTRY_BYTES = Conntrack.BASE_BYTES4 + 16;
/** Expectations, and chunks that are not full. */
const SLACK_BYTES = 128 * 1024 * 1024;

/**
 * The memory is what it is: so many entries of the smallest kind can be placed. A power of two, lest it depend on the
 * memory that lanes take, and so on their number.
 */
export function memoryEntries({ allocator }: ScanMemory): number {
  const entries = (allocator.left - SLACK_BYTES) / LEAST_ENTRY_BYTES;
  return entries < 1 ? 0 : 2 ** Math.floor(Math.log2(entries));
}

/**
 * Places all that connection tracking needs. Lanes that run may go on meanwhile: they track from where they are told of
 * the configuration (beginTracking, or a generation of rule sets).
 */
export function placeConntrack(
  shared: ScanMemory,
  kernel: Kernel,
  lanes: readonly LaneArena[],
  config: ConntrackConfig,
  machine: Machine,
): PlacedConntrack {
  const { allocator, memory } = shared;
  const address = allocator.allocate(Conntrack.CONFIG_BYTES);
  const shardCount = 1 << config.shardBits;
  const shards = allocator.allocate(shardCount * Conntrack.SHARD_BYTES);
  // What is never remembered takes no real memory.
  const trails = allocator.allocate(shardCount * trailBytes(config));
  const fragments6 = placeFragments6(shared, kernel, machine, config.seed);
  const heldBytes = fragmentArenaBytes(machine) + fragments6.bytes;
  for (const lane of lanes) placeSteering(shared, lane, fragments6.address, heldBytes);
  const eventChunks = (config.flags & Conntrack.EVENTS) === 0 ? 0 : shardCount + eventChunksOf(shared, lanes);
  const eventBytes = eventChunks * Conntrack.EVENT_CHUNK_BYTES;
  const heap = allocator.allocateUpTo(config.limit * ENTRY_BYTES + SLACK_BYTES + eventBytes);
  const places = { shards, trails, heap: heap.address, heapEnd: heap.address + heap.bytes, eventChunks };
  writeConfig(new DataView(memory.buffer), address, config, places);
  kernel.initShards?.(address);
  return { address, config, shardCount, fragments6: fragments6.address };
}

/** Lanes that do not run yet track from their first packet on. */
export function beginTracking(
  { memory }: ScanMemory,
  lanes: readonly LaneArena[],
  { address }: PlacedConntrack,
): void {
  const view = new DataView(memory.buffer);
  for (const { lane } of lanes) view.setUint32(lane + Lane.CONNTRACK, address, true);
}

/** The least record of a packet: a pcap header and an IPv4 one with ports. */
const LEAST_PACKET_BYTES = 44;
/** A packet tells of its own connection, and of others that it finds expired or that make room for its. */
const EVENTS_PER_PACKET = 8;

/** Chunks that the events of all lanes' batches can fill, before they are taken. What is not used takes no real memory. */
function eventChunksOf({ memory }: ScanMemory, lanes: readonly LaneArena[]): number {
  return lanes.reduce((sum, { batch }) => {
    const bytes = new DataView(memory.buffer).getUint32(batch + Batch.DATA_CAPACITY, true);
    return sum + Math.ceil((EVENTS_PER_PACKET * bytes) / LEAST_PACKET_BYTES / Conntrack.CHUNK_EVENTS);
  }, 0);
}

/** nf_conntrack_reasm.c */
const FRAGMENT6_SECONDS = 60;
const FRAGMENT6_THRESHOLD = 4 * 1024 * 1024;

/** The reassembly arena of IPv6, with net.netfilter.nf_conntrack_frag6_*. */
function placeFragments6(
  { allocator, memory }: ScanMemory,
  kernel: Kernel,
  machine: Machine,
  seed: bigint,
): { readonly address: number; readonly bytes: number } {
  const read = (name: string, initial: number): number => {
    const value = sysctl(machine, `net.netfilter.nf_conntrack_frag6_${name}`, initial);
    return value < 0 ? initial : value;
  };
  const threshold = Math.min(read('high_thresh', FRAGMENT6_THRESHOLD), MOST_FRAGMENT_THRESHOLD);
  const bytes = arenaBytesFor(threshold);
  const address = allocator.allocate(bytes);
  kernel.initFragments?.(address, bytes, fragmentSeed(seed));
  const view = new DataView(memory.buffer);
  const timeoutNs = BigInt(read('timeout', FRAGMENT6_SECONDS)) * 1_000_000_000n;
  view.setBigUint64(address + Fragment.TIMEOUT_NS, timeoutNs, true);
  view.setUint32(address + Fragment.HIGH_THRESHOLD, threshold, true);
  view.setUint32(address + Fragment.MAX_DISTANCE, 0, true);
  return { address, bytes };
}

function placeSteering(
  { allocator, memory }: ScanMemory,
  { lane, batch }: LaneArena,
  fragments6: number,
  heldBytes: number,
): void {
  const header = new DataView(memory.buffer, batch, Batch.HEADER_BYTES);
  const records = header.getUint32(Batch.RECORD_CAPACITY, true);
  // A batch completes datagrams of what was held and of its own bytes. What is not used takes no real memory.
  const datagramBytes = heldBytes + 4 * header.getUint32(Batch.DATA_CAPACITY, true);
  const datagrams = allocator.allocate(datagramBytes);
  const words: readonly (readonly [number, number])[] = [
    [Lane.ORDER, allocator.allocate(records * 4)],
    [Lane.SHARD_STARTS, allocator.allocate(Lane.SHARD_STARTS_BYTES)],
    [Lane.SHARD_OF, allocator.allocate(records)],
    [Lane.PIECES, allocator.allocate(records * Lane.PIECE_BYTES)],
    [Lane.KEPT, allocator.allocate(records * Packet.BYTES)],
    [Lane.LOOK_UPS, allocator.allocate(Lane.VECTOR * LookUp.BYTES)],
    [Lane.DATAGRAMS, datagrams],
    [Lane.DATAGRAMS_END, datagrams + datagramBytes],
    [Lane.FRAGMENTS6, fragments6],
  ];
  const view = new DataView(memory.buffer);
  for (const [offset, value] of words) view.setUint32(lane + offset, value, true);
}
