// The seam to the helpers (helper/): a connection as they know it, and a packet as they see it.

import type { Tuple as ShownTuple } from '../../conntrack/entry.ts';
import type { Machine } from '../../host/machine.ts';
import * as Ct from '../../layout/conntrack.ts';
import { prefixMask } from '../../model/address.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Packet } from '../packet.ts';
import { type Connection, directionOf, ESTABLISHED, ESTABLISHED_REPLY } from './connection.ts';
import { shown } from './entry.ts';
import { type ExpectationTable, equal, type Master, type Tunnel } from './expectation.ts';
import { help } from './helper/index.ts';
import type { HelperName } from './helper/policy.ts';
import { locate } from './tuple.ts';

/** A connection that has a helper (struct nf_conn_help). */
export class Helped implements Master {
  readonly connection: Connection;
  readonly helper: HelperName;
  helperState: unknown;

  constructor(connection: Connection, helper: HelperName) {
    this.connection = connection;
    this.helper = helper;
  }

  get family(): Family {
    return this.connection.tuples[0].family;
  }

  get protocol(): number {
    return this.connection.protocol;
  }

  get original(): ShownTuple {
    return shown(this.connection.tuples[0]);
  }

  get reply(): ShownTuple {
    return shown(this.connection.tuples[1]);
  }

  get zone(): number {
    return this.connection.zone.id;
  }

  get expected(): boolean {
    return this.connection.has(Ct.IPS_EXPECTED);
  }

  isAlive(nowNs: bigint): boolean {
    return isAlive(this.connection, nowNs);
  }

  refresh(nowNs: bigint, timeoutNs: bigint): void {
    const { connection } = this;
    if (connection.has(Ct.IPS_FIXED_TIMEOUT)) return;
    connection.timeoutNs = connection.confirmed ? nowNs + timeoutNs : timeoutNs;
  }
}

/** It is in the table, and has not expired. */
export function isAlive(connection: Connection, nowNs: bigint): boolean {
  return connection.confirmed && !connection.has(Ct.IPS_DYING) && !connection.isExpired(nowNs);
}

/** The connection that met an expectation, as the helper that expected it knows it. */
export function tunnelOf(connection: Connection, nowNs: () => bigint, kill: () => void): Tunnel {
  return { original: shown(connection.tuples[0]), isAlive: () => isAlive(connection, nowNs()), kill };
}

/** helper->help: 'drop' ends the packet's way. */
export function askHelper(
  helped: Helped,
  packet: Packet,
  nowNs: bigint,
  expectations: ExpectationTable,
  machine: Machine,
): 'accept' | 'drop' {
  const { bytes, ctinfo, family } = packet;
  const located = locate(family, bytes, 0);
  // A message about the connection is none of its packets.
  if (located === undefined || located.protocol !== helped.protocol) return 'accept';
  const segment = {
    direction: directionOf(ctinfo) === 0 ? ('original' as const) : ('reply' as const),
    established: ctinfo === ESTABLISHED || ctinfo === ESTABLISHED_REPLY,
    transport: bytes.captured.subarray(located.offset),
    length: Math.max(0, bytes.length - located.offset),
    nowNs,
    broadcastMask: broadcastMask(packet, machine),
  };
  return help({ master: helped, expectations }, segment);
}

/** Of a packet that the host sends to a broadcast address of the interface that it leaves by (in_dev_for_each_ifa_rcu). */
function broadcastMask(packet: Packet, machine: Machine): Uint8Array | undefined {
  if (!packet.broadcast || packet.family === 'ipv6') return undefined;
  const out = machine.interfaces.find(({ index }) => index === packet.out?.index);
  const own = out?.addresses.find(
    ({ broadcast }) => broadcast !== undefined && equal(broadcast, packet.destination),
  );
  return own === undefined ? undefined : prefixMask(own.prefixLength, 4);
}
