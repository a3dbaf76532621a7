// What a worker does: takes the baton, reads a batch, passes the baton on, evaluates the batch, has its turn, hands
// its output to the main thread; until the capture ends or the scan is stopped.
//
// A Piscina task is one lane's whole run. Any worker can take any batch: nothing that decides a result is bound to a
// lane, so that the number of lanes changes nothing.

import type { MessagePort } from 'node:worker_threads';
import { type CaptureDescription, CaptureReader } from '../capture/reader.ts';
import { instantiateKernel, type Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import { InterfaceNames, type InterfaceNamesDescription } from './interface-names.ts';
import { BatchOutput, type OutputDescription } from './output.ts';
import { ControlWords } from './turn.ts';

/** Structured-clonable. */
export interface LaneTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly lane: number;
  readonly batch: number;
  readonly captures: CaptureDescription;
  readonly interfaces: InterfaceNamesDescription;
  /** Present when packets are written out one by one (--verdicts, --write). */
  readonly output?: { readonly description: OutputDescription; readonly port: MessagePort } | undefined;
}

/** The default export is what Piscina calls. */
export default function runLane(task: LaneTask): void {
  const control = new ControlWords(task.memory, task.control);
  try {
    new LaneRun(task, control).run();
  } catch (error) {
    // The others must not wait for this lane's batch.
    control.stop();
    throw error;
  } finally {
    task.output?.port.close();
  }
}

/** KiB of output that may be on their way before lanes wait for the main thread. */
const OUTSTANDING_KIB = 64 * 1024;

class LaneRun {
  readonly #task: LaneTask;
  readonly #control: ControlWords;
  readonly #kernel: Kernel;
  readonly #reader: CaptureReader;
  readonly #output: BatchOutput | undefined;
  readonly #sequence: () => number;

  constructor(task: LaneTask, control: ControlWords) {
    this.#task = task;
    this.#control = control;
    this.#kernel = instantiateKernel(task.module, task.memory);
    const names = new InterfaceNames(task.memory, task.interfaces);
    this.#reader = new CaptureReader(task.memory, this.#kernel, task.captures, (name) => names.indexOf(name));
    this.#output =
      task.output === undefined
        ? undefined
        : new BatchOutput(task.memory, task.batch, names, task.output.description);
    const batch = new Uint32Array(task.memory.buffer, task.batch, Batch.HEADER_BYTES / 4);
    this.#sequence = () => batch[Batch.SEQUENCE / 4] as number;
  }

  run(): void {
    const { batch } = this.#task;
    while (!this.#control.stopped && this.#read(batch)) this.#evaluate(batch);
  }

  #read(batch: number): boolean {
    this.#control.takeBaton();
    try {
      return !this.#control.stopped && this.#reader.readBatch(batch);
    } finally {
      this.#control.passBaton();
    }
  }

  #evaluate(batch: number): void {
    const { lane } = this.#task;
    const sequence = this.#sequence();
    const deferred = this.#kernel.run?.(lane, batch) as number;
    if (deferred > 0) {
      if (!this.#control.awaitTurn(sequence)) return;
      this.#kernel.runDeferred?.(lane, batch);
    }
    this.#control.done(sequence);
    if (this.#output === undefined || this.#task.output === undefined) return;
    const { message, transfer, bytes } = this.#output.take(sequence);
    const kib = Math.ceil(bytes / 1024);
    this.#control.addOutstanding(kib);
    this.#task.output.port.postMessage({ ...message, kib }, transfer);
    this.#control.awaitOutstanding(OUTSTANDING_KIB);
  }
}
