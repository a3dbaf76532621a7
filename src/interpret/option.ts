// Options that Linux looks at on the way: those of IPv4 after routing, hop-by-hop options of IPv6 on arrival.

import { Lost } from './lost.ts';
import { extensionHeaderBytes, IPPROTO_HOPOPTS, PACKET_HOST, type Packet } from './packet.ts';

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

/** ipv6_parse_hopopts, ip6_parse_tlv (net/ipv6/exthdrs.c). */
export function checkHopByHop(packet: Packet): void {
  const { bytes } = packet;
  if (!bytes.has(40, 8)) throw new Lost('bad-header');
  const headerBytes = extensionHeaderBytes(IPPROTO_HOPOPTS, bytes.u8(41));
  if (!bytes.has(40, headerBytes)) throw new Lost('bad-header');
  const end = 40 + headerBytes;
  let at = 42;
  let padding = 0;
  let options = 0;
  while (at < end) {
    if (bytes.u8(at) === 0) {
      padding += 1;
      if (padding > 7) bad();
      at += 1;
      continue;
    }
    if (end - at < 2) bad();
    const length = bytes.u8(at + 1) + 2;
    if (length > end - at) bad();
    // net.ipv6.max_hbh_opts_number
    if (bytes.u8(at) !== 1 && ++options > 8) bad();
    padding = checkTlv(packet, at, length, padding);
    at += length;
  }
}

/** One option; answers how many bytes of padding stand in a row. */
function checkTlv(packet: Packet, at: number, length: number, padding: number): number {
  const { bytes } = packet;
  const type = bytes.u8(at);
  if (type === 1) {
    // PadN: at most seven bytes in a row, all zero.
    if (padding + length > 7) bad();
    for (let byte = 2; byte < length; byte++) if (bytes.u8(at + byte) !== 0) bad();
    return padding + length;
  }
  if (type === 5) {
    // Router alert.
    if (bytes.u8(at + 1) !== 2) bad();
    return 0;
  }
  if (type === 0xc2) {
    checkJumbo(packet, at);
    return 0;
  }
  // IOAM is to be aligned; a CALIPSO label of a domain that no one configured is refused.
  if ((type === 0x31 && (at & 3) !== 0) || type === 0x07) bad();
  // Unknown options: the two highest bits say what to do (ip6_tlvopt_unknown).
  if (type >> 6 !== 0) bad();
  return 0;
}

/** ipv6_hop_jumbo */
function checkJumbo(packet: Packet, at: number): void {
  const { bytes } = packet;
  if (bytes.u8(at + 1) !== 4 || (at & 3) !== 2) bad();
  const length = bytes.u32(at + 2);
  if (length <= 0xffff || bytes.u16(4) !== 0) bad();
  if (length > bytes.length - 40) throw new Lost('ip-truncated');
}
