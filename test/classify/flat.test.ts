// Chains that stand in the place of jumps to them (src/compile/flatten.ts): random trees of chains, with every way out of
// them, and a packet at every bound of what a rule and the jumps before it ask, and one off. Linear evaluation, which knows
// no flattened chains, has the last word.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClassifierChoice } from '../../src/compile/classify/choose.ts';
import { type CompiledRules, compile } from '../../src/compile/compile.ts';
import * as Header from '../../src/layout/header.ts';
import * as Packet from '../../src/layout/packet.ts';
import type { Backend, Family } from '../../src/model/ruleset.ts';
import { planText } from '../../src/report/plan.ts';
import { readRules } from '../../src/save/read.ts';
import {
  boundsOf,
  type Condition,
  drawConditions,
  makers,
  type Random,
  random,
  recordOf,
  ruleWords,
} from './condition.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;
const CHOICES: readonly ClassifierChoice[] = ['linear', 'bit-vectors', 'trees', 'auto'];
const HEADERS = ['address', 'ports', 'protocol', 'tcp flags', 'icmp type'];
const ENDS = ['-j ACCEPT', '-j DROP', '-j RETURN', '-j RETURN', '-j REJECT', ''];

interface Tables {
  readonly text: string;
  /** What a rule asks, and the jumps that lead to it. */
  readonly asked: readonly (readonly Condition[])[];
}

/** A tree of chains, most of whose rules ask for headers; `others`: one rule in so many asks for more, marks, or goes. */
function tablesOf(next: Random, family: Family, others: number): Tables {
  const chains: string[] = [];
  const lines: string[] = [];
  const asked: (readonly Condition[])[] = [];
  const grow = (name: string, depth: number, before: readonly Condition[]): void => {
    const rules = depth === 0 ? 8 : 1 + next(5);
    const inner: (() => void)[] = [];
    for (let rule = 0; rule < rules; rule++) {
      const other = next(others) === 0;
      const names = other ? Object.keys(makers(family)) : HEADERS;
      const conditions = next(6) === 0 ? [] : drawConditions(next, names, family);
      asked.push([...before, ...conditions]);
      let target = ENDS[next(ENDS.length)] as string;
      if (depth < 3 && next(2) === 0) {
        const callee = chains.length > 3 && next(4) === 0 ? 'shared' : `c${chains.length}`;
        if (callee !== 'shared') {
          chains.push(callee);
          inner.push(() => grow(callee, depth + 1, [...before, ...conditions]));
        }
        target = `${other && next(2) === 0 ? '-g' : '-j'} ${callee}`;
      } else if (other && next(3) === 0) target = '-j MARK --set-mark 1';
      lines.push(`-A ${name} ${ruleWords(conditions)} ${target}`);
    }
    for (const one of inner) one();
  };
  grow('FORWARD', 0, []);
  for (const end of ['-j RETURN', '-j DROP']) {
    const conditions = drawConditions(next, HEADERS, family);
    asked.push(conditions);
    lines.push(`-A shared ${ruleWords(conditions)} ${end}`);
  }
  const declared = ['shared', ...chains].map((chain) => `:${chain} - [0:0]`);
  return { text: ['*filter', ':FORWARD DROP [0:0]', ...declared, ...lines, 'COMMIT\n'].join('\n'), asked };
}

/** What src/layout/header.ts has of a packet record. */
function headerOf(record: Uint8Array): Buffer {
  const from = Buffer.from(record);
  const header = Buffer.alloc(Header.BYTES);
  header.writeUInt32LE(from.readUInt32LE(Packet.SRC), Header.SRC);
  header.writeUInt32LE(from.readUInt32LE(Packet.DST), Header.DST);
  header.writeUInt16LE(from.readUInt16LE(Packet.SPORT), Header.SPORT);
  header.writeUInt16LE(from.readUInt16LE(Packet.DPORT), Header.DPORT);
  header.writeUInt8(from.readUInt8(Packet.PROTO), Header.PROTO);
  header.writeUInt8(from.readUInt8(Packet.TCP_FLAGS), Header.TCP_FLAGS);
  header.writeUInt16LE(from.readUInt16LE(Packet.LENGTH), Header.LENGTH);
  return header;
}

/** Answers whether any chain was flattened. */
function check({ text, asked }: Tables, family: Family, backend: Backend): boolean {
  const ruleSet = readRules(text, { file: 'flat', family, backend });
  const rules = family === 'ipv4' ? { rules4: ruleSet } : { rules6: ruleSet };
  const lanes = CHOICES.map((choice) => new ClassifiedLane({ ...rules, backend }, choice));
  for (const conditions of asked) {
    for (const record of boundsOf(family, conditions)) {
      const [linear, ...others] = lanes.map((lane) => lane.pass(record, FORWARD));
      others.forEach((other, index) => {
        if (other.equals(linear as Buffer)) return;
        expect.fail(`${CHOICES[index + 1]} differs at a bound of ${ruleWords(conditions)}\n${text}`);
      });
    }
  }
  if (family === 'ipv4') {
    const headers = Buffer.concat(asked.flatMap((conditions) => boundsOf(family, conditions).map(headerOf)));
    const [linear, ...others] = lanes.map((lane) => lane.passHeaders(headers, FORWARD));
    for (const answers of others) expect(answers.equals(linear as Buffer), text).toBe(true);
  }
  const [linear, ...others] = lanes.map((lane) => lane.counters());
  for (const counters of others) expect(counters, text).toEqual(linear);
  expect(lanes[0]?.images[0]?.rules.aliases).toEqual([]);
  return lanes.at(-1)?.images[0]?.rules.aliases.length !== 0;
}

describe.each<Family>(['ipv4', 'ipv6'])('%s', (family) => {
  test.each([
    ['rules that ask for headers', 1e9, 60],
    ['one in eight asks or does more', 8, 60],
    ['one in three', 3, 20],
  ] as const)('%s', (_, others, numRuns) => {
    let flattened = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.constantFrom<Backend[]>('legacy', 'nft'), (seed, backend) => {
        flattened += Number(check(tablesOf(random(seed), family, others), family, backend));
      }),
      { numRuns, seed: 6 },
    );
    if (others > 3) expect(flattened).toBeGreaterThan(numRuns / 4);
  });
});

function compiled(lines: readonly string[], chains: readonly string[]): CompiledRules {
  const declared = chains.map((chain) => `:${chain} - [0:0]`);
  const text = ['*filter', ':FORWARD ACCEPT [0:0]', ...declared, ...lines, 'COMMIT\n'].join('\n');
  return compile(readRules(text, { file: 'flat', family: 'ipv4' }), { backend: 'legacy', unknown: 'refuse' });
}

test('a chain that was flattened for itself stands in another one behind a jump that is verified', () => {
  const lines = [
    '-A FORWARD -i eth1 -j a',
    '-A FORWARD -i eth0 -j b',
    '-A a -s 10.0.0.0/8 -p tcp -m tcp --dport 1 -j ACCEPT',
    '-A a -s 11.0.0.0/8 -j c',
    '-A a -s 12.0.0.0/8 -j c',
    '-A a -s 13.0.0.0/8 -j ACCEPT',
    '-A a -j DROP',
    '-A c -d 1.0.0.0/8 -j ACCEPT',
    '-A c -d 2.0.0.0/8 -j ACCEPT',
    '-A b -p tcp -m multiport --ports 80,443 -j a',
    ...[22, 23, 24, 25, 26].map((port) => `-A b -p tcp -m tcp --dport ${port} -j ACCEPT`),
  ];
  const declared = ['a', 'b', 'c'].map((chain) => `:${chain} - [0:0]`);
  const text = ['*filter', ':FORWARD ACCEPT [0:0]', ...declared, ...lines, 'COMMIT\n'].join('\n');
  const rules4 = readRules(text, { file: 'twice', family: 'ipv4' });
  const [linear, classified] = (['linear', 'auto'] as const).map((choice) => {
    const lane = new ClassifiedLane({ rules4 }, choice);
    const answers = [22, 80, 99].map((port) => {
      const fields = new Map([
        [Packet.DPORT, BigInt(port)],
        [Packet.IIF, 1n],
      ]);
      return lane.pass(recordOf('ipv4', fields), FORWARD);
    });
    return { answers, counters: lane.counters(), flat: lane.images[0]?.rules.aliases.length };
  });
  expect(classified?.flat).toBe(2);
  expect(classified?.answers).toEqual(linear?.answers);
  expect(classified?.counters).toEqual(linear?.counters);
});

describe('the plan', () => {
  const ports = (chain: string, count: number): string[] =>
    Array.from({ length: count }, (_, port) => `-A ${chain} -p tcp -m tcp --dport ${port + 1} -j ACCEPT`);
  const dispatch = (target: string): string[] => [
    `-A FORWARD -s 10.0.0.0/8 ${target} a`,
    '-A FORWARD -s 11.0.0.0/8 -j b',
    '-A FORWARD -j DROP',
  ];

  test('says where a chain is searched', () => {
    const plan = planText(compiled([...dispatch('-j'), ...ports('a', 20), ...ports('b', 3)], ['a', 'b']));
    expect(plan).toContain('filter a, 20 rules: searched in FORWARD\n');
    expect(plan).toContain('filter b, 3 rules: searched in FORWARD\n');
    expect(plan).toMatch(
      /filter FORWARD, 3 rules: cut trees[\s\S]* {4}with 23 rules of chains that it jumps to\n/,
    );
  });

  test.each<[string, string[], string[]]>([
    ['a goto', dispatch('-g'), ports('a', 20)],
    ['a goto in it', dispatch('-j'), [...ports('a', 20), '-A a -p udp -g c']],
    ['interfaces before it', dispatch('-i eth0 -j'), ports('a', 20)],
    [
      'many rules in it that ask for more',
      dispatch('-j'),
      [...ports('a', 20), ...Array<string>(9).fill('-A a -m mark --mark 1')],
    ],
  ])('a chain stays one: %s', (_, before, rules) => {
    const { chains } = compiled([...before, ...rules, ...ports('b', 3), ...ports('c', 6)], ['a', 'b', 'c']);
    expect(chains.find(({ chain }) => chain.name === 'a')?.plan?.within).toBeUndefined();
  });

  test('a chain that is also jumped to from elsewhere is searched for itself, too', () => {
    const lines = [...dispatch('-j'), ...ports('a', 6), ...ports('b', 3)];
    const { chains } = compiled([...lines, '-A FORWARD -i eth0 -j a'], ['a', 'b']);
    const plans = new Map(chains.map(({ chain, plan }) => [chain.name, plan]));
    expect(plans.get('a')?.within).toBeUndefined();
    expect(plans.get('a')?.kind).not.toBe('linear');
    expect(plans.get('b')?.within).toBe('FORWARD');
  });

  test('chains that call each other twice do not grow without bound', () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
    const lines = names.flatMap((name, index) =>
      index + 1 < names.length
        ? [`-A ${name} -p tcp -j c${index + 1}`, `-A ${name} -p udp -j c${index + 1}`]
        : [`-A ${name} -j DROP`],
    );
    const { recordCount } = compiled(
      [...dispatch('-j'), ...lines, ...ports('a', 4), '-A FORWARD -j c0'],
      ['a', 'b', ...names],
    );
    expect(recordCount).toBeLessThan(500);
  });
});
