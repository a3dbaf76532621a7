// How much there is to read, where that can be told.

import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { CaptureFile } from '../capture/description.ts';

/** A thread takes 100 ms of a core to start: as long as one lane takes for that much of a plain capture. */
const BYTES_A_LANE = 64 * 1024 * 1024;

/** Lanes that a scan has when nobody says: the cores, but fewer when reading is over sooner than they would start. */
export function laneCount(files: readonly CaptureFile[]): number {
  const bytes = totalBytes(files.map(captureBytes));
  const lanes = bytes === undefined ? Number.POSITIVE_INFINITY : Math.ceil(bytes / BYTES_A_LANE);
  return Math.max(1, Math.min(lanes, availableParallelism()));
}

/** Bytes of a regular file; undefined for streams, whose positions count decompressed bytes. */
export function captureBytes({ name, kind }: CaptureFile): number | undefined {
  return kind === 'file' && name !== '-' ? statSync(name, { throwIfNoEntry: false })?.size : undefined;
}

/** The sum; undefined when one of them is. */
export function totalBytes(sizes: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const size of sizes) {
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}
