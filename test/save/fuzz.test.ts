// Mutated rule text: whatever stands in it, the reader answers with a rule set or with WasmtablesErrors.
//
// WASMTABLES_RUNS chooses how many texts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WasmtablesErrors } from '../../src/error.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { mutated } from './mutated.ts';

const runs = Number(process.env.WASMTABLES_RUNS ?? 600);

describe('mutated rule text', () => {
  it.each(['refuse', 'keep'] as const)('is read or refused (%s)', (unknown) => {
    fc.assert(
      fc.property(mutated, fc.constantFrom('ipv4', 'ipv6', undefined), (text, family) => {
        try {
          const ruleSet = readRules(text, { file: 'fuzz', family, unknown });
          const printed = printRules(ruleSet, { backend: 'legacy', counters: true });
          const again = readRules(printed, {
            file: 'printed',
            family: ruleSet.family,
            backend: 'nft',
            unknown,
          });
          expect(printRules(again, { backend: 'legacy', counters: true })).toBe(printed);
        } catch (error) {
          if (!(error instanceof WasmtablesErrors)) throw error;
          for (const one of error.errors) {
            expect(one.place?.column).toBeGreaterThan(0);
            one.format();
          }
        }
      }),
      { seed: 20_251_123, numRuns: runs },
    );
  });

  it('does not take long, however long it is', () => {
    const long = 'x'.repeat(4 << 20);
    for (const text of [
      `*filter\n-A INPUT ${long}\nCOMMIT\n`,
      `*filter\n${' '.repeat(4 << 20)}-A INPUT\nCOMMIT\n`,
      `#${long}\n*filter\nCOMMIT\n`,
      `*${long}\n`,
      long,
      '\n'.repeat(4 << 20),
      '*filter\nCOMMIT\n'.repeat(50_000),
      `*filter\n${'-I INPUT -s 1.2.3.4\n'.repeat(50_000)}COMMIT\n`,
      `*filter\n-A INPUT\n${'-I INPUT 2\n-D INPUT 1\n'.repeat(20_000)}COMMIT\n`,
      `*filter\n${'-A INPUT\n'.repeat(20_000)}${'-Z\n'.repeat(20_000)}COMMIT\n`,
    ]) {
      try {
        readRules(text, { file: 'long' });
      } catch (error) {
        if (!(error instanceof WasmtablesErrors)) throw error;
        expect(error.format().length).toBeLessThan(1_000_000);
      }
    }
  });
});
