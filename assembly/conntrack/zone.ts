// The zone of a packet: nf_ct_zone_tmpl.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';

const BOTH: u32 = 3;

/** The id; 0 without a template. */
export function zoneOf(p: usize): u32 {
  const template = <usize>load<u32>(p, Packet.CT_TEMPLATE);
  if (template == 0) return 0;
  if ((load<u32>(template, Op.TEMPLATE_ZONE_DIRECTIONS) & Op.TEMPLATE_ZONE_MARK) != 0) {
    return load<u32>(p, Packet.MARK) & 0xffff;
  }
  return load<u32>(template, Op.TEMPLATE_ZONE);
}

/** The directions in which it counts: bit 0 original, bit 1 reply. */
export function zoneDirectionsOf(p: usize): u32 {
  const template = <usize>load<u32>(p, Packet.CT_TEMPLATE);
  return template == 0 ? BOTH : load<u32>(template, Op.TEMPLATE_ZONE_DIRECTIONS) & BOTH;
}
