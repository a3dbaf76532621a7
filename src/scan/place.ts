// Everything a scan needs, placed in one shared memory.

import type { SharedDescription } from '../capture/description.ts';
import { openCaptures } from '../capture/open.ts';
import type { CompiledRules } from '../compile/compile.ts';
import { drawSeed } from '../conntrack/config.ts';
import type { Machine } from '../host/machine.ts';
import { hasAllInterfaces } from '../host/machine.ts';
import { sysctl } from '../host/sysctl.ts';
import { Allocator } from '../kernel/allocator.ts';
import { createMemory, type Kernel } from '../kernel/kernel.ts';
import * as Control from '../layout/control.ts';
import * as Fragment from '../layout/fragment.ts';
import * as Image from '../layout/image.ts';
import * as Lane from '../layout/lane.ts';
import type { InterfaceNamesDescription } from '../pool/interface-names.ts';
import { type LaneArena, type PlacedImage, placeLane, type SharedParts } from './arena.ts';
import type { ScanOptions } from './options.ts';

/** The memory of a scan and where things are in it. */
export interface ScanMemory {
  readonly allocator: Allocator;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly captures: SharedDescription;
  readonly images: { readonly image4?: PlacedImage | undefined; readonly image6?: PlacedImage | undefined };
  readonly interfaces: InterfaceNamesDescription;
}

export function placeShared(
  options: ScanOptions,
  rules: { readonly rules4: CompiledRules | undefined; readonly rules6: CompiledRules | undefined },
): ScanMemory {
  const memory = createMemory(1024 * 1024);
  const allocator = new Allocator(memory);
  const allocate = (bytes: number): number => allocator.allocate(bytes);
  const captures = openCaptures(options.captures, allocate);
  const image4 = placeImage(allocator, rules.rules4);
  const image6 = placeImage(allocator, rules.rules6);
  const control = allocator.allocate(Control.BYTES);
  const images = [image4, image6].filter((image) => image !== undefined);
  return {
    allocator,
    memory,
    control,
    captures,
    images: { image4, image6 },
    interfaces: {
      control,
      table: allocator.allocate(Control.NAME_BYTES * Image.INTERFACES),
      images: images.map(({ address, rules: { rows, interfaceTables } }) => ({
        base: address,
        rows,
        interfaceTables,
      })),
      complete: options.machine !== undefined && hasAllInterfaces(options.machine),
    },
  };
}

function placeImage(allocator: Allocator, rules: CompiledRules | undefined): PlacedImage | undefined {
  return rules === undefined ? undefined : { rules, address: allocator.place(rules.image) };
}

/** The lanes' own parts; they get their machine with setHost. */
export function placeLanes(
  shared: ScanMemory,
  kernel: Kernel,
  options: ScanOptions,
  workers: number,
): readonly LaneArena[] {
  const { allocator } = shared;
  const arenaBytes = fragmentArenaBytes(options.machine);
  const fragments = allocator.allocate(arenaBytes);
  kernel.initFragments?.(fragments, arenaBytes, fragmentSeed(options.seed));
  setFragmentLimits(shared.memory, fragments, options.machine);
  const parts: SharedParts = {
    ...shared.images,
    captureInterfaces: shared.captures.interfaces,
    fragments,
    options: options.linear ? Lane.OPTION_LINEAR : 0,
  };
  const results = options.verdicts !== undefined || (options.writes?.length ?? 0) > 0;
  const bytes = Math.max(LEAST_BATCH_BYTES, options.batchBytes ?? DEFAULT_BATCH_BYTES);
  return Array.from({ length: workers }, () => placeLane(allocator, parts, bytes, results));
}

/** For the hash by which waiting datagrams are found. */
export function fragmentSeed(seed: bigint | undefined): number {
  return Number(BigInt.asUintN(32, seed ?? drawSeed()));
}

/** net.ipv4.ipfrag_high_thresh, as far as memory is given for it. */
function fragmentThreshold(machine: Machine | undefined): number {
  const wanted = machine === undefined ? undefined : sysctl(machine, 'net.ipv4.ipfrag_high_thresh', -1);
  if (wanted === undefined || wanted < 0) return DEFAULT_FRAGMENT_THRESHOLD;
  return Math.min(wanted, MOST_FRAGMENT_THRESHOLD);
}

export function fragmentArenaBytes(machine: Machine | undefined): number {
  return arenaBytesFor(fragmentThreshold(machine));
}

/** Bytes of a reassembly arena in which a threshold of charged memory can be reached. */
export function arenaBytesFor(threshold: number): number {
  const pieces = Math.floor(threshold / Fragment.THRESHOLD_PER_PIECE) + 1;
  return Math.max(Fragment.ARENA_BYTES, Fragment.FIXED_BYTES + pieces * Fragment.BYTES_PER_PIECE);
}

/** net.ipv4.ipfrag_*; a machine that is guessed has Linux's defaults, which the arena begins with. */
function setFragmentLimits(memory: WebAssembly.Memory, arena: number, machine: Machine | undefined): void {
  if (machine === undefined) return;
  const view = new DataView(memory.buffer);
  const seconds = Math.max(0, sysctl(machine, 'net.ipv4.ipfrag_time', DEFAULT_FRAGMENT_SECONDS));
  view.setBigUint64(arena + Fragment.TIMEOUT_NS, BigInt(seconds) * 1_000_000_000n, true);
  view.setUint32(arena + Fragment.HIGH_THRESHOLD, fragmentThreshold(machine), true);
  const distance = Math.max(0, sysctl(machine, 'net.ipv4.ipfrag_max_dist', DEFAULT_FRAGMENT_DISTANCE));
  view.setUint32(arena + Fragment.MAX_DISTANCE, distance, true);
}

/** Gives all lanes the lowered machine. */
export function setHost(shared: ScanMemory, lanes: readonly LaneArena[], host: Uint8Array): void {
  const address = shared.allocator.place(host);
  const view = new DataView(shared.memory.buffer);
  for (const { lane } of lanes) view.setUint32(lane + Lane.HOST, address, true);
}

/** net/ipv4/ip_fragment.c */
const DEFAULT_FRAGMENT_SECONDS = 30;
const DEFAULT_FRAGMENT_DISTANCE = 64;
const DEFAULT_FRAGMENT_THRESHOLD = 4 * 1024 * 1024;
export const MOST_FRAGMENT_THRESHOLD = 256 * 1024 * 1024;
/** A record has to fit: the longest that readers take for true, and its header. */
const LEAST_BATCH_BYTES = 512 * 1024;
const DEFAULT_BATCH_BYTES = 1024 * 1024;
