// Table nat is entered through connections alone: by the first packet of one, once for each kind of manipulation
// (nf_nat_inet_fn). Without a target that translates, the connection is bound to what it is (nf_nat_alloc_null_binding).

import * as Ct from '../../layout/conntrack.ts';
import type { HookName } from '../../model/ruleset.ts';
import type { Packet } from '../packet.ts';
import { NEW, RELATED, RELATED_REPLY } from './connection.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, locate } from './tuple.ts';

/** HOOK2MANIP */
function doneBit(hook: HookName): number {
  return hook === 'POSTROUTING' || hook === 'INPUT' ? Ct.IPS_SRC_NAT_DONE : Ct.IPS_DST_NAT_DONE;
}

export function entersNat(packet: Packet, hook: HookName): boolean {
  const { connection, ctinfo } = packet;
  if (connection === undefined) return false;
  const related = ctinfo === RELATED || ctinfo === RELATED_REPLY;
  if (ctinfo !== NEW && !related) return false;
  // Messages about a connection are translated with it.
  if (related && isIcmp(packet)) return false;
  return !connection.has(doneBit(hook));
}

function isIcmp({ family, bytes }: Packet): boolean {
  const icmp = family === 'ipv4' ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  return locate(family, bytes, 0)?.protocol === icmp;
}

export function bindNull({ connection }: Packet, hook: HookName): void {
  // What is confirmed stays as it is (nf_nat_setup_info).
  if (connection !== undefined && !connection.confirmed) connection.status |= doneBit(hook);
}
