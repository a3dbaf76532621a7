// The frames of captures one by one, for trace: the same reading as a scan's, on the main thread.

import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decompress } from '../capture/decompress.ts';
import { type CaptureFile, formatProblem } from '../capture/description.ts';
import { CaptureReader } from '../capture/reader.ts';
import { hasAllInterfaces, type Interface, type Machine } from '../host/machine.ts';
import { makeInterface } from '../host/options.ts';
import type { Frame } from '../interpret/interpreter.ts';
import { compileKernel, instantiateKernel, type Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';
import * as Lane from '../layout/lane.ts';
import * as Packet from '../layout/packet.ts';
import { type LaneArena, placeLane } from '../scan/arena.ts';
import { type LookedAhead, lookAhead } from '../scan/look-ahead.ts';
import type { ScanOptions } from '../scan/options.ts';
import { placeShared, type ScanMemory } from '../scan/place.ts';
import { systemError } from './terminal.ts';

const BATCH_BYTES = 1024 * 1024;

/** Captures opened for reading on this thread, and the machine that they are passed through. */
export class FrameReader {
  readonly machine: Machine;
  /** For stderr: what was guessed. */
  readonly warnings: readonly string[];
  /** One message a broken capture met so far. */
  readonly broken: string[] = [];
  readonly #shared: ScanMemory;
  readonly #kernel: Kernel;
  readonly #lane: LaneArena;
  readonly #interfaces: Interface[];
  readonly #spool: Spool;

  private constructor(
    shared: ScanMemory,
    kernel: Kernel,
    lane: LaneArena,
    resolved: LookedAhead,
    spool: Spool,
  ) {
    this.#shared = shared;
    this.#lane = lane;
    this.#kernel = kernel;
    this.#spool = spool;
    this.#interfaces = [...resolved.machine.interfaces];
    this.machine = { ...resolved.machine, interfaces: this.#interfaces };
    this.warnings = resolved.warnings;
  }

  /** Throws WasmtablesError for captures that cannot be opened. */
  static async open(options: ScanOptions): Promise<FrameReader> {
    const spool = new Spool();
    try {
      let shared = placeShared(options, { rules4: undefined, rules6: undefined });
      if (shared.captures.files.some(({ kind }) => kind === 'stream')) {
        const captures = await spool.files(shared.captures.files);
        shared = placeShared({ ...options, captures }, { rules4: undefined, rules6: undefined });
      }
      const kernel = instantiateKernel(compileKernel(), shared.memory);
      const parts = { captureInterfaces: shared.captures.interfaces, fragments: 0, options: 0 };
      const lane = placeLane(shared.allocator, parts, BATCH_BYTES, false);
      const resolved = await lookAhead(options, { shared, kernel, lanes: [lane], pump: undefined });
      return new FrameReader(shared, kernel, lane, resolved, spool);
    } catch (error) {
      spool.remove();
      throw error;
    }
  }

  close(): void {
    this.#spool.remove();
  }

  /** All frames, in order. Their bytes are the caller's. */
  *frames(): Generator<Frame> {
    const { captures, memory } = this.#shared;
    const { lane, batch, packets } = this.#lane;
    const view = new DataView(memory.buffer);
    const reader = new CaptureReader(memory, this.#kernel, captures, (name) => this.#interfaceIndex(name));
    try {
      for (;;) {
        const { status, count, problems } = reader.readBatch(batch);
        for (const problem of problems) {
          this.broken.push(formatProblem({ ...problem, file: this.#spool.nameOf(problem.file) }));
        }
        if (status !== 'batch') return;
        const firstNumber = Number(view.getBigUint64(batch + Batch.FIRST_NUMBER, true));
        for (let first = 0; first < count; first += Lane.VECTOR) {
          const length = Math.min(Lane.VECTOR, count - first);
          this.#kernel.open?.(lane, batch, first, length, packets);
          for (let index = 0; index < length; index++) {
            yield this.#frame(view, packets + index * Packet.BYTES, firstNumber + first + index);
          }
        }
      }
    } finally {
      reader.close();
    }
  }

  #frame(view: DataView, record: number, number: number): Frame {
    const word = (offset: number): number => view.getUint32(record + offset, true);
    const link = this.#shared.captures.interfaces + word(Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
    const machineInterface = view.getUint32(link + Capture.MACHINE_INTERFACE, true);
    const direction = word(Packet.DIRECTION);
    return {
      bytes: new Uint8Array(view.buffer, word(Packet.FRAME), word(Packet.FRAME_CAP)).slice(),
      originalLength: word(Packet.FRAME_LEN),
      linkType: view.getUint32(link + Capture.LINKTYPE, true),
      timeNs: view.getBigUint64(record + Packet.TIME, true),
      interfaceIndex: machineInterface === 0 ? undefined : machineInterface,
      direction: direction === 1 ? 'in' : direction === 2 ? 'out' : undefined,
      number,
    };
  }

  /** As InterfaceNames.indexOf(): a name that the machine lacks is added where it is not known in full. */
  #interfaceIndex(name: string): number {
    const found = this.#interfaces.find((one) => one.name === name);
    if (found !== undefined) return found.index;
    if (hasAllInterfaces(this.machine)) return 0;
    const index = Math.max(0, ...this.#interfaces.map((one) => one.index)) + 1;
    this.#interfaces.push(makeInterface(name, index, []));
    return index;
  }
}

/** Pipes and compressed captures, written out to files: this thread cannot read and wait at the same time. */
class Spool {
  #folder: string | undefined;
  readonly #names = new Map<string, string>();

  async files(captures: readonly CaptureFile[]): Promise<string[]> {
    this.#folder = mkdtempSync(join(tmpdir(), 'wasmtables-'));
    const paths: string[] = [];
    for (const [index, { name, kind }] of captures.entries()) {
      if (kind === 'file') {
        paths.push(name);
        continue;
      }
      const path = join(this.#folder, String(index));
      this.#names.set(path, name);
      paths.push(path);
      await copy(name, path);
    }
    return paths;
  }

  /** What the user called a file. */
  nameOf(path: string): string {
    return this.#names.get(path) ?? path;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function copy(name: string, path: string): Promise<void> {
  const input = name === '-' ? process.stdin : createReadStream(name);
  try {
    const output = await open(path, 'w');
    try {
      for await (const chunk of decompress(input)) await output.writeFile(chunk);
    } finally {
      await output.close();
    }
  } catch (error) {
    throw systemError(`cannot read ${name}`, error, 'CAPTURE');
  }
}
