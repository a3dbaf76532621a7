// What the kernel's binary may not have: state of its own. Lanes instantiate it over one memory, again and again.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createMemory, instantiateKernel, MEMORY_BASE } from '../../src/kernel/kernel.ts';

const BYTES = readFileSync(new URL('../../dist/kernel.wasm', import.meta.url));

/** Sections of a WebAssembly binary: id and content. */
function sections(bytes: Uint8Array): { readonly id: number; readonly content: Uint8Array }[] {
  const found: { id: number; content: Uint8Array }[] = [];
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++] as number;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    found.push({ id, content: bytes.subarray(at, at + size) });
    at += size;
  }
  return found;
}

const GLOBAL = 6;
const START = 8;
const DATA = 11;

test('no data segments, no globals, no start function', () => {
  const present = sections(BYTES)
    .filter(({ id, content }) => [GLOBAL, START, DATA].includes(id) && content[0] !== 0)
    .map(({ id }) => id);
  expect(present).toEqual([]);
});

test('instantiating it changes no byte of the memory', () => {
  const memory = createMemory(1024 * 1024);
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(0xa5);
  instantiateKernel(new WebAssembly.Module(BYTES), memory);
  expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  expect(bytes.length).toBeGreaterThan(MEMORY_BASE);
});

test('it asks for nothing but its memory', () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(BYTES));
  expect(imports).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});
