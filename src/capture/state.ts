// The reader record and the tables beside it, as JavaScript sees them.

import * as Capture from '../layout/capture.ts';
import type { SharedDescription } from './description.ts';

/** How records are framed: the fields of a source record. */
export interface Framing {
  readonly format: number;
  readonly swapped: boolean;
  readonly recordHeaderBytes: number;
  readonly nanoseconds: boolean;
  readonly maxCaptured: number;
  readonly lengths: number;
}

/** The fields of a capture interface record. */
export interface CaptureInterface {
  readonly linktype: number;
  readonly machineInterface: number;
  readonly timeKind: number;
  readonly units: bigint;
  readonly timeOffset: bigint;
  readonly snaplen: number;
  readonly fcsBytes: number;
}

/** A view of the reading state. The memory may grow, so that a view is made anew for every batch. */
export class ReaderState {
  readonly view: DataView;
  readonly #description: SharedDescription;
  readonly #at: number;

  constructor(memory: WebAssembly.Memory, description: SharedDescription) {
    this.view = new DataView(memory.buffer);
    this.#description = description;
    this.#at = description.reader;
  }

  #get(offset: number): number {
    return this.view.getUint32(this.#at + offset, true);
  }

  #set(offset: number, value: number): void {
    this.view.setUint32(this.#at + offset, value, true);
  }

  get file(): number {
    return this.#get(Capture.READER_FILE);
  }

  get phase(): number {
    return this.#get(Capture.READER_PHASE);
  }

  set phase(phase: number) {
    this.#set(Capture.READER_PHASE, phase);
  }

  get position(): number {
    return Number(this.view.getBigUint64(this.#at + Capture.READER_POSITION, true));
  }

  set position(position: number) {
    this.view.setBigUint64(this.#at + Capture.READER_POSITION, BigInt(position), true);
  }

  /** Records handed out so far. */
  get number(): bigint {
    return this.view.getBigUint64(this.#at + Capture.READER_NUMBER, true);
  }

  set number(number: bigint) {
    this.view.setBigUint64(this.#at + Capture.READER_NUMBER, number, true);
  }

  get sequence(): number {
    return this.#get(Capture.READER_SEQUENCE);
  }

  set sequence(sequence: number) {
    this.#set(Capture.READER_SEQUENCE, sequence);
  }

  get source(): number {
    return this.#get(Capture.READER_SOURCE);
  }

  set source(address: number) {
    this.#set(Capture.READER_SOURCE, address);
  }

  get interface(): number {
    return this.#get(Capture.READER_INTERFACE);
  }

  set interface(index: number) {
    this.#set(Capture.READER_INTERFACE, index);
  }

  get sectionCount(): number {
    return this.#get(Capture.READER_SECTION_COUNT);
  }

  set sectionCount(count: number) {
    this.#set(Capture.READER_SECTION_COUNT, count);
  }

  /** Capture interfaces known, and one more than the highest that a record handed out had. */
  get interfaceCount(): number {
    return this.#get(Capture.READER_INTERFACE_COUNT);
  }

  get announced(): number {
    return this.#get(Capture.READER_ANNOUNCED);
  }

  set announced(count: number) {
    this.#set(Capture.READER_ANNOUNCED, count);
  }

  /** Length of the block at `position` that is being passed over; its beginning may be gone from a stream. */
  get skip(): number {
    return this.#get(Capture.READER_SKIP);
  }

  set skip(totalLength: number) {
    this.#set(Capture.READER_SKIP, totalLength);
  }

  nextFile(): void {
    this.#set(Capture.READER_FILE, this.file + 1);
    this.phase = Capture.READER_START;
    this.position = 0;
    this.sectionCount = 0;
    this.skip = 0;
  }

  /** Address of the source record with this framing; a new one when there is none yet. */
  framing(framing: Framing): number {
    const { sources } = this.#description;
    const fields = [
      framing.format,
      framing.swapped ? 1 : 0,
      framing.recordHeaderBytes,
      framing.nanoseconds ? 1 : 0,
      framing.maxCaptured,
      framing.lengths,
    ];
    const count = this.#get(Capture.READER_SOURCE_COUNT);
    const found = this.#find(sources, count, fields);
    // Format, byte order, header, time unit, limit and lengths have fewer combinations than the table has room.
    if (found === count) this.#set(Capture.READER_SOURCE_COUNT, this.#store(sources, count, fields));
    return sources + found * Capture.SOURCE_BYTES;
  }

  /** Index of the capture interface with these fields; -1 when the table is full. */
  captureInterface(one: CaptureInterface): number {
    const { interfaces } = this.#description;
    const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
    const fields = [
      one.linktype,
      one.machineInterface,
      one.timeKind,
      one.fcsBytes,
      low(one.units),
      low(one.units >> 32n),
      low(one.timeOffset),
      low(one.timeOffset >> 32n),
      one.snaplen,
    ];
    const count = this.#get(Capture.READER_INTERFACE_COUNT);
    const found = this.#find(interfaces, count, fields);
    if (found === Capture.INTERFACE_CAPACITY) return -1;
    if (found === count) this.#set(Capture.READER_INTERFACE_COUNT, this.#store(interfaces, count, fields));
    return found;
  }

  /** Adds a capture interface to the running section; false when the section has too many. */
  addToSection(captureInterface: number): boolean {
    const count = this.sectionCount;
    if (count === Capture.INTERFACE_CAPACITY) return false;
    this.view.setUint32(this.#description.section + count * 4, captureInterface, true);
    this.sectionCount = count + 1;
    return true;
  }

  /** Records of both tables are equally long (SOURCE_BYTES, INTERFACE_BYTES); `fields` are their first words. */
  #find(table: number, count: number, fields: readonly number[]): number {
    for (let i = 0; i < count; i++) {
      const at = table + i * Capture.SOURCE_BYTES;
      if (fields.every((field, word) => this.view.getUint32(at + word * 4, true) === field)) return i;
    }
    return count;
  }

  #store(table: number, count: number, fields: readonly number[]): number {
    fields.forEach((field, word) => {
      this.view.setUint32(table + count * Capture.SOURCE_BYTES + word * 4, field, true);
    });
    return count + 1;
  }
}
