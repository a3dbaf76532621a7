// Classified = linear at every bound of every rule and one off, for rules made to overlap; and on published filter sets.

import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawTrace, type Filter, filterRules, readFilterSet } from '../../bench/classify/filter-set.js';
import type { ClassifierChoice } from '../../src/compile/classify/choose.ts';
import * as Header from '../../src/layout/header.ts';
import { readRules } from '../../src/save/read.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;

/** Few bits decide, at the top, in the middle and at the bottom of an address, so that prefixes of all lengths nest. */
const address = fc
  .tuple(fc.constantFrom(0, 10, 192, 255), fc.constantFrom(0, 1, 128), fc.constantFrom(0, 255), fc.nat(3))
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
const prefix = fc
  .tuple(address, fc.oneof(fc.constantFrom(0, 8, 16, 24, 32, 32), fc.nat(32)))
  .map(([value, length]): [number, number] => [
    length === 0 ? 0 : (value & (0xffffffff << (32 - length))) >>> 0,
    length,
  ]);
const port = fc.oneof(fc.constantFrom(0, 1, 53, 80, 1023, 1024, 65534, 65535), fc.nat(65535));
const ports = fc.oneof(
  fc.constant<[number, number]>([0, 65535]),
  port.map((one): [number, number] => [one, one]),
  fc.tuple(port, port).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]),
);
const filter: fc.Arbitrary<Filter> = fc
  .tuple(prefix, prefix, ports, ports, fc.constantFrom(0, 1, 6, 6, 17, 17, 47))
  .map(([[src, srcLength], [dst, dstLength], sport, dport, proto]) => ({
    src,
    srcLength,
    dst,
    dstLength,
    sport,
    dport,
    proto,
  }));

/** Targets that end the walk and targets that do not, by rule number. */
function rulesOf(filters: readonly Filter[]): string {
  const targets = ['-j ACCEPT', '', '-j sub', '-j DROP', '-j MARK --set-mark 1', '-g sub', ''];
  let rule = 0;
  return filterRules(filters)
    .replace(/-j (ACCEPT|DROP)$/gm, () => targets[rule++ % targets.length] as string)
    .replace('*filter\n', '*filter\n:sub - [0:0]\n')
    .replace('COMMIT', '-A sub -p tcp -j RETURN\n-A sub -s 10.0.0.0/8 -j DROP\n-A sub\nCOMMIT');
}

/** Headers at the bounds of rules: each field at a bound or one off, the others inside. */
function bounds(filters: readonly Filter[]): Uint8Array {
  const headers: number[][] = [];
  for (const { src, srcLength, dst, dstLength, sport, dport, proto } of filters) {
    const last = (value: number, length: number): number => value + 2 ** (32 - length) - 1;
    const inside = [src, dst, sport[0], dport[0], proto === 0 ? 6 : proto];
    const edges = [
      [src - 1, src, last(src, srcLength), last(src, srcLength) + 1],
      [dst - 1, dst, last(dst, dstLength), last(dst, dstLength) + 1],
      [sport[0] - 1, sport[1], sport[1] + 1],
      [dport[0] - 1, dport[1], dport[1] + 1],
      [proto - 1, proto + 1, 6, 17],
    ];
    edges.forEach((values, field) => {
      for (const value of values) headers.push(inside.with(field, value));
    });
  }
  const view = new DataView(new ArrayBuffer(headers.length * Header.BYTES));
  headers.forEach(([src = 0, dst = 0, sport = 0, dport = 0, proto = 0], index) => {
    const at = index * Header.BYTES;
    const hasPorts = proto === 6 || proto === 17;
    view.setUint32(at + Header.SRC, src, true);
    view.setUint32(at + Header.DST, dst, true);
    view.setUint16(at + Header.SPORT, hasPorts ? sport : 0, true);
    view.setUint16(at + Header.DPORT, hasPorts ? dport : 0, true);
    view.setUint8(at + Header.PROTO, proto);
    view.setUint16(at + Header.LENGTH, 60 + (index % 100), true);
  });
  return new Uint8Array(view.buffer);
}

function lanes(text: string, choices: readonly ClassifierChoice[]): ClassifiedLane[] {
  const rules4 = readRules(text, { file: 'bounds', family: 'ipv4' });
  return choices.map((choice) => new ClassifiedLane({ rules4 }, choice));
}

function expectSame(all: readonly ClassifiedLane[], headers: Uint8Array): void {
  const [linear, ...others] = all.map((lane) => ({ answers: lane.passHeaders(headers, FORWARD), lane }));
  for (const { answers, lane } of others) {
    expect(answers.equals(linear?.answers ?? Buffer.alloc(0))).toBe(true);
    expect(lane.counters()).toEqual(linear?.lane.counters());
  }
}

describe('bounds', () => {
  test.each([
    [40, 60, 1],
    [600, 8, 2],
  ])('up to %i rules', (maxLength, numRuns, seed) => {
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength, size: 'max' }), (filters) => {
        expectSame(lanes(rulesOf(filters), ['linear', 'bit-vectors', 'trees']), bounds(filters));
      }),
      { numRuns, seed },
    );
  });
});

const FOLDER = new URL('../../../shared/corpus/classbench/', import.meta.url).pathname;
/** Set and packets: the linear walk is what takes the time. */
const SETS: readonly (readonly [name: string, packets: number])[] = [
  ['acl1_1k', 50_000],
  ['acl3_1k', 20_000],
  ['fw1_1k', 50_000],
  ['fw3_1k', 20_000],
  ['ipc1_1k', 50_000],
  ['acl1_10k', 10_000],
  ['acl3_10k', 5_000],
  ['fw1_10k', 10_000],
  ['fw3_10k', 5_000],
  ['ipc1_10k', 10_000],
  ['fw1_100k', 100],
];

describe.skipIf(!existsSync(FOLDER))('published filter sets (../shared/corpus/classbench)', () => {
  test.each(SETS)('%s', (name, packets) => {
    const filters = readFilterSet(`${FOLDER}${name}.gz`);
    const choices: ClassifierChoice[] =
      filters.length > 5000 ? ['linear', 'auto'] : ['linear', 'auto', 'bit-vectors'];
    const all = lanes(filterRules(filters), choices);
    expect([...(all[1] as ClassifiedLane).kinds]).toContain('trees');
    expectSame(all, drawTrace(filters, packets, 1));
  });
});
