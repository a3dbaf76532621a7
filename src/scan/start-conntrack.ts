// The starting state of connection tracking (--conntrack-from): entered before the first packet.

import type { ConntrackEntry } from '../conntrack/entry.ts';
import { packEntry } from '../conntrack/pack.ts';
import type { Kernel } from '../kernel/kernel.ts';
import * as Packet from '../layout/packet.ts';
import type { Address } from '../model/address.ts';
import type { LaneArena } from './arena.ts';
import type { PlacedConntrack } from './place-conntrack.ts';

/** How many of the connections are translated ones: the reply's tuple is not the mirror image of the original one. */
export function translatedCount(entries: readonly ConntrackEntry[]): number {
  return entries.filter(({ original, reply }) => {
    const same = (one: Address, other: Address): boolean => Buffer.compare(one, other) === 0;
    return (
      !same(original.source, reply.destination) ||
      !same(original.destination, reply.source) ||
      original.sourcePort !== reply.destinationPort ||
      original.destinationPort !== reply.sourcePort
    );
  }).length;
}

/** What is said of connections that there was no room for. */
export function noRoomWarning(refused: number, entries: readonly ConntrackEntry[]): string {
  return `there is no room for ${refused} of the ${entries.length} connections of the starting state (nf_conntrack_max)`;
}

/**
 * Enters connections, whose times count from `nowNs`, the time of the first packet.
 *
 * @returns how many of them there was no room for
 */
export function enterConnections(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  { lane, packets }: LaneArena,
  { config }: PlacedConntrack,
  entries: readonly ConntrackEntry[],
  nowNs: bigint,
): number {
  const view = new DataView(memory.buffer);
  // A packet record that is not used yet; insertEntry() itself uses the first.
  const record = packets + Packet.BYTES;
  let refused = 0;
  for (const entry of entries) {
    packEntry(view, record, entry, config, nowNs);
    if (kernel.insertEntry?.(lane, record) === 0) refused++;
  }
  new Uint8Array(memory.buffer, record, Packet.BYTES).fill(0);
  return refused;
}
