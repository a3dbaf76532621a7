// Batches end in any order; their output is written in the captures' order. A line of a held fragment names the
// packet that completed its datagram, which comes later: the lines from there on wait until that is known.

import { mergeEventLines } from '../pool/event-lines.ts';
import type { BatchMessage } from '../pool/output.ts';
import type { Sink } from './sink.ts';

/** Bytes of lines that may wait for a datagram; beyond, the oldest is written as not known. */
const MOST_WAITING_BYTES = 256 * 1024 * 1024;

/** Text ready to be written, or the place of a number that is not known yet. */
type Piece = Uint8Array | { readonly packet: number };

export class OrderedOutput {
  readonly #verdicts: Sink | undefined;
  readonly #writes: readonly Sink[];
  readonly #conntrackEvents: Sink | undefined;
  readonly #messages = new Map<number, BatchMessage>();
  /** Datagrams by the number of a packet that waited for them, until the line is written. */
  readonly #datagrams = new Map<number, number | null>();
  #next = 0;
  #pieces: Piece[] = [];
  #waitingBytes = 0;
  /** Lines that were written before it was known what became of their fragment. */
  givenUp = 0;

  constructor(verdicts: Sink | undefined, writes: readonly Sink[], conntrackEvents?: Sink) {
    this.#verdicts = verdicts;
    this.#writes = writes;
    this.#conntrackEvents = conntrackEvents;
  }

  /** Takes a batch's output and writes all that can be written now. Calls may not overlap. */
  async add(message: BatchMessage): Promise<void> {
    this.#messages.set(message.sequence, message);
    for (;;) {
      const next = this.#messages.get(this.#next);
      if (next === undefined) return;
      this.#messages.delete(this.#next);
      this.#next++;
      await this.#take(next);
    }
  }

  /** After the last batch: what still waits will never be known. */
  async finish(): Promise<void> {
    await this.#flush(true);
  }

  async #take(message: BatchMessage): Promise<void> {
    for (const [index, chunk] of message.writes.entries()) {
      if (chunk.length > 0) await this.#writes[index]?.write(chunk);
    }
    if (message.conntrackEvents !== undefined) {
      const lines = mergeEventLines(message.conntrackEvents);
      if (lines.length > 0) await this.#conntrackEvents?.write(lines);
    }
    if (message.verdicts === undefined) return;
    for (const { number, datagram } of message.events) {
      this.#datagrams.set(number, datagram === 0 ? null : datagram);
    }
    let from = 0;
    for (const { number, at } of message.held) {
      this.#push(message.verdicts.subarray(from, at));
      this.#pieces.push({ packet: number });
      from = at + NULL_BYTES;
    }
    this.#push(message.verdicts.subarray(from));
    await this.#flush(false);
  }

  #push(text: Uint8Array): void {
    this.#pieces.push(text);
    this.#waitingBytes += text.length;
  }

  async #flush(all: boolean): Promise<void> {
    const { length } = this.#pieces;
    let done = 0;
    while (done < length) {
      const piece = this.#pieces[done] as Piece;
      if (piece instanceof Uint8Array) {
        this.#waitingBytes -= piece.length;
        if (piece.length > 0) await this.#verdicts?.write(piece);
      } else {
        const datagram = this.#datagrams.get(piece.packet);
        if (datagram === undefined && !all && this.#waitingBytes <= MOST_WAITING_BYTES) break;
        if (datagram === undefined && !all) this.givenUp++;
        this.#datagrams.delete(piece.packet);
        await this.#verdicts?.write(new TextEncoder().encode(String(datagram ?? null)));
      }
      done++;
    }
    if (done > 0) this.#pieces = this.#pieces.slice(done);
  }
}

const NULL_BYTES = 'null'.length;
