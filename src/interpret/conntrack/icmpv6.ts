// ICMPv6: nf_conntrack_proto_icmpv6.c.

import * as Invalid from '../../layout/invalid.ts';
import { isLinkLocal } from '../address.ts';
import type { Packet } from '../packet.ts';
import { isSumRight } from './checksum.ts';
import type { Connection } from './connection.ts';
import { invalid } from './invalid.ts';
import { type Answer, aboutPacket, type Surroundings } from './related.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';
import { IPPROTO_ICMPV6 } from './tuple.ts';

const HEADER_BYTES = 8;
const FIRST_INFORMATION = 128;
const REDIRECT = 137;
/** Echo and node information requests. */
const REQUESTS = new Set([128, 139]);
/** Multicast listeners, routers, neighbours, version 2 reports, multicast router discovery (noct_valid_new). */
const UNTRACKED = new Set([130, 131, 132, 133, 134, 135, 136, 143, 151, 152]);

export function trackIcmpv6(connection: Connection, segment: Segment): Tracked {
  const [{ family, destinationPart }] = connection.tuples;
  if (family !== 'ipv6') return invalid(segment.packet, Invalid.ICMPV6_NEW);
  if (!connection.confirmed && !REQUESTS.has(destinationPart >> 8)) {
    return invalid(segment.packet, Invalid.ICMPV6_NEW);
  }
  refresh(connection, segment, segment.sysctls.timeoutNs('icmpv6_timeout'));
  return 'accept';
}

/** nf_conntrack_icmpv6_error */
export function checkIcmpv6(packet: Packet, offset: number, around: Surroundings): Answer {
  const { bytes } = packet;
  if (!bytes.has(offset, HEADER_BYTES)) return invalid(packet, Invalid.ICMPV6_SHORT);
  bytes.need(offset, HEADER_BYTES);
  if (around.verify && !isSumRight(packet, offset, IPPROTO_ICMPV6)) {
    return invalid(packet, Invalid.ICMPV6_CHECKSUM);
  }
  const type = bytes.u8(offset);
  if (UNTRACKED.has(type)) return 'untracked';
  if (type === REDIRECT) return checkRedirect(packet, offset, around);
  return type < FIRST_INFORMATION ? aboutPacket(packet, offset + HEADER_BYTES, around) : 'go-on';
}

/** struct rd_msg: header, target, destination. */
const REDIRECT_BYTES = 40;
const OPTION_REDIRECTED_HEADER = 4;
/** Type, length and six reserved bytes before the packet's header. */
const OPTION_HEADER_BYTES = 8;

/** nf_conntrack_icmpv6_redirect: only the first option is looked at. */
function checkRedirect(packet: Packet, offset: number, around: Surroundings): Answer {
  const { bytes } = packet;
  if (!bytes.has(offset, REDIRECT_BYTES)) return invalid(packet, Invalid.ICMPV6_SHORT_REDIRECT);
  if (bytes.u8(offset + 1) !== 0) return 'go-on';
  if (packet.ttl !== 255 || !isLinkLocal(packet.source)) {
    return invalid(packet, Invalid.ICMPV6_REDIRECT_SOURCE);
  }
  const option = offset + REDIRECT_BYTES;
  if (!bytes.has(option, 2) || bytes.u8(option + 1) === 0) {
    return invalid(packet, Invalid.ICMPV6_REDIRECT_OPTIONS);
  }
  if (bytes.u8(option) !== OPTION_REDIRECTED_HEADER) return 'go-on';
  return aboutPacket(packet, option + OPTION_HEADER_BYTES, around);
}
