// Reads captures through the kernel, as a lane does, and answers plain records.

import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaptureProblem } from '../../src/capture/description.ts';
import { openCaptures } from '../../src/capture/open.ts';
import { StreamPump } from '../../src/capture/pump.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { Allocator } from '../../src/kernel/allocator.ts';
import { compileKernel, createMemory, instantiateKernel, type Kernel } from '../../src/kernel/kernel.ts';
import * as Batch from '../../src/layout/batch.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';

export interface ReadRecord {
  readonly time: bigint;
  readonly captured: number;
  readonly original: number;
  readonly linktype: number;
  readonly direction: number;
  readonly machineInterface: number;
  readonly data: Uint8Array;
}

export interface ReadOptions {
  readonly stretch?: number;
  readonly dataBytes?: number;
  readonly records?: number;
  readonly machineInterface?: (name: string) => number;
  /** Called with every batch. */
  readonly visit?: (batch: number, bench: Bench) => void;
  /** Leave the frames' bytes out. */
  readonly light?: boolean;
}

const module = compileKernel();
const CAPTURED_BYTES = 512 * 1024;

/** A memory, a kernel, a lane with its batch. */
export class Bench {
  readonly memory = createMemory(4 << 20);
  readonly allocator = new Allocator(this.memory);
  readonly kernel: Kernel = instantiateKernel(module, this.memory);
  readonly lane = this.allocator.allocate(Lane.BYTES);
  readonly packets = this.allocator.allocate(Packet.BYTES * Lane.VECTOR);
  readonly batch: number;

  constructor(dataBytes = CAPTURED_BYTES, records = 65536) {
    const batch = this.allocator.allocate(Batch.HEADER_BYTES);
    const index = this.allocator.allocate(records * Batch.ENTRY_BYTES);
    const data = this.allocator.allocate(dataBytes + 64);
    const view = new DataView(this.memory.buffer);
    view.setUint32(batch + Batch.INDEX, index, true);
    view.setUint32(batch + Batch.DATA, data, true);
    view.setUint32(batch + Batch.DATA_CAPACITY, dataBytes, true);
    view.setUint32(batch + Batch.RECORD_CAPACITY, records, true);
    this.batch = batch;
  }

  open(paths: readonly string[], stretch = 0) {
    const description = openCaptures(paths, (bytes) => this.allocator.allocate(bytes), { stretch });
    const view = new DataView(this.memory.buffer);
    view.setUint32(this.lane + Lane.CAPTURE_INTERFACES, description.interfaces, true);
    return description;
  }

  /** The records of the batch, opened by the kernel. */
  records(count: number, interfaces: number, light = false): ReadRecord[] {
    const view = new DataView(this.memory.buffer);
    const dataAt = view.getUint32(this.batch + Batch.DATA, true);
    const dataEnd = dataAt + view.getUint32(this.batch + Batch.DATA_BYTES, true);
    const result: ReadRecord[] = [];
    for (let first = 0; first < count; first += Lane.VECTOR) {
      const length = Math.min(Lane.VECTOR, count - first);
      this.kernel.open?.(this.lane, this.batch, first, length, this.packets);
      for (let i = 0; i < length; i++) {
        const packet = this.packets + i * Packet.BYTES;
        const word = (offset: number): number => view.getUint32(packet + offset, true);
        const frame = word(Packet.FRAME);
        const captured = word(Packet.FRAME_CAP);
        if (word(Packet.RECORD) !== first + i)
          throw new Error(`record ${first + i} is ${word(Packet.RECORD)}`);
        if (frame < dataAt || frame + captured > dataEnd) throw new Error('a frame outside of its batch');
        const described = interfaces + word(Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
        result.push({
          time: view.getBigUint64(packet + Packet.TIME, true),
          captured,
          original: word(Packet.FRAME_LEN),
          linktype: view.getUint32(described + Capture.LINKTYPE, true),
          direction: word(Packet.DIRECTION),
          machineInterface: view.getUint32(described + Capture.MACHINE_INTERFACE, true),
          data: light ? new Uint8Array(0) : new Uint8Array(this.memory.buffer, frame, captured).slice(),
        });
      }
    }
    return result;
  }
}

export interface ReadOutcome {
  readonly records: readonly ReadRecord[];
  readonly problems: readonly CaptureProblem[];
}

/** Reads the captures at `paths` to their end. */
export async function readCaptures(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<ReadOutcome> {
  const bench = new Bench(options.dataBytes, options.records);
  const description = bench.open(paths, options.stretch);
  const pump = description.ring === 0 ? undefined : new StreamPump(bench.memory, description);
  const pumping = pump?.run();
  const reader = new CaptureReader(bench.memory, bench.kernel, description, options.machineInterface, 'poll');
  const records: ReadRecord[] = [];
  const problems: CaptureProblem[] = [];
  for (;;) {
    const result = reader.readBatch(bench.batch);
    problems.push(...result.problems);
    if (result.status === 'end') break;
    if (result.status === 'wait') {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const view = new DataView(bench.memory.buffer);
    const number = view.getBigUint64(bench.batch + Batch.FIRST_NUMBER, true);
    if (number !== BigInt(records.length + 1)) throw new Error(`first number ${number}`);
    for (const record of bench.records(result.count, description.interfaces, options.light))
      records.push(record);
    options.visit?.(bench.batch, bench);
  }
  reader.close();
  await pumping;
  return { records, problems };
}

const folder = mkdtempSync(join(tmpdir(), 'wasmtables-capture-'));
let files = 0;

/** A file with these bytes; the folder is the system's to clear. */
export function fileOf(bytes: Uint8Array, ending = 'pcap'): string {
  const path = join(folder, `${files++}.${ending}`);
  writeFileSync(path, bytes);
  return path;
}

/** The corpus beside the project; undefined where it is absent. */
export function corpus(): string | undefined {
  const path = new URL('../../../shared/corpus', import.meta.url).pathname;
  return existsSync(path) ? path : undefined;
}
