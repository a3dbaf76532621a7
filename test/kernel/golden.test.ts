// What the kernel counted, as recorded, against wasmtables: the comparison where there is no root.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpusIsThere } from './corpus.ts';
import { compare, compareTables, interpret, scanCapture } from './evaluate.ts';
import { captureDigest, fromGolden, GOLDEN_FOLDER, readGolden, rulesDigest } from './golden.ts';
import { BACKENDS } from './namespace.ts';
import type { Golden, Recorded } from './scenario.ts';
import { corpusScenarios } from './scenarios.ts';

const names = readdirSync(GOLDEN_FOLDER).map((file) => file.replace(/\.json$/, ''));
const corpus = new Map(corpusScenarios().map((scenario) => [scenario.name, scenario]));

describe('the kernel as recorded', () => {
  for (const name of names) {
    const golden = readGolden(name) as Golden;
    const scenario: Recorded | undefined = fromGolden(name, golden) ?? corpus.get(name);
    // Scenarios of the corpus need ../shared/corpus.
    test.skipIf(scenario === undefined && !corpusIsThere())(name, async () => {
      if (scenario === undefined) throw new Error('no such scenario any more: delete its golden file');
      expect(rulesDigest(scenario.rules), 'rules as recorded').toBe(golden.rulesSha256);
      expect(captureDigest(scenario), 'capture as recorded').toBe(golden.captureSha256);
      const { rules, capture } = scenario;
      for (const backend of BACKENDS) {
        const expected = golden.counters[backend];
        const reference = interpret(golden.host, rules, capture, backend);
        const differs = [
          ...compare(expected, reference),
          ...compareTables(golden.table?.[backend], reference),
        ];
        expect(differs, `reference, ${backend}`).toEqual([]);
        const scanned = await scanCapture(golden.host, rules, capture, backend);
        expect(compare(expected, scanned), `scan, ${backend}`).toEqual([]);
        expect(compareTables(golden.table?.[backend], scanned), `scan, ${backend}`).toEqual([]);
      }
    });
  }
});
