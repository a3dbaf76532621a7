// Everything a scan needs, placed in one shared memory.

import type { SharedDescription } from '../capture/description.ts';
import { openCaptures } from '../capture/open.ts';
import type { CompiledRules } from '../compile/compile.ts';
import { hasAllInterfaces } from '../host/machine.ts';
import { Allocator } from '../kernel/allocator.ts';
import { type LaneArena, type PlacedImage, placeLane, type SharedParts } from '../kernel/arena.ts';
import { createMemory, type Kernel } from '../kernel/kernel.ts';
import * as Control from '../layout/control.ts';
import * as Fragment from '../layout/fragment.ts';
import * as Image from '../layout/image.ts';
import * as Lane from '../layout/lane.ts';
import type { InterfaceNamesDescription } from '../pool/interface-names.ts';
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
  const fragments = allocator.allocate(Fragment.ARENA_BYTES);
  kernel.initFragments?.(fragments, Fragment.ARENA_BYTES, 0);
  const parts: SharedParts = {
    ...shared.images,
    captureInterfaces: shared.captures.interfaces,
    fragments,
    options:
      (options.linear ? Lane.OPTION_LINEAR : 0) |
      (options.verifyChecksums ? Lane.OPTION_VERIFY_CHECKSUMS : 0),
  };
  const results = options.verdicts !== undefined || (options.writes?.length ?? 0) > 0;
  const bytes = Math.max(LEAST_BATCH_BYTES, options.batchBytes ?? DEFAULT_BATCH_BYTES);
  return Array.from({ length: workers }, () => placeLane(allocator, parts, bytes, results));
}

/** Gives all lanes the lowered machine. */
export function setHost(shared: ScanMemory, lanes: readonly LaneArena[], host: Uint8Array): void {
  const address = shared.allocator.place(host);
  const view = new DataView(shared.memory.buffer);
  for (const { lane } of lanes) view.setUint32(lane + Lane.HOST, address, true);
}

/** A record has to fit: the longest that readers take for true, and its header. */
const LEAST_BATCH_BYTES = 512 * 1024;
const DEFAULT_BATCH_BYTES = 1024 * 1024;
