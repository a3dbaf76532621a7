// Events as text: what `conntrack -E -o timestamp,extended` prints. Which fields a message has is the kernel's choice
// (ctnetlink_conntrack_event): accounting and time stamps only at the end; a protocol's state where it changed, and at
// the end; the mark where there is one or it changed; the time left but for an entry that ran out; never a use count.

import * as Conntrack from '../layout/conntrack.ts';
import type { ConntrackEntry } from './entry.ts';
import { ageSeconds, fields, timeoutSeconds } from './text.ts';

export interface ConntrackEvent {
  readonly kind: 'NEW' | 'UPDATE' | 'DESTROY';
  /** What it is about: bits 1 << Conntrack.IPCT_*. */
  readonly what: number;
  /** Number of the packet that caused it, from 1: events are in the order of packets. */
  readonly number: bigint;
  /** Time of that packet, ns since 1970. */
  readonly timeNs: bigint;
  /** The entry as it then was; `timeoutNs` counts from that time. */
  readonly entry: ConntrackEntry;
}

/** `[1700000000.123456]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=...`, without a line feed. */
export function eventText(event: ConntrackEvent): string {
  const { kind, entry, timeNs } = event;
  const destroyed = kind === 'DESTROY';
  const has = (what: number): boolean => (event.what & (1 << what)) !== 0;
  const words = fields(entry, {
    timeout: !destroyed || timeoutSeconds(entry) > 0n,
    state: destroyed || has(Conntrack.IPCT_PROTOINFO),
    accounting: destroyed,
    mark: entry.mark !== 0 || has(Conntrack.IPCT_MARK),
    ageSeconds: destroyed ? ageSeconds(entry, timeNs) : undefined,
    helper: !destroyed,
    use: false,
  });
  return `${stamp(timeNs)}\t${`[${kind}]`.padStart(9)} ${words}`;
}

/** Seconds with at least eight digits, a point, six digits of microseconds: conntrack's `[%-.8ld.%-.6ld]`. */
function stamp(timeNs: bigint): string {
  const microseconds = timeNs / 1000n;
  const seconds = (microseconds / 1_000_000n).toString().padStart(8, '0');
  return `[${seconds}.${(microseconds % 1_000_000n).toString().padStart(6, '0')}]`;
}
