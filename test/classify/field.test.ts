// Classified = linear for every search field: rules of random conditions, negated or not, and a packet at every bound of
// every rule and one off, each classifier forced. What a packet's record holds behind the walk, the verdict and every
// counter are the same.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClassifierChoice } from '../../src/compile/classify/choose.ts';
import { compile } from '../../src/compile/compile.ts';
import type { Backend, Family } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import {
  boundsOf,
  type Condition,
  drawConditions,
  makers,
  type Random,
  random,
  ruleWords,
} from './condition.ts';
import { ClassifiedLane } from './lane.ts';

const FORWARD = 2;
const CHOICES: readonly ClassifierChoice[] = ['linear', 'bit-vectors', 'trees', 'auto'];
/** Targets that end the walk and targets that do not; with `marks`, some that change what is searched by. */
const TARGETS = ['', '', '-j ACCEPT', '-j DROP', '-j sub', '-g sub', '-j RETURN', ''];
const MARKING = [...TARGETS, '-j MARK --set-mark 1', '-j marks'];

interface Chain {
  readonly text: string;
  readonly rules: readonly (readonly Condition[])[];
}

function chainOf(next: Random, size: number, family: Family, names: readonly string[]): Chain {
  const rules = Array.from({ length: size }, () => drawConditions(next, names, family));
  const targets = next(2) === 0 ? TARGETS : MARKING;
  const lines = rules.map((rule) => {
    return `-A FORWARD ${ruleWords(rule)} ${targets[next(targets.length)]}`;
  });
  const users = ['-A sub -p tcp -j RETURN', '-A sub -m mark --mark 0/1', '-A marks -j MARK --set-mark 2'];
  const head = ['*filter', ':FORWARD DROP [0:0]', ':sub - [0:0]', ':marks - [0:0]'];
  return { text: [...head, ...lines, ...users, 'COMMIT\n'].join('\n'), rules };
}

function check(chain: Chain, family: Family, backend: Backend): void {
  const ruleSet = readRules(chain.text, { file: 'fields', family, backend });
  const rules = family === 'ipv4' ? { rules4: ruleSet } : { rules6: ruleSet };
  const lanes = CHOICES.map((choice) => new ClassifiedLane({ ...rules, backend }, choice));
  for (const conditions of chain.rules) {
    for (const record of boundsOf(family, conditions)) {
      const [linear, ...others] = lanes.map((lane) => lane.pass(record, FORWARD));
      others.forEach((other, index) => {
        if (other.equals(linear as Buffer)) return;
        expect.fail(
          `${CHOICES[index + 1]} differs at a bound of ${conditions.map(({ words }) => words)}\n${chain.text}`,
        );
      });
    }
  }
  const [linear, ...others] = lanes.map((lane) => lane.counters());
  for (const counters of others) expect(counters, chain.text).toEqual(linear);
}

describe.each<Family>(['ipv4', 'ipv6'])('%s', (family) => {
  test.each(Object.keys(makers(family)))('%s', (name) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1 }),
        fc.constantFrom(3, 12, 40),
        fc.constantFrom<Backend[]>('legacy', 'nft'),
        (seed, size, backend) => check(chainOf(random(seed), size, family, [name]), family, backend),
      ),
      { numRuns: 12, seed: 4 },
    );
  });

  test.each([
    [30, 40],
    [300, 4],
  ])('all fields, %i rules', (size, numRuns) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.constantFrom<Backend[]>('legacy', 'nft'), (seed, backend) =>
        check(chainOf(random(seed), size, family, Object.keys(makers(family))), family, backend),
      ),
      { numRuns, seed: 5 },
    );
  });
});

/** Rules that differ in one field alone, and what it is called in plans. */
const TOLD_APART: readonly (readonly [field: string, rule: (index: number) => string, inTrees: boolean])[] = [
  ['source', (index) => `-s 10.0.${index}.0/24`, true],
  ['destination', (index) => `-d 10.0.0.${index}`, true],
  ['protocol', (index) => `-p ${index + 100}`, true],
  ['source port', (index) => `-p udplite -m udplite --sport ${index}:${index + 1}`, true],
  ['destination port', (index) => `-p sctp -m multiport --dports ${index},${index + 500}`, true],
  ['tcp flags', (index) => `-p tcp -m tcp --tcp-flags ALL ${['SYN', 'ACK', 'FIN', 'RST'][index % 4]}`, true],
  ['icmp type', (index) => `-p icmp -m icmp --icmp-type ${index}`, true],
  ['mark', (index) => `-m mark --mark ${index}`, true],
  ['connection state', (index) => `-m conntrack --ctstate ${['NEW', 'INVALID', 'RELATED'][index % 3]}`, true],
  ['packet type', (index) => `-m pkttype --pkt-type ${['unicast', 'broadcast'][index % 2]}`, true],
  ['in', (index) => `-i eth${index}`, false],
  ['out', (index) => `! -o eth${index}`, false],
];

describe('is searched by', () => {
  test.each(TOLD_APART)('%s', (field, rule, inTrees) => {
    const lines = Array.from({ length: 60 }, (_, index) => `-A FORWARD ${rule(index)} -j DROP`).join('\n');
    const rules = readRules(`*filter\n${lines}\nCOMMIT\n`, { file: field, family: 'ipv4' });
    const planned = (classifier: ClassifierChoice): readonly string[] => {
      const { chains } = compile(rules, { backend: 'legacy', unknown: 'refuse', classifier });
      return chains.find(({ chain }) => chain.name === 'FORWARD')?.plan?.fields ?? [];
    };
    expect(planned('bit-vectors')).toContain(field);
    if (inTrees) expect(planned('trees')).toContain(field);
  });

  test('a mark that is set behind the chain or before it, but not one that changes on the way', () => {
    const rule = (chain: string, index: number): string => `-A ${chain} -m mark --mark ${index} -j RETURN`;
    const lines = ['before', 'calls'].flatMap((chain) =>
      Array.from({ length: 20 }, (_, index) => rule(chain, index)),
    );
    const text = [
      '*mangle',
      ...['before', 'calls', 'between', 'sets'].map((chain) => `:${chain} - [0:0]`),
      '-A FORWARD -j MARK --set-mark 5',
      '-A FORWARD -j before',
      '-A FORWARD -j calls',
      ...lines,
      '-A calls -j between',
      '-A between -g sets',
      '-A sets -j MARK --set-mark 7',
      'COMMIT\n',
    ].join('\n');
    const { chains } = compile(readRules(text, { file: 'marks', family: 'ipv4' }), {
      backend: 'legacy',
      unknown: 'refuse',
    });
    const fields = (name: string): readonly string[] | undefined =>
      chains.find(({ chain }) => chain.name === name)?.plan?.fields;
    expect(fields('before')).toEqual(['mark']);
    expect(fields('calls')).toEqual([]);
  });
});
