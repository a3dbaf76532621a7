// Recorded conversations with bytes, lengths, order and times changed: the kernel, with one lane and with three, and the
// reference say the same of every packet; the tables stay whole.
//
// WASMTABLES_SEED and WASMTABLES_RUNS choose other changes and more of them.

import { afterAll, describe, expect, test } from 'vitest';
import { Folder } from '../../cli/run.ts';
import { randomSource } from '../../packet/frames.ts';
import { differences, interpreted, scanned } from '../../property/compare.ts';
import { type ConntrackRecord, loadRecords, machineOf } from '../records.ts';
import { rulesOf } from '../scanned.ts';
import { runInside } from './inside.ts';
import { pcapngOf, type Sent, START_NS } from './scans.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const SEED = Number(process.env.WASMTABLES_SEED ?? 20240601);
const RUNS = Number(process.env.WASMTABLES_RUNS ?? 60);
const ETHERNET = 14;
const MOST_PACKETS = 150;

type Random = (below: number) => number;

/** A packet changed a little, or not at all. */
function mutate(frame: Uint8Array, random: Random, cuts: boolean): { frame: Uint8Array; snap?: number } {
  const changed = Uint8Array.from(frame);
  switch (random(14)) {
    case 0: // Any byte behind the MACs, more likely one of the headers.
    case 1:
    case 2: {
      for (let times = random(3); times >= 0; times--) {
        const most = random(3) === 0 ? changed.length : Math.min(changed.length, 90);
        changed[12 + random(most - 12)] = random(256);
      }
      return { frame: changed };
    }
    case 3: // A bit of the flags or the window of TCP, the type of ICMP.
    case 4:
      if (changed.length > ETHERNET + 36) {
        const at = ETHERNET + 20 + random(16);
        changed[at] = (changed[at] as number) ^ (1 << random(8));
      }
      return { frame: changed };
    case 5: // Shorter than it says.
      return { frame: changed.subarray(0, Math.max(ETHERNET + 1, random(changed.length))) };
    case 6: // Longer than it says.
      return { frame: new Uint8Array(Buffer.concat([changed, new Uint8Array(random(40))])) };
    case 7:
      if (!cuts) return { frame: changed };
      return { frame: changed, snap: ETHERNET + random(Math.max(1, changed.length - ETHERNET)) };
    case 8: // Another length in the IP header.
      changed[ETHERNET + 3] = random(256);
      return { frame: changed };
    default:
      return { frame: changed };
  }
}

function mutated(record: ConntrackRecord, random: Random, cuts: boolean): readonly Sent[] {
  const first = random(Math.max(1, record.packets.length - MOST_PACKETS));
  const packets = record.packets.slice(first, first + MOST_PACKETS);
  const order = packets.map((_, at) => at);
  for (let times = random(packets.length); times > 0; times--) {
    const from = random(order.length);
    const kind = random(10);
    if (kind < 3) order.splice(random(order.length), 0, ...order.splice(from, 1));
    else if (kind < 5) order.splice(from, 0, order[random(order.length)] as number);
    else if (kind === 5) order.splice(from, 1);
  }
  let shift = 0n;
  let last = 0n;
  return order.map((at) => {
    const { frame, interface: name, timeNs } = packets[at] as ConntrackRecord['packets'][number];
    if (random(40) === 0) shift += BigInt(random(400) - 100) * 1_000_000_000n;
    const time = START_NS + BigInt(timeNs) + shift;
    // What the kernel sweeps away the reference may still have, if the clock goes back.
    last = cuts || time > last ? time : last;
    return { ...mutate(frame, random, cuts), interface: name, timeNs: last };
  });
}

const groups = ['tcp', 'protocol', 'helper', 'fragment'] as const;
const records = [...loadRecords(groups)];

/** Has a fragment header right behind that of IPv6. */
function isFragment6({ frame }: Sent): boolean {
  return frame[12] === 0x86 && frame[ETHERNET + 6] === 44;
}

function write(packets: readonly Sent[], pieces: number): readonly string[] {
  const size = Math.ceil(packets.length / pieces);
  return Array.from({ length: Math.ceil(packets.length / size) }, (_, part) =>
    folder.file(`${part}.pcapng`, pcapngOf(packets.slice(part * size, (part + 1) * size))),
  );
}

describe.each(groups)('%s conversations that are changed', (group) => {
  const own = records.filter((record) => record.group === group);
  const count = Math.ceil(RUNS / groups.length);

  test.each(Array.from({ length: count }, (_, run) => run))('%i', async (run) => {
    const random = randomSource(SEED + 1000 * groups.indexOf(group) + run);
    const record = own[random(own.length)] as ConntrackRecord;
    // The reference does not reassemble IPv6, and knows less of what is not captured.
    const cuts = group === 'fragment' || random(3) === 0;
    const packets = mutated(record, random, cuts);
    if (packets.length === 0) return;
    const machine = machineOf(record);
    const setup = { ...rulesOf(record), machine, backend: 'legacy' as const };
    const captures = write(packets, 7);
    const one = await scanned({ ...setup, captures, workers: 1 });
    if (!cuts && !packets.some(isFragment6)) {
      const reference = await interpreted({ ...setup, captures });
      expect(differences(reference, one), record.name).toEqual([]);
    }
    const three = await scanned({ ...setup, captures, workers: 3 });
    expect(three, record.name).toEqual(one);
    await runInside(captures, { machine, ...rulesOf(record) });
  });
});
