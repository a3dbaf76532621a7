import { describe, expect, it } from 'vitest';
import { WasmtablesErrors } from '../../src/error.ts';
import * as extensions from '../../src/extension/index.ts';
import { accept, drop, jump, ruleSet } from '../../src/model/builder.ts';
import type { Backend } from '../../src/model/ruleset.ts';
import { validateRuleSet, validateTable } from '../../src/model/validate.ts';
import { readRules } from '../../src/save/read.ts';

/** Codes and messages of what the reader refuses. */
function refused(rules: string, backend: Backend = 'legacy', table = 'filter'): string[] {
  try {
    readRules(`*${table}\n${rules}\nCOMMIT\n`, { file: 'x', backend });
  } catch (error) {
    if (error instanceof WasmtablesErrors) return error.errors.map((one) => `${one.code} ${one.message}`);
    throw error;
  }
  return [];
}

const chains = (...names: string[]): string => names.map((name) => `:${name} - [0:0]\n`).join('');

// Each of these was asked of Linux 6.18 with both back ends.
describe('loops', () => {
  it('are refused when a hook reaches them', () => {
    const loop = `${chains('a', 'b')}-A a -j b\n-A b -j a\n`;
    expect(refused(loop)).toEqual([]);
    expect(refused(loop, 'nft')).toEqual([]);
    expect(refused(`${loop}-A INPUT -j a`)).toEqual(['LOOP this rule closes a loop: a -> b -> a']);
    expect(refused(`${loop}-A INPUT -j a\n-A OUTPUT -j b`, 'nft')).toHaveLength(2);
    expect(refused(`${chains('a')}-A a -g a\n-A INPUT -j a`)).toEqual([
      'LOOP this rule closes a loop: a -> a',
    ]);
  });
  it('behind an unconditional verdict are seen by nft only', () => {
    const rules = `${chains('a')}-A a -j RETURN\n-A a -j a\n-A INPUT -j a`;
    expect(refused(rules)).toEqual([]);
    expect(refused(rules, 'nft')).toHaveLength(1);
  });
  it('are not seen where two ways lead to one chain', () => {
    expect(refused(`${chains('a', 'b', 'c')}-A INPUT -j a\n-A INPUT -j b\n-A a -j c\n-A b -j c`)).toEqual([]);
  });
});

describe('depth', () => {
  const deep = (count: number): string => {
    const names = Array.from({ length: count }, (_, index) => `c${index}`);
    const jumps = names.slice(1).map((name, index) => `-A c${index} -j ${name}\n`);
    return `${chains(...names)}${jumps.join('')}-A INPUT -j c0`;
  };
  it('is at most 16 chains with nft', () => {
    expect(refused(deep(15), 'nft')).toEqual([]);
    expect(refused(deep(16), 'nft')).toEqual(['LIMIT jumps from INPUT go more than 16 chains deep']);
    expect(refused(deep(16))).toEqual([]);
  });
  it('does not use up the stack', () => {
    expect(refused(deep(20_000))).toEqual([]);
  });
});

describe('what is legal where', () => {
  it('a protocol match needs its protocol', () => {
    expect(refused('-A INPUT -m tcp --dport 80')).toEqual(['BAD_RULE match tcp needs `-p tcp`']);
    expect(refused('-A INPUT ! -p tcp -m tcp --dport 80')).toEqual(['BAD_RULE match tcp needs `-p tcp`']);
  });
  it('a target keeps to its tables', () => {
    expect(refused('-A FORWARD -j REJECT', 'legacy', 'mangle')).toEqual([
      'BAD_RULE target REJECT cannot be used in the table mangle',
    ]);
  });
  it('hooks are followed through jumps', () => {
    const match = {
      ...extensions.findMatch('comment', 'ipv4'),
      name: 'inbound',
      hooks: ['PREROUTING', 'INPUT'] as const,
    } as unknown as NonNullable<ReturnType<typeof extensions.findMatch>>;
    const table = { findMatch: () => match, findTarget: () => undefined };
    const check = (from: 'INPUT' | 'OUTPUT', backend: Backend, before: boolean): number => {
      const built = ruleSet('ipv4').table('filter', (filter) => {
        filter.chain('a').rule(from, { target: jump('a') });
        if (before) filter.rule('a', { target: accept });
        filter.rule('a', { matches: [{ name: 'inbound', options: {} }] });
      });
      return validateRuleSet(built.build(), { backend, extensions: table }).length;
    };
    expect(check('INPUT', 'legacy', false)).toBe(0);
    expect(check('OUTPUT', 'legacy', false)).toBe(1);
    expect(check('OUTPUT', 'legacy', true)).toBe(0);
    expect(check('OUTPUT', 'nft', true)).toBe(1);
  });
  it('tells which hooks reach a chain', () => {
    const { tables } = ruleSet('ipv4')
      .table('filter', (filter) => {
        filter
          .chain('a')
          .chain('b')
          .rule('INPUT', { target: jump('a') })
          .rule('FORWARD', { target: jump('a') });
        filter.rule('a', { target: jump('b') });
      })
      .build();
    const [table] = tables;
    if (table === undefined) throw new Error('no table');
    const facts = validateTable(table, { family: 'ipv4', backend: 'legacy', extensions });
    expect(facts.errors).toEqual([]);
    expect([...(facts.hooks.get('b') ?? [])]).toEqual(['INPUT', 'FORWARD']);
  });
  it('checks what a builder made', () => {
    const built = ruleSet('ipv6').table('nat', (nat) => {
      nat
        .rule('PREROUTING', { target: drop })
        .rule('PREROUTING', { out: 'eth0' })
        .rule('POSTROUTING', { in: 'eth0' })
        .rule('OUTPUT', { target: jump('nowhere') })
        .rule('OUTPUT', { target: jump('INPUT') })
        .rule('OUTPUT', { fragment: true });
    });
    expect(
      validateRuleSet(built.build(), { backend: 'legacy', extensions }).map((one) => one.message),
    ).toEqual([
      'DROP cannot be used in the table nat',
      '`-o` cannot be used in PREROUTING',
      'the table nat has no chain `nowhere`',
      'a rule cannot jump to the built-in chain INPUT',
      '`-f` is not there in IPv6',
      '`-i` cannot be used in POSTROUTING',
    ]);
  });
});
