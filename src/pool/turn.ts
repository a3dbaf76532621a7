// Order among lanes. Batches are read one after another under the baton and processed at the same time; what has to
// happen in packet order (reassembly) happens when a batch has its turn.

import * as Control from '../layout/control.ts';

/** The control words of a scan (src/layout/control.ts) over shared memory. */
export class ControlWords {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: WebAssembly.Memory, address: number) {
    this.#words = new Int32Array(memory.buffer as unknown as SharedArrayBuffer, address, Control.BYTES / 4);
  }

  /** A place in the order in which lanes get the reading baton. Who takes one has to wait for it and pass it on. */
  takeTicket(): number {
    return Atomics.add(this.#words, Control.TICKET / 4, 1);
  }

  /** Waits until the baton comes to this ticket; false when the scan was stopped meanwhile. */
  awaitBaton(ticket: number): boolean {
    return this.#await(Control.BATON, (holder) => holder === ticket);
  }

  /** To the next ticket. */
  passBaton(): void {
    Atomics.add(this.#words, Control.BATON / 4, 1);
    Atomics.notify(this.#words, Control.BATON / 4);
  }

  /** Under the baton: the sequence number of the batch just read. */
  nextSequence(): number {
    return Atomics.add(this.#words, Control.SEQUENCE / 4, 1);
  }

  /** Waits until all batches before `sequence` are done; false when the scan was stopped meanwhile. */
  awaitTurn(sequence: number): boolean {
    return this.#await(Control.TURN, (turn) => turn === sequence);
  }

  /** Are all batches before `sequence` done with a shard? */
  hasShard(shard: number, sequence: number): boolean {
    return Atomics.load(this.#words, (Control.SHARD_TURNS + 4 * shard) / 4) === sequence;
  }

  /** Waits until all batches before `sequence` are done with a shard; false when the scan was stopped meanwhile. */
  awaitShard(shard: number, sequence: number): boolean {
    return this.#await(Control.SHARD_TURNS + 4 * shard, (turn) => turn === sequence);
  }

  /** Under the baton: the first batch whose packets are tracked; shards have done nothing before. */
  beginShards(shards: number, sequence: number): void {
    for (let shard = 0; shard < shards; shard++) {
      Atomics.store(this.#words, (Control.SHARD_TURNS + 4 * shard) / 4, sequence);
    }
  }

  /**
   * Have all batches before `sequence` been evaluated? Where shards have turns, a batch is done with the last one's.
   * `shards`: how many there are, 0 when batches are evaluated as wholes.
   */
  isEvaluated(sequence: number, shards: number): boolean {
    const passed = (word: number): boolean => Atomics.load(this.#words, word / 4) >= sequence;
    return passed(Control.TURN) && (shards === 0 || passed(Control.SHARD_TURNS + 4 * (shards - 1)));
  }

  /** The latest generation of rule sets, and the latest that a batch was read for. */
  get generation(): number {
    return Atomics.load(this.#words, Control.GENERATION / 4);
  }

  set generation(generation: number) {
    Atomics.store(this.#words, Control.GENERATION / 4, generation);
  }

  get takenGeneration(): number {
    return Atomics.load(this.#words, Control.TAKEN_GENERATION / 4);
  }

  /** Under the baton. */
  set takenGeneration(generation: number) {
    Atomics.store(this.#words, Control.TAKEN_GENERATION / 4, generation);
  }

  /** The batch that has the shard's turn is done with it. */
  passShard(shard: number, sequence: number): void {
    const word = (Control.SHARD_TURNS + 4 * shard) / 4;
    Atomics.store(this.#words, word, sequence + 1);
    Atomics.notify(this.#words, word);
  }

  /** Marks a batch as done and moves the turn past all that are. */
  done(sequence: number): void {
    // A lane far ahead waits here, so that a slot is never taken twice.
    if (!this.#await(Control.TURN, (turn) => sequence - turn < Control.DONE_SLOTS)) return;
    Atomics.store(this.#words, doneSlot(sequence), sequence + 1);
    for (;;) {
      const turn = Atomics.load(this.#words, Control.TURN / 4);
      if (Atomics.load(this.#words, doneSlot(turn)) !== turn + 1) return;
      if (Atomics.compareExchange(this.#words, Control.TURN / 4, turn, turn + 1) === turn) {
        Atomics.notify(this.#words, Control.TURN / 4);
      }
    }
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, Control.STOP / 4) !== 0;
  }

  /** Makes every lane stop before its next batch, also those that wait. */
  stop(): void {
    Atomics.store(this.#words, Control.STOP / 4, 1);
    for (const word of [Control.TURN, Control.OUTSTANDING, Control.BATON])
      Atomics.notify(this.#words, word / 4);
  }

  /** Output handed to the main thread, in KiB; negative when it was written. */
  addOutstanding(kib: number): void {
    Atomics.add(this.#words, Control.OUTSTANDING / 4, kib);
    if (kib < 0) Atomics.notify(this.#words, Control.OUTSTANDING / 4);
  }

  /** Waits until less than `kib` KiB of output are on their way. */
  awaitOutstanding(kib: number): void {
    this.#await(Control.OUTSTANDING, (outstanding) => outstanding < kib);
  }

  #await(word: number, condition: (value: number) => boolean): boolean {
    for (;;) {
      const value = Atomics.load(this.#words, word / 4);
      if (condition(value)) return true;
      if (this.stopped) return false;
      // The limit covers a stop that comes between the check and the wait.
      Atomics.wait(this.#words, word / 4, value, 100);
    }
  }
}

function doneSlot(sequence: number): number {
  return (Control.DONE + (sequence % Control.DONE_SLOTS) * 4) / 4;
}
