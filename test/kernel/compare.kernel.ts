// `npm run test:kernel`: every scenario through the real netfilter, against the golden file and against wasmtables.
// WASMTABLES_RECORD=1 writes the golden files anew.

import { afterAll, describe, expect, test } from 'vitest';
import { compare, compareTables, scanCapture } from './evaluate.ts';
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
    test(scenario.name, async () => {
      const golden = readGolden(scenario.name);
      const recorded = record(scenario, scenario.ruleSources === undefined);
      const { counters, host } = recorded.golden;
      if (process.env.WASMTABLES_RECORD === '1') writeGolden(scenario.name, recorded.golden);
      else if (golden === undefined) throw new Error('no golden file: record with WASMTABLES_RECORD=1');
      else {
        expect(recorded.golden.rulesSha256, 'rules as recorded').toBe(golden.rulesSha256);
        expect(recorded.golden.captureSha256, 'capture as recorded').toBe(golden.captureSha256);
      }
      for (const [index, backend] of BACKENDS.entries()) {
        const { saved = {}, table = [] } = recorded.answers[index] ?? {};
        const kernel = { counters: counters[backend] ?? {}, text: saved, table };
        expect(compare(golden?.counters[backend], kernel), `kernel, ${backend}`).toEqual([]);
        expect(compareTables(golden?.table?.[backend], kernel), `kernel's table, ${backend}`).toEqual([]);
        for (const linear of backend === 'legacy' ? [false, true] : [false]) {
          const scanned = await scanCapture(host, recorded.rules, scenario.capture, backend, linear);
          const name = `scan, ${backend}${linear ? ', linear' : ''}`;
          expect(compare(counters[backend], scanned), name).toEqual([]);
          expect(compareTables(table, scanned), name).toEqual([]);
        }
      }
    });
  }
});
