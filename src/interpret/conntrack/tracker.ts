// What a protocol's tracker is given and answers.

import * as Ct from '../../layout/conntrack.ts';
import type { HookName } from '../../model/ruleset.ts';
import type { Bytes } from '../bytes.ts';
import type { Packet } from '../packet.ts';
import { type Connection, directionOf } from './connection.ts';
import type { ConntrackSysctls } from './sysctl.ts';

/**
 * NF_ACCEPT; -NF_ACCEPT (INVALID); -NF_REPEAT (the connection is gone: look again); and for a connection that the tracker
 * has ended, NF_ACCEPT with its end (nf_ct_kill_acct).
 */
export type Tracked = 'accept' | 'invalid' | 'repeat';

/** A packet before its tracker. */
export interface Segment {
  readonly packet: Packet;
  readonly bytes: Bytes;
  /** Where the transport header is. */
  readonly offset: number;
  readonly ctinfo: number;
  readonly nowNs: bigint;
  readonly sysctls: ConntrackSysctls;
  /** Checksums are verified here: nf_conntrack_checksum at PREROUTING. */
  readonly verify: boolean;
  /** nf_ct_kill: takes the connection away; false when it is going already. */
  kill(connection: Connection): boolean;
}

/** Where checksums are verified at all. */
export const VERIFYING_HOOK: HookName = 'PREROUTING';

/** __nf_ct_refresh_acct: gives the connection new time, unless that is fixed, and counts the packet. */
export function refresh(connection: Connection, segment: Segment, timeoutNs: bigint): void {
  if (!connection.has(Ct.IPS_FIXED_TIMEOUT)) {
    connection.timeoutNs = connection.confirmed ? segment.nowNs + timeoutNs : timeoutNs;
  }
  account(connection, segment);
}

/** nf_ct_acct_update */
export function account(connection: Connection, { ctinfo, packet }: Segment): void {
  const counter = connection.accounting?.[directionOf(ctinfo)];
  if (counter === undefined) return;
  counter.packets += 1n;
  counter.bytes += BigInt(packet.length);
}
