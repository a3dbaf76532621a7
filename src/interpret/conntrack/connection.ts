// A connection (struct nf_conn), and what its trackers keep in it.

import * as Ct from '../../layout/conntrack.ts';
import type { Helped } from './help.ts';
import type { SctpState } from './sctp.ts';
import type { TcpState } from './tcp-state.ts';
import type { Tuple } from './tuple.ts';
import type { Zone } from './zone.ts';

/** 0 original, 1 reply (enum ip_conntrack_dir). */
export type Direction = 0 | 1;

/** enum ip_conntrack_info: what a packet is to its connection. */
export const ESTABLISHED = Ct.INFO_ESTABLISHED;
export const RELATED = Ct.INFO_RELATED;
export const NEW = Ct.INFO_NEW;
export const ESTABLISHED_REPLY = Ct.INFO_ESTABLISHED_REPLY;
export const RELATED_REPLY = Ct.INFO_RELATED_REPLY;
export const UNTRACKED = Ct.INFO_UNTRACKED;

/** CTINFO2DIR */
export function directionOf(ctinfo: number): Direction {
  return ctinfo >= Ct.INFO_REPLY ? 1 : 0;
}

export interface Counter {
  packets: bigint;
  bytes: bigint;
}

export class Connection {
  /** By direction. */
  readonly tuples: readonly [original: Tuple, reply: Tuple];
  readonly zone: Zone;
  /** Number of the packet that made it. */
  readonly number: bigint;
  /** IPS_* bits. */
  status = 0;
  /** ns: how long it is to live while it is not confirmed, then when it ends (nf_conn.timeout). */
  timeoutNs = 0n;
  mark = 0;
  /** The connection that expected it. */
  master: Connection | undefined;
  /** Its helper, and what that keeps. */
  helped: Helped | undefined;
  /** 128 bits; undefined: no rule asks for labels (nf_ct_labels_ext_add). */
  labels: bigint | undefined;
  /** By direction; undefined: no accounting. */
  accounting: readonly [Counter, Counter] | undefined;
  /** nf_conntrack_timestamp */
  startNs: bigint | undefined;
  /** Bits 1 << IPCT_* that are told of; undefined: all (nf_conntrack_ecache.ctmask). */
  eventMask: number | undefined;
  /** Bits 1 << IPCT_* that the next confirmation tells. */
  events = 0;
  tcp: TcpState | undefined;
  sctp: SctpState | undefined;
  /** UDP: when it counts as a stream, ns. */
  streamNs = 0n;
  /** GRE: timeouts of its own, ns. */
  gre: { timeoutNs: bigint; streamTimeoutNs: bigint } | undefined;

  constructor(original: Tuple, reply: Tuple, zone: Zone, number: bigint) {
    this.tuples = [original, reply];
    this.zone = zone;
    this.number = number;
  }

  has(bits: number): boolean {
    return (this.status & bits) !== 0;
  }

  get protocol(): number {
    return this.tuples[0].protocol;
  }

  get confirmed(): boolean {
    return this.has(Ct.IPS_CONFIRMED);
  }

  /** nf_ct_is_expired */
  isExpired(nowNs: bigint): boolean {
    return this.timeoutNs <= nowNs;
  }

  /** Remembers that something changed (nf_conntrack_event_cache). */
  tell(event: number): void {
    this.events |= 1 << event;
  }

  /** Sets a bit of the status; whether it was not set before. */
  set(bit: number): boolean {
    const fresh = !this.has(bit);
    this.status |= bit;
    return fresh;
  }
}
