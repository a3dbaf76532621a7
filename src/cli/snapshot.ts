// wasmtables snapshot DIR: collects what a scan needs to know of a Linux host.

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { WasmtablesError } from '../error.ts';
import { collect, script } from '../host/snapshot.ts';
import { EXIT_DONE } from './exit.ts';
import { systemError, usageError, warn } from './terminal.ts';

const execute = promisify(execFile);

/** `sysctl -a` and `ipset save` of large machines. */
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;

export function snapshotCommand(finish: (code: number) => void): Command {
  return new Command('snapshot')
    .description(
      "Collect this Linux host's addresses, routes, rules and sysctls in a host folder, for --host.",
    )
    .argument('[dir]', 'the folder; made if it is not there')
    .option('--script', 'print a shell script that does it, for a machine without Node')
    .addHelpText(
      'after',
      `
Run it as root: the rules are readable by root alone.

Examples:
  sudo wasmtables snapshot gateway/
  wasmtables snapshot --script | ssh gateway 'sudo sh -s facts && tar -C facts -c .' | tar -C gateway -x`,
    )
    .action(async (folder: string | undefined, options: { readonly script?: true }) => {
      if (options.script === true) process.stdout.write(script());
      else if (folder === undefined) throw usageError('snapshot needs a folder', 'wasmtables snapshot DIR');
      else await snapshot(folder);
      finish(EXIT_DONE);
    });
}

async function snapshot(folder: string): Promise<void> {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw systemError(`cannot make the folder ${folder}`, error);
  }
  const { files, missing } = await collect(runCommand);
  for (const [name, text] of files) {
    const file = join(folder, name);
    try {
      writeFileSync(file, text);
    } catch (error) {
      throw systemError(`cannot write ${file}`, error);
    }
  }
  for (const { file, command, reason } of missing) warn(`warning: no ${file}: ${command}: ${reason}`);
  process.stdout.write(`${folder}: ${[...files.keys()].join(', ')}\n`);
}

async function runCommand([program = '', ...words]: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, words, { maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: unknown };
    if (code === 'ENOENT') throw new WasmtablesError('HOST', 'there is no such program');
    const text = typeof stderr === 'string' ? stderr.trim() : '';
    throw new WasmtablesError(
      'HOST',
      text === '' ? (error as Error).message : (text.split('\n')[0] as string),
    );
  }
}
