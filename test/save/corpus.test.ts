import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type WasmtablesError, WasmtablesErrors } from '../../src/error.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';

const FOLDER = new URL('../../../shared/corpus/rules/', import.meta.url);
const hasCorpus = existsSync(FOLDER);

function files(): string[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) =>
      readdirSync(new URL(`${folder.name}/`, FOLDER)).map((name) => `${folder.name}/${name}`),
    )
    .sort();
}

function read(file: string, text: string, unknown: 'refuse' | 'keep'): RuleSet | readonly WasmtablesError[] {
  try {
    return readRules(text, { file, unknown });
  } catch (error) {
    if (error instanceof WasmtablesErrors) return error.errors;
    throw error;
  }
}

// Without `../shared/corpus` beside the project there is nothing to read: the suite is then skipped.
describe.skipIf(!hasCorpus)('real rule files', () => {
  it('print what they print when they are read again', () => {
    let whole = 0;
    for (const file of hasCorpus ? files() : []) {
      const text = readFileSync(new URL(file, FOLDER), 'utf8');
      const ruleSet = read(file, text, 'keep');
      if (!('tables' in ruleSet)) continue;
      whole++;
      for (const backend of ['legacy', 'nft'] as const) {
        const printed = printRules(ruleSet, { backend, counters: true });
        const again = readRules(printed, { file, family: ruleSet.family, unknown: 'keep' });
        expect(printRules(again, { backend, counters: true }), file).toBe(printed);
      }
    }
    // iptables-restore itself refuses 72 of the 272: output of `iptables -S`, templates, several files in one,
    // host names, parts that use chains of another file. Asked once; the answers agree file by file.
    expect(whole).toBeGreaterThanOrEqual(195);
  });

  it('have errors about unknown extensions only, unless iptables-restore refuses them too', () => {
    const bad: string[] = [];
    for (const file of hasCorpus ? files() : []) {
      const text = readFileSync(new URL(file, FOLDER), 'utf8');
      const errors = read(file, text, 'refuse');
      if (!('tables' in errors)) {
        const others = errors.filter((one) => one.code !== 'UNKNOWN_MATCH' && one.code !== 'UNKNOWN_TARGET');
        if (others.length > 0) bad.push(file);
        for (const error of errors) {
          expect(error.place?.line, file).toBeGreaterThan(0);
          expect(error.format()).toContain('^');
        }
      }
    }
    expect(bad.length).toBeLessThanOrEqual(76);
  });
});
