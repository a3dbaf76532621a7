// Reading: batch after batch, by whichever lane holds the baton. All state is in the shared memory (state.ts); a
// record cut by the end of a batch is read again as the first of the next.

import type { Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';
import type { CaptureProblem, SharedDescription } from './description.ts';
import { FILE_HEADER_BYTES, readFileHeader, readInterface, readSectionHeader } from './header.ts';
import { ReadAhead } from './read-ahead.ts';
import { type RingMode, RingReader } from './ring.ts';
import { type ByteSource, FileSource, WOULD_WAIT } from './source.ts';
import { ReaderState } from './state.ts';

export interface ReadResult {
  /** `batch`: it holds `count` records. `end`: all captures are read. `wait`: no bytes yet (only if asked not to wait). */
  readonly status: 'batch' | 'end' | 'wait';
  readonly count: number;
  /** Broken files met on the way, before the batch's first record, in order. */
  readonly problems: readonly CaptureProblem[];
}

/** What became of a block that the walk left to JavaScript. */
type BlockOutcome =
  | { readonly kind: 'passed'; readonly totalLength: number }
  /** More bytes are needed; or, `full`, the batch has to end before this block. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'full' }
  | { readonly kind: 'bad'; readonly message: string };

/** One lane's hand on the captures. Every method needs the baton. */
export class CaptureReader {
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #description: SharedDescription;
  readonly #machineInterface: (name: string) => number;
  readonly #files: FileSource;
  #ahead: ReadAhead | undefined;
  readonly #streams: ByteSource | undefined;

  /**
   * `machineInterface` gives the modelled machine's interface index of a pcapng interface name, 0 for none: the
   * same answers in every lane. `mode` says what to do when a stream has no bytes yet (ring.ts).
   */
  constructor(
    memory: WebAssembly.Memory,
    kernel: Kernel,
    description: SharedDescription,
    machineInterface: (name: string) => number = () => 0,
    mode: RingMode = 'wait',
  ) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#description = description;
    this.#machineInterface = machineInterface;
    this.#files = new FileSource(memory, description.files);
    if (description.ring !== 0) this.#streams = new RingReader(memory, description, mode);
  }

  /**
   * Without the baton: reads ahead what this lane will probably be asked for when the baton comes to `ticket`, into the
   * batch at `batch`, which must be the one that readBatch is then given. `control`: address of the control words.
   */
  readAhead(ticket: number, control: number, batch: number): void {
    if (this.#ahead === undefined) {
      const view = new DataView(this.#memory.buffer);
      const data = view.getUint32(batch + Batch.DATA, true);
      const capacity = view.getUint32(batch + Batch.DATA_CAPACITY, true);
      this.#ahead = new ReadAhead(this.#memory, control, this.#files, data, capacity);
    }
    this.#ahead.read(ticket, (file) => this.#description.files[file]?.kind === 'file');
  }

  /** Closes the file that this lane holds open. */
  close(): void {
    this.#files.finish();
  }

  /**
   * Reads the next stretch of the captures into the batch at `batch` and indexes its records: sets FIRST_NUMBER,
   * COUNT, DATA_BYTES, SOURCE, SEQUENCE, STOP and INTERFACES_* of the batch. Broken files end early and are told in `problems`.
   */
  readBatch(batch: number): ReadResult {
    const state = new ReaderState(this.#memory, this.#description);
    const problems: CaptureProblem[] = [];
    state.view.setUint32(batch + Batch.COUNT, 0, true);
    for (;;) {
      const file = this.#description.files[state.file];
      if (file === undefined) return { status: 'end', count: 0, problems };
      const source: ByteSource | undefined = file.kind === 'file' ? this.#files : this.#streams;
      if (source === undefined) throw new Error('a stream without a ring');
      const reading = new FileReading(state, source, batch, this.#description);
      let outcome: FileOutcome;
      try {
        outcome = this.#readFile(reading);
      } catch (error) {
        if (!(error instanceof Error) || !('syscall' in error)) throw error;
        outcome = bad(state.position, error.message);
      }
      if (outcome.status === 'wait') return { status: 'wait', count: 0, problems };
      if (outcome.status === 'batch') return this.#handOut(state, batch, problems);
      if (outcome.problem !== undefined) problems.push({ file: file.name, ...outcome.problem });
      source.finish(state.file);
      state.nextFile();
    }
  }

  #handOut(state: ReaderState, batch: number, problems: readonly CaptureProblem[]): ReadResult {
    const count = state.view.getUint32(batch + Batch.COUNT, true);
    state.view.setBigUint64(batch + Batch.FIRST_NUMBER, state.number + 1n, true);
    state.view.setUint32(batch + Batch.SEQUENCE, state.sequence, true);
    state.view.setUint32(batch + Batch.INTERFACES_FROM, state.announced, true);
    if (state.interfaceCount > state.announced) state.announced = highestInterface(state, batch, count);
    state.view.setUint32(batch + Batch.INTERFACES_TO, state.announced, true);
    state.number += BigInt(count);
    state.sequence += 1;
    return { status: 'batch', count, problems };
  }

  /** Reads on in the current file until the batch has records, or the file is done. */
  #readFile(reading: FileReading): FileOutcome {
    const { state, source, batch } = reading;
    if (state.phase === Capture.READER_START) {
      const outcome = this.#startFile(reading);
      if (outcome !== undefined) return outcome;
    }
    const data = state.view.getUint32(batch + Batch.DATA, true);
    const ahead = source === this.#files ? this.#ahead : undefined;
    if (state.skip > 0) {
      // What it reads takes the place of what was read ahead.
      ahead?.drop();
      const skipped = this.#skip(reading, data);
      if (skipped !== undefined) return skipped;
    }
    const capacity = Math.min(state.view.getUint32(batch + Batch.DATA_CAPACITY, true), source.most);
    const stretch = this.#description.stretch;
    let length = stretch === 0 ? capacity : Math.min(stretch, capacity);
    let taken = ahead?.take(state.file, state.position);
    if (ahead !== undefined && taken === undefined) length = ahead.lengthFrom(state.file, state.position);
    // Bytes known to be there, but not to be a whole record.
    let least = 0;
    for (;;) {
      const start = taken?.address ?? data;
      const got = taken?.length ?? source.read(state.file, state.position, data, length, least);
      taken = undefined;
      if (got === WOULD_WAIT) return { status: 'wait' };
      if (got <= least) {
        const failure = source.failure(state.file);
        if (failure !== undefined) return bad(state.position + got, failure);
        if (got === 0) return { status: 'next', problem: undefined };
        return bad(state.position, CUT_SHORT);
      }
      state.view.setUint32(batch + Batch.SOURCE, state.source, true);
      const { result, message } = this.#walk(reading, start, start + got);
      const stop = state.view.getUint32(batch + Batch.STOP, true);
      state.position += stop - start;
      state.view.setUint32(batch + Batch.DATA_BYTES, stop - start, true);
      source.consume(state.file, state.position);
      // A batch with records goes out first; what stopped it is met again as the next one's beginning.
      if (state.view.getUint32(batch + Batch.COUNT, true) > 0) return { status: 'batch' };
      if (result === Capture.WALK_SKIP) {
        const swapped = state.view.getUint32(state.source + Capture.SWAPPED, true) !== 0;
        state.skip = state.view.getUint32(stop + 4, !swapped);
        const skipped = this.#skip(reading, data);
        if (skipped !== undefined) return skipped;
        least = 0;
      } else if (result === Capture.WALK_INCOMPLETE) {
        least = start + got - stop;
        length = capacity;
        if (least >= capacity) return bad(state.position, 'a record longer than any batch');
      } else {
        return bad(state.position, message ?? describe(result, state, stop));
      }
    }
  }

  /** The walk over [start, end), with what only JavaScript reads done on the way. */
  #walk(reading: FileReading, start: number, end: number): { result: number; message?: string } {
    const { state, batch } = reading;
    const { walkPcap, walkPcapng } = this.#kernel;
    if (walkPcap === undefined || walkPcapng === undefined) throw new Error('the kernel has no record walks');
    if (state.view.getUint32(state.source + Capture.FORMAT, true) === Capture.PCAP) {
      return { result: walkPcap(batch, start, end, state.interface) };
    }
    let at = start;
    for (;;) {
      const result = walkPcapng(batch, at, end, this.#description.section, state.sectionCount);
      if (result !== Capture.WALK_BLOCK) return { result };
      const stop = state.view.getUint32(batch + Batch.STOP, true);
      const outcome = this.#block(reading, stop, end);
      if (outcome.kind === 'incomplete') return { result: Capture.WALK_INCOMPLETE };
      if (outcome.kind === 'full') return { result: Capture.WALK_FULL };
      if (outcome.kind === 'bad') return { result: Capture.WALK_BLOCK, message: outcome.message };
      at = stop + outcome.totalLength;
      state.view.setUint32(batch + Batch.STOP, at, true);
    }
  }

  #block(reading: FileReading, at: number, end: number): BlockOutcome {
    const { state, batch } = reading;
    const { view } = state;
    if (view.getUint32(at, true) === 0x0a0d0d0a) {
      const section = readSectionHeader(view, at, end);
      if (section.kind !== 'section') return section;
      const capacity = view.getUint32(batch + Batch.DATA_CAPACITY, true);
      if (section.totalLength > capacity) return { kind: 'bad', message: 'a pcapng section header too long' };
      if (section.totalLength > end - at) return { kind: 'incomplete' };
      if (view.getUint32(at + section.totalLength - 4, !section.framing.swapped) !== section.totalLength) {
        return { kind: 'bad', message: LENGTHS_DIFFER };
      }
      const source = state.framing(section.framing);
      // A batch holds records of one byte order.
      const count = view.getUint32(batch + Batch.COUNT, true);
      if (count > 0 && source !== view.getUint32(batch + Batch.SOURCE, true)) return { kind: 'full' };
      view.setUint32(batch + Batch.SOURCE, source, true);
      state.source = source;
      state.sectionCount = 0;
      return { kind: 'passed', totalLength: section.totalLength };
    }
    const swapped = view.getUint32(state.source + Capture.SWAPPED, true) !== 0;
    const totalLength = view.getUint32(at + 4, !swapped);
    if (totalLength < 20) return { kind: 'bad', message: 'a pcapng interface description cut short' };
    const capacity = view.getUint32(batch + Batch.DATA_CAPACITY, true);
    if (totalLength > capacity) return { kind: 'bad', message: 'a pcapng interface description too long' };
    if (totalLength > end - at) return { kind: 'incomplete' };
    if (view.getUint32(at + totalLength - 4, !swapped) !== totalLength) {
      return { kind: 'bad', message: LENGTHS_DIFFER };
    }
    const described = readInterface(view, at, totalLength, swapped, this.#machineInterface);
    const captureInterface = state.captureInterface(described);
    if (captureInterface === -1 || !state.addToSection(captureInterface)) {
      return { kind: 'bad', message: `more than ${Capture.INTERFACE_CAPACITY} capture interfaces` };
    }
    return { kind: 'passed', totalLength };
  }

  /** Passes over the block of state.skip bytes, which holds no packet. */
  #skip(reading: FileReading, data: number): FileOutcome | undefined {
    const { state, source } = reading;
    const totalLength = state.skip;
    // Its last word tells whether the file has all of it.
    const trailer = state.position + totalLength - 4;
    source.consume(state.file, trailer);
    const got = source.read(state.file, trailer, data, 4, 3);
    if (got === WOULD_WAIT) return { status: 'wait' };
    if (got < 4) return bad(state.position, source.failure(state.file) ?? CUT_SHORT);
    const swapped = state.view.getUint32(state.source + Capture.SWAPPED, true) !== 0;
    if (state.view.getUint32(data, !swapped) !== totalLength) return bad(state.position, LENGTHS_DIFFER);
    state.skip = 0;
    state.position += totalLength;
    source.consume(state.file, state.position);
    return undefined;
  }

  #startFile(reading: FileReading): FileOutcome | undefined {
    const { state, source, batch } = reading;
    const data = state.view.getUint32(batch + Batch.DATA, true);
    const got = source.read(state.file, 0, data, FILE_HEADER_BYTES, FILE_HEADER_BYTES - 1);
    if (got === WOULD_WAIT) return { status: 'wait' };
    const failure = got < FILE_HEADER_BYTES ? source.failure(state.file) : undefined;
    if (failure !== undefined) return bad(got, failure);
    const header = readFileHeader(new Uint8Array(this.#memory.buffer, data, got));
    if (header.kind === 'bad') return bad(header.offset, header.message);
    if (header.kind === 'gzip' || header.kind === 'zstd') {
      return bad(0, 'compressed twice: only one layer of compression is read');
    }
    state.phase = Capture.READER_RECORDS;
    if (header.kind === 'pcap') {
      state.position = FILE_HEADER_BYTES;
      state.source = state.framing(header.framing);
      state.interface = state.captureInterface(header.captureInterface);
      if (state.interface === 0xffffffff) {
        return bad(0, `more than ${Capture.INTERFACE_CAPACITY} capture interfaces`);
      }
    } else {
      state.position = 0;
      // The section header, which comes first, says the byte order; until then any will do.
      state.source = state.framing({
        format: Capture.PCAPNG,
        swapped: false,
        recordHeaderBytes: 0,
        nanoseconds: false,
        maxCaptured: 262144,
        lengths: Capture.LENGTHS_NORMAL,
      });
    }
    return undefined;
  }
}

const LENGTHS_DIFFER = 'the two lengths of a pcapng block differ';
const CUT_SHORT = 'the file ends within the record';

type FileOutcome =
  | { readonly status: 'batch' }
  | { readonly status: 'wait' }
  | { readonly status: 'next'; readonly problem: { offset: number; message: string } | undefined };

function bad(offset: number, message: string): FileOutcome {
  return { status: 'next', problem: { offset, message } };
}

/** The file in work: what the steps of reading it share. */
class FileReading {
  readonly state: ReaderState;
  readonly source: ByteSource;
  readonly batch: number;
  readonly description: SharedDescription;

  constructor(state: ReaderState, source: ByteSource, batch: number, description: SharedDescription) {
    this.state = state;
    this.source = source;
    this.batch = batch;
    this.description = description;
  }
}

/** One more than the highest capture interface of the batch's and all earlier records. */
function highestInterface(state: ReaderState, batch: number, count: number): number {
  const index = state.view.getUint32(batch + Batch.INDEX, true);
  let highest = state.announced;
  for (let entry = index; entry < index + count * Batch.ENTRY_BYTES; entry += Batch.ENTRY_BYTES) {
    highest = Math.max(highest, state.view.getUint32(entry + Batch.ENTRY_INTERFACE, true) + 1);
  }
  return highest;
}

function describe(result: number, state: ReaderState, at: number): string {
  const swapped = state.view.getUint32(state.source + Capture.SWAPPED, true) !== 0;
  const word = (offset: number): number => state.view.getUint32(at + offset, !swapped);
  const isPcap = state.view.getUint32(state.source + Capture.FORMAT, true) === Capture.PCAP;
  switch (result) {
    case Capture.WALK_BAD_CAPTURED:
      return isPcap
        ? `captured length ${word(8)} is more than a packet can have`
        : 'the captured length is more than its block or a packet can have';
    case Capture.WALK_BAD_LENGTH:
      return `pcapng block length ${word(4)} cannot be`;
    case Capture.WALK_BAD_TRAILER:
      return LENGTHS_DIFFER;
    case Capture.WALK_BAD_INTERFACE:
      return 'packet of an interface that its pcapng section does not describe';
    default:
      return `walk result ${result}`;
  }
}
