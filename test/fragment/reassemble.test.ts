import { describe, expect, test } from 'vitest';
import * as Fragment from '../../src/layout/fragment.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ipv4, randomSource, udp } from '../packet/frames.ts';
import { DONT, MORE, piece, Reassembler } from './arena.ts';

const { HELD, COMPLETE, DROPPED } = Fragment;
const payload = udp(
  1234,
  53,
  Array.from({ length: 1000 }, (_, i) => (i * 7) & 255),
);

/** Nothing waits any more, and every pool is whole. */
function expectEmpty(r: Reassembler): void {
  expect(r.header(Fragment.MEMORY)).toBe(0);
  expect(r.header(Fragment.QUEUE_COUNT)).toBe(0);
  expect(r.header(Fragment.PIECE_COUNT)).toBe(0);
  expect(r.header(Fragment.OLDEST)).toBe(0);
  expect(r.header(Fragment.NEWEST)).toBe(0);
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}

describe('a datagram', () => {
  test('comes together from fragments in order', () => {
    const r = new Reassembler();
    expect(r.push(piece(payload, 0, 400))).toBe(HELD);
    expect(r.push(piece(payload, 400, 800))).toBe(HELD);
    expect(r.push(piece(payload, 800, payload.length))).toBe(COMPLETE);
    expect(r.packet()).toEqual(ipv4({ proto: 17, payload }));
    expect(r.get(Packet.LENGTH)).toBe(20 + payload.length);
    expect([r.get(Packet.SPORT), r.get(Packet.DPORT)]).toEqual([1234, 53]);
    expect(r.get(Packet.FLAGS)).toBe(Packet.FLAG_PORTS);
    expect(r.get(Packet.FRAG_OFFSET)).toBe(0);
    expect(r.decoder.bytes[r.get(Packet.MAC) + 12]).toBe(8);
    expect(r.events()).toEqual([
      { number: 1, datagram: 3, reason: 0 },
      { number: 2, datagram: 3, reason: 0 },
    ]);
    expectEmpty(r);
  });

  test('comes together in any order, with duplicates between', () => {
    const random = randomSource(7);
    const r = new Reassembler();
    for (let round = 0; round < 300; round++) {
      const cuts = [0, ...new Set(Array.from({ length: 1 + random(12) }, () => 8 * (1 + random(125))))];
      cuts.sort((a, b) => a - b);
      const pieces = cuts.map((from, i) =>
        piece(payload, from, cuts[i + 1] ?? payload.length, { id: round }),
      );
      let complete = 0;
      const order = shuffled(pieces, random);
      for (const [i, fields] of order.entries()) {
        const result = r.push(fields);
        if (result === COMPLETE) complete++;
        expect(result).toBe(i + 1 < pieces.length ? HELD : COMPLETE);
        if (result === COMPLETE) expect(r.packet()).toEqual(ipv4({ proto: 17, payload, id: round }));
        else if (random(4) === 0) {
          expect(r.push(fields)).toBe(DROPPED);
          expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_DUPLICATE);
        }
      }
      expect(complete).toBe(1);
      expect(r.events().every((event) => event.reason === 0 && event.datagram > 0)).toBe(true);
      expectEmpty(r);
    }
  });

  test('is told apart by addresses, protocol and identification', () => {
    const r = new Reassembler();
    const differing = [
      {},
      { id: 2 },
      { proto: 6 },
      { source: [10, 0, 0, 9] },
      { destination: [10, 0, 0, 8] },
    ];
    for (const fields of differing) expect(r.push(piece(payload, 0, 400, fields))).toBe(HELD);
    expect(r.header(Fragment.QUEUE_COUNT)).toBe(5);
    for (const fields of differing)
      expect(r.push(piece(payload, 400, payload.length, fields))).toBe(COMPLETE);
    expectEmpty(r);
  });

  test('keeps the options, TOS and mark of its first fragment', () => {
    const r = new Reassembler();
    r.push(piece(payload, 400, payload.length, { tos: 0x10 }));
    const options = [1, 1, 1, 1];
    expect(r.push(piece(payload, 0, 400, { options, tos: 0x20 }))).toBe(COMPLETE);
    expect(r.packet()).toEqual(ipv4({ proto: 17, payload, options, tos: 0x20 }));
  });

  test('keeps DF when its largest fragment had it', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 800, { fragment: MORE | DONT }));
    expect(r.push(piece(payload, 800, payload.length))).toBe(COMPLETE);
    expect(r.decoder.flag(Packet.FLAG_DONT_FRAGMENT)).toBe(true);
    r.push(piece(payload, 0, 800));
    expect(r.push(piece(payload, 800, payload.length, { fragment: DONT | 100 }))).toBe(COMPLETE);
    expect(r.decoder.flag(Packet.FLAG_DONT_FRAGMENT)).toBe(false);
  });

  test('has the captured bytes up to the first gap', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 400));
    r.push(piece(payload, 400, 800), 20 + 100);
    expect(r.push(piece(payload, 800, payload.length), 20 + 50)).toBe(COMPLETE);
    expect(r.get(Packet.LENGTH)).toBe(20 + payload.length);
    expect(r.get(Packet.L3_CAP)).toBe(20 + 500);
    expect(r.decoder.flag(Packet.FLAG_SNAPPED)).toBe(true);
    expect(r.packet().slice(20)).toEqual(payload.slice(0, 500));
  });

  test('is cut to multiples of eight where more is to follow', () => {
    const r = new Reassembler();
    expect(r.push({ proto: 17, payload: payload.slice(0, 403), fragment: MORE })).toBe(HELD);
    expect(r.push(piece(payload, 400, payload.length))).toBe(COMPLETE);
    expect(r.packet()).toEqual(ipv4({ proto: 17, payload }));
  });
});

describe('a datagram dies', () => {
  test('of an overlap', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 400));
    expect(r.push(piece(payload, 392, 800))).toBe(DROPPED);
    expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_OVERLAP);
    expect(r.events()).toEqual([{ number: 1, datagram: 0, reason: Reason.FRAGMENT_OVERLAP }]);
    expectEmpty(r);
  });

  test('of a fragment over two runs, though not over one', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 200));
    r.push(piece(payload, 200, 400));
    expect(r.push(piece(payload, 0, 400))).toBe(DROPPED);
    expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_DUPLICATE);
    const s = new Reassembler();
    s.push(piece(payload, 200, 400));
    s.push(piece(payload, 0, 200));
    expect(s.push(piece(payload, 0, 400))).toBe(DROPPED);
    expect(s.get(Packet.REASON)).toBe(Reason.FRAGMENT_OVERLAP);
  });

  test('of an end that moves', () => {
    const r = new Reassembler();
    r.push(piece(payload, 800, payload.length));
    expect(r.push(piece(payload.slice(0, 900), 800, 900))).toBe(DROPPED);
    expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_MALFORMED);
    expectEmpty(r);
    r.push(piece(payload, 800, payload.length));
    expect(r.push({ proto: 17, payload: payload.slice(0, 16), fragment: MORE | 200 })).toBe(DROPPED);
    expectEmpty(r);
  });

  test('of a fragment without bytes', () => {
    const r = new Reassembler();
    expect(r.push({ proto: 17, payload: [1, 2, 3], fragment: MORE })).toBe(DROPPED);
    expectEmpty(r);
  });

  test('of ECN fields that do not go together; CE marks it whole', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 400, { tos: 2 }));
    expect(r.push(piece(payload, 400, payload.length, { tos: 3 }))).toBe(COMPLETE);
    expect(r.get(Packet.TOS)).toBe(3);
    r.push(piece(payload, 0, 400, { tos: 0 }));
    expect(r.push(piece(payload, 400, payload.length, { tos: 3 }))).toBe(DROPPED);
    expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_MALFORMED);
    expectEmpty(r);
  });

  test('of its length', () => {
    const r = new Reassembler();
    const long = new Array<number>(65_535 - 20 + 8).fill(9);
    for (let from = 0; from + 1480 < long.length; from += 1480) {
      expect(r.push(piece(long, from, from + 1480))).toBe(HELD);
    }
    const rest = long.length - (long.length % 1480);
    expect(r.push(piece(long, rest, long.length))).toBe(DROPPED);
    expectEmpty(r);
  });

  test('after 30 seconds of the capture, and when the clock jumps', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 400));
    r.seconds += 29.9;
    r.push(piece(payload, 0, 400, { id: 2 }));
    expect(r.events()).toEqual([]);
    r.seconds += 0.1;
    expect(r.push(piece(payload, 400, payload.length))).toBe(HELD);
    expect(r.events()).toEqual([{ number: 1, datagram: 0, reason: Reason.FRAGMENT_TIMEOUT }]);
    r.seconds -= 500;
    r.push(piece(payload, 0, 400, { id: 3 }));
    expect(r.events().map((event) => event.number)).toEqual([2, 3]);
    r.seconds += 1e9;
    r.push(piece(payload, 0, 400, { id: 4 }));
    expect(r.events().map((event) => event.number)).toEqual([4]);
    expect(r.header(Fragment.QUEUE_COUNT)).toBe(1);
  });

  test('when more than 64 other fragments of its source came between', () => {
    const r = new Reassembler();
    r.push(piece(payload, 0, 400));
    for (let id = 2; id < 66; id++) r.push(piece(payload, 0, 400, { id }));
    expect(r.push(piece(payload, 400, payload.length))).toBe(HELD);
    expect(r.events().map((event) => event.number)).toEqual([1]);
    const s = new Reassembler();
    s.push(piece(payload, 0, 400));
    for (let id = 2; id < 65; id++) s.push(piece(payload, 0, 400, { id }));
    expect(s.push(piece(payload, 400, payload.length))).toBe(COMPLETE);
  });
});

describe('floods', () => {
  test('end at the threshold, and what waited is told when its time is over', () => {
    const r = new Reassembler();
    r.setHeader(Fragment.MAX_DISTANCE, 0);
    let held = 0;
    for (let i = 0; i < 10_000; i++) {
      const source = [10, 1, i >> 8, i & 255];
      if (r.push(piece(payload, 0, 40, { id: i, source })) === HELD) held++;
      else expect(r.get(Packet.REASON)).toBe(Reason.FRAGMENT_MEMORY);
    }
    expect(held).toBeGreaterThan(3000);
    expect(held).toBeLessThan(5500);
    expect(r.header(Fragment.MEMORY)).toBeLessThan(4194304 + 4096);
    r.seconds += 31;
    expect(r.push(piece(payload, 0, 400))).toBe(HELD);
    const events = r.events();
    expect(events.length).toBe(held);
    expect(r.header(Fragment.EVENTS_LOST)).toBe(0);
    expect(r.header(Fragment.PIECE_COUNT)).toBe(1);
  });

  test('of random fragments leave every pool whole', () => {
    const random = randomSource(99);
    const small = Fragment.FIXED_BYTES + 100 * Fragment.BYTES_PER_PIECE;
    const r = new Reassembler(small);
    const held = new Set<number>();
    let number = 0;
    for (let i = 0; i < 30_000; i++) {
      number++;
      r.seconds += random(100) / 50;
      const size = random(20) === 0 ? random(1400) : 8 * random(12);
      const fields = {
        proto: 17,
        payload: payload.slice(0, size),
        id: random(40),
        fragment: (random(3) ? MORE : 0) | random(random(10) ? 12 : 8192),
        tos: random(16) ? 0 : random(4),
        source: [10, 0, 0, random(3)],
      };
      const result = r.push(fields, random(10) ? undefined : 20 + random(size + 1));
      if (result === HELD) held.add(number);
      for (const event of r.events())
        expect([event.number, held.delete(event.number)]).toEqual([event.number, true]);
      expect(r.header(Fragment.PIECE_COUNT)).toBe(held.size);
    }
    r.seconds += 1000;
    r.push({ proto: 17, payload: [1], fragment: MORE });
    for (const event of r.events()) held.delete(event.number);
    expect(held.size).toBe(0);
    expectEmpty(r);
    expect(r.header(Fragment.FREE_CHUNKS)).toBe(100 * Fragment.CHUNKS_PER_PIECE + Fragment.EXTRA_CHUNKS);
  }, 30_000);
});
