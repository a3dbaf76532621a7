// Loads the WebAssembly kernel. The module is compiled once and shared; every thread instantiates it over the same
// memory. The kernel has no data segments, so that instantiating it changes no byte of that memory.

import { readFileSync } from 'node:fs';

/** What assembly/index.ts exports: addresses and counts are u32 numbers, results too. */
export interface Kernel {
  readonly [name: string]: (...operands: number[]) => number;
}

export const WASM_PAGE_BYTES = 65536;
/** As declared by the kernel's memory import (asconfig.json, maximumMemory): 4 GiB. */
export const MAXIMUM_PAGES = 65536;
/** The first bytes of the memory are never handed out, so that a zero address is always a mistake. */
export const MEMORY_BASE = 1024;

let compiled: WebAssembly.Module | undefined;

/** dist/kernel.wasm, compiled once a thread: what V8 has optimised for one scan is there for the next. */
export function compileKernel(): WebAssembly.Module {
  // Works from src/ (tests) and from dist/.
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../dist/kernel.wasm', import.meta.url)));
  return compiled;
}

/** A shared memory that the kernel accepts, with room for at least `bytes`. */
export function createMemory(bytes: number): WebAssembly.Memory {
  const initial = Math.max(16, Math.ceil(bytes / WASM_PAGE_BYTES));
  return new WebAssembly.Memory({ initial, maximum: MAXIMUM_PAGES, shared: true });
}

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Kernel;
}
