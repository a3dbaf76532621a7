// Golden files: what the kernel counted in each comparison, kept in test/kernel/golden.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Frame, writePcapng } from './capture.ts';
import type { ChainCounters, Count } from './counters.ts';
import { BACKENDS } from './namespace.ts';
import type { FamilyCounters, Golden, Recorded, Rules, Table } from './scenario.ts';

export const GOLDEN_FOLDER = new URL('./golden/', import.meta.url).pathname;

export const goldenPath = (name: string): string => `${GOLDEN_FOLDER}${name}.json`;

export function digest(...parts: (string | Uint8Array | undefined)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part ?? '').update('\n');
  return hash.digest('hex');
}

export const rulesDigest = (rules: Rules): string => digest(rules.ipv4, rules.ipv6);

export function captureDigest(scenario: Recorded): string {
  if (scenario.capture.kind === 'frames') return digest(writePcapng(scenario.capture.frames));
  return digest(...scenario.capture.packets.map((packet) => packet.data));
}

export function frameLine(frame: Frame): string {
  return `${frame.interface} ${frame.direction} ${Buffer.from(frame.data).toString('hex')}`;
}

export function parseFrameLine(line: string): Frame {
  const [name = '', direction, hex = ''] = line.split(' ');
  return {
    interface: name,
    direction: direction === 'out' ? 'out' : 'in',
    data: Uint8Array.from(Buffer.from(hex, 'hex')),
  };
}

/** Counters of a chain in one line: `118:11012 | 0 3:180 0`, the policy (built-in chains) and the rules. */
function printChain(chain: ChainCounters): string {
  const show = ([packets, bytes]: Count) => (packets === 0 && bytes === 0 ? '0' : `${packets}:${bytes}`);
  const policy = chain.policy === undefined ? '' : `${show(chain.policy)} `;
  return [`${policy}|`, ...chain.rules.map(show)].join(' ');
}

function parseChain(text: string): ChainCounters {
  const parse = (word: string): Count => {
    const [packets = '0', bytes = '0'] = word.split(':');
    return [Number(packets), Number(bytes)];
  };
  const [policy = '', rules = ''] = text.split('|').map((part) => part.trim());
  return {
    ...(policy === '' ? {} : { policy: parse(policy) }),
    rules: rules === '' ? [] : rules.split(' ').map(parse),
  };
}

/** What stands in the file: as Golden, the counters of a chain in one line, equal back ends once. */
type Written = Omit<Golden, 'counters' | 'table'> & {
  readonly counters: Record<string, unknown>;
  readonly table?: Record<string, Table> | undefined;
};

function mapChains(counters: unknown, change: (chain: never) => unknown): unknown {
  const map = (value: unknown, depth: number): unknown =>
    depth === 3
      ? change(value as never)
      : Object.fromEntries(
          Object.entries(value as object)
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .map(([key, inner]) => [key, map(inner, depth + 1)]),
        );
  // family, table, chain
  return map(counters, 0);
}

export function readGolden(name: string): Golden | undefined {
  const path = goldenPath(name);
  if (!existsSync(path)) return undefined;
  const written = JSON.parse(readFileSync(path, 'utf8')) as Written;
  const counters: Golden['counters'] = {};
  for (const backend of BACKENDS) {
    const found = written.counters[backend] ?? written.counters.both;
    counters[backend] = mapChains(found, parseChain) as FamilyCounters;
  }
  const { table } = written;
  const tables =
    table && Object.fromEntries(BACKENDS.map((backend) => [backend, table[backend] ?? table.both]));
  return { ...written, counters, table: tables as Golden['table'] };
}

export function writeGolden(name: string, golden: Golden): void {
  const [legacy, nft] = BACKENDS.map((backend) => mapChains(golden.counters[backend], printChain));
  const same = JSON.stringify(legacy) === JSON.stringify(nft);
  const { table } = golden;
  const alike = JSON.stringify(table?.legacy) === JSON.stringify(table?.nft);
  const written: Written = {
    ...golden,
    counters: same ? { both: legacy } : { legacy, nft },
    table: alike && table?.legacy !== undefined ? { both: table.legacy } : (table as Written['table']),
  };
  writeFileSync(goldenPath(name), `${JSON.stringify(written, null, 1)}\n`);
}

/** The scenario as the golden file holds it: the rules that both back ends took, the very frames. */
export function fromGolden(name: string, golden: Golden): Recorded | undefined {
  if (golden.rules === undefined || golden.frames === undefined) return undefined;
  return {
    name,
    rules: golden.rules,
    capture: { kind: 'frames', frames: golden.frames.map(parseFrameLine) },
  };
}
