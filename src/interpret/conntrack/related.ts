// The packet that an ICMP message is about (nf_conntrack_inet_error).

import * as Invalid from '../../layout/invalid.ts';
import type { Address } from '../../model/address.ts';
import { equalAddress } from '../address.ts';
import type { Packet } from '../packet.ts';
import { type Connection, RELATED, RELATED_REPLY } from './connection.ts';
import { invalid } from './invalid.ts';
import type { ConnectionTable } from './table.ts';
import { invert, type KeyLookup, locate, readTuple } from './tuple.ts';
import type { Zone } from './zone.ts';

/** What looking for a packet's connection needs. */
export interface Surroundings {
  readonly table: ConnectionTable;
  readonly keys: KeyLookup;
  readonly zone: Zone;
  readonly nowNs: bigint;
  readonly verify: boolean;
}

/**
 * What an ICMP message is: of no connection, but related to one; not to be tracked; `go-on`: to be tracked as any packet.
 */
export type Answer =
  | { readonly kind: 'related'; readonly connection: Connection; readonly ctinfo: number }
  | 'invalid'
  | 'untracked'
  | 'go-on';

/** @param at where in `packet` the IP header of the other one begins */
export function aboutPacket(packet: Packet, at: number, around: Surroundings): Answer {
  const { family, bytes } = packet;
  const located = locate(family, bytes, at);
  const unknown = (): Answer => invalid(packet, Invalid.ICMP_UNKNOWN_FLOW);
  if (located === undefined) return unknown();
  const inner = readTuple(family, bytes, at, located, around.keys);
  const answer = inner === undefined ? undefined : invert(inner);
  if (answer === undefined) return unknown();
  const found = around.table.find(answer, around.zone, around.nowNs);
  if (found === undefined) return unknown();
  const { connection, direction } = found;
  if (!goesBack(packet.destination, connection.tuples[direction].destination)) {
    return invalid(packet, Invalid.ICMP_OUTER_ADDRESS);
  }
  return { kind: 'related', connection, ctinfo: direction === 1 ? RELATED_REPLY : RELATED };
}

/** A message about a packet goes to who sent it. */
function goesBack(destination: Address, sender: Address): boolean {
  return equalAddress(destination, sender);
}
