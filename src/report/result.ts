// What a scan found: the one thing that every form of report is made from.

import type { RuleSet } from '../model/ruleset.ts';
import type { ReasonName } from './reason.ts';
import type { VerdictName } from './verdict.ts';

export interface PacketsAndBytes {
  readonly packets: number;
  /** By the IP headers, as iptables counts; captured frames that are not IP count their original length. */
  readonly bytes: number;
}

/** What connection tracking did. Entries and packets, exact to 2^53. */
export interface ConntrackResult {
  /** Entries made by packets of the captures; alive at the end, those of a starting state included. */
  readonly created: number;
  readonly live: number;
  /** Entries that there may be: nf_conntrack_max, or what memory allows. */
  readonly limit: number;
  readonly expired: number;
  /** Connections picked up midstream (TCP, loose); flows of which one direction was seen. */
  readonly pickedUp: number;
  readonly oneWay: number;
  /** TCP connections that a new one with the same addresses and ports took the place of. */
  readonly reopened: number;
  /** Packets. */
  readonly invalid: number;
  readonly untracked: number;
  /** Packets with a wrong checksum of TCP, UDP or ICMP; verified ones are INVALID, trusted ones are as others. */
  readonly wrongChecksums: number;
  readonly checksums: 'verify' | 'trust';
  /** ICMP errors about flows that nobody knows. */
  readonly strayErrors: number;
  /** Entries that made room for others; packets that were dropped because there was none; that came too late. */
  readonly earlyDrops: number;
  readonly tableFull: number;
  readonly clashes: number;
  /** Events (--events) that there was no memory for. */
  readonly eventsLost: number;
  /** Packets of which a helper would have had to see more than was captured. */
  readonly cutForHelpers: number;
  /** Of helpers: connections expected, that came, that were too many to expect. */
  readonly expectations: { readonly made: number; readonly met: number; readonly refused: number };
}

/** The result of a scan. Plain data; nothing in it changes afterwards. */
export interface ScanResult {
  /** Records of all captures. */
  readonly packets: number;
  readonly bytes: number;
  /** The captures' clock: first and last time stamp, nanoseconds since 1970; absent when there was no packet. */
  readonly firstTimeNs?: bigint | undefined;
  readonly lastTimeNs?: bigint | undefined;
  /** Wall-clock time of the scan, seconds. */
  readonly elapsedSeconds: number;
  readonly verdicts: Readonly<Record<VerdictName, PacketsAndBytes>>;
  /** Packets by reason; LOST, FRAGMENT, UNKNOWN and SKIP packets have one. */
  readonly reasons: ReadonlyMap<ReasonName, number>;
  /** Packets by family; `other` is what is not IP. */
  readonly families: { readonly ipv4: number; readonly ipv6: number; readonly other: number };
  /** SKIP packets by ethertype or link type (src/report/ethertype.ts). */
  readonly skipped: ReadonlyMap<string, number>;
  /** The rule sets with this scan's counters in place of the file's. */
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  /** For stderr: what was guessed or is odd. Whole sentences. */
  readonly warnings: readonly string[];
  /** One message a broken capture, with file and offset. */
  readonly broken: readonly string[];
  /** Stopped before the end of the captures. */
  readonly interrupted: boolean;
  /** Packets that a match or target with an assumed answer (`--unknown match|no-match`) was asked about. */
  readonly assumed: number;
  /** REJECT's replies and ICMP errors that the host would have sent. */
  readonly answersNotMade: number;
  /** Absent when connection tracking was off: no rule needs it. */
  readonly conntrack?: ConntrackResult | undefined;
}
