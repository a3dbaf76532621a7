// The ring: how a pipe or a compressed capture, which the main thread receives, reaches the lane that reads. One
// file at a time: the writer begins a file, writes, ends it, and begins the next when the reader has done with it.
//
// Life of a file:  begin(FILE = its place) -> WRITTEN grows, READ follows -> ENDED or FAILED -> DONE > its place
//
// The writer never waits but by promise; the reader waits in Atomics.wait. Each side counts its own changes in a
// signal word that the other waits on, so that no change is missed between look and wait.

import type { Allocate, SharedDescription } from './description.ts';
import { type ByteSource, WOULD_WAIT } from './source.ts';

// Offsets from the ring's address. Words (i32): state and signals; u64: bytes since the file's begin.
const FILE = 0;
const STATE = 4;
const DONE = 8;
const WRITER_SIGNAL = 12;
const READER_SIGNAL = 16;
const WRITTEN = 24;
const READ = 32;
const MESSAGE_BYTES = 40;
const MESSAGE = 64;
const MESSAGE_CAPACITY = 960;
const DATA = 1024;

const FLOWING = 0;
const ENDED = 1;
const FAILED = 2;

/** Bytes that a ring holds: several times the longest record, so that reader and writer rarely wait. */
const RING_BYTES = 4 * 1024 * 1024;

export function allocateRing(allocate: Allocate): number {
  return allocate(DATA + RING_BYTES);
}

class RingWords {
  readonly #memory: WebAssembly.Memory;
  readonly #at: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #counts: BigInt64Array<SharedArrayBuffer>;

  constructor(memory: WebAssembly.Memory, at: number) {
    this.#memory = memory;
    this.#at = at;
    // The memory may grow later, but what stands here stays where it is.
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    this.words = new Int32Array(buffer, at, MESSAGE / 4);
    this.#counts = new BigInt64Array(buffer, at, MESSAGE / 8);
  }

  get(word: number): number {
    return Atomics.load(this.words, word / 4);
  }

  set(word: number, value: number): void {
    Atomics.store(this.words, word / 4, value);
  }

  count(word: number): number {
    return Number(Atomics.load(this.#counts, word / 8));
  }

  setCount(word: number, value: number): void {
    Atomics.store(this.#counts, word / 8, BigInt(value));
  }

  signal(word: number): void {
    Atomics.add(this.words, word / 4, 1);
    Atomics.notify(this.words, word / 4);
  }

  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#at + offset, length);
  }

  get message(): string {
    return new TextDecoder().decode(this.bytes(MESSAGE, this.get(MESSAGE_BYTES)).slice());
  }

  set message(text: string) {
    const encoded = new TextEncoder().encode(text).subarray(0, MESSAGE_CAPACITY);
    this.bytes(MESSAGE, encoded.length).set(encoded);
    this.set(MESSAGE_BYTES, encoded.length);
  }
}

/** The main thread's end. */
export class RingWriter {
  readonly #ring: RingWords;
  #stopped = false;

  constructor(memory: WebAssembly.Memory, description: SharedDescription) {
    this.#ring = new RingWords(memory, description.ring);
    // Place 0 may be a file that is read in place: nothing is on its way yet.
    this.#ring.set(FILE, -1);
  }

  begin(file: number): void {
    this.#ring.setCount(WRITTEN, 0);
    this.#ring.setCount(READ, 0);
    this.#ring.set(STATE, FLOWING);
    this.#ring.set(FILE, file);
    this.#ring.signal(WRITER_SIGNAL);
  }

  /** Puts all of `chunk` into the ring as there is room; false when the reader wants no more of this file. */
  async write(chunk: Uint8Array): Promise<boolean> {
    const ring = this.#ring;
    const file = ring.get(FILE);
    for (let done = 0; done < chunk.length; ) {
      const seen = ring.get(READER_SIGNAL);
      if (this.#stopped || ring.get(DONE) > file) return false;
      const written = ring.count(WRITTEN);
      const room = RING_BYTES - (written - ring.count(READ));
      if (room === 0) {
        await this.#readerMoved(seen);
        continue;
      }
      const at = written % RING_BYTES;
      const length = Math.min(room, chunk.length - done, RING_BYTES - at);
      ring.bytes(DATA + at, length).set(chunk.subarray(done, done + length));
      done += length;
      ring.setCount(WRITTEN, written + length);
      ring.signal(WRITER_SIGNAL);
    }
    return true;
  }

  /** The file is complete; or, with `failure`, nothing more can be had of it. */
  end(failure?: string): void {
    if (failure !== undefined) this.#ring.message = failure;
    this.#ring.set(STATE, failure === undefined ? ENDED : FAILED);
    this.#ring.signal(WRITER_SIGNAL);
  }

  /** Waits until the reader has done with the file. */
  async finished(): Promise<void> {
    const file = this.#ring.get(FILE);
    for (;;) {
      const seen = this.#ring.get(READER_SIGNAL);
      if (this.#stopped || this.#ring.get(DONE) > file) return;
      await this.#readerMoved(seen);
    }
  }

  /** Ends everything: readers see the end of the file in work, and of all later ones. */
  stop(): void {
    this.#stopped = true;
    this.#ring.set(STATE, ENDED);
    this.#ring.set(FILE, STOPPED);
    this.#ring.signal(WRITER_SIGNAL);
    this.#ring.signal(READER_SIGNAL);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** True when nothing more will come before the reader has moved: full, ended or stopped. */
  get settled(): boolean {
    const ring = this.#ring;
    return (
      this.#stopped ||
      (ring.get(FILE) >= 0 &&
        (ring.get(STATE) !== FLOWING || ring.count(WRITTEN) - ring.count(READ) === RING_BYTES))
    );
  }

  async #readerMoved(seen: number): Promise<void> {
    // A lane that dies does not notify: the limit lets the caller look at `stopped` again.
    const result = Atomics.waitAsync(this.#ring.words, READER_SIGNAL / 4, seen, 100);
    if (result.async) await result.value;
  }
}

/** Place of no file: the writer has stopped. */
const STOPPED = 0x7fffffff;

/**
 * How a reader of the ring behaves when there is nothing yet, and whether what it read is gone: `wait` blocks its
 * thread, `poll` comes back with WOULD_WAIT, `peek` does so too and leaves everything in the ring.
 */
export type RingMode = 'wait' | 'poll' | 'peek';

/** A lane's end. */
export class RingReader implements ByteSource {
  readonly most = RING_BYTES / 2;
  readonly #ring: RingWords;
  readonly #memory: WebAssembly.Memory;
  readonly #mode: RingMode;

  constructor(memory: WebAssembly.Memory, description: SharedDescription, mode: RingMode) {
    this.#memory = memory;
    this.#ring = new RingWords(memory, description.ring);
    this.#mode = mode;
  }

  read(file: number, position: number, address: number, length: number, least: number): number {
    const ring = this.#ring;
    for (;;) {
      const seen = ring.get(WRITER_SIGNAL);
      const at = ring.get(FILE);
      if (at === STOPPED) return 0;
      if (at === file) {
        const ended = ring.get(STATE) !== FLOWING;
        const available = ring.count(WRITTEN) - position;
        if (available < 0) this.consume(file, position);
        if (available > least || ended) {
          return this.#copy(position, address, Math.min(length, Math.max(available, 0)));
        }
      }
      if (this.#mode !== 'wait') return WOULD_WAIT;
      Atomics.wait(ring.words, WRITER_SIGNAL / 4, seen);
    }
  }

  #copy(position: number, address: number, length: number): number {
    const at = position % RING_BYTES;
    const first = Math.min(length, RING_BYTES - at);
    const target = new Uint8Array(this.#memory.buffer, address, length);
    target.set(this.#ring.bytes(DATA + at, first));
    target.set(this.#ring.bytes(DATA, length - first), first);
    return length;
  }

  /** Also a position that is still to come, behind a block that is passed over. */
  consume(file: number, position: number): void {
    const ring = this.#ring;
    if (this.#mode === 'peek' || ring.get(FILE) !== file) return;
    ring.setCount(READ, Math.min(position, ring.count(WRITTEN)));
    ring.signal(READER_SIGNAL);
  }

  finish(file: number): void {
    if (this.#mode === 'peek') return;
    this.#ring.set(DONE, file + 1);
    this.#ring.signal(READER_SIGNAL);
  }

  failure(file: number): string | undefined {
    const ring = this.#ring;
    return ring.get(FILE) === file && ring.get(STATE) === FAILED ? ring.message : undefined;
  }
}
