// ICMP: nf_conntrack_proto_icmp.c.

import * as Invalid from '../../layout/invalid.ts';
import type { Packet } from '../packet.ts';
import { isIcmpSumRight } from './checksum.ts';
import type { Connection } from './connection.ts';
import { invalid } from './invalid.ts';
import { type Answer, aboutPacket, type Surroundings } from './related.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

const HEADER_BYTES = 8;
/** NR_ICMP_TYPES */
const LAST_TYPE = 18;
/** icmp_is_err: unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS = new Set([3, 4, 5, 11, 12]);
/** Echo, timestamp, information and address mask requests. */
const REQUESTS = new Set([8, 13, 15, 17]);

export function trackIcmp(connection: Connection, segment: Segment): Tracked {
  const [{ family, destinationPart }] = connection.tuples;
  if (family !== 'ipv4' || !REQUESTS.has(destinationPart >> 8)) {
    return invalid(segment.packet, Invalid.ICMP_NEW);
  }
  refresh(connection, segment, segment.sysctls.timeoutNs('icmp_timeout'));
  return 'accept';
}

/** nf_conntrack_icmpv4_error */
export function checkIcmp(packet: Packet, offset: number, around: Surroundings): Answer {
  const { bytes } = packet;
  if (!bytes.has(offset, HEADER_BYTES)) return invalid(packet, Invalid.ICMP_SHORT);
  bytes.need(offset, HEADER_BYTES);
  if (around.verify && !isIcmpSumRight(packet, offset)) return invalid(packet, Invalid.ICMP_CHECKSUM);
  const type = bytes.u8(offset);
  if (type > LAST_TYPE) return invalid(packet, Invalid.ICMP_TYPE);
  return ERRORS.has(type) ? aboutPacket(packet, offset + HEADER_BYTES, around) : 'go-on';
}
