import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import { hasVectors, readVectors, save } from './vector.ts';

// Without `../shared/corpus` beside the project there is nothing to read: the suite is then skipped.
describe.skipIf(!hasVectors)('iptables own vectors', () => {
  const FILES = [
    ['iptables.t', 'ipv4'],
    ['iptables.t', 'ipv6'],
    ['libxt_standard.t', 'ipv4'],
    ['libxt_standard.t', 'ipv6'],
    ['libipt_standard.t', 'ipv4'],
    ['libip6t_standard.t', 'ipv6'],
  ] as const;
  for (const [file, family] of FILES) {
    it(`${file} as ${family}`, () => {
      for (const vector of readVectors(file)) {
        const where = `${file}:${vector.line} ${vector.chain}`;
        if (vector.ok) expect(save(vector, family), where).toBe(vector.saved);
        else expect(() => save(vector, family), where).toThrow(WasmtablesError);
      }
    });
  }
});
