// Where the bytes of a capture come from, seen by the lane that holds the baton.

import { closeSync, openSync, readSync } from 'node:fs';
import type { CaptureFile } from './description.ts';

/** `read` gives this when it would have to wait and may not. */
export const WOULD_WAIT = -1;

export interface ByteSource {
  /** Longest stretch that can be had at once. */
  readonly most: number;
  /**
   * Copies bytes from `position` on into the shared memory, at most `length`, and returns their number. It waits
   * until there are more than `least`, or the file has ended: then it returns what there is.
   */
  read(file: number, position: number, address: number, length: number, least: number): number;
  /** Bytes before `position` will not be asked for again. */
  consume(file: number, position: number): void;
  /** Nothing of the file will be asked for again. */
  finish(file: number): void;
  /** Why the file ended before its time, if it is known. */
  failure(file: number): string | undefined;
}

/** Regular files, read in place. Each lane has a descriptor of its own for the file in work. */
export class FileSource implements ByteSource {
  readonly most = Number.POSITIVE_INFINITY;
  readonly #memory: WebAssembly.Memory;
  readonly #files: readonly CaptureFile[];
  #open: { readonly file: number; readonly descriptor: number; readonly close: boolean } | undefined;

  constructor(memory: WebAssembly.Memory, files: readonly CaptureFile[]) {
    this.#memory = memory;
    this.#files = files;
  }

  read(file: number, position: number, address: number, length: number, _least: number): number {
    const { descriptor, base } = this.#descriptor(file);
    const target = new Uint8Array(this.#memory.buffer, address, length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, target, filled, length - filled, base + position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  consume(): void {}

  finish(): void {
    if (this.#open?.close === true) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  failure(): undefined {
    return undefined;
  }

  #descriptor(file: number): { descriptor: number; base: number } {
    const one = this.#files[file];
    if (one === undefined) throw new RangeError(`no capture file ${file}`);
    if (this.#open?.file !== file) {
      // Another lane may have gone on to this file: the one held is done with.
      this.finish();
      const descriptor = one.descriptor ?? openSync(one.name, 'r');
      this.#open = { file, descriptor, close: one.descriptor === undefined };
    }
    return { descriptor: this.#open.descriptor, base: one.base };
  }
}
