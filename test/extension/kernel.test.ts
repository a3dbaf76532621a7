import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LowerContext } from '../../src/extension/extension.ts';
import { findMatch } from '../../src/extension/index.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import type { Backend, Family, Rule } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { Decoder } from '../packet/kernel.ts';

/** What Linux 6.18 did with a frame: record.py. */
interface Case {
  readonly family: 4 | 6;
  readonly backend: Backend;
  readonly rule: string;
  readonly frame: string;
  readonly result: 'YES' | 'NO' | 'HOTDROP' | 'COUNTED';
}

const ETHERNET = 1;
const OPERATIONS = 32768;
/**
 * What iptables-nft 1.8.9 forgot: 1.8.11 turns an inverted range of all ports into a condition that never holds, and
 * prints it.
 */
const FORGOTTEN = '-p tcp -m tcp ! --sport :';
const NAMES = ['NO', 'YES', 'HOTDROP', 'UNDECIDABLE'];

function parse(rule: string, family: Family): Rule {
  const text = `*raw\n-A PREROUTING ${rule}\nCOMMIT\n`;
  const { tables } = readRules(text, { file: 'linux.jsonl', family });
  return tables[0]?.chains.find(({ name }) => name === 'PREROUTING')?.rules[0] as Rule;
}

/** The operations of a rule's matches, as the compiler lays them out. */
function lower(rule: Rule, family: Family, backend: Backend): number[] {
  const words: number[] = [];
  const context: LowerContext = {
    family,
    backend,
    rule,
    emit(code, ...operands) {
      const count = Math.ceil((operands.length + 1) / 4) * 4;
      words.push(code | ((count * 4) << 16), ...operands);
      while (words.length % 4 !== 0) words.push(0);
    },
    interfaceRow: () => 0,
    register: () => 0,
  };
  for (const { name, options } of rule.matches) findMatch(name, family)?.lower(options, context);
  return words;
}

/** The first operation's answer that is not YES. */
function run(decoder: Decoder, words: readonly number[]): string {
  const memory = new Uint32Array(decoder.memory.buffer);
  memory.set(words, OPERATIONS / 4);
  for (let at = 0; at < words.length; ) {
    const operation = OPERATIONS + at * 4;
    const result = decoder.kernel.matchOperation?.(decoder.lane, decoder.record, operation) as number;
    if (result !== Op.YES) return NAMES[result] as string;
    at += (words[at] as number) >>> 18;
  }
  return 'YES';
}

const cases = readFileSync(new URL('linux.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)
  .filter(({ backend, rule }) => backend !== 'nft' || rule !== FORGOTTEN);
const decoder = new Decoder();

function evaluate({ family, backend, rule, frame }: Case, captured = frame.length / 2): string {
  const ip = family === 4 ? 'ipv4' : 'ipv6';
  const bytes = Buffer.from(frame, 'hex');
  decoder.decode({ linktype: ETHERNET, bytes: bytes.subarray(0, captured), length: bytes.length });
  const parsed = parse(rule, ip);
  // `-p` is asked for before the matches: it cannot be answered for a header chain that is not captured.
  if (parsed.protocol !== undefined && decoder.flag(Packet.FLAG_SNAPPED_CHAIN)) return 'UNDECIDABLE';
  return run(decoder, lower(parsed, ip, backend));
}

describe('matches in the kernel do what Linux did', () => {
  decoder.view.setUint32(decoder.lane + Lane.HOST, 0, true);
  cases.forEach((one, index) => {
    it(`${index + 1}: IPv${one.family} ${one.backend} ${one.rule}`, () => {
      // Counted and dropped: the packet is gone all the same.
      expect(evaluate(one)).toBe(one.result === 'COUNTED' ? 'HOTDROP' : one.result);
    });
  });

  it('answers the same or UNDECIDABLE for every snap length', () => {
    for (const one of cases) {
      const whole = evaluate(one);
      // IPv4 and IPv6 headers are there in any packet that reaches a rule.
      const least = 14 + (one.family === 4 ? 20 : 40);
      for (let captured = least; captured < one.frame.length / 2; captured++) {
        const cut = evaluate(one, captured);
        if (cut !== 'UNDECIDABLE') expect(cut, `${one.rule} ${one.frame} ${captured}`).toBe(whole);
      }
    }
  });
});
