// What the kernel counted, as recorded, against wasmtables: the comparison where there is no root.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpusIsThere } from './corpus.ts';
import { differences } from './counters.ts';
import { interpret } from './evaluate.ts';
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
    test.skipIf(scenario === undefined && !corpusIsThere())(name, () => {
      if (scenario === undefined) throw new Error('no such scenario any more: delete its golden file');
      expect(rulesDigest(scenario.rules), 'rules as recorded').toBe(golden.rulesSha256);
      expect(captureDigest(scenario), 'capture as recorded').toBe(golden.captureSha256);
      for (const backend of BACKENDS) {
        const answer = interpret(golden.host, scenario.rules, scenario.capture, backend);
        for (const family of ['ipv4', 'ipv6'] as const) {
          const expected = golden.counters[backend]?.[family];
          if (expected === undefined) continue;
          const found = differences(expected, answer.counters[family] ?? {}, answer.text[family]);
          expect(found, `interpreter, ${backend}, ${family}`).toEqual([]);
        }
      }
    });
  }
});
