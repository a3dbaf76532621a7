// A record's packets one by one through the reference's connection tracking alone, without tables: what is left of each
// one's connection.

import { readHost } from '../../src/host/folder.ts';
import { Bytes } from '../../src/interpret/bytes.ts';
import type { Connection } from '../../src/interpret/conntrack/connection.ts';
import { Conntrack } from '../../src/interpret/conntrack/conntrack.ts';
import { Lost } from '../../src/interpret/lost.ts';
import { Packet, parseIpv4, parseIpv6 } from '../../src/interpret/packet.ts';
import { type ConntrackRecord, hostFiles, type RecordedPacket } from './records.ts';

const ETHERNET_BYTES = 14;
/** Bits that libnetfilter_conntrack has no name for, and those of IPS_*_NAT_DONE. */
const SHOWN = 0x0fff;

/** Status, state, scales, flags and remaining time, in the words of a record; one line a packet that differs. */
export function entryDifferences(record: ConntrackRecord): string[] {
  const files = hostFiles(record.sysctls);
  const machine = readHost((name) => ({ path: name, text: files[name] }));
  const conntrack = new Conntrack({ machine, accounting: true });
  return record.packets.flatMap((recorded, index) => {
    const packet = parse(recorded.frame);
    if (packet === undefined) return [];
    const passing = { nowNs: BigInt(recorded.timeNs), number: BigInt(index + 1) };
    conntrack.track(packet, 'PREROUTING', passing);
    if (recorded.forwarded > 0 || recorded.entry !== undefined) conntrack.confirm(packet, passing);
    const { connection } = packet;
    // What a packet was related to is not found by its own tuple.
    if (connection === undefined || recorded.observed?.ctstate === 'RELATED') return [];
    const linux = entryOf(recorded);
    const here = linux === '' ? '' : describe(connection, recorded, passing.nowNs);
    return here === linux ? [] : [`packet ${index + 1}: Linux ${linux}, here ${here}`];
  });
}

function parse(frame: Uint8Array): Packet | undefined {
  const bytes = new Bytes(frame.subarray(ETHERNET_BYTES), frame.length - ETHERNET_BYTES);
  try {
    return new Packet(frame[12] === 0x86 ? parseIpv6(bytes) : parseIpv4(bytes, true), 'none');
  } catch (error) {
    if (error instanceof Lost) return undefined;
    throw error;
  }
}

function entryOf({ entry }: RecordedPacket): string {
  if (entry === undefined) return '';
  const { tcp, state } = entry;
  const numbers = [entry.status & SHOWN, state, ...(tcp?.scales ?? []), ...(tcp?.flags ?? [])];
  return `${numbers.join()} ${entry.timeoutSeconds}`;
}

/** The remaining time as the record has it, when it is off by no more than the tick between. */
function describe(connection: Connection, { entry }: RecordedPacket, nowNs: bigint): string {
  const { tcp, sctp, timeoutNs } = connection;
  const state = tcp?.state ?? sctp?.state;
  const seen = tcp?.seen ?? [];
  const numbers = [
    connection.status & SHOWN,
    state,
    ...seen.map(({ scale }) => scale),
    ...seen.map(({ flags }) => flags),
  ];
  const left = Number((timeoutNs - nowNs) / 1_000_000_000n);
  const recorded = entry?.timeoutSeconds;
  const close = recorded !== undefined && Math.abs(left - recorded) <= 1;
  return `${numbers.join()} ${close || recorded === undefined ? recorded : left}`;
}
