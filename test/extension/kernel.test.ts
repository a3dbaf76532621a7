import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LowerContext } from '../../src/extension/extension.ts';
import { findMatch } from '../../src/extension/index.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
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
const IPPROTO_AH = 51;
const OPERATIONS = 32768;
/**
 * What iptables-nft 1.8.9 forgot: 1.8.11 turns an inverted range of all ports into a condition that never holds, and
 * prints it.
 */
const FORGOTTEN = '-p tcp -m tcp ! --sport :';
const NAMES = ['NO', 'YES', 'HOTDROP', 'UNDECIDABLE', 'COUNTED'];

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

/** What the operations say together, as legacy iptables puts it together. */
function run(decoder: Decoder, words: readonly number[]): string {
  const memory = new Uint32Array(decoder.memory.buffer);
  memory.set(words, OPERATIONS / 4);
  let holds: number = Op.YES;
  for (let at = 0; at < words.length; ) {
    const operation = OPERATIONS + at * 4;
    const result = decoder.kernel.matchOperation?.(decoder.lane, decoder.record, operation) as number;
    if (result === Op.NO && holds === Op.HOTDROP_COUNTED) return 'HOTDROP';
    if (result === Op.HOTDROP_COUNTED) holds = result;
    else if (result !== Op.YES) return NAMES[result] as string;
    at += (words[at] as number) >>> 18;
  }
  return NAMES[holds] as string;
}

const cases = readFileSync(new URL('linux.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)
  .filter(({ backend, rule }) => backend !== 'nft' || rule !== FORGOTTEN)
  // Addresses, fragments and protocols are the walk's to ask for: walk.test.ts.
  .filter(({ rule }) => /-m /.test(rule) && !/-f|-s |! -p/.test(rule.replace(/-m .*/, '')));
const decoder = new Decoder();

/** A rule ready to run. */
interface Lowered {
  readonly family: 4 | 6;
  readonly backend: Backend;
  readonly protocol: number | undefined;
  readonly words: readonly number[];
}

function prepare({ family, backend, rule }: Pick<Case, 'family' | 'backend' | 'rule'>): Lowered {
  const ip = family === 4 ? 'ipv4' : 'ipv6';
  const parsed = parse(rule, ip);
  return { family, backend, protocol: parsed.protocol?.value, words: lower(parsed, ip, backend) };
}

function answer({ backend, protocol, words }: Lowered, bytes: Uint8Array, captured = bytes.length): string {
  decoder.decode({ linktype: ETHERNET, bytes: bytes.subarray(0, captured), length: bytes.length });
  const verdict = decoder.get(Packet.VERDICT);
  if (verdict !== Verdict.ACCEPT) return verdict === Verdict.UNKNOWN ? 'UNDECIDABLE' : 'LOST';
  if (protocol !== undefined) {
    if (backend === 'nft' && decoder.get(Packet.AUTH_HEADER) !== 0) {
      return protocol === IPPROTO_AH ? run(decoder, words) : 'NO';
    }
    // `-p` is asked for before the matches: it cannot be answered for a header chain that is not captured.
    if (decoder.flag(Packet.FLAG_SNAPPED_CHAIN)) return 'UNDECIDABLE';
    if (decoder.get(Packet.PROTO) !== protocol) return 'NO';
  }
  return run(decoder, words);
}

const evaluate = (one: Case): string => answer(prepare(one), Buffer.from(one.frame, 'hex'));

function holdsWhenCut(lowered: Lowered, bytes: Uint8Array, rule: string): void {
  const whole = answer(lowered, bytes);
  // IPv4 and IPv6 headers are there in any packet that reaches a rule.
  for (let captured = lowered.family === 4 ? 34 : 54; captured < bytes.length; captured++) {
    const cut = answer(lowered, bytes, captured);
    if (cut !== 'UNDECIDABLE' && cut !== whole) {
      expect(cut, `${rule} ${Buffer.from(bytes).toString('hex')} ${captured}`).toBe(whole);
    }
  }
}

/** Numbers that look random, the same in every run (xorshift32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

describe('matches in the kernel do what Linux did', () => {
  decoder.view.setUint32(decoder.lane + Lane.HOST, 0, true);
  cases.forEach((one, index) => {
    it(`${index + 1}: IPv${one.family} ${one.backend} ${one.rule}`, () => {
      // nftables does not count what an inverted condition drops: that is the walk's to know.
      const result = evaluate(one);
      expect(one.backend === 'nft' && result === 'COUNTED' ? 'HOTDROP' : result).toBe(one.result);
    });
  });

  it('answers the same or UNDECIDABLE for every snap length', () => {
    for (const one of cases) holdsWhenCut(prepare(one), Buffer.from(one.frame, 'hex'), one.rule);
  });

  it('answers mutated frames within their bounds, and the same or UNDECIDABLE when they are cut', () => {
    const random = generator(20240607);
    const rules = [...new Set(cases.map(({ rule }) => rule))].flatMap((rule) => {
      const { family, backend } = cases.find((one) => one.rule === rule) as Case;
      return [{ rule, lowered: prepare({ family, backend, rule }) }];
    });
    for (const one of cases) {
      const bytes = Buffer.from(one.frame, 'hex');
      const header = one.family === 4 ? 34 : 54;
      for (let count = 0; count < 3; count++) {
        // The IP header stays as it is, but for the protocol: what is behind it is what matches look at.
        const place = header + (random() % Math.max(1, bytes.length - header));
        if (place < bytes.length) bytes[place] = random() & 255;
        const { rule, lowered } = rules[random() % rules.length] as (typeof rules)[number];
        if (lowered.family !== one.family) continue;
        if (lowered.protocol !== undefined && one.family === 6) bytes[20] = lowered.protocol;
        expect([...NAMES, 'LOST']).toContain(answer(lowered, bytes));
        holdsWhenCut(lowered, bytes, rule);
      }
    }
  });
});
