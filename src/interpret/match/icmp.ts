// -m icmp and -m icmp6: icmp_match, icmp6_match (xt_tcpudp.c).

import type { IcmpType } from '../../extension/icmp-type.ts';
import { type Result, result } from '../condition.ts';
import { transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';

/** The kernel asks for struct icmphdr, and reads two bytes of it. */
const HEADER_BYTES = 8;
/** Type 255 of `--icmp-type any`. */
const ANY = 255;

export function icmp(options: IcmpType, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  if (options.type === ANY) return result(!options.invert);
  return result(typeMatches(options, packet, header));
}

export function icmp6(options: IcmpType, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  return result(typeMatches(options, packet, header));
}

function typeMatches({ type, codes, invert }: IcmpType, packet: Packet, header: number): boolean {
  const read = packet.bytes.slice(header, 2);
  const [first, last] = codes;
  const code = read[1] as number;
  return (read[0] === type && code >= first && code <= last) !== invert;
}
