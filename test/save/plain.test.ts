// Lines in iptables-save's own form are read by a way of their own (src/save/plain.ts): whatever a file holds, it comes
// to what the general way makes of it, places and errors included.
//
// WASMTABLES_RUNS chooses how many texts.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WasmtablesErrors } from '../../src/error.ts';
import * as extensions from '../../src/extension/index.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { AddressConditions } from '../../src/save/address.ts';
import { PlainLines } from '../../src/save/plain.ts';
import { printRules } from '../../src/save/print.ts';
import { type ReadOptions, readRules } from '../../src/save/read.ts';
import { EditBudget, OpenTable } from '../../src/save/table.ts';
import { rulesText } from '../generate/rule.ts';
import { mutated } from './mutated.ts';
import { hasVectors, readVectors, VECTOR_FOLDER } from './vector.ts';

const runs = Number(process.env.WASMTABLES_RUNS ?? 300);
const CORPUS = new URL('../../../shared/corpus/rules/', import.meta.url);

function outcome(text: string, options: ReadOptions): unknown {
  try {
    return readRules(text, options);
  } catch (error) {
    if (!(error instanceof WasmtablesErrors)) throw error;
    return error.errors.map(({ code, message, place, hint }) => ({ code, message, place, hint }));
  }
}

function expectSame(text: string, options: ReadOptions): void {
  const found = outcome(text, options);
  const wanted = outcome(text, { ...options, plain: false });
  // expect() takes its time, and says what differs.
  if (!isDeepStrictEqual(found, wanted)) {
    expect(found).toStrictEqual(wanted);
    expect.unreachable('the two differ');
  }
}

/** Which of the lines the plain way reads. */
function readPlainly(lines: readonly string[], family: Family = 'ipv4', chains = ['web']): boolean[] {
  const table = new OpenTable('filter', new EditBudget());
  const place = { file: 'test', line: 1, column: 1, text: '' };
  for (const chain of chains) table.create(chain, place);
  const plain = new PlainLines({
    family,
    extensions,
    connlabels: undefined,
    addresses: new AddressConditions(family),
  });
  return lines.map((text, index) => {
    const rules = (): number =>
      [...table.names()].reduce((sum, name) => sum + table.chain(name, place).rules.length, 0);
    const before = rules();
    const done = plain.append({ file: 'test', number: index + 1, text }, table);
    expect(rules() - before, text).toBe(done ? 1 : 0);
    return done;
  });
}

describe('the plain way', () => {
  it('takes what iptables-save prints', () => {
    const lines = [
      '-A INPUT',
      '-A INPUT -j ACCEPT',
      '[0:0] -A INPUT -i lo -j ACCEPT',
      '[123456:18446744073709551615] -A OUTPUT -o eth+ -j DROP',
      '-A FORWARD -s 10.0.0.0/8 ! -d 192.168.0.1/32 ! -i eth0 -o eth1 -p tcp -m tcp --dport 22:80 -j web',
      '-A FORWARD -p udp -m udp --sport 53 -m comment --comment "a -j b" -m mark ! --mark 0x1 -g web',
      '-A web -s 255.0.0.0/255.0.255.0 ! -f -j RETURN',
      '-A web -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -m tcp --tcp-flags SYN,RST SYN ! -s 1.2.3.4 -j DROP',
      '-A web ! -p icmp -j LOG --log-prefix "one ! -d two" --log-level 7',
      '-A web -p tcp -j REJECT --reject-with tcp-reset',
    ];
    expect(readPlainly(lines)).toStrictEqual(lines.map(() => true));
    const ipv6 = ['-A web -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT'];
    expect(readPlainly(ipv6, 'ipv6')).toStrictEqual([true]);
  });

  it('leaves what is written otherwise, or is wrong, to the general way', () => {
    const lines = [
      '-I INPUT -j ACCEPT',
      '-A nowhere -j ACCEPT',
      '-A INPUT  -j ACCEPT',
      '-A INPUT -j\tACCEPT',
      '-A INPUT --jump ACCEPT',
      '-A INPUT -jACCEPT',
      '-A "INPUT" -j ACCEPT',
      '-A INPUT -j "ACCEPT"',
      '-A INPUT -j INPUT',
      '-A INPUT -j ACCEPT -j DROP',
      '-A INPUT -j ACCEPT -g web',
      '-A INPUT -g ACCEPT',
      '-A INPUT ! -j ACCEPT',
      '-A INPUT -s 1.2.3.4,5.6.7.8 -j ACCEPT',
      '-A INPUT -s example.org -j ACCEPT',
      '-A INPUT -s 1.2.3.4 -s 1.2.3.4',
      '-A INPUT -s',
      '-A INPUT -o eth0 -j ACCEPT',
      '-A INPUT -i ! -j DROP',
      '-A INPUT ! -i ! -j DROP',
      '-A INPUT -s ! 1.2.3.4',
      '-A INPUT -p ! -j DROP',
      '-A INPUT -p nothing',
      '-A INPUT -m tcp --dport 80 -p tcp',
      '-A INPUT -p tcp --dport 80',
      '-A INPUT -p tcp -m tcp --dport=80',
      '-A INPUT -p tcp -m tcp --destination-po 80',
      '-A INPUT -p tcp -m tcp --dport ! 80',
      '-A INPUT -p tcp -m tcp ! ! --dport 80',
      '-A INPUT -p tcp -m tcp --dport 80 --dport 81',
      '-A INPUT -p tcp -m tcp --dport 80000',
      '-A INPUT -p tcp -m tcp --dport 80 !',
      '-A INPUT -p tcp -m tcp -m tcp --dport 80',
      '-A INPUT -p tcp -m tcp -m comment --comment a --dport 80',
      '-A INPUT -m nothing --known 1',
      '-A INPUT -m comment --comment "a \\" b"',
      '-A INPUT -m comment --comment "never closed',
      '-A INPUT -m comment --comment -a',
      `-A INPUT -m comment --comment ${'x'.repeat(340)}`,
      '-A INPUT -j LOG --log-level loud',
      '[1:2]-A INPUT -j ACCEPT',
      '[1:] -A INPUT -j ACCEPT',
      '-A INPUT -j ACCEPT\0',
    ];
    const taken = readPlainly(lines);
    expect(lines.filter((_, index) => taken[index])).toStrictEqual([]);
    for (const line of lines) {
      for (const unknown of ['refuse', 'keep'] as const) {
        expectSame(`*filter\n:web - [0:0]\n${line}\nCOMMIT\n`, { file: 'test', family: 'ipv4', unknown });
      }
    }
  });

  it('tells the same text apart by table, chain and protocol', () => {
    const text = [
      '*filter',
      ':web - [0:0]',
      ':PREROUTING - [0:0]',
      ...['web', 'PREROUTING', 'INPUT', 'OUTPUT'].flatMap((chain) => [
        `-A ${chain} -m addrtype --dst-type LOCAL --limit-iface-in -j DROP`,
        `-A ${chain} -i eth0 -j DROP`,
        `-A ${chain} -o eth0 -j DROP`,
      ]),
      ...['-p tcp ', '-p udp ', '! -p tcp ', '-p all ', ''].flatMap((protocol) => [
        `-A web ${protocol}-m multiport --dports http -j ACCEPT`,
        `-A web ${protocol}-j REJECT --reject-with tcp-reset`,
      ]),
      '-N new',
      '-A web -j new',
      '-E new other',
      '-A web -j new',
      '-A web -j other',
      'COMMIT',
      '*nat',
      '-A PREROUTING -j DROP',
      '-A PREROUTING -j REJECT',
      'COMMIT',
      '',
    ].join('\n');
    for (const backend of ['legacy', 'nft'] as const) {
      expectSame(text, { file: 'test', family: 'ipv4', backend });
    }
  });

  it.each(['ipv4', 'ipv6'] as const)('reads generated rules as the general way does (%s)', (family) => {
    fc.assert(
      fc.property(rulesText(family, 12, true), (written) => {
        const options = { file: 'generated', family, unknown: 'keep' } as const;
        expectSame(written, options);
        expectSame(printRules(readRules(written, options), { counters: true }), options);
      }),
      { seed: 20_261_201, numRuns: Math.ceil(runs / 6) },
    );
  });

  it.each(['refuse', 'keep'] as const)('reads mutated text as the general way does (%s)', (unknown) => {
    fc.assert(
      fc.property(mutated, fc.constantFrom('ipv4', 'ipv6', undefined), (text, family) => {
        expectSame(text, { file: 'fuzz', family, unknown });
      }),
      { seed: 20_261_202, numRuns: runs },
    );
  });

  // Without `../shared/corpus` beside the project there is nothing to read.
  it.skipIf(!existsSync(CORPUS))('reads real rule files as the general way does', () => {
    for (const entry of readdirSync(CORPUS, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const file = `${entry.parentPath}/${entry.name}`;
      const text = readFileSync(file, 'utf8');
      for (const unknown of ['refuse', 'keep'] as const) expectSame(text, { file, unknown });
    }
  });

  it.skipIf(!hasVectors)('reads iptables own vectors as the general way does', () => {
    for (const file of hasVectors ? readdirSync(VECTOR_FOLDER) : []) {
      if (!file.endsWith('.t')) continue;
      for (const { table, chain, rule, saved } of readVectors(file)) {
        // Twice: what was read once is known by its text.
        const lines = [rule, saved, rule, saved].map((one) => `-A ${chain} ${one}`);
        const text = `*${table}\n${lines.join('\n')}\nCOMMIT\n`;
        for (const family of ['ipv4', 'ipv6'] as const) expectSame(text, { file, family, unknown: 'keep' });
      }
    }
  });
});
