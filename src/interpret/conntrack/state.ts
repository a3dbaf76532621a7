// What a packet is to connection tracking, as -m conntrack asks (XT_CONNTRACK_STATE_BIT).

import * as Ct from '../../layout/conntrack.ts';
import type { Packet } from '../packet.ts';
import { UNTRACKED } from './connection.ts';

export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';

/** Bits Conntrack.STATE_*. */
export function stateBits({ connection, ctinfo }: Packet): number {
  if (connection === undefined) return ctinfo === UNTRACKED ? Ct.STATE_UNTRACKED : Ct.STATE_INVALID;
  const source = connection.has(Ct.IPS_SRC_NAT) ? Ct.STATE_SNAT : 0;
  const destination = connection.has(Ct.IPS_DST_NAT) ? Ct.STATE_DNAT : 0;
  return (Ct.STATE_ESTABLISHED << (ctinfo % Ct.INFO_REPLY)) | source | destination;
}

const NAMES: readonly (readonly [bit: number, name: CtState])[] = [
  [Ct.STATE_INVALID, 'INVALID'],
  [Ct.STATE_ESTABLISHED, 'ESTABLISHED'],
  [Ct.STATE_RELATED, 'RELATED'],
  [Ct.STATE_NEW, 'NEW'],
  [Ct.STATE_UNTRACKED, 'UNTRACKED'],
];

/** The state by its name; null for a packet that has not come to connection tracking. */
export function ctStateOf(packet: Packet): CtState | null {
  if (!packet.passedConntrack) return null;
  const bits = stateBits(packet);
  return NAMES.find(([bit]) => (bits & bit) !== 0)?.[1] ?? null;
}
