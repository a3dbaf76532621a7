import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureBytes, laneCount, totalBytes } from '../../src/scan/capture-size.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasmtables-size-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A capture of so many bytes, most of them a hole. */
function capture(bytes: number, kind: 'file' | 'stream' = 'file') {
  const name = join(folder, `${bytes}`);
  writeFileSync(name, '');
  truncateSync(name, bytes);
  return { name, kind, descriptor: undefined, base: 0, header: undefined };
}

describe('the number of lanes', () => {
  it('is one for small captures, whatever the cores', () => {
    expect(laneCount([capture(0)])).toBe(1);
    expect(laneCount([capture(24), capture(1_000_000)])).toBe(1);
  });

  it('is the cores for large captures, and for those whose size is not known', () => {
    const cores = availableParallelism();
    expect(laneCount([capture(2 ** 40)])).toBe(cores);
    expect(laneCount([capture(24), capture(24, 'stream')])).toBe(cores);
  });
});

describe('the size of captures', () => {
  it('is told by regular files only', () => {
    expect(captureBytes(capture(24))).toBe(24);
    expect(captureBytes(capture(24, 'stream'))).toBeUndefined();
    expect(captureBytes({ ...capture(24), name: '-' })).toBeUndefined();
    expect(captureBytes({ ...capture(24), name: join(folder, 'gone') })).toBeUndefined();
    expect(totalBytes([1, 2])).toBe(3);
    expect(totalBytes([1, undefined])).toBeUndefined();
  });
});
