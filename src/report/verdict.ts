// What users read for the numbers of src/layout/verdict.ts.

import * as Verdict from '../layout/verdict.ts';

/** In the order in which the summary lists them. */
export const VERDICT_NAMES = [
  'ACCEPT',
  'DROP',
  'REJECT',
  'QUEUE',
  'LOST',
  'FRAGMENT',
  'UNKNOWN',
  'SKIP',
] as const;

export type VerdictName = (typeof VERDICT_NAMES)[number];

const BY_NUMBER: readonly (VerdictName | undefined)[] = (() => {
  const names: (VerdictName | undefined)[] = Array(Verdict.COUNT).fill(undefined);
  names[Verdict.DROP] = 'DROP';
  names[Verdict.ACCEPT] = 'ACCEPT';
  names[Verdict.QUEUE] = 'QUEUE';
  names[Verdict.REJECT] = 'REJECT';
  names[Verdict.LOST] = 'LOST';
  names[Verdict.FRAGMENT] = 'FRAGMENT';
  names[Verdict.UNKNOWN] = 'UNKNOWN';
  names[Verdict.SKIP] = 'SKIP';
  return names;
})();

/** Name of a verdict number. Throws RangeError for a number that is none. */
export function verdictName(verdict: number): VerdictName {
  const name = BY_NUMBER[verdict];
  if (name === undefined) throw new RangeError(`${verdict} is not a verdict`);
  return name;
}

/** Number of a verdict name, in any case; undefined when there is no such verdict. */
export function verdictNumber(name: string): number | undefined {
  const number = BY_NUMBER.indexOf(name.toUpperCase() as VerdictName);
  return number < 0 ? undefined : number;
}

/** One entry a verdict, each made by `value`. */
export function perVerdict<T>(value: (name: VerdictName, number: number) => T): Record<VerdictName, T> {
  return Object.fromEntries(
    VERDICT_NAMES.map((name) => [name, value(name, BY_NUMBER.indexOf(name))]),
  ) as Record<VerdictName, T>;
}
