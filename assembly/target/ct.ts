// SET_TEMPLATE (-j CT) and NOTRACK: what a packet is to connection tracking that it has not passed yet. A packet that
// has an entry, comes back over lo with one, or met such a rule before, is left as it is (xt_ct_target).

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';
import { hasTemplate } from '../match/entry';

/** The operation itself is the template: connection tracking reads its words (Op.TEMPLATE_*). */
export function setTemplate(p: usize, op: usize): void {
  if (isSettled(p)) return;
  store<u32>(p, <u32>op, Packet.CT_TEMPLATE);
  store<u32>(p, Conntrack.INFO_NEW, Packet.CTINFO);
  store<u32>(p, Conntrack.STATE_NEW, Packet.CTSTATE);
}

export function notrack(p: usize): void {
  if (isSettled(p)) return;
  store<u32>(p, Conntrack.INFO_UNTRACKED, Packet.CTINFO);
  store<u32>(p, Conntrack.STATE_UNTRACKED, Packet.CTSTATE);
}

function isSettled(p: usize): bool {
  return (
    load<u32>(p, Packet.CT) != 0 || load<u32>(p, Packet.CTINFO) == Conntrack.INFO_UNTRACKED || hasTemplate(p)
  );
}
