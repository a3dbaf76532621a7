// DPDK's ACL library in a process of its own (bench/peers), when it is built.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asRule } from './filter-set.js';

const PROGRAM = new URL('../../build/peers/dpdk-acl', import.meta.url).pathname;

export class Peer {
  #child;
  #lines;
  #folder;

  /** Undefined when the program is not built (npm run bench:peers). */
  static async start(filters, trace) {
    if (!existsSync(PROGRAM)) return undefined;
    const peer = new Peer();
    peer.#folder = mkdtempSync(join(tmpdir(), 'peer-'));
    const [rules, headers] = [join(peer.#folder, 'rules'), join(peer.#folder, 'trace')];
    writeFileSync(rules, filters.map(asRule).map(ruleLine).join(''));
    writeFileSync(headers, trace);
    peer.#child = spawn(PROGRAM, [rules, headers], { stdio: ['pipe', 'pipe', 'ignore'] });
    peer.#lines = createInterface({ input: peer.#child.stdout })[Symbol.asyncIterator]();
    const built = await peer.#next();
    if (built === undefined) return peer.stop();
    peer.buildSeconds = Number(built.split(' ')[1]);
    return peer;
  }

  /** CPU nanoseconds of a pass over the whole trace; undefined when the processor lacks the method. */
  async pass(method) {
    this.#child.stdin.write(`${method}\n`);
    const answer = await this.#next();
    return answer === undefined || answer === 'none' ? undefined : Number(answer);
  }

  /** By packet: first matching rule + 1, or 0. */
  async results() {
    const file = join(this.#folder, 'results');
    this.#child.stdin.write(`results ${file}\n`);
    await this.#next();
    return new Uint32Array(new Uint8Array(readFileSync(file)).buffer);
  }

  stop() {
    this.#child.stdin.end();
    rmSync(this.#folder, { recursive: true });
    return undefined;
  }

  async #next() {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }
}

function ruleLine({ src, srcLength, dst, dstLength, sport, dport, proto }) {
  return `${src} ${srcLength} ${dst} ${dstLength} ${sport.join(' ')} ${dport.join(' ')} ${proto} ${proto === 0 ? 0 : 255}\n`;
}
