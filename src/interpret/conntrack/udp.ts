// UDP and UDPLite: nf_conntrack_proto_udp.c.

import * as Ct from '../../layout/conntrack.ts';
import { IPPROTO_UDP } from '../packet.ts';
import { isSumRight } from './checksum.ts';
import type { Connection } from './connection.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

const HEADER_BYTES = 8;
const STREAM_AFTER_NS = 2_000_000_000n;

export function trackUdp(connection: Connection, segment: Segment): Tracked {
  if (isWrongUdp(segment)) return 'invalid';
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

/** udp_error */
function isWrongUdp({ bytes, packet, offset, verify }: Segment): boolean {
  if (!bytes.has(offset, HEADER_BYTES)) return true;
  bytes.need(offset, HEADER_BYTES);
  const length = bytes.u16(offset + 4);
  if (length > bytes.length - offset || length < HEADER_BYTES) return true;
  if (bytes.u16(offset + 6) === 0) return false;
  return verify && !isSumRight(packet, offset, IPPROTO_UDP);
}

export function trackUdplite(connection: Connection, segment: Segment): Tracked {
  if (isWrongUdplite(segment)) return 'invalid';
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
function isWrongUdplite({ bytes, packet, offset, verify }: Segment): boolean {
  if (!bytes.has(offset, HEADER_BYTES)) return true;
  bytes.need(offset, HEADER_BYTES);
  const length = bytes.length - offset;
  const said = bytes.u16(offset + 4);
  if (said !== 0 && (said < HEADER_BYTES || said > length)) return true;
  if (bytes.u16(offset + 6) === 0) return true;
  return verify && !isSumRight(packet, offset, IPPROTO_UDP, said === 0 ? length : said);
}
