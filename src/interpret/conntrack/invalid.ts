// Why a packet is INVALID, for traces.

import type { Packet } from '../packet.ts';

/** -NF_ACCEPT; `why` is one of src/layout/invalid.ts. */
export function invalid(packet: Packet, why: number): 'invalid' {
  packet.invalid = why;
  return 'invalid';
}
