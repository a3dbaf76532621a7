// -m udp and -m udplite: udp_mt (xt_tcpudp.c); udp with nftables its own expressions.

import type { UdpOptions } from '../../extension/match/udp.ts';
import { type Result, result } from '../condition.ts';
import { type Context, nativeHeader, transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';
import { portBytes, portsMatch } from './port.ts';

const HEADER_BYTES = 8;

export function udp(options: UdpOptions, packet: Packet, { backend }: Context): Result {
  const bytes = portBytes(options);
  // add_nft_udp of iptables-nft: what asks for no port stays an xtables match.
  if (backend === 'legacy' || bytes === 0) return udplite(options, packet);
  const header = nativeHeader(packet, bytes);
  return result(header !== undefined && portsMatch(options, packet, header));
}

export function udplite(options: UdpOptions, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  return result(portsMatch(options, packet, header));
}
