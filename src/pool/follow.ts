// Rule sets that replace others while lanes run. The main thread places them, posts to every lane where they are, and
// then says in the control words that they are there (src/scan/rule-sets.ts). Batches are read one after another under
// the baton, so that the batch that is read first after that is where they begin, for all lanes alike: a lane takes them
// up with the first batch that it reads from there on, and evaluates that batch and all further ones by them.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import * as Batch from '../layout/batch.ts';
import * as Generation from '../layout/generation.ts';
import * as Lane from '../layout/lane.ts';
import type { InterfaceNames, PlacedRows } from './interface-names.ts';
import type { OutputNames } from './output.ts';
import type { ControlWords } from './turn.ts';

/** Where connection tracking is, for a lane. */
export interface LaneTracking {
  /** Of the configuration record. */
  readonly address: number;
  readonly shards: number;
  /** The reassembly arena of IPv6. */
  readonly fragments6: number;
}

/** What a lane is told of a generation. Structured-clonable. */
export interface GenerationMessage {
  readonly generation: number;
  /** Address of the generation's record (src/layout/generation.ts). */
  readonly record: number;
  /** The lane's parts by both families, 0 for a family without rules. */
  readonly image4: number;
  readonly image6: number;
  readonly counters4: number;
  readonly counters6: number;
  readonly stack: number;
  /** What depends on interfaces' names: in all images, and in those that are new. */
  readonly images: readonly PlacedRows[];
  readonly fresh: readonly PlacedRows[];
  readonly tracking: LaneTracking | undefined;
  /** Nothing was tracked before. */
  readonly beginsTracking: boolean;
  readonly names: OutputNames;
}

export class RuleSetFollower {
  readonly #memory: WebAssembly.Memory;
  readonly #control: ControlWords;
  readonly #lane: number;
  readonly #interfaces: InterfaceNames;
  readonly #port: MessagePort;
  #generation = 0;

  constructor(
    memory: WebAssembly.Memory,
    control: ControlWords,
    lane: number,
    interfaces: InterfaceNames,
    port: MessagePort,
  ) {
    this.#memory = memory;
    this.#control = control;
    this.#lane = lane;
    this.#interfaces = interfaces;
    this.#port = port;
  }

  /**
   * Under the baton, before a batch is read: what other lanes have taken up. Names of interfaces that the batch brings
   * belong into the newest images.
   */
  catchUp(): GenerationMessage | undefined {
    return this.#take(this.#control.takenGeneration, undefined);
  }

  /** Under the baton, with the batch at `batch` just read: what is there by now begins with it. */
  begin(batch: number): GenerationMessage | undefined {
    return this.#take(this.#control.generation, batch);
  }

  /** Takes up all generations to `last`; answers the last one if there was any. */
  #take(last: number, batch: number | undefined): GenerationMessage | undefined {
    let taken: GenerationMessage | undefined;
    while (this.#generation < last) {
      // It was posted before its number was written.
      const received = receiveMessageOnPort(this.#port) as { message: GenerationMessage } | undefined;
      if (received === undefined) throw new Error('a generation of rule sets that was not posted');
      taken = received.message;
      // The memory may have grown since this thread looked at it.
      this.#memory.grow(0);
      this.#generation = taken.generation;
      this.#interfaces.replaceImages(taken.images);
      if (batch !== undefined && this.#control.takenGeneration < taken.generation) this.#open(taken, batch);
    }
    if (taken !== undefined) this.#enter(taken);
    return taken;
  }

  /** The first lane to take it up. */
  #open({ generation, record, fresh, tracking, beginsTracking }: GenerationMessage, batch: number): void {
    this.#interfaces.enterAll(fresh);
    const view = new DataView(this.#memory.buffer);
    const sequence = view.getUint32(batch + Batch.SEQUENCE, true);
    if (tracking !== undefined && beginsTracking) this.#control.beginShards(tracking.shards, sequence);
    view.setUint32(record + Generation.SEQUENCE, sequence, true);
    const number = view.getBigUint64(batch + Batch.FIRST_NUMBER, true);
    view.setBigUint64(record + Generation.NUMBER, number, true);
    const begun = new Int32Array(this.#memory.buffer, record, Generation.BYTES / 4);
    Atomics.store(begun, Generation.BEGUN / 4, 1);
    this.#control.takenGeneration = generation;
  }

  /** From here on the lane's packets are decided by these. */
  #enter({ image4, image6, counters4, counters6, stack, tracking }: GenerationMessage): void {
    const words: readonly (readonly [number, number])[] = [
      [Lane.IMAGE4, image4],
      [Lane.IMAGE6, image6],
      [Lane.COUNTERS4, counters4],
      [Lane.COUNTERS6, counters6],
      [Lane.STACK, stack],
      [Lane.CONNTRACK, tracking?.address ?? 0],
    ];
    const view = new DataView(this.#memory.buffer, this.#lane, Lane.BYTES);
    for (const [offset, value] of words) view.setUint32(offset, value, true);
  }
}
