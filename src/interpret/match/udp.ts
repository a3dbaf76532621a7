// -m udp and -m udplite: udp_mt (xt_tcpudp.c); udp with nftables its own expressions.

import type { UdpOptions } from '../../extension/match/udp.ts';
import { type Result, result } from '../condition.ts';
import { type Context, transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';
import { portBytes, portsMatch } from './port.ts';

const HEADER_BYTES = 8;

export function udp(options: UdpOptions, packet: Packet, { backend }: Context): Result {
  if (backend === 'legacy') return udplite(options, packet);
  const bytes = portBytes(options);
  if (bytes === 0) return 'yes';
  const header = transportHeader(packet, bytes);
  return result(typeof header === 'number' && portsMatch(options, packet, header));
}

export function udplite(options: UdpOptions, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  return result(portsMatch(options, packet, header));
}
