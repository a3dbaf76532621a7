// Classified = linear: random rules of every kind and random frames, each classifier forced on every chain.
//
// WASMTABLES_RUNS chooses how many worlds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClassifierKind } from '../../src/compile/classify/choose.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { type World, world } from '../generate/world.ts';
import { Decoder } from '../packet/kernel.ts';
import { ClassifiedLane, INTERFACE_NAMES } from './lane.ts';

const runs = Number(process.env.WASMTABLES_RUNS ?? 50);

/** OUTPUT may route again, which needs a machine. */
const HOOKS = [0, 1, 2, 4];
const MARKS = [0, 1, 0x10, 0xff];

/** Fields that are addresses. */
const ADDRESSES = [Packet.L3, Packet.MAC, Packet.FRAME];

/** A decoded frame's packet record, with interfaces and marks that depend on nothing but its place in the world. */
function recordOf({ frames }: World, index: number, decoder: Decoder): Uint8Array | undefined {
  const { bytes, linkType, originalLength } = frames[index] as World['frames'][number];
  decoder.decode({ bytes, linktype: linkType, length: originalLength });
  if (decoder.get(Packet.VERDICT) !== Verdict.ACCEPT) return undefined;
  decoder.set(Packet.IIF, index % INTERFACE_NAMES.length);
  decoder.set(Packet.OIF, (index >> 1) % INTERFACE_NAMES.length);
  decoder.set(Packet.PKTTYPE, index % 6);
  decoder.set(Packet.MARK, MARKS[index % MARKS.length] as number);
  for (const field of [Packet.DECISION, Packet.FILTER_DECISION]) decoder.set(field, Packet.NO_RULE);
  decoder.set(Packet.REASON, 0);
  return decoder.bytes.slice(decoder.record, decoder.record + Packet.BYTES);
}

/** Passes a record whose frame stands at the end of the decoder's memory, with the frame at the end of the lane's. */
function pass(lane: ClassifiedLane, record: Uint8Array, frame: Uint8Array, by: number, hook: number): string {
  const memory = new Uint8Array(lane.memory.buffer);
  memory.set(frame, memory.length - frame.length);
  const moved = Buffer.from(record);
  for (const field of ADDRESSES) {
    const address = moved.readUInt32LE(field);
    if (address !== 0) moved.writeUInt32LE(address + memory.length - by, field);
  }
  const after = lane.pass(moved, hook);
  for (const field of ADDRESSES) after.writeUInt32LE(0, field);
  return after.toString('hex');
}

function compare(one: World, kind: ClassifierKind): void {
  const decoder = new Decoder();
  const linear = new ClassifiedLane(one, 'linear');
  const classified = new ClassifiedLane(one, kind);
  // Room for the frames.
  for (const lane of [linear, classified]) lane.memory.grow(2);
  for (const [index, { bytes }] of one.frames.entries()) {
    const record = recordOf(one, index, decoder);
    if (record === undefined) continue;
    for (const hook of HOOKS) {
      const [expected, got] = [linear, classified].map((lane) =>
        pass(lane, record, bytes, decoder.bytes.length, hook),
      );
      expect(got, `frame ${index} at hook ${hook}`).toBe(expected);
    }
  }
  expect(classified.counters()).toEqual(linear.counters());
}

describe.each<ClassifierKind>(['bit-vectors', 'trees'])('%s', (kind) => {
  test('short chains of every match', () => {
    fc.assert(
      fc.property(world({ rules: 12, packets: 12 }), (one) => compare(one, kind)),
      { numRuns: runs, seed: 20261123 },
    );
  });

  test('chains of up to 120 rules', () => {
    fc.assert(
      fc.property(world({ rules: 120, packets: 20 }), (one) => compare(one, kind)),
      { numRuns: Math.ceil(runs / 10), seed: 20261124 },
    );
  });
});
