import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import { findMatch, findTarget } from '../../src/extension/index.ts';
import type { Family, Rule } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';

function read(rule: string, family: Family, place: string): { rule: Rule; saved: string } {
  const [table = '', chain = ''] = place.split(' ');
  const text = `${table}\n-A ${chain} ${rule.replaceAll("'", '"')}\nCOMMIT\n`;
  const ruleSet = readRules(text, { file: 'listing.t', family });
  const [first] = ruleSet.tables[0]?.chains.find(({ name }) => name === chain)?.rules ?? [];
  const printed = printRules(ruleSet, { backend: 'legacy', counters: false }).split('\n');
  const line = printed.find((one) => one.startsWith(`-A ${chain} `)) ?? '';
  return { rule: first as Rule, saved: line.slice(`-A ${chain} `.length) };
}

/** The words behind the addresses in `iptables -L -v -n`. */
function listed(rule: Rule, family: Family): string {
  const context = { family, backend: 'legacy', rule } as const;
  const words = rule.matches.map(({ name, options }) => findMatch(name, family)?.list?.(options, context));
  const { target } = rule;
  if (target?.kind === 'extension')
    words.push(findTarget(target.name, family)?.list?.(target.options, context));
  return words.join(' ').trimEnd();
}

describe('what iptables 1.8.9 printed', () => {
  const lines = readFileSync(new URL('listing.t', import.meta.url), 'utf8').split('\n');
  let current = '*mangle FORWARD';
  for (const line of lines) {
    if (line.startsWith('*')) current = line;
    if (line === '' || /^[#*]/.test(line)) continue;
    const place = current;
    const [version, rule = '', saved = '', list = ''] = line.split(';');
    const family: Family = version === '4' ? 'ipv4' : 'ipv6';
    it(`${family} ${rule}`, () => {
      if (saved === 'FAIL') {
        expect(() => read(rule, family, place)).toThrow(WasmtablesError);
        return;
      }
      const read1 = read(rule, family, place);
      expect(read1.saved).toBe(saved);
      expect(listed(read1.rule, family)).toBe(list.trimEnd());
      expect(read(read1.saved, family, place).saved).toBe(saved);
    });
  }
});
