// What is told of connections as they come, change and go (nf_conntrack_ecache.c, ctnetlink_conntrack_event).

import type { ConntrackEvent } from '../../conntrack/events.ts';
import * as Ct from '../../layout/conntrack.ts';
import type { Connection } from './connection.ts';
import { entryOf } from './entry.ts';

const BEGINNINGS = (1 << Ct.IPCT_NEW) | (1 << Ct.IPCT_RELATED);

export class Events {
  readonly #list: ConntrackEvent[] = [];

  get list(): readonly ConntrackEvent[] {
    return this.#list;
  }

  /** nf_ct_deliver_cached_events */
  deliver(connection: Connection, number: bigint, timeNs: bigint): void {
    if (!connection.confirmed || connection.has(Ct.IPS_DYING)) return;
    const what = connection.events;
    connection.events = 0;
    if (what === 0) return;
    this.#add((what & BEGINNINGS) !== 0 ? 'NEW' : 'UPDATE', connection, what, number, timeNs);
  }

  /** nf_conntrack_event_report of nf_ct_delete. */
  destroyed(connection: Connection, number: bigint, timeNs: bigint): void {
    this.#add('DESTROY', connection, 1 << Ct.IPCT_DESTROY, number, timeNs);
  }

  #add(
    kind: ConntrackEvent['kind'],
    connection: Connection,
    what: number,
    number: bigint,
    timeNs: bigint,
  ): void {
    if (connection.eventMask !== undefined && (connection.eventMask & what) === 0) return;
    this.#list.push({ kind, what, number, timeNs, entry: entryOf(connection, timeNs) });
  }
}
