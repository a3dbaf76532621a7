// What a scan has to know of the captures before it starts: which machine saw them, whether their MACs are the
// machine's, and, for files to be written, what the captures' headers say.

import type { CaptureHeader } from '../capture/description.ts';
import { peek } from '../capture/peek.ts';
import type { StreamPump } from '../capture/pump.ts';
import { guessMachine, macsAreKnown, type PacketFact } from '../host/guess.ts';
import type { Machine } from '../host/machine.ts';
import type { Kernel } from '../kernel/kernel.ts';
import * as Capture from '../layout/capture.ts';
import * as Lane from '../layout/lane.ts';
import * as Packet from '../layout/packet.ts';
import type { Address } from '../model/address.ts';
import type { LaneArena } from './arena.ts';
import type { ScanOptions } from './options.ts';
import type { ScanMemory } from './place.ts';

/** Packets that are looked at. */
const PEEKED = 1000;

interface Before {
  readonly shared: ScanMemory;
  readonly kernel: Kernel;
  readonly lanes: readonly LaneArena[];
  readonly pump: StreamPump | undefined;
}

export interface LookedAhead {
  readonly machine: Machine;
  /** What was guessed, for stderr. */
  readonly warnings: readonly string[];
  /** Headers of the captures that were looked at. */
  readonly headers: ReadonlyMap<number, CaptureHeader>;
  /** Time of the first packet, where the captures were looked at and have one. */
  readonly firstTimeNs?: bigint | undefined;
}

export async function lookAhead(options: ScanOptions, before: Before): Promise<LookedAhead> {
  const { mac = 'auto' } = options;
  const machine = mac === 'auto' ? options.machine : withMac(options.machine, mac === 'use');
  const toCheckMac = mac === 'auto' && machine?.useMac === true;
  const toWrite = (options.writes?.length ?? 0) > 0;
  const toStart = (options.conntrackFrom?.length ?? 0) > 0;
  if (machine !== undefined && !toCheckMac && !toWrite && !toStart) {
    return { machine, warnings: [], headers: new Map() };
  }
  const { facts, headers, firstTimeNs } = await firstPackets(before);
  if (machine === undefined) {
    const guess = guessMachine(facts, { in: options.in, out: options.out });
    return { machine: guess.machine, warnings: [guess.explanation], headers, firstTimeNs };
  }
  if (toCheckMac && !macsAreKnown(machine, facts)) {
    const warning = `none of the first ${PEEKED} frames has a MAC of the host: MACs are ignored (--mac use to use them)`;
    return { machine: withMac(machine, false), warnings: [warning], headers, firstTimeNs };
  }
  return { machine, warnings: [], headers, firstTimeNs };
}

function withMac<M extends Machine | undefined>(machine: M, useMac: boolean): M {
  return machine === undefined ? machine : { ...machine, useMac };
}

/** The first packets, decoded by the kernel. */
async function firstPackets(before: Before): Promise<{
  readonly facts: readonly PacketFact[];
  readonly headers: ReadonlyMap<number, CaptureHeader>;
  readonly firstTimeNs: bigint | undefined;
}> {
  const { shared, kernel, pump } = before;
  const lane = before.lanes[0] as LaneArena;
  const facts: PacketFact[] = [];
  let firstTimeNs: bigint | undefined;
  // Index 0 is a capture interface without a name.
  const names: string[] = [''];
  const indexOf = (name: string): number =>
    names.includes(name) ? names.indexOf(name) : names.push(name) - 1;
  const visit = (batch: number, count: number): void => {
    for (let first = 0; first < count; first += Lane.VECTOR) {
      const size = Math.min(Lane.VECTOR, count - first);
      kernel.open?.(lane.lane, batch, first, size, lane.packets);
      kernel.decodeVector?.(lane.lane, lane.packets, size);
      firstTimeNs ??= new DataView(shared.memory.buffer).getBigUint64(lane.packets + Packet.TIME, true);
      for (let index = 0; index < size; index++) {
        const fact = factOf(shared, lane.packets + index * Packet.BYTES, names);
        if (fact !== undefined) facts.push(fact);
      }
    }
  };
  const { headers } = await peek(
    shared.memory,
    kernel,
    shared.captures,
    pump,
    lane.batch,
    PEEKED,
    visit,
    indexOf,
  );
  return { facts, headers, firstTimeNs };
}

/** What a decoded packet record tells; undefined for what is not IP. */
function factOf(
  { memory, captures }: ScanMemory,
  p: number,
  interfaceNames: readonly string[],
): PacketFact | undefined {
  const view = new DataView(memory.buffer);
  const family = view.getUint32(p + Packet.FAMILY, true);
  if (family === 0) return undefined;
  const mac = view.getUint32(p + Packet.MAC, true);
  const bytes = (at: number): Uint8Array | undefined =>
    mac === 0 ? undefined : new Uint8Array(memory.buffer).slice(mac + at, mac + at + 6);
  const described =
    captures.interfaces + view.getUint32(p + Packet.CAPTURE_INTERFACE, true) * Capture.INTERFACE_BYTES;
  const interfaceName = interfaceNames[view.getUint32(described + Capture.MACHINE_INTERFACE, true)];
  const direction = view.getUint32(p + Packet.DIRECTION, true);
  return {
    source: addressAt(view, p + Packet.SRC, family),
    destination: addressAt(view, p + Packet.DST, family),
    destinationMac: bytes(0),
    sourceMac: bytes(6),
    interfaceName: interfaceName === '' ? undefined : interfaceName,
    direction: direction === 1 ? 'in' : direction === 2 ? 'out' : undefined,
  };
}

/** An address as the packet record holds it, in network order. */
function addressAt(view: DataView, at: number, family: number): Address {
  const address = new Uint8Array(family === 4 ? 4 : 16);
  const out = new DataView(address.buffer);
  if (family === 4) {
    out.setUint32(0, view.getUint32(at, true));
  } else {
    out.setBigUint64(0, view.getBigUint64(at, true));
    out.setBigUint64(8, view.getBigUint64(at + 8, true));
  }
  return address;
}
