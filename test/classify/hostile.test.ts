// Rule sets that break naive structures: still the linear answers, within the bytes that trees may take.

import { describe, expect, test } from 'vitest';
import { drawTrace, filterRules } from '../../bench/classify/filter-set.js';
import { HOSTILE } from '../../bench/classify/hostile.js';
import { readRules } from '../../src/save/read.ts';
import type { PlacedImage } from '../../src/scan/arena.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;
const RULES = 4000;
/** Rule record and operations of these rules, trees, and what does not grow with the rules. */
const MOST_BYTES = RULES * (128 + 48 + 224) + 65536;

/** Rules without a verdict: all that hold a packet count. */
const withoutVerdicts = (rules: string): string => rules.replace(/ -j (ACCEPT|DROP)$/gm, '');

describe('sets that break naive structures', () => {
  test.each(Object.keys(HOSTILE))('%s', (name) => {
    const filters = HOSTILE[name]?.(RULES) ?? [];
    const rules4 = readRules(filterRules(filters), { file: name, family: 'ipv4' });
    const linear = new ClassifiedLane({ rules4 }, 'linear');
    const classified = new ClassifiedLane({ rules4 }, 'trees');
    const trace = drawTrace(filters, 3000, 1);
    const [expected, got] = [linear, classified].map((lane) => lane.passHeaders(trace, FORWARD));
    expect(got?.equals(expected as Buffer)).toBe(true);
    expect(classified.counters()).toEqual(linear.counters());
    expect(classified.images[0]?.rules.image.length).toBeLessThan(MOST_BYTES);
  });

  test.each(Object.keys(HOSTILE))('%s, without verdicts', (name) => {
    const filters = HOSTILE[name]?.(RULES / 4) ?? [];
    const text = withoutVerdicts(filterRules(filters));
    const rules4 = readRules(text, { file: name, family: 'ipv4' });
    const trace = drawTrace(filters, 1000, 1);
    const linear = new ClassifiedLane({ rules4 }, 'linear');
    const expected = linear.passHeaders(trace, FORWARD);
    for (const choice of ['trees', 'bit-vectors', 'auto'] as const) {
      const classified = new ClassifiedLane({ rules4 }, choice);
      expect(classified.passHeaders(trace, FORWARD).equals(expected), choice).toBe(true);
      expect(classified.counters(), choice).toEqual(linear.counters());
    }
  });

  /** A set's rules, and what the plan says of lists that could not be parted. */
  test.each([
    ['wildcards', 100_000, /^lists that no cut parts, read in order: the longest has \d{5} boxes$/],
    ['ranges', 100_000, /^lists that no cut parts, read in order: the longest has 100000 boxes$/],
    ['addresses', 60_000, undefined],
    ['prefixes', 100_000, /^lists not cut, over the budget of 22400000 bytes: \d+$/],
    ['ports', 100_000, undefined],
  ] as const)('%s, %i rules: within the budget, and the plan says what was left', (name, count, note) => {
    const filters = HOSTILE[name]?.(count) ?? [];
    const rules4 = readRules(filterRules(filters), { file: name, family: 'ipv4' });
    const classified = new ClassifiedLane({ rules4 }, 'auto');
    const [placed] = classified.images;
    const { image, chains } = (placed as PlacedImage).rules;
    expect(image.length).toBeLessThan(count * (128 + 48 + 224) + 65536);
    const plan = chains.find(({ chain }) => chain.name === 'FORWARD')?.plan;
    expect(plan?.kind).toBe('trees');
    expect(plan?.notes).toContainEqual(expect.stringMatching(/^longest leaf: \d+$/));
    expect(plan?.notes.some((line) => /over the budget|in order/.test(line))).toBe(note !== undefined);
    if (note !== undefined) expect(plan?.notes).toContainEqual(expect.stringMatching(note));
    const trace = drawTrace(filters, 60, 1);
    const linear = new ClassifiedLane({ rules4 }, 'linear');
    const [expected, got] = [linear, classified].map((lane) => lane.passHeaders(trace, FORWARD));
    expect(got?.equals(expected as Buffer)).toBe(true);
    expect(classified.counters()).toEqual(linear.counters());
  });
});
