// iptables' own test vectors (extensions/*.t): rule;what iptables-save prints;OK or FAIL.

import { existsSync, readFileSync } from 'node:fs';
import type { Family } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { type ReadOptions, readRules } from '../../src/save/read.ts';

export const VECTOR_FOLDER = new URL('../../../shared/corpus/iptables-t/extensions/', import.meta.url);
export const hasVectors = existsSync(VECTOR_FOLDER);

export interface Vector {
  readonly line: number;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  /** What iptables-save prints behind `-A CHAIN`. */
  readonly saved: string;
  readonly ok: boolean;
}

/** The vectors of one file, one for each chain. */
export function readVectors(name: string): Vector[] {
  const vectors: Vector[] = [];
  let chains: string[] = [];
  let table = 'filter';
  readFileSync(new URL(name, VECTOR_FOLDER), 'utf8')
    .split('\n')
    .forEach((text, index) => {
      if (text.startsWith(':')) {
        chains = text.slice(1).trim().split(',');
        table = 'filter';
      } else if (text.startsWith('*')) table = text.slice(1).trim();
      else if (text !== '' && !/^[#%@]/.test(text)) {
        const [rule = '', saved = '', result = ''] = text.split(';');
        for (const chain of chains) {
          const ok = result.trim() === 'OK';
          vectors.push({ line: index + 1, table, chain, rule, saved: saved === '=' ? rule : saved, ok });
        }
      }
    });
  return vectors;
}

/** What the rule prints as behind `-A CHAIN`; throws what the reader throws. */
export function save(vector: Vector, family: Family, options: Partial<ReadOptions> = {}): string {
  const text = `*${vector.table}\n-A ${vector.chain} ${vector.rule}\nCOMMIT\n`;
  const ruleSet = readRules(text, { file: 'vector', family, ...options });
  const printed = printRules(ruleSet, { backend: options.backend ?? 'legacy', counters: false });
  const line = printed.split('\n').find((one) => one.startsWith('-A ')) ?? '';
  return line.slice(`-A ${vector.chain} `.length);
}
