// npm run bench:peers: builds the programs that bench/classify compares with, as far as their libraries are installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const folder = new URL('.', import.meta.url).pathname;
const target = new URL('../../build/peers/', import.meta.url).pathname;
const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'libdpdk'], { encoding: 'utf8' });
if (flags.status !== 0) {
  process.stderr.write('libdpdk is not installed (Debian: apt-get install dpdk-dev pkg-config gcc)\n');
  process.exit(1);
}
mkdirSync(target, { recursive: true });
const words = flags.stdout.trim().split(/\s+/);
execFileSync('cc', ['-O3', '-Wall', '-o', `${target}dpdk-acl`, `${folder}dpdk-acl.c`, ...words], {
  stdio: 'inherit',
});
process.stdout.write(`${target}dpdk-acl\n`);
