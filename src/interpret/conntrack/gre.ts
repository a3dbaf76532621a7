// GRE: nf_conntrack_proto_gre.c. The keys of PPTP's calls are found by what its helper has learned.

import * as Ct from '../../layout/conntrack.ts';
import type { Connection, Direction } from './connection.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';
import { type Tuple, tupleKey } from './tuple.ts';

export function trackGre(connection: Connection, segment: Segment): Tracked {
  const { sysctls } = segment;
  if (!connection.confirmed || connection.gre === undefined) {
    connection.gre = {
      timeoutNs: sysctls.timeoutNs('gre_timeout'),
      streamTimeoutNs: sysctls.timeoutNs('gre_timeout_stream'),
    };
  }
  const { timeoutNs, streamTimeoutNs } = connection.gre;
  if (!connection.has(Ct.IPS_SEEN_REPLY)) {
    refresh(connection, segment, timeoutNs);
    return 'accept';
  }
  refresh(connection, segment, streamTimeoutNs);
  if (connection.set(Ct.IPS_ASSURED)) connection.tell(Ct.IPCT_ASSURED);
  return 'accept';
}

interface Call {
  readonly master: Connection;
  readonly direction: Direction;
  readonly tuple: Tuple;
}

/** The calls that PPTP has set up: of each, which key its sender has (nf_ct_gre_keymap). */
export class GreKeys {
  #calls: Call[] = [];

  /**
   * nf_ct_gre_keymap_add: one call a direction of the controlling connection.
   *
   * @returns false when there is another one already
   */
  add(master: Connection, direction: Direction, tuple: Tuple): boolean {
    const old = this.#calls.find((call) => call.master === master && call.direction === direction);
    if (old !== undefined) return called(old.tuple) === called(tuple);
    this.#calls.push({ master, direction, tuple });
    return true;
  }

  /** nf_ct_gre_keymap_destroy */
  remove(master: Connection): void {
    this.#calls = this.#calls.filter((call) => call.master !== master);
  }

  /** gre_keymap_lookup: the sender's key of a call that is known by the receiver's; 0 for none. */
  lookup(tuple: Tuple): number {
    return this.#calls.find((call) => called(call.tuple) === called(tuple))?.tuple.sourcePart ?? 0;
  }
}

/** gre_key_cmpfn: all but the sender's key. */
function called(tuple: Tuple): string {
  return `${tuple.family} ${tupleKey({ ...tuple, sourcePart: 0 })}`;
}
