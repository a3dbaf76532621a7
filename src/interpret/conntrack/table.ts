// Confirmed connections by their tuples, both directions (nf_conntrack_hash). What has expired is gone when somebody
// looks.

import * as Ct from '../../layout/conntrack.ts';
import type { Connection, Direction } from './connection.ts';
import { type Tuple, tupleKey } from './tuple.ts';
import { type Zone, zoneId } from './zone.ts';

/** A connection as it was found: by its tuple of that direction (struct nf_conntrack_tuple_hash). */
export interface Found {
  readonly connection: Connection;
  readonly direction: Direction;
}

/** Called with each connection that leaves the table. */
export type Destroyed = (connection: Connection, nowNs: bigint) => void;

export class ConnectionTable {
  /** By tuple and zone of the direction: the newest first. */
  readonly #buckets = new Map<string, Found[]>();
  readonly #connections = new Set<Connection>();
  readonly #destroyed: Destroyed;

  constructor(destroyed: Destroyed) {
    this.#destroyed = destroyed;
  }

  /** In the order in which they were entered; expired ones too. */
  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  /** Expired ones too. */
  get size(): number {
    return this.#connections.size;
  }

  /** Makes sure that there are less than `max`; false when there are too many that cannot go (__nf_conntrack_alloc). */
  makeRoom(max: number, nowNs: bigint): boolean {
    if (this.#connections.size < max) return true;
    this.#collect(nowNs);
    return this.#connections.size < max || this.#dropEarly(nowNs);
  }

  /** nf_conntrack_find_get: by the zone's id for the original direction, then by that for the reply. */
  find(tuple: Tuple, zone: Zone, nowNs: bigint): Found | undefined {
    const found = this.#lookup(tuple, zone, zoneId(zone, 0), nowNs);
    if (found !== undefined || zoneId(zone, 0) === zoneId(zone, 1)) return found;
    return this.#lookup(tuple, zone, zoneId(zone, 1), nowNs);
  }

  #lookup(tuple: Tuple, zone: Zone, id: number, nowNs: bigint): Found | undefined {
    const bucket = this.#buckets.get(bucketKey(tuple, id)) ?? [];
    for (const { connection } of bucket) if (connection.isExpired(nowNs)) this.delete(connection, nowNs);
    return bucket.find((found) => isAlive(found) && isSameZone(found, zone));
  }

  /** Whether the connection could be entered: neither of its tuples is there (__nf_conntrack_confirm). */
  accepts(connection: Connection, nowNs: bigint): boolean {
    const { tuples, zone } = connection;
    return tuples.every(
      (tuple, direction) => this.#lookup(tuple, zone, zoneId(zone, direction), nowNs) === undefined,
    );
  }

  /** __nf_conntrack_hash_insert */
  insert(connection: Connection): void {
    this.#connections.add(connection);
    for (const direction of [0, 1] as const) {
      const key = keyOf(connection, direction);
      const bucket = this.#buckets.get(key) ?? [];
      this.#buckets.set(key, [{ connection, direction }, ...bucket]);
    }
  }

  /** nf_ct_delete: false when it is going already. */
  delete(connection: Connection, nowNs: bigint): boolean {
    if (!connection.set(Ct.IPS_DYING)) return false;
    if (!this.#connections.delete(connection)) return true;
    for (const direction of [0, 1] as const) {
      const key = keyOf(connection, direction);
      const rest = (this.#buckets.get(key) ?? []).filter((found) => found.connection !== connection);
      if (rest.length === 0) this.#buckets.delete(key);
      else this.#buckets.set(key, rest);
    }
    this.#destroyed(connection, nowNs);
    return true;
  }

  /** Takes away all that have expired (gc_worker). */
  #collect(nowNs: bigint): void {
    for (const connection of this.#connections) {
      if (connection.isExpired(nowNs)) this.delete(connection, nowNs);
    }
  }

  /**
   * early_drop: makes room by a connection that is not assured. Linux looks at a few buckets that a secret hash leads
   * to; here it is the oldest one that goes.
   */
  #dropEarly(nowNs: bigint): boolean {
    for (const connection of this.#connections) {
      if (!connection.has(Ct.IPS_ASSURED)) return this.delete(connection, nowNs);
    }
    return false;
  }
}

function bucketKey(tuple: Tuple, id: number): string {
  return `${tuple.family} ${id} ${tupleKey(tuple)}`;
}

function keyOf({ tuples, zone }: Connection, direction: Direction): string {
  return bucketKey(tuples[direction], zoneId(zone, direction));
}

function isAlive({ connection }: Found): boolean {
  return !connection.has(Ct.IPS_DYING);
}

/** nf_ct_zone_equal, in the direction of the tuple that was found. */
function isSameZone({ connection, direction }: Found, zone: Zone): boolean {
  return zoneId(connection.zone, direction) === zoneId(zone, direction);
}
