import { describe, expect, it } from 'vitest';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { REASON_NAMES, REASON_TEXT, reasonName } from '../../src/report/reason.ts';
import { bytesText, columns, durationText, epochText, grouped, rateText } from '../../src/report/text.ts';
import { VERDICT_NAMES, verdictName, verdictNumber } from '../../src/report/verdict.ts';

describe('names of numbers', () => {
  it('every reason of the layout has the name that follows from its constant', () => {
    const constants = Object.entries(Reason).filter(([name]) => name !== 'COUNT');
    expect(REASON_NAMES.length).toBe(Reason.COUNT);
    for (const [constant, number] of constants) {
      expect(reasonName(number)).toBe(constant.toLowerCase().replaceAll('_', '-'));
    }
    expect(Object.keys(REASON_TEXT)).toEqual([...REASON_NAMES]);
    expect(() => reasonName(Reason.COUNT)).toThrow(RangeError);
  });

  it('every verdict of the layout has its name, both ways', () => {
    for (const [constant, number] of Object.entries(Verdict)) {
      if (constant === 'COUNT') continue;
      expect(verdictName(number)).toBe(constant);
      expect(verdictNumber(constant.toLowerCase())).toBe(number);
      expect(VERDICT_NAMES).toContain(constant);
    }
    expect(() => verdictName(2)).toThrow(RangeError);
    expect(verdictNumber('STOLEN')).toBeUndefined();
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567n, '1,234,567'],
  ])('%s grouped is %s', (value, text) => expect(grouped(value)).toBe(text));

  it.each([
    [999, '999 bytes'],
    [1000, '1.00 kB'],
    [999_700, '1.00 MB'],
    [3_421_000_000, '3.42 GB'],
  ])('%s bytes are %s', (value, text) => expect(bytesText(value)).toBe(text));

  it.each([
    [0, '0'],
    [Number.POSITIVE_INFINITY, '0'],
    [7, '7'],
    [12_345, '12,300'],
    [12_345_678, '12.3 million'],
  ])('%s a second is %s', (value, text) => expect(rateText(value)).toBe(text));

  it.each([
    [0.123, '0.12 s'],
    [59.94, '59.9 s'],
    [63, '1 min 03 s'],
    [7500, '2 h 05 min'],
  ])('%s seconds are %s', (value, text) => expect(durationText(value)).toBe(text));

  it('nanoseconds since 1970 have nine decimals', () =>
    expect(epochText(1_700_000_000_000_000_042n)).toBe('1700000000.000000042'));

  it('columns line up', () =>
    expect(
      columns(
        [
          ['a', '1', 'x'],
          ['bbb', '22', 'yy'],
        ],
        [false, true],
      ),
    ).toEqual(['a     1  x', 'bbb  22  yy']));
});
