// -m tcp: tcp_mt (xt_tcpudp.c); with nftables its own expressions, unless a TCP option is asked for.

import type { TcpOptions } from '../../extension/match/tcp.ts';
import { type Result, result } from '../condition.ts';
import { type Context, nativeHeader, transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';
import { portBytes, portsMatch } from './port.ts';

const HEADER_BYTES = 20;
const FLAGS_OFFSET = 13;

export function tcp(options: TcpOptions, packet: Packet, { backend }: Context): Result {
  // add_nft_tcp of iptables-nft: what asks for nothing, or for a TCP option, stays an xtables match.
  const asks = portBytes(options) !== 0 || asksFlags(options.flags);
  return backend === 'nft' && asks && options.option === undefined
    ? native(options, packet)
    : xtables(options, packet);
}

function xtables(options: TcpOptions, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  // A fragment that starts 8 bytes into the header could overwrite the flags.
  if (header === 'fragment') return packet.fragmentOffset === 1 ? 'hotdrop' : 'no';
  if (header === 'short') return 'hotdrop';
  if (!portsMatch(options, packet, header)) return 'no';
  if (!flagsMatch(options.flags, packet, header)) return 'no';
  return options.option === undefined ? 'yes' : optionMatches(options.option, packet, header);
}

/** nft_payload loads only what is compared; what is not there ends the rule. */
function native(options: TcpOptions, packet: Packet): Result {
  // An empty mask makes no expression, whatever it is compared with.
  const flags = options.flags?.mask === 0 ? undefined : options.flags;
  const header = nativeHeader(packet, flags === undefined ? portBytes(options) : FLAGS_OFFSET + 1);
  if (header === undefined) return 'no';
  return result(flagsMatch(flags, packet, header) && portsMatch(options, packet, header));
}

function asksFlags(flags: TcpOptions['flags']): flags is NonNullable<TcpOptions['flags']> {
  return flags !== undefined && (flags.mask !== 0 || flags.compare !== 0 || flags.invert);
}

function flagsMatch(flags: TcpOptions['flags'], packet: Packet, header: number): boolean {
  if (!asksFlags(flags)) return true;
  return ((packet.bytes.u8(header + FLAGS_OFFSET) & flags.mask) === flags.compare) !== flags.invert;
}

/** tcp_find_option */
function optionMatches(option: NonNullable<TcpOptions['option']>, packet: Packet, header: number): Result {
  const headerBytes = (packet.bytes.u8(header + 12) >> 4) * 4;
  if (headerBytes < HEADER_BYTES) return 'hotdrop';
  const length = headerBytes - HEADER_BYTES;
  if (length === 0) return result(option.invert);
  if (!packet.bytes.has(header + HEADER_BYTES, length)) return 'hotdrop';
  const options = packet.bytes.slice(header + HEADER_BYTES, length);
  let at = 0;
  while (at < length) {
    const kind = options[at] as number;
    if (kind === option.kind) return result(!option.invert);
    // A length of 0 is stepped over as one byte; the last byte's length would be out of bounds and reads as 0 too.
    at += kind < 2 ? 1 : options[at + 1] || 1;
  }
  return result(option.invert);
}
