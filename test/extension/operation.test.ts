// Operations that no frame of linux.jsonl reaches: MACs of captures without Ethernet headers, marks.

import { describe, expect, it } from 'vitest';
import { Interpreter } from '../../src/interpret/interpreter.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { readRules } from '../../src/save/read.ts';
import { Decoder } from '../packet/kernel.ts';
import { MACHINE } from './machine.ts';

const OPERATION = 32768;
const SLL = 113;
const SLL2 = 276;
const RAW = 101;
const PPP = 9;
const IPV4 = '4500001400010000400066d50a0900020a090001';
const MAC = '020000000002';

const decoder = new Decoder();

function operation(code: number, ...operands: number[]): number {
  new Uint32Array(decoder.memory.buffer).set([code | (16 << 16), ...operands], OPERATION / 4);
  return OPERATION;
}

function match(at: number): number | undefined {
  return decoder.kernel.matchOperation?.(decoder.lane, decoder.record, at);
}

// Kernel and reference, in PREROUTING: `yes`, `no`, and `unknown` where the capture does not have the address.
describe('-m mac without an Ethernet header', () => {
  const RULES = {
    plain: `-m mac --mac-source ${MAC.match(/../g)?.join(':')}`,
    turned: `-m mac ! --mac-source ${MAC.match(/../g)?.join(':')}`,
  };
  const OPERANDS = { plain: [0x00000002, 0x0200], turned: [0x00000002, 0x10200] };
  const ANSWERS = new Map<number | undefined, string>([
    [Op.YES, 'yes'],
    [Op.NO, 'no'],
    [Op.UNDECIDABLE, 'unknown'],
  ]);
  const frames = [
    ['SLL', SLL, `0000 0001 0006 ${MAC} 0000 0800`, 'yes', 'no'],
    ['SLL of an unknown packet type', SLL, `0009 0001 0006 ${MAC} 0000 0800`, 'yes', 'no'],
    ['SLL, not Ethernet', SLL, `0000 0304 0006 ${MAC} 0000 0800`, 'no', 'no'],
    ['SLL, another station', SLL, '0000 0001 0006 020000000003 0000 0800', 'no', 'yes'],
    ['SLL2', SLL2, `0800 0000 00000001 0001 00 06 ${MAC} 0000`, 'yes', 'no'],
    ['SLL2, not Ethernet', SLL2, `0800 0000 00000001 0200 00 06 ${MAC} 0000`, 'no', 'no'],
    [
      'SLL2 without an address',
      SLL2,
      '0800 0000 00000001 0001 00 00 000000000000 0000',
      'unknown',
      'unknown',
    ],
    ['RAW', RAW, '', 'unknown', 'unknown'],
    ['PPP', PPP, '0021', 'no', 'no'],
  ] as const;
  for (const [name, linkType, head, plain, turned] of frames) {
    const bytes = Buffer.from(`${head}${IPV4}`.replaceAll(' ', ''), 'hex');
    it.each([
      ['plain', plain],
      ['turned', turned],
    ] as const)(`${name}, %s`, (way, expected) => {
      decoder.decode({ linktype: linkType, bytes });
      expect(decoder.get(Packet.FAMILY)).toBe(4);
      expect(ANSWERS.get(match(operation(Op.MAC, ...OPERANDS[way])))).toBe(expected);
      const text = `*raw\n-A PREROUTING ${RULES[way]} -j DROP\nCOMMIT\n`;
      const rules4 = readRules(text, { file: 'mac', family: 'ipv4' });
      const interpreter = new Interpreter({ rules4, machine: MACHINE, backend: 'legacy' });
      const facts = { originalLength: bytes.length, timeNs: 0n, number: 1 };
      const { verdict } = interpreter.evaluate({ bytes, linkType, ...facts });
      expect({ DROP: 'yes', ACCEPT: 'no', UNKNOWN: 'unknown' }[verdict as string]).toBe(expected);
    });
  }
});

describe('-j MARK', () => {
  it.each([
    [0x12345678, 0xffffffff, 0x5, 0x5],
    [0x12345678, 0, 0x1, 0x12345679],
    [0x12345678, 0xff, 0xff, 0x123456ff],
    [0x12345678, 0xfffffff0, 0, 0x8],
    [0xf0000000, 0x80000000, 0x80000000, 0xf0000000],
  ])('%i with mask %i and value %i', (before, mask, value, after) => {
    decoder.set(Packet.MARK, before);
    decoder.kernel.targetOperation?.(decoder.lane, decoder.record, operation(Op.SET_MARK, mask, value));
    expect(decoder.get(Packet.MARK)).toBe(after);
    expect(match(operation(Op.FIELD_MASK, Packet.MARK, 0xffffffff, after))).toBe(Op.YES);
  });
});

describe('generic operations', () => {
  it('range ends are inside, also at the ends of 32 bits', () => {
    decoder.set(Packet.MARK, 0xffffffff);
    expect(match(operation(Op.FIELD_RANGE, Packet.MARK, 0, 0xffffffff))).toBe(Op.YES);
    expect(match(operation(Op.FIELD_RANGE, Packet.MARK, 0xffffffff, 0xffffffff))).toBe(Op.YES);
    expect(match(operation(Op.FIELD_RANGE, Packet.MARK, 0, 0xfffffffe))).toBe(Op.NO);
    expect(match(operation(Op.FIELD_RANGE, Packet.MARK | (1 << 16), 0, 0xfffffffe))).toBe(Op.YES);
  });

  it('a range that goes backwards holds nothing', () => {
    for (const length of [10, 30, 60]) {
      decoder.set(Packet.LENGTH, length);
      expect(match(operation(Op.FIELD_RANGE, Packet.LENGTH, 50, 20))).toBe(Op.NO);
    }
  });

  it('an unknown code is never an answer', () => {
    expect(match(operation(99))).toBe(Op.UNDECIDABLE);
  });
});
