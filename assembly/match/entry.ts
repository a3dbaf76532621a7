// What matches see as the packet's connection (nf_ct_get).

import * as Packet from '../../src/layout/packet.ts';

/**
 * Between -j CT and connection tracking, that is in table raw, the packet has the rule's template for an entry: NEW,
 * confirmed, and everything about it zero.
 */
export function hasTemplate(p: usize): bool {
  return load<u32>(p, Packet.CT_TEMPLATE) != 0;
}
