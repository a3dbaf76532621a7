// Runs the command line as a user does: `node dist/cli/main.js`. The tests of this room need `npm run build` first.

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A command that hangs is killed, and its test fails. */
const LIMIT = { timeout: 30_000, killSignal: 'SIGKILL' } as const;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(args: readonly string[], options: SpawnSyncOptions = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    maxBuffer: 1 << 28,
    ...LIMIT,
    ...options,
    encoding: 'utf8',
  });
  return { code: status, stdout: String(stdout), stderr: String(stderr) };
}

/** The same through a shell; `$W` in the script is the command. */
export function shell(script: string, options: SpawnSyncOptions = {}): Ran {
  const env = { ...process.env, W: `${process.execPath} ${MAIN}` };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    env,
    ...LIMIT,
    ...options,
    encoding: 'utf8',
  });
  return { code: status, stdout: String(stdout), stderr: String(stderr) };
}

/** A folder that is removed with `remove`. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'wasmtables-'));

  /** Path of a file in it, with this content when one is given. */
  file(name: string, content?: string | Uint8Array): string {
    const path = join(this.path, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
