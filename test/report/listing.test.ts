import { describe, expect, it } from 'vitest';
import { parseAddress, prefixMask } from '../../src/model/address.ts';
import type {
  AddressMask,
  Chain,
  Counters,
  Family,
  Negatable,
  Rule,
  RuleSet,
} from '../../src/model/ruleset.ts';
import { type ListingOptions, listTable } from '../../src/report/listing.ts';

const none: Counters = { packets: 0n, bytes: 0n };

function network(text: string, invert = false): Negatable<AddressMask> {
  const [address = '', mask = ''] = text.split('/');
  const bytes = parseAddress(address) as Uint8Array;
  const size = bytes.length as 4 | 16;
  const length = mask === '' ? size * 8 : Number(mask);
  const maskBytes = Number.isNaN(length) ? (parseAddress(mask) as Uint8Array) : prefixMask(length, size);
  return { value: { address: bytes, mask: maskBytes }, invert };
}

function rule(parts: Partial<Rule>): Rule {
  return { matches: [], counters: none, ...parts };
}

function set(family: Family, chains: readonly Chain[]): RuleSet {
  return { family, tables: [{ name: 'filter', chains }] };
}

/** Extensions whose options are already the words of a listing. */
const plain = {
  options: [],
  parse: (): unknown => undefined,
  print: () => '',
  list: (options: unknown) => String(options),
};
const words: ListingOptions = {
  backend: 'legacy',
  extensions: {
    findMatch: (name) => ({ kind: 'match', name, ...plain, lower: () => undefined }),
    findTarget: (name) => ({ kind: 'target', name, ...plain, lower: () => ({ kind: 'operations' }) }),
  },
};

function list(ruleSet: RuleSet, options: Partial<ListingOptions> = {}): string[] {
  const [table] = ruleSet.tables;
  if (table === undefined) throw new Error('the set has a table');
  return listTable(ruleSet, table, { ...words, ...options });
}

// Each expectation is what iptables prints for the rule, byte for byte: 1.8.9's output with protocols named as
// 1.8.11 names them.
describe('a table is listed as iptables -L -v -n -x --line-numbers lists it', () => {
  const chains: Chain[] = [
    {
      name: 'INPUT',
      hook: 'INPUT',
      policy: 'DROP',
      counters: { packets: 12n, bytes: 3456n },
      rules: [
        rule({
          in: { value: 'eth0', invert: false },
          protocol: { value: 6, invert: false },
          matches: [{ name: 'tcp', options: ' tcp dpt:22' }],
          target: { kind: 'verdict', verdict: 'ACCEPT' },
          counters: { packets: 1n, bytes: 2n },
        }),
        rule({
          in: { value: 'eth+', invert: true },
          protocol: { value: 17, invert: true },
          source: network('10.0.0.0/8', true),
          destination: network('10.0.0.0/255.0.255.0', true),
          target: { kind: 'jump', chain: 'user' },
          counters: { packets: 1234567890n, bytes: 123456789012n },
        }),
        rule({ fragment: { invert: false }, target: { kind: 'goto', chain: 'user' } }),
        rule({ fragment: { invert: true }, target: { kind: 'verdict', verdict: 'DROP' } }),
        rule({
          protocol: { value: 99, invert: false },
          target: { kind: 'jump', chain: 'averyveryverylongchainname' },
        }),
        rule({
          protocol: { value: 58, invert: true },
          in: { value: 'averylongiface0', invert: false },
          source: network('192.168.100.100/30'),
          destination: network('192.168.100.100'),
        }),
        rule({
          protocol: { value: 1, invert: false },
          matches: [
            { name: 'icmp', options: 'icmptype 8' },
            { name: 'comment', options: ' /* hello world */' },
            { name: 'mark', options: 'mark match 0x1/0xf' },
          ],
          target: { kind: 'extension', name: 'LOG', options: 'LOG flags 0 level 7 prefix "x y "' },
        }),
        rule({ in: { value: '+', invert: false }, target: { kind: 'goto', chain: 'user' } }),
      ],
    },
    {
      name: 'FORWARD',
      hook: 'FORWARD',
      policy: 'ACCEPT',
      counters: none,
      rules: [],
    },
    { name: 'averyveryverylongchainname', counters: none, rules: [] },
    { name: 'user', counters: none, rules: [rule({ protocol: { value: 89, invert: false } })] },
  ];
  const header =
    'num      pkts      bytes target     prot opt in     out     source               destination         ';
  const any = '0.0.0.0/0            0.0.0.0/0           ';

  it('columns, negation, counters and references', () => {
    expect(list(set('ipv4', chains))).toEqual([
      'Chain INPUT (policy DROP 12 packets, 3456 bytes)',
      header,
      `1           1        2 ACCEPT     tcp  --  eth0   *       ${any} tcp dpt:22`,
      '2    1234567890 123456789012 user      !udp  --  !eth+  *      !10.0.0.0/8          !10.0.0.0/255.0.255.0 ',
      `3           0        0 user       all  -f  *      *       ${any}[goto] `,
      `4           0        0 DROP       all  !f  *      *       ${any}`,
      `5           0        0 averyveryverylongchainname  99   --  *      *       ${any}`,
      '6           0        0           !ipv6-icmp --  averylongiface0 *       192.168.100.100/30   192.168.100.100     ',
      `7           0        0 LOG        icmp --  *      *       ${any} icmptype 8 /* hello world */ mark match 0x1/0xf LOG flags 0 level 7 prefix "x y "`,
      `8           0        0 user       all  --  +      *       ${any}[goto] `,
      '',
      'Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)',
      header,
      '',
      'Chain averyveryverylongchainname (1 references)',
      header,
      '',
      'Chain user (3 references)',
      header,
      `1           0        0            89   --  *      *       ${any}`,
    ]);
  });

  it('the nft back end shows an interface that may be any as *', () => {
    expect(list(set('ipv4', chains), { backend: 'nft' })[9]).toBe(
      `8           0        0 user       all  --  *      *       ${any}[goto] `,
    );
  });

  it('IPv6', () => {
    const rules = [
      rule({ source: network('fe80::/10', true), destination: network('ffff::f/ffff::ff', true) }),
      rule({
        source: network('2001:db8:1234:1234:1234:1234:1234:1234/126'),
        target: { kind: 'goto', chain: 'user' },
      }),
    ];
    const lines = list(
      set('ipv6', [{ name: 'INPUT', hook: 'INPUT', policy: 'ACCEPT', counters: none, rules }]),
    );
    expect(lines.slice(2)).toEqual([
      '1           0        0            all  --  *      *      !fe80::/10           !ffff::f/ffff::ff    ',
      '2           0        0 user       all  --  *      *       2001:db8:1234:1234:1234:1234:1234:1234/126  ::/0                [goto] ',
    ]);
  });

  it('hit rules only: numbers stay, chains without packets are left out', () => {
    const lines = list(set('ipv4', chains), { lists: (rule) => rule.counters.packets > 0n });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['Chain', 'num', '1', '2']);
  });

  it('what is not modelled says so', () => {
    const rules = [
      rule({
        matches: [{ name: 'gone', options: { unknown: true, words: ['--gone', '1'] } }],
        target: undefined,
      }),
    ];
    const lines = list(
      set('ipv4', [{ name: 'INPUT', hook: 'INPUT', policy: 'ACCEPT', counters: none, rules }]),
    );
    expect(lines[2]).toMatch(/ \[gone not modelled\] --gone 1$/);
  });
});
