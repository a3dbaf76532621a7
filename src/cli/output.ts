// Files that a command writes. All of them are opened before anything is scanned, so that a folder that cannot be
// written to is found first; they are emptied with the first write, so that a failed start spoils nothing.

import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemError, usageError } from './terminal.ts';

/** An open output. `write` resolves when the bytes are handed to the system and throws WasmtablesError('IO'). */
export interface Output {
  readonly name: string;
  write(data: Uint8Array | string): Promise<void>;
  close(): Promise<void>;
}

export class Outputs {
  readonly #inputs = new Map<string, string>();
  readonly #opened: Output[] = [];
  readonly #files = new Map<string, string>();
  #stdoutTakenBy: string | undefined;
  /** The first error of an output, after all were opened. */
  failure: unknown;

  /** `inputs`: files that are still being read while outputs are written, and must not be overwritten. */
  constructor(inputs: readonly string[] = []) {
    for (const input of inputs) {
      const identity = fileIdentity(input);
      if (identity !== undefined) this.#inputs.set(identity, input);
    }
  }

  /** The option that writes to stdout, if one does. */
  get stdoutTakenBy(): string | undefined {
    return this.#stdoutTakenBy;
  }

  /** Claims stdout when `file` is `-`; throws when something else has it. */
  claim(option: string, file: string): void {
    if (file !== '-') return;
    if (this.#stdoutTakenBy !== undefined) {
      throw usageError(`stdout (-) is written twice: by ${this.#stdoutTakenBy} and by ${option}`);
    }
    this.#stdoutTakenBy = option;
  }

  /** Opens a file that was claimed. */
  async open(option: string, file: string): Promise<Output> {
    const output = file === '-' ? stdoutOutput() : await this.#openFile(option, file);
    this.#opened.push(output);
    const kept = async (step: Promise<void>): Promise<void> => {
      try {
        await step;
      } catch (error) {
        this.failure ??= error;
        throw error;
      }
    };
    return {
      name: output.name,
      write: (data) => kept(output.write(data)),
      close: () => kept(output.close()),
    };
  }

  /** Closes what is open; the first error is thrown after all were closed. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(this.#opened.splice(0).map((output) => output.close()));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      this.failure ??= result.reason;
      throw result.reason;
    }
  }

  async #openFile(option: string, file: string): Promise<Output> {
    const input = this.#inputs.get(fileIdentity(file) ?? '');
    if (input !== undefined) throw usageError(`${option} would overwrite the capture ${input}`);
    let handle: FileHandle;
    try {
      handle = await open(file, 'a');
    } catch (error) {
      throw systemError(`cannot write ${file} (${option})`, error);
    }
    const output = new FileOutput(file, handle);
    const identity = fileIdentity(file) ?? file;
    const other = this.#files.get(identity);
    // Devices (/dev/null, /dev/full) may be written by any number.
    if (other !== undefined && (await handle.stat()).isFile()) {
      await handle.close();
      throw usageError(`${file} is written twice: by ${other} and by ${option}`);
    }
    this.#files.set(identity, option);
    return output;
  }
}

class FileOutput implements Output {
  readonly name: string;
  readonly #handle: FileHandle;
  #emptied = false;

  constructor(name: string, handle: FileHandle) {
    this.name = name;
    this.#handle = handle;
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    try {
      await this.#empty();
      for (let at = 0; at < bytes.length; ) {
        at += (await this.#handle.write(bytes, at, bytes.length - at)).bytesWritten;
      }
    } catch (error) {
      throw systemError(`cannot write ${this.name}`, error);
    }
  }

  async close(): Promise<void> {
    try {
      // An output that got nothing is an empty file, not what it held before.
      await this.#empty();
      await this.#handle.close();
    } catch (error) {
      throw systemError(`cannot write ${this.name}`, error);
    }
  }

  async #empty(): Promise<void> {
    if (this.#emptied) return;
    this.#emptied = true;
    if ((await this.#handle.stat()).isFile()) await this.#handle.truncate(0);
  }
}

function stdoutOutput(): Output {
  return {
    name: '<stdout>',
    write: (data) =>
      new Promise((resolve, reject) => {
        process.stdout.write(data, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(systemError('cannot write to stdout', error));
        });
      }),
    close: async () => undefined,
  };
}

/** Device and inode, the same for every name of a file; undefined when there is no such file. */
function fileIdentity(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
