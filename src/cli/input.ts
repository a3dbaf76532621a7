// Text files that a command reads. `-` is stdin, which can be read once only.

import { readFileSync } from 'node:fs';
import { systemError, usageError } from './terminal.ts';

export interface TextFile {
  /** As the user gave it; `<stdin>` for `-`: what errors name. */
  readonly name: string;
  readonly text: string;
  /** How the bytes became text, so that the same characters can be written back. */
  readonly encoding: 'utf8' | 'latin1';
}

/** Remembers who took stdin. */
export class Inputs {
  #stdinTakenBy: string | undefined;

  /** Claims stdin when `file` is `-`; throws when something else has it. */
  claim(option: string, file: string): void {
    if (file !== '-') return;
    if (this.#stdinTakenBy !== undefined) {
      throw usageError(`stdin (-) is read twice: by ${this.#stdinTakenBy} and by ${option}`);
    }
    this.#stdinTakenBy = option;
  }

  /** The text of a file that was claimed. Throws WasmtablesError('IO'). */
  read(file: string): TextFile {
    const name = file === '-' ? '<stdin>' : file;
    let bytes: Buffer;
    try {
      bytes = readFileSync(file === '-' ? 0 : file);
    } catch (error) {
      throw systemError(`cannot read ${name}`, error);
    }
    try {
      return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf8' };
    } catch {
      // Comments and log prefixes may hold any bytes; Latin-1 keeps each of them.
      return { name, text: bytes.toString('latin1'), encoding: 'latin1' };
    }
  }
}
