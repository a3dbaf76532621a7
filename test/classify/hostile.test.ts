// Rule sets that break naive structures: still the linear answers, within the bytes that trees may take.

import { describe, expect, test } from 'vitest';
import { drawTrace, filterRules } from '../../bench/classify/filter-set.js';
import { HOSTILE } from '../../bench/classify/hostile.js';
import { readRules } from '../../src/save/read.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;
const RULES = 4000;
/** Rule record and operations of these rules, trees, and what does not grow with the rules. */
const MOST_BYTES = RULES * (128 + 48 + 224) + 65536;

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
});
