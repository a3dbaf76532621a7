// Helpers with what nobody should send: random and mutated payloads, cut packets, and texts that are made to be slow.
// Frames stand at the very end of the memory, so that a load behind one of them traps; kernel and reference agree.

import { describe, expect, test } from 'vitest';
import * as Conntrack from '../../../src/layout/conntrack.ts';
import { randomSource } from '../../packet/frames.ts';
import { type Case, parse, readCases, spell } from './case.ts';
import { KernelEngine } from './kernel.ts';
import { ReferenceEngine } from './reference.ts';

const FILES = ['ftp', 'tftp', 'irc', 'sip', 'sip-tcp', 'pptp', 'amanda', 'sane'];
const ROUNDS = Number(process.env.WASMTABLES_RUNS ?? 400);

/** A packet with another payload; lengths are right, checksums are not looked at here. */
function withPayload(packet: Uint8Array, payload: Uint8Array): Uint8Array {
  const head = packet.subarray(0, headBytes(packet));
  const made = Buffer.concat([head, payload]);
  if ((packet[0] as number) >> 4 === 4) made.writeUInt16BE(made.length, 2);
  else made.writeUInt16BE(made.length - 40, 4);
  return made;
}

function headBytes(packet: Uint8Array): number {
  const ip = (packet[0] as number) >> 4 === 4 ? 20 : 40;
  const { proto, transport } = parse(packet);
  return ip + (proto === 6 ? 4 * ((transport[12] as number) >> 4) : 8);
}

/** One connection behind both implementations. */
class Pair {
  readonly kernel = new KernelEngine();
  readonly reference = new ReferenceEngine();
  readonly ids: readonly [number, number];

  constructor(first: Uint8Array, helper: string) {
    const packet = parse(first);
    this.ids = [this.kernel.open(packet, helper, 0), this.reference.open(packet, helper, 0)];
    this.kernel.confirm(this.ids[0]);
    this.reference.confirm(this.ids[1]);
  }

  /** What the two make of a packet. */
  show(packet: Uint8Array, info: 0 | 3, seconds: number, cut = packet.length): readonly [unknown, unknown] {
    const how = { cut };
    const dropped = [
      this.kernel.help(this.ids[0], packet, info, seconds, how),
      this.reference.help(this.ids[1], packet, info, seconds, how),
    ];
    const lists = [this.kernel, this.reference].map((engine) =>
      engine
        .expectations(seconds)
        .map((one) => `${spell(one)} at ${one.match}`)
        .sort(),
    );
    const deadlines = [this.kernel.deadline(this.ids[0]), this.reference.deadline(this.ids[1])];
    return [0, 1].map((i) => ({
      packet: Buffer.from(packet).toString('latin1'),
      cut,
      came: dropped[i],
      expects: lists[i],
      deadline: deadlines[i],
    })) as unknown as readonly [unknown, unknown];
  }
}

function mutate(
  payload: Uint8Array,
  random: (below: number) => number,
  pool: readonly Uint8Array[],
): Uint8Array {
  const bytes = Array.from(payload);
  for (let i = random(4); i >= 0; i--) {
    const at = random(bytes.length + 1);
    const other = pool[random(pool.length)] as Uint8Array;
    const part = other.subarray(random(other.length + 1), random(other.length + 1));
    const kind = random(7);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes.splice(at, random(8));
    else if (kind === 2) bytes.splice(at, 0, ...part);
    else if (kind === 3) bytes.length = Math.min(at, bytes.length);
    else if (kind === 4)
      bytes.splice(
        at,
        0,
        ...Buffer.from('0123456789:|,.@;=\r\n "<>[]'.charAt(random(26)).repeat(1 + random(9))),
      );
    else if (kind === 5) bytes.splice(at, random(3), 13, 10);
    else bytes.splice(at, 0, ...bytes.slice(at, at + random(40)));
  }
  return Uint8Array.from(bytes.slice(0, 1400), (byte) => byte ?? 0);
}

describe.each(FILES)('%s', (file) => {
  const cases = readCases(file);
  const steps = cases
    .flatMap((one) => one.steps)
    .filter((step) => parse(step.packet).proto === cases[0]?.proto);
  const packets = steps.map((step) => step.packet).filter((packet) => packet.length > headBytes(packet));
  const pool = packets.map((packet) => packet.subarray(headBytes(packet)));

  test('random and mutated payloads: both say the same', () => {
    const random = randomSource(file.length * 7919);
    let made = 0;
    for (let round = 0; round < ROUNDS; round++) {
      // A conversation of the master, some of whose packets say something else.
      const { helper, steps, proto } = cases[random(cases.length)] as Case;
      const first = steps[0]?.packet as Uint8Array;
      const pair = new Pair(first, helper);
      const ports = [parse(first).sport, parse(first).dport];
      for (const [i, { packet, from }] of steps.entries()) {
        const { sport, dport } = parse(packet);
        if (parse(packet).proto !== proto || !ports.includes(sport) || !ports.includes(dport)) continue;
        const head = headBytes(packet);
        const said =
          random(3) > 0 ? packet : withPayload(packet, mutate(packet.subarray(head), random, pool));
        const cut = random(8) === 0 ? head + random(said.length - head + 1) : said.length;
        const [kernel, reference] = pair.show(said, from === 'server' ? 3 : 0, i, cut);
        expect(kernel).toEqual(reference);
        made += (kernel as { expects: string[] }).expects.length;
      }
    }
    expect(made).toBeGreaterThan(ROUNDS / 20);
  });

  test('every cut of a packet is taken, and drops nothing', () => {
    for (const packet of packets.slice(0, 60)) {
      const head = headBytes(packet);
      const step = Math.max(1, Math.floor((packet.length - head) / 40));
      for (let cut = 0; cut < packet.length; cut += cut < head ? 1 : step) {
        const pair = new Pair(packet, cases[0]?.helper as string);
        const [kernel, reference] = pair.show(packet, 0, 1, cut);
        expect(kernel).toEqual(reference);
        if (file !== 'tftp' && file !== 'amanda') expect((kernel as { came: boolean }).came).toBe(true);
      }
    }
  });
});

describe('texts that are made to be slow', () => {
  const REGISTER = 'REGISTER sip:x SIP/2.0\r\nCSeq: 1 REGISTER\r\n';
  const ANSWER = 'SIP/2.0 200 x\r\nCSeq: 0 REGISTER\r\n';
  const texts: readonly (readonly [string, string, string, 0 | 3])[] = [
    ['many URIs without an end', 'sip', `${ANSWER}Contact: <sip:u@10.0.0.2>,${'sip:,'.repeat(12500)}`, 3],
    [
      'many URIs with one end',
      'sip',
      `${ANSWER}Contact: <sip:u@10.0.0.2>,${'sip:,'.repeat(6000)}@${'0'.repeat(30000)}`,
      3,
    ],
    ['many contacts', 'sip', `${ANSWER}${'m: <sip:u@10.0.0.3>\r\n'.repeat(2900)}`, 3],
    ['many headers that are none', 'sip', `${REGISTER}${'m: x\r\n'.repeat(10000)}`, 0],
    ['a header that never ends', 'sip', `${REGISTER}Contact: ${'\r\n \r\n '.repeat(9000)}`, 0],
    ['a number that never ends', 'sip', `REGISTER sip:x SIP/2.0\r\nCSeq: ${'0'.repeat(60000)}`, 0],
    ['many media', 'sip', `ACK sip:x SIP/2.0\r\nCSeq: 1 ACK\r\nv=0\r\n${'m=audio 0\r\n'.repeat(5500)}`, 0],
    [
      'many media that are none',
      'sip',
      `ACK sip:x SIP/2.0\r\nCSeq: 1 ACK\r\nv=0\r\n${'m=x 0\r\n'.repeat(9000)}`,
      0,
    ],
    ['many connects', 'amanda', 'CONNECT '.repeat(8000), 3],
    ['a line of blanks', 'sip', `${REGISTER}Contact:${' '.repeat(60000)}`, 0],
  ];

  test.each(texts)('%s', (_, helper, text, info) => {
    const first = readCases(helper)[0]?.steps[0]?.packet as Uint8Array;
    const pair = new KernelEngine();
    const id = pair.open(parse(first), helper, 0);
    pair.confirm(id);
    // Quadratic work would take minutes here and run into the test's time limit.
    for (let i = 0; i < 20; i++)
      pair.help(id, withPayload(first, Buffer.from(text.slice(0, 65000))), info, i);
    expect(pair.expectations(20).length).toBeLessThanOrEqual(11);
  });
});

describe('a table that is full', () => {
  const [request] = readCases('tftp').map((one) => one.steps[0]?.packet as Uint8Array);

  test.each([
    ['kernel', (most: number) => new KernelEngine(most)],
    ['reference', (most: number) => new ReferenceEngine(most)],
  ] as const)('%s: no more than nf_conntrack_expect_max, until some expire', (_, make) => {
    const engine = make(10);
    const open = (port: number, seconds: number): boolean => {
      const packet = Buffer.from(request as Uint8Array);
      packet.writeUInt16BE(port, 20);
      const id = engine.open(parse(packet), 'tftp', seconds);
      engine.confirm(id);
      return engine.help(id, packet, 0, seconds);
    };
    for (let port = 1000; port < 1010; port++) expect(open(port, port - 1000)).toBe(true);
    expect(open(2000, 10)).toBe(false);
    expect(engine.expectations(10).length).toBe(10);
    expect(open(2000, 301)).toBe(true);
    expect(engine.expectations(301).length).toBe(9);
  });

  test('records are given back', () => {
    const engine = new KernelEngine(1000);
    const packet = Buffer.from(request as Uint8Array);
    const view = engine.decoder.view;
    const heap = (): number => view.getUint32(131072 + Conntrack.HEAP_NEXT, true);
    let after = 0;
    for (let round = 0; round < 200; round++) {
      const id = engine.open(parse(packet), 'tftp', round);
      engine.confirm(id);
      expect(engine.help(id, packet, 0, round)).toBe(true);
      engine.close(id);
      if (round === 0) after = heap();
    }
    expect(heap()).toBe(after);
    expect(engine.expectCount()).toBe(0);
  });
});
