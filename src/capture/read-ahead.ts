// Reading ahead: while another lane has the baton, a lane reads the stretch of the file that will be its own when the
// baton comes to it, so that under the baton only the records are walked. Which stretch that is follows from its ticket:
//
//   ticket   n          n + 1      n + 2
//   file     | stretch  | stretch  | stretch  |      a stretch's last record, cut by its end, is the next one's first:
//                     [. read .....]                 so each is read with some bytes before it
//
// It is a guess. Under the baton the lane knows where its first record is; if that is not in what it has read, it reads
// as if it had read nothing.

import * as Control from '../layout/control.ts';
import type { FileSource } from './source.ts';

/** Bytes read before the stretch: what most records fit into. */
const BEFORE_BYTES = 4096;
const STRETCH_BYTES = 512 * 1024 - BEFORE_BYTES;

/** Bytes in the shared memory. */
export interface Stretch {
  readonly address: number;
  readonly length: number;
}

export class ReadAhead {
  readonly #words: Int32Array;
  readonly #source: FileSource;
  readonly #address: number;
  readonly #stretchBytes: number;
  #ticket = 0;
  #read: { readonly file: number; readonly position: number; readonly length: number } | undefined;

  /**
   * `control`: address of the control words; the bytes go to `address`, where there is room for `capacity`. The source
   * is the lane's own.
   */
  constructor(
    memory: WebAssembly.Memory,
    control: number,
    source: FileSource,
    address: number,
    capacity: number,
  ) {
    this.#words = new Int32Array(memory.buffer, control, Control.BYTES / 4);
    this.#source = source;
    this.#address = address;
    this.#stretchBytes = Math.min(STRETCH_BYTES, capacity - BEFORE_BYTES);
  }

  /** Without the baton: reads what will probably be this ticket's stretch. `isFile` tells files from streams. */
  read(ticket: number, isFile: (file: number) => boolean): void {
    this.#ticket = ticket;
    this.#read = undefined;
    const file = this.#word(Control.AHEAD_FILE) - 1;
    const start = this.#start();
    if (file < 0 || !isFile(file) || start < 0) return;
    const position = Math.max(0, start - BEFORE_BYTES);
    try {
      const length = this.#source.read(
        file,
        position,
        this.#address,
        start - position + this.#stretchBytes,
        0,
      );
      this.#read = { file, position, length };
    } catch {
      // Whatever is wrong with the file will be met again under the baton.
    }
  }

  /** Forgets what was read. */
  drop(): void {
    this.#read = undefined;
  }

  /** Under the baton: what was read from `position` on; undefined when that was something else. */
  take(file: number, position: number): Stretch | undefined {
    const read = this.#read;
    this.#read = undefined;
    if (read === undefined || read.file !== file) return undefined;
    const skipped = position - read.position;
    if (skipped < 0 || skipped >= read.length) return undefined;
    return { address: this.#address + skipped, length: read.length - skipped };
  }

  /**
   * Under the baton, when nothing was read: how many bytes to read from `position` on. To the end of the ticket's
   * stretch, if the position is in it; else this stretch begins there, and those of later tickets follow.
   */
  lengthFrom(file: number, position: number): number {
    const end = this.#start() + this.#stretchBytes;
    const known = this.#word(Control.AHEAD_FILE) === file + 1;
    if (known && position < end && position >= end - this.#stretchBytes - BEFORE_BYTES) return end - position;
    this.#set(Control.AHEAD_FILE, file + 1);
    this.#set(Control.AHEAD_TICKET, this.#ticket);
    this.#set(Control.AHEAD_POSITION, position % 2 ** 31);
    this.#set(Control.AHEAD_POSITION + 4, Math.floor(position / 2 ** 31));
    return this.#stretchBytes;
  }

  /** Where the ticket's stretch begins, as far as that is known. */
  #start(): number {
    const position = this.#word(Control.AHEAD_POSITION) + this.#word(Control.AHEAD_POSITION + 4) * 2 ** 31;
    // Tickets are 32 bits and wrap; their difference does not.
    return position + ((this.#ticket - this.#word(Control.AHEAD_TICKET)) | 0) * this.#stretchBytes;
  }

  #word(offset: number): number {
    return Atomics.load(this.#words, offset / 4);
  }

  #set(offset: number, value: number): void {
    Atomics.store(this.#words, offset / 4, value);
  }
}
