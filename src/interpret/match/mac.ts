// -m mac (xt_mac.c) and -m eui64 (ip6t_eui64.c).

import type { Eui64Options } from '../../extension/match/eui64.ts';
import type { MacOptions } from '../../extension/match/mac.ts';
import { type Result, result } from '../condition.ts';
import type { Context } from '../match.ts';
import type { Packet } from '../packet.ts';

/** The source MAC, of packets that came in by an Ethernet-like interface. */
export function mac({ address, invert }: MacOptions, packet: Packet): Result {
  const source = packet.mac?.source;
  if (source === undefined || packet.in?.ethernet === false) return 'no';
  return result(address.every((byte, index) => byte === source[index]) !== invert);
}

/** addrconf_ifid_eui48: the low half of the source address is the MAC around ff:fe, its universal bit turned. */
export function eui64(_options: Eui64Options, packet: Packet, { rule }: Context): Result {
  const source = packet.mac?.source;
  if (source === undefined) return laterFragment(packet, rule.protocol !== undefined) ? 'hotdrop' : 'no';
  const [a = 0, b, c, d, e, f] = source;
  const expected = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
  return result(expected.every((byte, index) => byte === packet.source[8 + index]));
}

/** par->fragoff is known only to rules with `-p`. */
function laterFragment(packet: Packet, asksProtocol: boolean): boolean {
  return asksProtocol && packet.transport()?.fragmentOffset !== 0;
}
