// Zones of connections (struct nf_conntrack_zone): an id, and the directions in which it counts.

export interface Zone {
  readonly id: number;
  /** Bit 0 original, bit 1 reply. */
  readonly directions: number;
}

export const DEFAULT_ZONE: Zone = { id: 0, directions: 3 };

/** nf_ct_zone_id: the zone of a tuple in one direction (0 original, 1 reply). */
export function zoneId(zone: Zone, direction: number): number {
  return (zone.directions & (1 << direction)) === 0 ? 0 : zone.id;
}
