// The bit vectors of one chain in the image, each kept once.

import * as BitVector from '../../layout/bitvector.ts';
import type { Emitter } from '../emitter.ts';

/** A vector in the making: bit i for rule i, and the bit behind the last rule, the chain's end, always set. */
export class Bits {
  readonly words: Uint32Array;

  constructor(words: number, ruleCount: number) {
    this.words = new Uint32Array(words);
    this.toggle(ruleCount);
  }

  add(rule: number): void {
    this.words[rule >> 5] = ((this.words[rule >> 5] as number) | (1 << (rule & 31))) >>> 0;
  }

  toggle(rule: number): void {
    this.words[rule >> 5] = ((this.words[rule >> 5] as number) ^ (1 << (rule & 31))) >>> 0;
  }
}

export class VectorPool {
  readonly #emitter: Emitter;
  readonly #ruleCount: number;
  readonly #words: number;
  /** Offsets by hash; equal hashes are compared word by word. */
  readonly #offsets = new Map<number, { readonly offset: number; readonly words: Uint32Array }[]>();

  constructor(emitter: Emitter, ruleCount: number) {
    this.#emitter = emitter;
    this.#ruleCount = ruleCount;
    this.#words = Math.ceil((ruleCount + 1) / 128) * 4;
  }

  /** Bytes of a vector: a multiple of 16. */
  get bytes(): number {
    return this.#words * 4;
  }

  get ruleCount(): number {
    return this.#ruleCount;
  }

  /** No rule, only the chain's end. */
  blank(): Bits {
    return new Bits(this.#words, this.#ruleCount);
  }

  /** Image offset of the leaf whose vector has these bits; emits it the first time. */
  offset(bits: Bits): number {
    let hash = 0x811c9dc5;
    for (const word of bits.words) hash = Math.imul(hash ^ word, 0x01000193) ^ (hash >>> 15);
    const known = this.#offsets.get(hash) ?? [];
    const same = known.find(({ words }) => words.every((word, index) => word === bits.words[index]));
    if (same !== undefined) return same.offset;
    const offset = this.#emitter.align(16);
    this.#emitter.append([offset, 0, 0, 0]);
    this.#emitter.append(bits.words);
    known.push({ offset, words: bits.words.slice() });
    this.#offsets.set(hash, known);
    return offset;
  }

  /** Room for `count` leaves and vectors that are filled in later; answers the offset of the first leaf. */
  reserve(count: number): number {
    this.#emitter.align(16);
    return this.#emitter.appendZeros(count * (BitVector.LEAF_BYTES + this.bytes));
  }
}
