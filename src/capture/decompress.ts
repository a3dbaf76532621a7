// gzip and zstd as streams: chunks in, chunks out. What comes before a defect is handed out first, so that a damaged
// file yields all that it can.

import * as zlib from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { readFileHeader } from './header.ts';
import { ZstdFrames } from './zstd-frames.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** Input given to a decompressor at once: what comes out of it is held in memory, up to 1,000 times as much. */
const GZIP_PIECE_BYTES = 64 * 1024;
const ZSTD_PIECE_BYTES = 4 * 1024;

/** The bytes of a file as a capture: decompressed when they start like gzip or zstd. */
export async function* decompress(raw: Chunks): AsyncGenerator<Uint8Array> {
  const chunks = raw[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 4) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = concatenate(head, next.value);
  }
  const all = resume(head, chunks);
  const { kind } = readFileHeader(head);
  if (kind === 'gzip') yield* gunzip(all);
  else if (kind === 'zstd') yield* unzstd(all);
  else yield* all;
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

async function* resume(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function* pieces(chunk: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; at += bytes) yield chunk.subarray(at, at + bytes);
}

/** Members of a gzip file are one stream; what follows the last one and is no member is ignored, as gzip(1) does. */
function gunzip(input: Chunks): AsyncGenerator<Uint8Array> {
  return transform(zlib.createGunzip({ chunkSize: 256 * 1024 }), input, 'gzip');
}

/** Runs a zlib transform piece by piece, so that its output is taken before a later error can discard it. */
async function* transform(stream: zlib.Gunzip, input: Chunks, name: string): AsyncGenerator<Uint8Array> {
  let output: Uint8Array[] = [];
  let failure: Error | undefined;
  let ended = false;
  let wake = (): void => {};
  stream.on('data', (chunk: Uint8Array) => output.push(chunk));
  stream.on('error', (error) => {
    failure = error;
    wake();
  });
  stream.on('end', () => {
    ended = true;
    wake();
  });
  const take = (): Uint8Array[] => {
    const taken = output;
    output = [];
    return taken;
  };
  try {
    for await (const chunk of input) {
      for (const piece of pieces(chunk, GZIP_PIECE_BYTES)) {
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.write(piece, () => resolve());
        });
        yield* take();
        if (failure !== undefined) throw new Error(`${name}: ${failure.message}`);
      }
    }
    if (!ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        stream.end();
      });
    }
    yield* take();
    if (failure !== undefined) throw new Error(`${name}: ${failure.message}`);
  } finally {
    stream.destroy();
  }
}

async function* unzstd(input: Chunks): AsyncGenerator<Uint8Array> {
  const output: Uint8Array[] = [];
  const frames = new ZstdFrames();
  // A block is a view of the window in work: it is copied before the next one overwrites it.
  const stream = new ZstdDecompress((chunk) => output.push(chunk.slice()));
  const push = (piece: Uint8Array, last: boolean): void => {
    try {
      frames.check(piece);
      stream.push(piece, last);
    } catch (error) {
      throw new Error(`zstd: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for await (const chunk of input) {
    for (const piece of pieces(chunk, ZSTD_PIECE_BYTES)) {
      let failure: unknown;
      try {
        push(piece.slice(), false);
      } catch (error) {
        failure = error;
      }
      yield* output.splice(0);
      if (failure !== undefined) throw failure;
    }
  }
  if (!frames.complete) throw new Error('zstd: unexpected end of file');
}
