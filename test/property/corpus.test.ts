// Real captures: the kernel, walking by candidates and rule by rule, against the reference interpreter.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { machineFromOptions } from '../../src/host/options.ts';
import { readRules } from '../../src/save/read.ts';
import { differences, interpreted, scanned } from './compare.ts';

const CORPUS = new URL('../../../shared/corpus/pcap/', import.meta.url).pathname;
const RULES = new URL('./', import.meta.url).pathname;

function rules(name: string) {
  const family = name.endsWith('.v6') ? 'ipv6' : 'ipv4';
  return readRules(readFileSync(join(RULES, name), 'utf8'), { file: name, family });
}

/** Every so-many-th capture that is not large. */
function captures(step: number, offset: number): string[] {
  const names = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name))
    .sort()
    .filter((_, index) => index % step === offset)
    .map((name) => join(CORPUS, name))
    .filter((name) => statSync(name).size < 300_000);
}

const LOCAL = '10.0.0.1/8,192.168.1.1/16,172.16.0.1/12,fe80::1/64,2001:db8::1/32';
const MACHINES = {
  'the guessed machine': undefined,
  'a host': machineFromOptions({ local: LOCAL }),
  'a host that forwards': machineFromOptions({ local: LOCAL, in: 'eth0', out: 'eth1' }),
  'hook FORWARD': machineFromOptions({ hook: 'FORWARD', in: 'eth0', out: 'eth1' }),
};

describe.skipIf(!existsSync(CORPUS))('captures of the corpus', () => {
  const rules4 = rules('every-match.v4');
  const rules6 = rules('every-match.v6');
  let offset = 0;
  for (const [name, machine] of Object.entries(MACHINES)) {
    for (const backend of ['legacy', 'nft'] as const) {
      test(`${name}, ${backend}`, async () => {
        const comparison = { captures: captures(40, offset++), rules4, rules6, machine, backend };
        const expected = await interpreted(comparison);
        for (const linear of [false, true]) {
          const got = await scanned({ ...comparison, linear, workers: linear ? 1 : 2 });
          expect(differences(expected, got)).toEqual([]);
        }
      });
    }
  }
});
