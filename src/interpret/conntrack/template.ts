// What -j CT says of a packet before its connection is looked for (nf_ct_tmpl_alloc, xt_CT.c). Until connection tracking
// takes it, a template stands in the place of the connection, and matches take it for one.

import * as Ct from '../../layout/conntrack.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Packet } from '../packet.ts';
import { Connection } from './connection.ts';
import { Helped } from './help.ts';
import type { HelperName } from './helper/policy.ts';
import type { Zone } from './zone.ts';

export interface TemplateSpec {
  readonly zone: Zone;
  /** The packet's mark is the zone's id. */
  readonly zoneIsMark: boolean;
  readonly helper?: HelperName | undefined;
  /** Bits 1 << IPCT_*; undefined: all. */
  readonly eventMask?: number | undefined;
}

export class Template extends Connection {
  readonly #zoneIsMark: boolean;

  constructor(family: Family, spec: TemplateSpec) {
    const address = new Uint8Array(family === 'ipv4' ? 4 : 16);
    const nothing = {
      family,
      source: address,
      destination: address,
      protocol: 0,
      sourcePart: 0,
      destinationPart: 0,
    };
    super(nothing, nothing, spec.zone, 0n);
    this.status = Ct.IPS_TEMPLATE | Ct.IPS_CONFIRMED;
    if (spec.helper !== undefined) this.helped = new Helped(this, spec.helper);
    this.eventMask = spec.eventMask;
    this.#zoneIsMark = spec.zoneIsMark;
  }

  /** nf_ct_zone_tmpl */
  zoneOf(packet: Packet): Zone {
    return this.#zoneIsMark ? { id: packet.mark & 0xffff, directions: this.zone.directions } : this.zone;
  }
}
