// UDP and UDPLite: nf_conntrack_proto_udp.c.

import * as Ct from '../../layout/conntrack.ts';
import * as Invalid from '../../layout/invalid.ts';
import { IPPROTO_UDP } from '../packet.ts';
import { isSumRight } from './checksum.ts';
import type { Connection } from './connection.ts';
import { invalid } from './invalid.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

const HEADER_BYTES = 8;
const STREAM_AFTER_NS = 2_000_000_000n;

export function trackUdp(connection: Connection, segment: Segment): Tracked {
  const wrong = udpError(segment);
  if (wrong !== Invalid.NONE) return invalid(segment.packet, wrong);
  const { nowNs, sysctls } = segment;
  const unreplied = sysctls.timeoutNs('udp_timeout');
  if (!connection.confirmed) connection.streamNs = nowNs + STREAM_AFTER_NS;
  if (!connection.has(Ct.IPS_SEEN_REPLY)) {
    refresh(connection, segment, unreplied);
    return 'accept';
  }
  // Still active two seconds after it began: a stream.
  const stream = nowNs > connection.streamNs;
  refresh(connection, segment, stream ? sysctls.timeoutNs('udp_timeout_stream') : unreplied);
  if (stream) assure(connection);
  return 'accept';
}

function assure(connection: Connection): void {
  if (connection.set(Ct.IPS_ASSURED)) connection.tell(Ct.IPCT_ASSURED);
}

/** udp_error: what is wrong (src/layout/invalid.ts), NONE where nothing is. */
function udpError({ bytes, packet, offset, verify }: Segment): number {
  if (!bytes.has(offset, HEADER_BYTES)) return Invalid.UDP_SHORT;
  bytes.need(offset, HEADER_BYTES);
  const length = bytes.u16(offset + 4);
  if (length > bytes.length - offset || length < HEADER_BYTES) return Invalid.UDP_LENGTH;
  if (bytes.u16(offset + 6) === 0) return Invalid.NONE;
  return verify && !isSumRight(packet, offset, IPPROTO_UDP) ? Invalid.UDP_CHECKSUM : Invalid.NONE;
}

export function trackUdplite(connection: Connection, segment: Segment): Tracked {
  const wrong = udpliteError(segment);
  if (wrong !== Invalid.NONE) return invalid(segment.packet, wrong);
  const { sysctls } = segment;
  if (!connection.has(Ct.IPS_SEEN_REPLY)) {
    refresh(connection, segment, sysctls.timeoutNs('udp_timeout'));
    return 'accept';
  }
  refresh(connection, segment, sysctls.timeoutNs('udp_timeout_stream'));
  assure(connection);
  return 'accept';
}

/** udplite_error: the pseudo-header is summed with the number of UDP. */
function udpliteError({ bytes, packet, offset, verify }: Segment): number {
  if (!bytes.has(offset, HEADER_BYTES)) return Invalid.UDPLITE_SHORT;
  bytes.need(offset, HEADER_BYTES);
  const length = bytes.length - offset;
  const said = bytes.u16(offset + 4);
  if (said !== 0 && (said < HEADER_BYTES || said > length)) return Invalid.UDPLITE_COVERAGE;
  if (bytes.u16(offset + 6) === 0) return Invalid.UDPLITE_NO_CHECKSUM;
  const right = !verify || isSumRight(packet, offset, IPPROTO_UDP, said === 0 ? length : said);
  return right ? Invalid.NONE : Invalid.UDPLITE_CHECKSUM;
}
