// Matches of one field of the header: length (xt_length.c), ttl and hl (xt_hl.c), tos and dscp (xt_dscp.c), pkttype
// (xt_pkttype.c).

import type {
  DscpOptions,
  LengthOptions,
  PkttypeOptions,
  TosOptions,
  TtlOptions,
} from '../../extension/match/field.ts';
import { isMulticast } from '../address.ts';
import { type Result, result } from '../condition.ts';
import { PACKET_BROADCAST, PACKET_LOOPBACK, PACKET_MULTICAST, type Packet } from '../packet.ts';
import { inRange } from './range.ts';

export function length(options: LengthOptions, packet: Packet): Result {
  return result(inRange(options, packet.length));
}

export function ttl({ compare, value }: TtlOptions, packet: Packet): Result {
  switch (compare) {
    case 'eq':
      return result(packet.ttl === value);
    case 'ne':
      return result(packet.ttl !== value);
    case 'lt':
      return result(packet.ttl < value);
    case 'gt':
      return result(packet.ttl > value);
  }
}

export function tos({ value, mask, invert }: TosOptions, packet: Packet): Result {
  return result(((packet.tos & mask) === value) !== invert);
}

export function dscp(options: DscpOptions, packet: Packet): Result {
  return result((packet.tos >> 2 === options.dscp) !== options.invert);
}

export function pkttype({ type, invert }: PkttypeOptions, packet: Packet): Result {
  return result((apparentType(packet) === type) !== invert);
}

/** A copy that the host made of its own broadcast or multicast is judged by its address. */
function apparentType(packet: Packet): number {
  if (packet.packetType !== PACKET_LOOPBACK) return packet.packetType;
  return isMulticast(packet.destination) ? PACKET_MULTICAST : PACKET_BROADCAST;
}
