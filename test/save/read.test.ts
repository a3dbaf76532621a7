import { describe, expect, it } from 'vitest';
import { WasmtablesErrors } from '../../src/error.ts';
import type { Backend, Family } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { type ReadOptions, readRules } from '../../src/save/read.ts';

const table = (lines: string, name = 'filter'): string => `*${name}\n${lines}\nCOMMIT\n`;

/** The rules of the canonical text. */
function rules(text: string, options: Partial<ReadOptions> = {}, counters = false): string[] {
  const ruleSet = readRules(text, { file: 'rules.txt', family: 'ipv4', ...options });
  return printRules(ruleSet, { backend: 'legacy', counters })
    .split('\n')
    .filter((line) => line.includes('-A '));
}

/** The errors of a text as they are shown. */
function errors(text: string, options: Partial<ReadOptions> = {}): string {
  try {
    readRules(text, { file: 'rules.txt', ...options });
  } catch (error) {
    if (error instanceof WasmtablesErrors) return error.format();
    throw error;
  }
  return '';
}

describe('words', () => {
  it('cuts at blanks and tabs, and keeps what stands in quotes', () => {
    expect(rules(table('-A INPUT\t-m comment --comment "a \\"b\\" \\\\ \'c\'"   -j ACCEPT'))).toEqual([
      '-A INPUT -m comment --comment "a \\"b\\" \\\\ \\\'c\\\'" -j ACCEPT',
    ]);
  });
  it('ends a word at a closing quote', () => {
    expect(rules(table('-A INPUT -m comment --comment x"y"-j ACCEPT'))).toEqual([
      '-A INPUT -m comment --comment xy -j ACCEPT',
    ]);
  });
  it('takes an empty word in quotes', () => {
    expect(errors(table('-A INPUT -i ""'))).toContain('the interface has no name');
  });
  it('refuses a quote that is never closed', () => {
    expect(errors(table('-A INPUT -m comment --comment "abc'))).toBe(
      [
        'rules.txt:2:31: error: this quote is never closed',
        '  -A INPUT -m comment --comment "abc',
        `  ${' '.repeat(30)}^`,
        '  hint: end it with ", and write a quote inside as \\"',
      ].join('\n'),
    );
  });
  it('has the limits of iptables-restore', () => {
    expect(errors(table(`-A INPUT -m comment --comment ${'x'.repeat(1024)}`))).toContain(
      'longer than 1023 bytes',
    );
    expect(errors(table(`-A INPUT ${'-v '.repeat(250)}`))).toContain('more than 251 words');
    expect(errors(table(`-A INPUT -s ${'1.2.3.4,'.repeat(1300)}`))).toContain('longer than 10239 bytes');
  });
});

describe('the file', () => {
  it('reads carriage returns, a byte order mark, blank lines and comments', () => {
    const text =
      '\ufeff# a comment\r\n*filter\r\n:INPUT DROP [5:6]\r\n\r\n  \r\n-A INPUT -j ACCEPT\r\nCOMMIT\r\n';
    expect(printRules(readRules(text, { file: 'x' }), { backend: 'legacy', counters: true })).toBe(
      '*filter\n:INPUT DROP [5:6]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[0:0] -A INPUT -j ACCEPT\nCOMMIT\n',
    );
  });
  it('reads COMMIT at the very end without a line feed', () => {
    expect(rules('*filter\n-A INPUT\nCOMMIT')).toEqual(['-A INPUT']);
  });
  it('wants COMMIT', () => {
    expect(errors('*filter\n-A INPUT -j ACCEPT\n')).toContain(
      'rules.txt:2:1: error: the table filter is not ended',
    );
    expect(errors('*nat\n*filter\nCOMMIT\n')).toContain('rules.txt:2:1: error: the table nat is not ended');
  });
  it('says once that lines stand outside of a table', () => {
    const text = '#!/bin/sh\niptables -F\niptables -A INPUT -j ACCEPT\n';
    expect(errors(text).match(/error:/g)).toHaveLength(1);
    expect(errors(text)).toContain('shell script');
  });
  it('knows five tables', () => {
    expect(errors('*fliter\n-A FOO\nCOMMIT\n*nat\nCOMMIT\n')).toBe(
      'rules.txt:1:1: error: there is no table `fliter`\n  *fliter\n  ^^^^^^^\n  hint: did you mean filter?',
    );
    for (const name of ['raw', 'mangle', 'nat', 'filter', 'security']) {
      expect(rules(table('-A OUTPUT', name))).toEqual(['-A OUTPUT']);
    }
  });
  it('takes the later one of two tables of the same name', () => {
    const text =
      '*filter\n:INPUT DROP [1:2]\n:a - [0:0]\n-A a\nCOMMIT\n*nat\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n';
    const print = (backend: Backend): string =>
      printRules(readRules(text, { file: 'x', backend }), { backend, counters: false });
    const rest = ':FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n';
    expect(print('legacy').startsWith(`*filter\n:INPUT DROP [0:0]\n${rest}`)).toBe(true);
    expect(print('nft').startsWith(`*filter\n:INPUT ACCEPT [0:0]\n${rest}`)).toBe(true);
  });
  it('gives all errors in one go', () => {
    const text = table(
      '-A INPUT -p tpc -s foo.example -j DORP\n-A INPUTT\n-A INPUT -i aaaaaaaaaaaaaaaaa -j FOO',
    );
    expect(
      [...errors(text).matchAll(/:(\d+):(\d+): error: (.*)/g)].map((one) => one.slice(1).join(' ')),
    ).toEqual([
      '2 13 unknown protocol `tpc`',
      '3 4 the table filter has no chain `INPUTT`',
      '4 13 the interface name `aaaaaaaaaaaaaaaaa` is longer than 15 characters',
      '4 34 no chain and no target is called `FOO`',
    ]);
  });
  it('stops after a thousand errors', () => {
    expect(errors(table('x\n'.repeat(5000))).match(/error:/g)).toHaveLength(1001);
  });
});

describe('family and back end', () => {
  const family = (text: string, file = 'rules'): Family => readRules(text, { file }).family;
  it('goes by the ending, the addresses, the protocol, the header', () => {
    expect(family('*filter\nCOMMIT\n', 'a.v6')).toBe('ipv6');
    expect(family(table('-A INPUT -s ::1 -j ACCEPT'))).toBe('ipv6');
    expect(family(table('-A INPUT ! -s fe80::/10'))).toBe('ipv6');
    expect(family(table('-A INPUT -p ipv6-icmp -j ACCEPT'))).toBe('ipv6');
    expect(family(table('-A INPUT -p icmpv6\n-A INPUT -s 10.0.0.0/8'))).toBe('ipv4');
    expect(family(table('-A INPUT -p tcp'))).toBe('ipv4');
    expect(family('# Generated by ip6tables-save v1.8.9\n*filter\nCOMMIT\n')).toBe('ipv6');
  });
  it('finds the back end in the header', () => {
    const backend = (header: string) => readRules(`${header}\n*filter\nCOMMIT\n`, { file: 'x' }).backend;
    expect(backend('# Generated by iptables-save v1.8.9 (nf_tables) on Mon')).toBe('nft');
    expect(backend('# Generated by iptables-nft-save v1.8.9 on Mon')).toBe('nft');
    expect(backend('# Generated by iptables-save v1.4.21 on Mon')).toBe('legacy');
    expect(backend('# my rules')).toBeUndefined();
  });
  it('skips lines for the other family', () => {
    expect(rules(table('-6 -A INPUT -j DROP\n-4 -A INPUT -j ACCEPT'))).toEqual(['-A INPUT -j ACCEPT']);
  });
});

describe('options', () => {
  it.each([
    ['-p tcp --dport ssh', '-p tcp -m tcp --dport 22'],
    ['-p 6 --dport 80 -j ACCEPT', '-p tcp -m tcp --dport 80 -j ACCEPT'],
    ['-p ! tcp', '! -p tcp'],
    ['-s ! 10.0.0.1 -j DROP', '! -s 10.0.0.1/32 -j DROP'],
    ['-p tcp --dport ! 22', '-p tcp -m tcp ! --dport 22'],
    ['--proto TCP --jump=ACCEPT', '-p tcp -j ACCEPT'],
    ['-ptcp -s1.2.3.4 -jDROP', '-s 1.2.3.4/32 -p tcp -j DROP'],
    ['-p tcp -m multiport --dport 80,443', '-p tcp -m multiport --dports 80,443'],
    ['-s 10.1/16 -d 0x0a.010.1.2', '-s 10.1.0.0/16 -d 10.8.1.2/32'],
    ['-s any/0 -d 0/0 -i +', ''],
    ['! -s 0/0', '! -s 0.0.0.0/0'],
    ['-s 10.9.8.7/255.0.255.0', '-s 10.0.8.0/255.0.255.0'],
    ['-f', '-f'],
    ['! -f -j DROP', '! -f -j DROP'],
    ['-j CONTINUE', ''],
    ['-p ospf', '-p 89'],
    ['-s localhost', '-s 127.0.0.1/32'],
  ])('%s', (given, printed) => {
    expect(rules(table(`-A INPUT ${given}`))).toEqual([`-A INPUT ${printed}`.trimEnd()]);
  });
  it.each([
    ['-s ::1', '-s ::1/128'],
    ['-d fe80::/10', '-d fe80::/10'],
    ['-s 2001:db8::1/ffff:ffff::', '-s 2001:db8::/32'],
    ['-s ::1:2/::ffff', '-s ::2/::ffff'],
    ['-p icmpv6', '-p ipv6-icmp'],
  ])('IPv6 %s', (given, printed) => {
    expect(rules(table(`-A INPUT ${given}`), { family: 'ipv6' })).toEqual([`-A INPUT ${printed}`]);
  });
  it('makes a rule for each pair of addresses', () => {
    expect(rules(table('-A INPUT -s 1.1.1.1,2.2.2.2 -d 7.7.7.7,8.8.8.8 -j DROP'))).toEqual([
      '-A INPUT -s 1.1.1.1/32 -d 7.7.7.7/32 -j DROP',
      '-A INPUT -s 1.1.1.1/32 -d 8.8.8.8/32 -j DROP',
      '-A INPUT -s 2.2.2.2/32 -d 7.7.7.7/32 -j DROP',
      '-A INPUT -s 2.2.2.2/32 -d 8.8.8.8/32 -j DROP',
    ]);
  });
  it('keeps counters', () => {
    expect(rules(table('[1:2] -A INPUT -j ACCEPT\n-A INPUT -c 3 4\n-A INPUT -c 5,6'), {}, true)).toEqual([
      '[1:2] -A INPUT -j ACCEPT',
      '[3:4] -A INPUT',
      '[5:6] -A INPUT',
    ]);
  });
  it('gives the options of a second match of the same name to that one', () => {
    expect(rules(table('-A INPUT -m mark --mark 1 -m mark ! --mark 2'))).toEqual([
      '-A INPUT -m mark --mark 0x1 -m mark ! --mark 0x2',
    ]);
  });
});

describe('commands', () => {
  it('inserts as iptables does', () => {
    const text = table(
      '-A INPUT -s 9.9.9.9\n-I INPUT -s 1.1.1.1,2.2.2.2,3.3.3.3\n-I INPUT 2 -s 4.4.4.4,5.5.5.5\n-I INPUT 7 -j DROP',
    );
    expect(rules(text).map((line) => line.slice(9))).toEqual([
      '-s 3.3.3.3/32',
      '-s 5.5.5.5/32',
      '-s 4.4.4.4/32',
      '-s 2.2.2.2/32',
      '-s 1.1.1.1/32',
      '-s 9.9.9.9/32',
      '-j DROP',
    ]);
    expect(errors(table('-I INPUT 3 -j ACCEPT'))).toContain('has no place 3');
  });
  it('deletes, replaces, flushes, renames, sets policies', () => {
    const text = table(
      [
        '-P INPUT DROP',
        '-N web',
        '-A INPUT -j web',
        '-A INPUT -s 1.2.3.4 -j ACCEPT',
        '-A INPUT -p tcp --dport 80',
        '-D INPUT -s 1.2.3.4/32 -j ACCEPT',
        '-R INPUT 2 -p udp',
        '-A FORWARD -j DROP',
        '-F FORWARD',
        '-E web www',
        '-N gone',
        '-X gone',
        '-C INPUT -p udp',
        '-L',
      ].join('\n'),
    );
    expect(printRules(readRules(text, { file: 'x' }), { backend: 'legacy', counters: false })).toBe(
      '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:www - [0:0]\n' +
        '-A INPUT -j www\n-A INPUT -p udp\nCOMMIT\n',
    );
    expect(errors(table('-D INPUT -j ACCEPT'))).toContain('has no such rule');
    expect(errors(table('-N a\n-A INPUT -j a\n-X a'))).toContain('still jumps to');
    expect(errors(table('-N a\n-A a\n-X a'))).toContain('still has rules');
  });
});

describe('errors', () => {
  it.each([
    ['-A INPUT --dport 80', 10, 'unknown option `--dport`', '`--dport` needs `-p tcp` or `-p udp`'],
    ['-A INPUT -p udp --syn', 17, 'unknown option `--syn`', 'needs `-p tcp`'],
    ['-A INPUT -p tcp --dprt 80', 17, 'unknown option `--dprt`', undefined],
    ['-A INPUT -m u32 --u32 0', 13, 'match `u32` is not known', 'hint: --unknown match'],
    ['-A INPUT -m tpc', 13, 'match `tpc` is not known', 'did you mean tcp?'],
    ['-A INPUT -j DNAT', 13, 'target `DNAT` is not known', '--unknown'],
    ['-A INPUT -j ACEPT', 13, 'no chain and no target is called `ACEPT`', 'did you mean ACCEPT?'],
    ['-A INPUT -g web', 13, 'there is no chain `web`', 'declare it first'],
    ['-A INPUT -o eth0', 13, '`-o` cannot be used in INPUT', 'use `-i`'],
    ['-A INPUT -s 10.0.0.1/33', 13, 'invalid mask `33`', 'a length from 0 to 32'],
    ['-A INPUT -s www.example.com', 13, 'is a host name, and names are not looked up', 'addresses'],
    ['-A INPUT -s 10.0.0.1,2001:db8::1', 22, 'is an IPv6 address in IPv4 rules', '--ipv6'],
    ['-A INPUT ! -s 1.1.1.1,2.2.2.2', 15, '`!` is not allowed with several addresses', undefined],
    ['-A INPUT -j ACCEPT -j DROP', 20, 'a rule has one target', undefined],
    ['-A INPUT -p tcp -p udp', 17, '`-p` is given twice', undefined],
    ['-A INPUT ! -j DROP', 12, '`!` cannot stand before `-j`', undefined],
    ['-A INPUT -j ACCEPT !', 20, 'nothing follows this `!`', undefined],
    ['-A INPUT ! ! -p tcp', 12, 'two `!` in a row', undefined],
    ['-A INPUT ! -p all', 15, 'this rule never matches', undefined],
    ['-A INPUT foo', 10, 'unexpected word `foo`', undefined],
    ['-A INPUT -j ACCEPT # why', 20, 'unexpected word `#`', 'comments stand on lines of their own'],
    ['iptables -A INPUT -j ACCEPT', 1, 'unexpected word `iptables`', 'the words behind `iptables` only'],
    ['-t filter -A INPUT', 1, '`-t` cannot stand in a rule file', '*TABLE'],
    ['-j ACCEPT', 1, 'this line has no command', '-A CHAIN'],
    ['-A INPUT -A OUTPUT', 10, '`-A` cannot stand beside `-A`', undefined],
    ['-A PREROUTING', 4, 'the table filter has no chain `PREROUTING`', 'INPUT, FORWARD, OUTPUT'],
    ['-A FORWARD -j INPUT', 15, 'cannot jump to the built-in chain INPUT', undefined],
    ['-N LOG', 4, 'a chain cannot be called as the target LOG', undefined],
    ['-P INPUT REJECT', 10, '`REJECT` is no policy', '-j REJECT'],
    ['[1] -A INPUT', 1, 'this is no pair of counters', '[packets:bytes]'],
    [':INPUT', 2, 'the chain `INPUT` has no policy', undefined],
    [':a ACCEPT [0:0]', 4, 'the chain `a` cannot have a policy', ':a - [0:0]'],
    [':abcdefghijklmnopqrstuvwxyz123 -', 2, 'at most 28 characters', undefined],
    ['-A INPUT –j ACCEPT', 10, 'unexpected word `–j`', 'typographic dash'],
  ])('%s', (line, column, message, hint) => {
    const shown = errors(table(line), { family: 'ipv4' });
    expect(shown).toContain(`rules.txt:2:${column}: error: `);
    expect(shown).toContain(message);
    if (hint !== undefined) expect(shown).toContain(hint);
    expect(shown.split('\n')[1]).toBe(`  ${line}`);
  });
  it('refuses DROP in nat', () => {
    expect(errors(table('-A PREROUTING -j DROP', 'nat'))).toContain('DROP cannot be used in the table nat');
    expect(errors(table('-P PREROUTING DROP', 'nat'))).toContain('DROP cannot be used in the table nat');
    expect(errors(table(':PREROUTING DROP [0:0]', 'nat'))).toBe('');
  });
});

describe('unknown extensions', () => {
  const LINE = '-A INPUT -p tcp -m frob --set 1 ! --name "a b" --dport 22 -m comment --comment x -j ACCEPT';
  it('reports each', () => {
    const shown = errors(table('-A INPUT -m frob --a -m nab -j SNAT --to 1.2.3.4'));
    expect(shown.match(/error:/g)).toHaveLength(3);
  });
  it('keeps their words', () => {
    const ruleSet = readRules(table(LINE), { file: 'x', unknown: 'keep' });
    const rule = ruleSet.tables[0]?.chains[0]?.rules[0];
    expect(rule?.matches.map((match) => match.name)).toEqual(['frob', 'tcp', 'comment']);
    expect(rule?.matches[0]?.options).toEqual({
      unknown: true,
      words: ['--set', '1', '!', '--name', 'a b'],
    });
    expect(rules(table(LINE), { unknown: 'keep' })).toEqual([
      '-A INPUT -p tcp -m frob --set 1 ! --name "a b" -m tcp --dport 22 -m comment --comment x -j ACCEPT',
    ]);
  });
  it('keeps targets, but not chains that are not there', () => {
    expect(rules(table('-A INPUT -j SNAT --to-source 1.2.3.4 --random'), { unknown: 'keep' })).toEqual([
      '-A INPUT -j SNAT --to-source 1.2.3.4 --random',
    ]);
    expect(errors(table('-A INPUT -j web'), { unknown: 'keep' })).toContain('no chain and no target');
  });
});
