// Hands out the shared memory, once, from the bottom up. Nothing is given back: a scan makes its memory and drops it.

import { WasmtablesError } from '../error.ts';
import { MAXIMUM_PAGES, MEMORY_BASE, WASM_PAGE_BYTES } from './kernel.ts';

export class Allocator {
  readonly memory: WebAssembly.Memory;
  #next = MEMORY_BASE;
  /** Bytes that who takes what is left leaves to others. */
  reserved = 0;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  /** Address of `bytes` zeroed bytes, aligned to a pair of cache lines. Grows the memory; throws LIMIT at 4 GiB. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#next / 128) * 128;
    const end = address + bytes;
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / WASM_PAGE_BYTES);
    if (end > MAXIMUM_PAGES * WASM_PAGE_BYTES) {
      throw new WasmtablesError('LIMIT', `the scan needs more than 4 GiB of memory (${bytes} bytes more)`);
    }
    if (missing > 0) this.memory.grow(missing);
    this.#next = end;
    return address;
  }

  /** Bytes that can still be handed out, but for those that are reserved. */
  get left(): number {
    return (MAXIMUM_PAGES - 1) * WASM_PAGE_BYTES - this.reserved - this.#next;
  }

  /**
   * As much of `bytes` as the memory can still hold, or the machine gives. Nothing is touched: what is never used takes
   * no real memory.
   */
  allocateUpTo(bytes: number): { readonly address: number; readonly bytes: number } {
    for (let size = Math.min(bytes, this.left); ; size = Math.floor(size / 2)) {
      try {
        return { address: this.allocate(size), bytes: size };
      } catch (error) {
        if (!(error instanceof RangeError) || size < WASM_PAGE_BYTES) throw error;
      }
    }
  }

  /** Copies `bytes` into fresh memory and answers the address. */
  place(bytes: Uint8Array): number {
    const address = this.allocate(bytes.length);
    new Uint8Array(this.memory.buffer, address, bytes.length).set(bytes);
    return address;
  }
}
