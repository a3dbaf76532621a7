import { describe, expect, it } from 'vitest';
import {
  accept,
  drop,
  jump,
  match,
  not,
  printRules,
  ruleSet,
  target,
  WasmtablesError,
} from '../../src/index.ts';

describe("the library's builder", () => {
  it('takes matches and targets by name', () => {
    const rules = ruleSet('ipv4')
      .table('filter', (filter) => {
        filter
          .policy('INPUT', 'DROP')
          .chain('web')
          .rule('INPUT', { in: 'lo', target: accept })
          .rule('INPUT', { protocol: 'tcp', matches: [match('tcp', { dport: 80 })], target: jump('web') })
          .rule('web', { target: target('LOG', { 'log-prefix': 'web ' }) })
          .rule('web', { source: not('10.0.0.0/8'), target: drop });
      })
      .build();
    expect(printRules(rules).split('\n')).toEqual([
      '*filter',
      ':INPUT DROP [0:0]',
      ':FORWARD ACCEPT [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ':web - [0:0]',
      '-A INPUT -i lo -j ACCEPT',
      '-A INPUT -p tcp -m tcp --dport 80 -j web',
      '-A web -j LOG --log-prefix "web "',
      '-A web ! -s 10.0.0.0/8 -j DROP',
      'COMMIT',
      '',
    ]);
  });

  it.each([
    [
      'UNKNOWN_MATCH',
      () => ruleSet('ipv4').table('raw', (t) => t.rule('OUTPUT', { matches: [match('hl')] })),
    ],
    ['UNKNOWN_TARGET', () => ruleSet('ipv6').table('raw', (t) => t.rule('OUTPUT', { target: target('NO') }))],
  ])('refuses what the family does not have: %s', (code, build) => {
    expect(build).toThrow(expect.objectContaining({ code }) as WasmtablesError);
    expect(build).toThrow(WasmtablesError);
  });
});
