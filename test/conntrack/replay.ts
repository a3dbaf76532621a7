// A record of the real kernel replayed through the trackers: what differs.

import * as Conntrack from '../../src/layout/conntrack.ts';
import { type ConntrackRecord, hostFiles, type RecordedPacket } from './records.ts';
import { type Tracked, Tracker } from './tracker.ts';

const START_NS = 1_000_000_000_000n;
const SEEN = Conntrack.IPS_SEEN_REPLY | Conntrack.IPS_ASSURED | Conntrack.IPS_DYING;
const LETTERS: Readonly<Record<string, number>> = {
  SEEN_REPLY: Conntrack.IPS_SEEN_REPLY,
  ASSURED: Conntrack.IPS_ASSURED,
  DYING: Conntrack.IPS_DYING,
};

/**
 * Packet by packet: ctstate, direction and status, and of the entry afterwards status, state, window scales, flags and
 * timeout. `compared`: packets that have a tuple and were seen.
 */
export function replay(record: ConntrackRecord): { differences: string[]; compared: number } {
  const tracker = new Tracker(hostFiles(record.sysctls));
  const differences: string[] = [];
  let compared = 0;
  record.packets.forEach((packet, number) => {
    // What is not tracked is the core's.
    if (packet.observed === undefined || packet.observed.ctstate === 'UNTRACKED') return;
    const timeNs = START_NS + BigInt(packet.timeNs);
    const tracked = tracker.track(packet.frame, timeNs, packet.entry !== undefined);
    if (tracked === undefined) return;
    compared++;
    // The entry of a reply by GRE's call id cannot be asked for by the packet's tuple.
    const asked = packet.entry !== undefined || !packet.observed.ctstatus.includes('CONFIRMED');
    const here = describeTracked(tracker, tracked, asked ? timeNs : undefined);
    const linux = describeRecorded(packet);
    if (here !== linux && !isTickApart(here, linux)) differences.push(`${number}: ${here}, Linux ${linux}`);
  });
  return { differences, compared };
}

function describeTracked(tracker: Tracker, tracked: Tracked, timeNs: bigint | undefined): string {
  const entry = timeNs === undefined ? 0 : tracker.lastEntry(timeNs);
  const words = [`${tracked.ctstate}${tracked.reply ? ' reply' : ''} ${tracked.status & SEEN}`];
  if (timeNs !== undefined && entry !== 0) {
    words.push(`${tracker.u32(entry, Conntrack.STATUS) & SEEN}`);
    words.push(...protocolOf(tracker, entry));
    words.push(`left ${(tracker.deadline(entry) - timeNs) / 1_000_000_000n}`);
  }
  return words.join(', ');
}

function protocolOf(tracker: Tracker, entry: number): string[] {
  const proto = tracker.u8(entry, Conntrack.PROTO);
  if (proto === 132) return [`state ${tracker.u8(entry, Conntrack.SCTP_STATE)}`];
  if (proto !== 6) return [];
  const bytes = [
    Conntrack.TCP_STATE,
    Conntrack.TCP_SCALE,
    Conntrack.TCP_SCALE + 2,
    Conntrack.TCP_FLAGS,
    Conntrack.TCP_FLAGS + 2,
  ];
  const [state, ...others] = bytes.map((field) => tracker.u8(entry, field));
  return [`state ${state}`, `scales and flags ${others}`];
}

function describeRecorded(packet: RecordedPacket): string {
  const { observed, entry } = packet;
  const status = observed?.ctstatus.reduce((sum, name) => sum | (LETTERS[name] ?? 0), 0);
  const words = [`${observed?.ctstate}${observed?.reply ? ' reply' : ''} ${status}`];
  if (entry !== undefined) {
    words.push(`${entry.status & SEEN}`);
    if (entry.state !== undefined) words.push(`state ${entry.state}`);
    if (entry.tcp !== undefined) words.push(`scales and flags ${[...entry.tcp.scales, ...entry.tcp.flags]}`);
    words.push(`left ${entry.timeoutSeconds}`);
  }
  return words.join(', ');
}

/** The kernel counts ticks of 4 ms: a remaining time may have become a second less. */
function isTickApart(here: string, linux: string): boolean {
  const left = /^(.*left )(\d+)$/;
  const [, before, ours] = left.exec(here) ?? [];
  const [, same, theirs] = left.exec(linux) ?? [];
  return before !== undefined && before === same && Math.abs(Number(ours) - Number(theirs)) <= 1;
}
