// A connection tracking entry as data: what `conntrack -L -o extended` prints of it. The kernel's records
// (src/layout/conntrack.ts) and the reference interpreter's entries are both turned into this, the text form
// (src/conntrack/text.ts) prints and reads it.

import type { Address } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';

/** struct nf_conntrack_tuple. What the protocol does not have is undefined. */
export interface Tuple {
  readonly source: Address;
  readonly destination: Address;
  /** Ports in host order. */
  readonly sourcePort?: number | undefined;
  readonly destinationPort?: number | undefined;
  /** ICMP, ICMPv6. */
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number } | undefined;
  /** GRE (PPTP): the call id of each direction. */
  readonly sourceKey?: number | undefined;
  readonly destinationKey?: number | undefined;
}

/** Packets and bytes of a direction, where accounting is on. */
export interface Accounting {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** struct nf_conn, as far as it can be seen from outside. */
export interface ConntrackEntry {
  readonly family: Family;
  /** Transport protocol number. */
  readonly protocol: number;
  /** Nanoseconds until it expires. */
  readonly timeoutNs: bigint;
  /** Name of the protocol's state (TCP, SCTP, DCCP): `ESTABLISHED`. */
  readonly state?: string | undefined;
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly originalAccounting?: Accounting | undefined;
  readonly replyAccounting?: Accounting | undefined;
  /** IPS_* bits (src/layout/conntrack.ts). */
  readonly status: number;
  readonly mark: number;
  /** Zone id, 0 for none, and the directions in which it counts: bit 0 original, bit 1 reply. */
  readonly zone: number;
  readonly zoneDirections: number;
  /** Name of the helper. */
  readonly helper?: string | undefined;
  /** 128 bits, bit i is label i. */
  readonly labels?: bigint | undefined;
  /** nf_conntrack_timestamp: when it began, ns since 1970. */
  readonly startNs?: bigint | undefined;
  /** Number of the packet that made it: entries are listed in this order. */
  readonly number: bigint;
}
