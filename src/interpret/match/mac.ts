// -m mac (xt_mac.c) and -m eui64 (ip6t_eui64.c).

import type { Eui64Options } from '../../extension/match/eui64.ts';
import type { MacOptions } from '../../extension/match/mac.ts';
import { NotCaptured } from '../bytes.ts';
import { type Result, result } from '../condition.ts';
import type { Packet } from '../packet.ts';

/** The source MAC, of packets that came in by an Ethernet-like interface. */
export function mac({ address, invert }: MacOptions, packet: Packet): Result {
  if (packet.in?.ethernet === false || packet.sender === 'none') return 'no';
  if (packet.sender === 'not-captured') throw new NotCaptured();
  return result(sameBytes(packet.sender, address) !== invert);
}

/** The low half of the source address is the MAC around ff:fe, its universal bit turned (addrconf_ifid_eui48). */
export function eui64(_options: Eui64Options, packet: Packet): Result {
  if (packet.sender === 'none') return 'no';
  if (packet.sender === 'not-captured') {
    if (packet.in?.ethernet === false) return 'no';
    throw new NotCaptured();
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = packet.sender;
  return result(sameBytes(packet.source.subarray(8), Uint8Array.of(a ^ 2, b, c, 0xff, 0xfe, d, e, f)));
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, index) => byte === other[index]);
}
