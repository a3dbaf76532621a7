// What a worker does: takes the baton, reads a batch, passes the baton on, evaluates the batch, has its turn, hands
// its output to the main thread; until the capture ends or the scan is stopped.
//
// A Piscina task is one lane's whole run. Any worker can take any batch: nothing that decides a result is bound to a
// lane, so that the number of lanes changes nothing.

import type { MessagePort } from 'node:worker_threads';
import type { CaptureProblem, SharedDescription } from '../capture/description.ts';
import { CaptureReader } from '../capture/reader.ts';
import { instantiateKernel, type Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import { type GenerationMessage, type LaneTracking, RuleSetFollower } from './follow.ts';
import { InterfaceNames, type InterfaceNamesDescription } from './interface-names.ts';
import { BatchOutput, type FragmentEvent, type OutputDescription, takeFragmentEvents } from './output.ts';
import { ControlWords } from './turn.ts';

/** Structured-clonable. */
export interface LaneTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly lane: number;
  readonly batch: number;
  /** The reassembly arena. */
  readonly fragments: number;
  readonly captures: SharedDescription;
  /** It is the only lane: every batch has its turn at once, and it does not pay to read before the baton comes. */
  readonly alone: boolean;
  readonly tracking: LaneTracking | undefined;
  readonly interfaces: InterfaceNamesDescription;
  /** Present when rule sets may be replaced: where GenerationMessages come. */
  readonly generations?: MessagePort | undefined;
  /** Present when packets or events are written out one by one (--verdicts, --write, --events). */
  readonly output?: { readonly description: OutputDescription; readonly port: MessagePort } | undefined;
}

/** What a lane met on its way. */
export interface LaneReport {
  readonly problems: readonly CaptureProblem[];
}

/** The default export is what Piscina calls. */
export default function runLane(task: LaneTask): LaneReport {
  const control = new ControlWords(task.memory, task.control);
  let lane: LaneRun | undefined;
  try {
    lane = new LaneRun(task, control);
    while (lane.step());
    return lane.report;
  } catch (error) {
    // The others must not wait for this lane's batch.
    control.stop();
    throw error;
  } finally {
    lane?.close();
    task.output?.port.close();
    task.generations?.close();
  }
}

/** How long a lane on the main thread keeps the event loop waiting. */
const HOLD_MS = 20;

/**
 * The only lane of a scan, on this thread: a worker would take longer to start than many a scan to run. Signals and
 * timers have their turn between batches. Not for scans with streams or output, for which a lane waits on this thread.
 */
export async function runLaneHere(task: LaneTask): Promise<LaneReport> {
  const lane = new LaneRun(task, new ControlWords(task.memory, task.control));
  let held = performance.now();
  try {
    while (lane.step()) {
      if (performance.now() - held < HOLD_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      held = performance.now();
    }
  } finally {
    lane.close();
  }
  return lane.report;
}

/** In the place of a shard's number: packets that need none (assembly/evaluate/steer.ts). */
const NO_SHARD = 64;
/** KiB of output that may be on their way before lanes wait for the main thread. */
const OUTSTANDING_KIB = 64 * 1024;

class LaneRun {
  readonly #task: LaneTask;
  readonly #control: ControlWords;
  readonly #kernel: Kernel;
  readonly #reader: CaptureReader;
  readonly #output: BatchOutput | undefined;
  readonly #follower: RuleSetFollower | undefined;
  readonly #sequence: () => number;
  readonly #problems: CaptureProblem[] = [];
  #tracking: LaneTracking | undefined;

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
    if (task.generations !== undefined) {
      this.#follower = new RuleSetFollower(task.memory, control, task.lane, names, task.generations);
    }
    this.#tracking = task.tracking;
    const batch = new Uint32Array(task.memory.buffer, task.batch, Batch.HEADER_BYTES / 4);
    this.#sequence = () => batch[Batch.SEQUENCE / 4] as number;
  }

  /** One batch; false when there is none any more. */
  step(): boolean {
    const { batch } = this.#task;
    if (!this.#read(batch)) return false;
    this.#evaluate(batch);
    return true;
  }

  close(): void {
    this.#reader.close();
  }

  get report(): LaneReport {
    return { problems: this.#problems };
  }

  #read(batch: number): boolean {
    const ticket = this.#control.takeTicket();
    if (!this.#task.alone) this.#reader.readAhead(ticket, this.#task.control, batch);
    if (!this.#control.awaitBaton(ticket)) return false;
    try {
      if (this.#control.stopped) return false;
      const caughtUp = this.#follower?.catchUp();
      const { status, problems } = this.#reader.readBatch(batch);
      this.#problems.push(...problems);
      if (status !== 'batch') return false;
      const generation = this.#follower?.begin(batch) ?? caughtUp;
      if (generation !== undefined) this.#follow(generation);
      return true;
    } finally {
      this.#control.passBaton();
    }
  }

  #follow({ tracking, names }: GenerationMessage): void {
    this.#tracking = tracking;
    this.#output?.rename(names);
  }

  /** Takes the batch's packets to their verdicts; undefined when the scan was stopped meanwhile. */
  #run(batch: number): readonly FragmentEvent[] | undefined {
    const { lane, alone } = this.#task;
    const sequence = this.#sequence();
    if (this.#tracking !== undefined && !alone)
      return this.#runShards(batch, sequence, this.#tracking.shards);
    const deferred = this.#kernel.run?.(lane, batch, alone ? 1 : 0) as number;
    let events: readonly FragmentEvent[] = [];
    if (deferred > 0) {
      if (!this.#control.awaitTurn(sequence)) return undefined;
      this.#kernel.runDeferred?.(lane, batch);
    }
    if (deferred > 0 || alone) events = this.#takeEvents();
    this.#output?.takeConntrackEvents();
    this.#control.done(sequence);
    return events;
  }

  /** The same with connection tracking beside other lanes (assembly/evaluate/steer.ts). */
  #runShards(batch: number, sequence: number, shards: number): readonly FragmentEvent[] | undefined {
    const { lane } = this.#task;
    let events: readonly FragmentEvent[] = [];
    if ((this.#kernel.steer?.(lane, batch) as number) > 0) {
      if (!this.#control.awaitTurn(sequence)) return undefined;
      this.#kernel.gatherBatch?.(lane, batch);
      events = this.#takeEvents();
    }
    this.#control.done(sequence);
    this.#kernel.orderShards?.(lane, batch);
    this.#kernel.runShard?.(lane, batch, NO_SHARD);
    // Whichever has its turn: shards know nothing of each other.
    let waiting = Array.from({ length: shards }, (_, shard) => shard);
    while (waiting.length > 0) {
      const later: number[] = [];
      for (const shard of waiting) {
        if (!this.#control.hasShard(shard, sequence)) {
          later.push(shard);
          continue;
        }
        this.#kernel.runShard?.(lane, batch, shard);
        this.#output?.takeConntrackEvents(shard);
        this.#control.passShard(shard, sequence);
      }
      const [first] = later;
      if (first !== undefined && later.length === waiting.length) {
        if (!this.#control.awaitShard(first, sequence)) return undefined;
      }
      waiting = later;
    }
    return events;
  }

  /** What became of fragments that were held, in the batch's turn. */
  #takeEvents(): readonly FragmentEvent[] {
    const { memory, fragments } = this.#task;
    const events = takeFragmentEvents(memory, fragments);
    if (this.#tracking === undefined) return events;
    return [...events, ...takeFragmentEvents(memory, this.#tracking.fragments6)];
  }

  #evaluate(batch: number): void {
    const events = this.#run(batch);
    if (events === undefined) return;
    const { output } = this.#task;
    if (this.#output === undefined || output === undefined) return;
    const message = this.#output.take(events);
    this.#control.addOutstanding(message.kib);
    output.port.postMessage(
      message,
      [message.verdicts, ...message.writes].flatMap((chunk) => (chunk === undefined ? [] : [chunk.buffer])),
    );
    this.#control.awaitOutstanding(OUTSTANDING_KIB);
  }
}
