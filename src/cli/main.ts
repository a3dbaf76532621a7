#!/usr/bin/env node
// The command line: one file a command. A command resolves to its exit code (exit.ts); a user's errors are thrown as
// WasmtablesError and printed here.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { WasmtablesError } from '../error.ts';
import { EXIT_DONE, EXIT_ERROR, EXIT_PART } from './exit.ts';
import { systemError } from './terminal.ts';

type CommandMaker = (finish: (code: number) => void) => Command;

/** Loaded when needed: start-up is a large part of a short scan. */
const COMMANDS: ReadonlyMap<string, () => Promise<CommandMaker>> = new Map([
  ['scan', async () => (await import('./scan.ts')).scanCommand],
  ['trace', async () => (await import('./trace.ts')).traceCommand],
  ['check', async () => (await import('./check.ts')).checkCommand],
  ['snapshot', async () => (await import('./snapshot.ts')).snapshotCommand],
]);

/** With the command that the first word names; with all of them when it names none, for help and suggestions. */
async function createProgram(first: string | undefined, finish: (code: number) => void): Promise<Command> {
  const program = new Command('wasmtables')
    .description('What a Linux firewall (iptables) would do to every packet of a capture.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('(wasmtables --help lists the commands, wasmtables COMMAND --help its options)')
    .configureOutput({ outputError: (text, write) => write(`wasmtables: ${text}`) })
    .exitOverride();
  const named = COMMANDS.get(first ?? '');
  for (const load of named === undefined ? COMMANDS.values() : [named]) {
    program.addCommand((await load())(finish).copyInheritedSettings(program));
  }
  return program;
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

async function main(): Promise<number> {
  let code = EXIT_DONE;
  try {
    const program = await createProgram(process.argv[2], (given) => {
      code = given;
    });
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_ERROR;
    if (error instanceof WasmtablesError) {
      process.stderr.write(`${error.format()}\n`);
      return EXIT_ERROR;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`wasmtables: internal error, please report it: ${text}\n`);
    return EXIT_ERROR;
  }
  return code;
}

// A reader that has seen enough (`| head -1`) is no error: the rest of the output is not wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_DONE);
  process.stderr.write(`${systemError('cannot write to stdout', error).format()}\n`);
  process.exit(EXIT_PART);
});
process.stderr.on('error', () => undefined);

process.exitCode = await main();
