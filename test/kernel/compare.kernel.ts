// `npm run test:kernel`: every scenario through the real netfilter, against the golden file and against wasmtables.
// WASMTABLES_RECORD=1 writes the golden files anew.

import { afterAll, describe, expect, test } from 'vitest';
import { differences } from './counters.ts';
import { readGolden, writeGolden } from './golden.ts';
import { BACKENDS, deleteHost, missing } from './namespace.ts';
import { record } from './record.ts';
import { scenarios } from './scenarios.ts';

const lacking = missing();
if (lacking.length > 0) {
  throw new Error(`the comparison with the kernel needs ${lacking.join(', ')}`);
}

afterAll(deleteHost);

describe('the real netfilter', () => {
  for (const scenario of scenarios()) {
    test(scenario.name, () => {
      const again = process.env.WASMTABLES_RECORD === '1';
      const golden = readGolden(scenario.name);
      const recorded = record(scenario, scenario.ruleSources === undefined);
      const counters = recorded.golden.counters;
      if (again) writeGolden(scenario.name, recorded.golden);
      else if (golden === undefined) throw new Error('no golden file: record with WASMTABLES_RECORD=1');
      else {
        expect(recorded.golden.rulesSha256, 'rules as recorded').toBe(golden.rulesSha256);
        expect(recorded.golden.captureSha256, 'capture as recorded').toBe(golden.captureSha256);
        BACKENDS.forEach((backend, index) => {
          for (const family of ['ipv4', 'ipv6'] as const) {
            const expected = golden.counters[backend]?.[family];
            if (expected === undefined) continue;
            const text = recorded.answers[index]?.saved[family];
            const found = counters[backend]?.[family] ?? {};
            expect(differences(expected, found, text), `kernel, ${backend}, ${family}`).toEqual([]);
          }
        });
      }
    });
  }
});
