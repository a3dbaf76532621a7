import { describe, expect, it } from 'vitest';
import { WasmtablesError } from '../../src/error.ts';
import type { MatchExtension, TargetExtension } from '../../src/extension/extension.ts';
import { findMatch, findTarget } from '../../src/extension/index.ts';
import { accept, drop, goto, jump, leave, match, not, ruleSet, target } from '../../src/model/builder.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';

const the = (name: string): MatchExtension => findMatch(name, 'ipv4') as MatchExtension;
const to = (name: string): TargetExtension => findTarget(name, 'ipv4') as TargetExtension;

/** The model without places. */
function bare(model: RuleSet): unknown {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    const entries = Object.entries(value).filter(([key, one]) => key !== 'place' && one !== undefined);
    return Object.fromEntries(entries.map(([key, one]) => [key, copy(one)]));
  };
  return copy(model);
}

describe('the builder', () => {
  it('makes the model that the text gives', () => {
    const built = ruleSet('ipv4')
      .table('filter', (filter) => {
        filter
          .policy('INPUT', 'DROP', { packets: 5n, bytes: 6n })
          .chain('web')
          .chain('rest')
          .rule('INPUT', { in: 'lo', target: accept })
          .rule('INPUT', {
            source: not('10.0.0.0/8'),
            destination: '192.168.1.77/255.255.255.0',
            protocol: 'tcp',
            in: not('eth+'),
            matches: [match(the('tcp'), { dport: 80, 'tcp-flags': not(['SYN,ACK', 'SYN']) })],
            target: jump('web'),
            counters: { packets: 1n, bytes: 2n },
          })
          .rule('INPUT', { fragment: true, target: drop })
          .rule('INPUT', { fragment: not(true), protocol: not(17) })
          .rule('FORWARD', { source: '0.0.0.0/0', in: '+', out: 'eth1', protocol: 'all' })
          .rule('web', {
            protocol: 'udp',
            matches: [
              match(the('multiport'), { dports: [53, '67:68'] }),
              match(the('comment'), { comment: 'a b' }),
            ],
            target: target(to('LOG'), { 'log-prefix': 'web: ' }),
          })
          .rule('web', { target: goto('rest') })
          .rule('rest', { target: leave });
      })
      .table('mangle', (mangle) => {
        mangle.rule('PREROUTING', { target: target(to('MARK'), { 'set-mark': '1/255' }) });
      })
      .build();
    const text = `*filter
:INPUT DROP [5:6]
:web - [0:0]
:rest - [0:0]
-A INPUT -i lo -j ACCEPT
[1:2] -A INPUT ! -s 10.0.0.0/8 -d 192.168.1.0/24 ! -i eth+ -p tcp -m tcp --dport 80 ! --tcp-flags SYN,ACK SYN -j web
-A INPUT -f -j DROP
-A INPUT ! -f ! -p udp
-A FORWARD -o eth1
-A web -p udp -m multiport --dports 53,67:68 -m comment --comment "a b" -j LOG --log-prefix "web: "
-A web -g rest
-A rest -j RETURN
COMMIT
*mangle
-A PREROUTING -j MARK --set-mark 1/255
COMMIT
`;
    expect(bare(built)).toEqual(bare(readRules(text, { file: 'x' })));
  });

  it('takes matches of the model as they are', () => {
    const options = { comment: 'x' };
    const built = ruleSet('ipv6', { backend: 'nft' })
      .table('raw', (raw) =>
        raw.rule('OUTPUT', { source: 'fe80::/10', matches: [{ name: 'comment', options }] }),
      )
      .build();
    expect(built.backend).toBe('nft');
    expect(built.tables[0]?.chains[1]?.rules[0]?.matches).toEqual([{ name: 'comment', options }]);
  });

  it.each([
    ['BAD_CHAIN', () => ruleSet('ipv4').table('filter', (t) => t.rule('web', {}))],
    ['BAD_CHAIN', () => ruleSet('ipv4').table('filter', (t) => t.policy('PREROUTING', 'DROP'))],
    ['BAD_CHAIN', () => ruleSet('ipv4').table('filter', (t) => t.chain('a').chain('a'))],
    ['BAD_CHAIN', () => ruleSet('ipv4').table('filter', (t) => t.chain('a b'))],
    ['BAD_VALUE', () => ruleSet('ipv4').table('filter', (t) => t.rule('INPUT', { source: '::1' }))],
    ['BAD_VALUE', () => ruleSet('ipv4').table('filter', (t) => t.rule('INPUT', { protocol: 'foo' }))],
    ['BAD_VALUE', () => ruleSet('ipv4').table('filter', (t) => t.rule('INPUT', { in: 'aaaaaaaaaaaaaaaa' }))],
    [
      'UNKNOWN_OPTION',
      () =>
        ruleSet('ipv4').table('filter', (t) =>
          t.rule('INPUT', { protocol: 'tcp', matches: [match(the('tcp'), { port: 80 })] }),
        ),
    ],
    [
      'BAD_VALUE',
      () =>
        ruleSet('ipv4').table('filter', (t) =>
          t.rule('INPUT', { protocol: 'tcp', matches: [match(the('tcp'), { dport: 'no-such-service' })] }),
        ),
    ],
    [
      'BAD_VALUE',
      () =>
        ruleSet('ipv4').table('filter', (t) =>
          t.rule('INPUT', { protocol: 'tcp', matches: [match(the('tcp'), { syn: 1 })] }),
        ),
    ],
  ] as const)('refuses what iptables refuses: %s', (code, work) => {
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(WasmtablesError);
    expect((thrown as WasmtablesError).code).toBe(code);
  });
});
