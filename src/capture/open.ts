// Opening captures, on the main thread.

import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { WasmtablesError, WasmtablesErrors } from '../error.ts';
import * as Capture from '../layout/capture.ts';
import { type Allocate, type CaptureFile, formatProblem, type SharedDescription } from './description.ts';
import { FILE_HEADER_BYTES, readFileHeader, summarizeHeader } from './header.ts';
import { allocateRing } from './ring.ts';

/**
 * Opens the captures for a scan: `paths` in order, `-` is stdin. Throws WasmtablesError (IO, CAPTURE) for what is
 * known to be no capture before anything is scanned; several at once as WasmtablesErrors.
 */
export function openCaptures(
  paths: readonly string[],
  allocate: Allocate,
  options: { readonly stretch?: number } = {},
): SharedDescription {
  const files: CaptureFile[] = [];
  const errors: WasmtablesError[] = [];
  for (const path of paths) {
    try {
      files.push(openOne(path));
    } catch (error) {
      if (!(error instanceof WasmtablesError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length === 1 && errors[0] !== undefined) throw errors[0];
  if (errors.length > 1) throw new WasmtablesErrors(errors);
  const reader = allocate(Capture.READER_BYTES);
  const sources = allocate(Capture.SOURCE_BYTES * Capture.SOURCE_CAPACITY);
  const interfaces = allocate(Capture.INTERFACE_BYTES * Capture.INTERFACE_CAPACITY);
  const section = allocate(4 * Capture.INTERFACE_CAPACITY);
  const ring = files.some((file) => file.kind === 'stream') ? allocateRing(allocate) : 0;
  // Allocated memory is zero, which is the state before the first file.
  return { files, reader, sources, interfaces, section, ring, stretch: options.stretch ?? 0 };
}

function openOne(path: string): CaptureFile {
  const isStdin = path === '-';
  // Looked at before it is opened: a named pipe that is opened and closed again has lost its writer.
  const stats = attempt(path, () => (isStdin ? fstatSync(0) : statSync(path)));
  if (stats.isDirectory()) throw new WasmtablesError('IO', `${path}: is a directory`);
  if (!stats.isFile()) {
    return { name: path, kind: 'stream', descriptor: isStdin ? 0 : undefined, base: 0, header: undefined };
  }
  const descriptor = isStdin ? 0 : attempt(path, () => openSync(path, 'r'));
  try {
    return openRegular(path, descriptor);
  } finally {
    if (!isStdin) closeSync(descriptor);
  }
}

function openRegular(path: string, descriptor: number): CaptureFile {
  const base = path === '-' ? stdinPosition() : 0;
  const head = new Uint8Array(FILE_HEADER_BYTES);
  const count = attempt(path, () => readSync(descriptor, head, 0, head.length, base));
  const header = readFileHeader(head.subarray(0, count));
  if (header.kind === 'bad') {
    throw new WasmtablesError('CAPTURE', formatProblem({ file: path, ...header }));
  }
  const kind = header.kind === 'gzip' || header.kind === 'zstd' ? 'stream' : 'file';
  return {
    name: path,
    kind,
    descriptor: path === '-' ? 0 : undefined,
    base,
    header: summarizeHeader(header),
  };
}

/** A shell may hand over stdin with some of it read already; Linux says how much. */
function stdinPosition(): number {
  try {
    const position = /^pos:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'));
    return Number(position?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function attempt<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw new WasmtablesError('IO', `${path}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'is a directory';
  return error instanceof Error ? error.message : String(error);
}
