// -m dccp: dccp_mt (xt_dccp.c).

import type { DccpOptions } from '../../extension/match/dccp.ts';
import { type Result, result } from '../condition.ts';
import { transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';
import { portsMatch } from './port.ts';

/** struct dccp_hdr: without the extended sequence number. */
const HEADER_BYTES = 12;
/** Bytes that a packet of each type has before its options, beyond the generic header (dccp_packet_hdr_len). */
const TYPE_BYTES: readonly number[] = [4, 12, 0, 8, 8, 8, 8, 12, 8, 8];
const UNNAMED_TYPE_BYTES = 12;

export function dccp(options: DccpOptions, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  if (!portsMatch(options, packet, header)) return 'no';
  const { types, option } = options;
  if (types !== undefined) {
    const type = packetType(packet, header);
    if (((types.mask & (1 << type)) !== 0) === types.invert) return 'no';
  }
  if (option === undefined) return 'yes';
  const found = hasOption(option.type, packet, header);
  if (found === 'broken') return option.invert ? 'hotdrop-yes' : 'hotdrop';
  return result(found !== option.invert);
}

function packetType(packet: Packet, header: number): number {
  return (packet.bytes.u8(header + 8) >> 1) & 15;
}

/** __dccp_hdr_len: the sequence number is 24 or, with the X bit, 48 bits long. */
function headerBytes(packet: Packet, header: number): number {
  const extended = (packet.bytes.u8(header + 8) & 1) === 1;
  return HEADER_BYTES + (extended ? 4 : 0) + (TYPE_BYTES[packetType(packet, header)] ?? UNNAMED_TYPE_BYTES);
}

/** dccp_find_option */
function hasOption(wanted: number, packet: Packet, header: number): boolean | 'broken' {
  const fixed = headerBytes(packet, header);
  const length = packet.bytes.u8(header + 4) * 4 - fixed;
  if (length < 0) return 'broken';
  if (length === 0) return false;
  if (!packet.bytes.has(header + fixed, length)) return 'broken';
  const options = packet.bytes.slice(header + fixed, length);
  let at = 0;
  while (at < length) {
    const type = options[at] as number;
    if (type === wanted) return true;
    at += type < 2 ? 1 : options[at + 1] || 1;
  }
  return false;
}
