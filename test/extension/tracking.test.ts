// What rule sets need of connection tracking, names of labels, and the same rules made by the builder.

import { describe, expect, it } from 'vitest';
import { WasmtablesErrors } from '../../src/error.ts';
import { match, target } from '../../src/extension/named.ts';
import { entryNeeds, needsConntrack } from '../../src/extension/tracking.ts';
import { parseConnlabels } from '../../src/host/connlabel.ts';
import { not, ruleSet } from '../../src/model/builder.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';

const read = (rule: string, connlabels?: ReadonlyMap<string, number>) =>
  readRules(`*raw\n-A PREROUTING ${rule}\nCOMMIT\n`, { file: 'rule', family: 'ipv4', connlabels });

function errorOf(rule: string, connlabels?: ReadonlyMap<string, number>): string {
  try {
    read(rule, connlabels);
  } catch (error) {
    if (error instanceof WasmtablesErrors) return error.errors.map((one) => one.format()).join('\n');
    throw error;
  }
  throw new Error(`${rule}: no error`);
}

describe('what a rule needs', () => {
  // Each was asked for in a namespace of its own: fragments are then gathered, or not (tracked.jsonl).
  it.each([
    ['-j NOTRACK', false, []],
    ['-j CT --notrack', false, []],
    ['-j CT --notrack --zone 3', false, []],
    ['-p tcp -j CT --notrack --helper ftp', false, []],
    ['-j CT', true, []],
    ['-j CT --ctevents new', true, []],
    ['-j CT --zone 1', true, []],
    ['-p tcp -j CT --helper ftp', true, ['help']],
    ['-j CONNMARK --save-mark', true, []],
    ['-m state --state NEW', true, []],
    ['-m conntrack --ctstate NEW', true, []],
    ['-m connmark --mark 1', true, []],
    ['-m connlabel --label 1', true, ['labels']],
    ['-m helper --helper ftp', true, []],
    [
      '-m connbytes --connbytes 1 --connbytes-mode bytes --connbytes-dir both -j ACCEPT',
      true,
      ['accounting'],
    ],
    ['-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1', true, ['master']],
    ['-m mark --mark 1 -j MARK --set-mark 2', false, []],
  ])('%s', (rule, conntrack, needs) => {
    const rules = read(rule);
    expect(needsConntrack(rules)).toBe(conntrack);
    const needed = Object.entries(entryNeeds(rules)).flatMap(([name, wanted]) => (wanted ? [name] : []));
    expect(needed).toEqual(needs);
  });
});

describe('names of labels', () => {
  const labels = parseConnlabels(
    '# bits\n0 first\n1\teth0-in \n 40  web\n41 web\n40 other\n128 far\nx y\n7\n',
  );

  it('are those of connlabel.conf', () => {
    expect([...labels]).toEqual([
      ['first', 0],
      ['eth0-in', 1],
      ['web', 40],
    ]);
  });

  it.each([
    ['web', '"web"'],
    ['40', '"web"'],
    ['0x1', '"eth0-in"'],
    ['5', '"5"'],
  ])('%s prints as %s', (label, printed) => {
    const rules = read(`-m connlabel --label ${label} --set`, labels);
    expect(printRules(rules)).toContain(`-A PREROUTING -m connlabel --label ${printed} --set\n`);
  });

  it('are errors where they are not known', () => {
    expect(errorOf('-m connlabel --label web')).toMatch(/connlabel\.conf[\s\S]*host folder/);
    expect(errorOf('-m connlabel --label far', labels)).toContain('connlabel.conf has no label "far"');
    expect(errorOf('-m connlabel --label 128', labels)).toContain('0 to 127');
  });
});

describe('what is refused', () => {
  it.each([
    ['-j CT --timeout slow', /timeout policies.*not modelled/],
    ['-p udp -j CT --helper ftp', /no helper "ftp" for this protocol[\s\S]*tftp, sip/],
    ['-j CT --helper ftp', /needs a protocol[\s\S]*-p tcp/],
    ['-p icmp -j CT --helper ftp', /helpers are for TCP and UDP/],
    ['-m conntrack --ctorigsrc 10.0.0.0/33', /"33" is no mask/],
    ['-m conntrack --ctorigdst example.org', /no IPv4 address/],
    ['-m conntrack --ctstate NEW,', /"" is none of INVALID, NEW/],
  ])('%s', (rule, message) => {
    expect(errorOf(rule)).toMatch(message);
  });

  it('CT and NOTRACK outside of raw', () => {
    for (const one of ['CT --zone 1', 'NOTRACK']) {
      const text = `*mangle\n-A PREROUTING -j ${one}\nCOMMIT\n`;
      expect(() => readRules(text, { file: 'rule', family: 'ipv4' })).toThrow(
        /cannot be used in the table mangle/,
      );
    }
  });
});

it('the builder makes the same rules', () => {
  const built = ruleSet('ipv4')
    .table('raw', (raw) => {
      raw
        .rule('PREROUTING', { protocol: 'tcp', target: target('CT', { helper: 'ftp', 'zone-orig': 'mark' }) })
        .rule('PREROUTING', { in: 'lo', target: target('NOTRACK') })
        .rule('PREROUTING', {
          matches: [
            match('conntrack', { ctstate: not(['RELATED', 'ESTABLISHED']), ctorigsrc: '10.0.0.0/8' }),
            match('connmark', { mark: not('1/3') }),
            match('connlabel', { label: 3, set: true }),
          ],
          target: target('CONNMARK', { 'save-mark': true, mask: 255 }),
        });
    })
    .build();
  const text = [
    '-p tcp -j CT --helper ftp --zone-orig mark',
    '-i lo -j NOTRACK',
    '-m conntrack ! --ctstate RELATED,ESTABLISHED --ctorigsrc 10.0.0.0/8 -m connmark ! --mark 1/3 ' +
      '-m connlabel --label 3 --set -j CONNMARK --save-mark --mask 0xff',
  ];
  const rules = `*raw\n${text.map((rule) => `-A PREROUTING ${rule}`).join('\n')}\nCOMMIT\n`;
  expect(printRules(built)).toBe(printRules(readRules(rules, { file: 'rule', family: 'ipv4' })));
});
