// Where output goes: a file, or stdout. Writes are awaited, so that a slow reader slows the scan down.

import { type FileHandle, open } from 'node:fs/promises';
import { WasmtablesError } from '../error.ts';

export interface Sink {
  readonly name: string;
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A file, made or emptied now, so that a folder that is missing or not writable is an error before the scan. */
export async function fileSink(file: string): Promise<Sink> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'w');
  } catch (error) {
    throw outputError(file, error);
  }
  return {
    name: file,
    async write(chunk) {
      try {
        await handle.writeFile(chunk);
      } catch (error) {
        throw outputError(file, error);
      }
    },
    async close() {
      await handle.close();
    },
  };
}

/** A stream such as process.stdout, which is not closed. A reader that went away (EPIPE) is an EPIPE error. */
export function streamSink(stream: NodeJS.WritableStream, name = '<stdout>'): Sink {
  return {
    name,
    write(chunk) {
      return new Promise((resolve, reject) => {
        stream.write(chunk, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      });
    },
    async close() {},
  };
}

function outputError(file: string, cause: unknown): WasmtablesError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new WasmtablesError('IO', `cannot write ${file}: ${message}`, { cause });
}
