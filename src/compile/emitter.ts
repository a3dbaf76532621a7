// The growing part of an image: operations, interface rows, target arguments. Everything in it is addressed by its
// byte offset from the start of the image, which is known as soon as it is appended.

import * as Image from '../layout/image.ts';

export class Emitter {
  #words: Uint32Array<ArrayBuffer>;
  #bytes: number;

  /** `start`: bytes taken already by what stands before (header, tables, rules); a multiple of 16. */
  constructor(start: number) {
    this.#words = new Uint32Array(Math.max(1024, start / 2));
    this.#bytes = start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Offset at which the next 16-byte aligned thing will stand. */
  align(to: 16 | 64 | 128): number {
    this.#bytes = Math.ceil(this.#bytes / to) * to;
    this.#reserve(0);
    return this.#bytes;
  }

  /** Appends words and answers their offset. */
  append(words: ArrayLike<number>): number {
    const offset = this.#bytes;
    this.#reserve(words.length * 4);
    this.#words.set(words, offset / 4);
    this.#bytes += words.length * 4;
    return offset;
  }

  /** Appends zeros and answers their offset. */
  appendZeros(bytes: number): number {
    const offset = this.#bytes;
    this.#reserve(bytes);
    this.#bytes += bytes;
    return offset;
  }

  word(offset: number): number {
    return this.#words[offset / 4] as number;
  }

  setWord(offset: number, value: number): void {
    this.#words[offset / 4] = value;
  }

  /** The image: a copy of exactly the bytes in use. */
  finish(): Uint8Array<ArrayBuffer> {
    const end = this.align(64);
    this.setWord(Image.IMAGE_BYTES, end);
    return new Uint8Array(this.#words.buffer.slice(0, end));
  }

  #reserve(bytes: number): void {
    const need = Math.ceil((this.#bytes + bytes) / 4);
    if (need <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(need, this.#words.length * 2));
    grown.set(this.#words);
    this.#words = grown;
  }
}
