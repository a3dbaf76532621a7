// Options of IPv4, which Linux looks at after routing.

import { Lost } from './lost.ts';
import { PACKET_HOST, type Packet } from './packet.ts';

const IPOPT_END = 0;
const IPOPT_NOOP = 1;
const IPOPT_RR = 7;
const IPOPT_TIMESTAMP = 68;
const IPOPT_LSRR = 131;
const IPOPT_CIPSO = 134;
const IPOPT_SSRR = 137;
const IPOPT_RA = 148;

function bad(): never {
  throw new Lost('bad-option');
}

/** ip_rcv_options, __ip_options_compile (net/ipv4/ip_options.c) for a packet that came in. */
export function checkIpv4Options(packet: Packet, sourceRouteAccepted: boolean): void {
  const { bytes } = packet;
  const seen = new Set<string>();
  let at = 20;
  while (at < packet.headerBytes) {
    const type = bytes.u8(at);
    if (type === IPOPT_END) break;
    if (type === IPOPT_NOOP) {
      at += 1;
      continue;
    }
    if (packet.headerBytes - at < 2) bad();
    const length = bytes.u8(at + 1);
    if (length < 2 || length > packet.headerBytes - at) bad();
    checkIpv4Option(packet, at, type, length, seen);
    at += length;
  }
  if (!seen.has('source-route')) return;
  if (!sourceRouteAccepted || packet.packetType !== PACKET_HOST) throw new Lost('source-route');
}

/** Security, stream id and unknown options pass as they are. */
function checkIpv4Option(packet: Packet, at: number, type: number, length: number, seen: Set<string>): void {
  switch (type) {
    case IPOPT_SSRR:
    case IPOPT_LSRR:
      once(seen, 'source-route');
      if (length < 3 || packet.bytes.u8(at + 2) < 4) bad();
      break;
    case IPOPT_RR:
      once(seen, 'record-route');
      checkRecordRoute(packet, at, length);
      break;
    case IPOPT_TIMESTAMP:
      checkTimestamp(packet, at, length, seen);
      break;
    case IPOPT_RA:
      if (length < 4) bad();
      break;
    case IPOPT_CIPSO:
      // cipso_v4_validate: no one configured the label's domain.
      bad();
  }
}

function once(seen: Set<string>, option: string): void {
  if (seen.has(option)) bad();
  seen.add(option);
}

function checkRecordRoute(packet: Packet, at: number, length: number): void {
  if (length < 3) bad();
  const pointer = packet.bytes.u8(at + 2);
  if (pointer < 4) bad();
  if (pointer <= length && pointer + 3 > length) bad();
}

/** A timestamp of a kind that is not known is left alone, and does not count as the one that may be there. */
function checkTimestamp(packet: Packet, at: number, length: number, seen: Set<string>): void {
  if (seen.has('timestamp') || length < 4) bad();
  const pointer = packet.bytes.u8(at + 2);
  const last = packet.bytes.u8(at + 3);
  const kind = last & 15;
  if (pointer < 5) bad();
  if (pointer > length) {
    // Full: the overflow counter has four bits.
    if (last >> 4 === 15) bad();
    seen.add('timestamp');
    return;
  }
  if (pointer + 3 > length) bad();
  if (kind === 1 || kind === 3) {
    if (pointer + 7 > length) bad();
  }
  if (kind === 0 || kind === 1 || kind === 3) seen.add('timestamp');
}
