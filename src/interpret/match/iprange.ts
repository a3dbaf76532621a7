// -m iprange: iprange_mt4, iprange_mt6 (xt_iprange.c).

import type { AddressRange, IprangeOptions } from '../../extension/match/iprange.ts';
import type { Address } from '../../model/address.ts';
import { type Result, result } from '../condition.ts';
import type { Packet } from '../packet.ts';

export function iprange({ source, destination }: IprangeOptions, packet: Packet): Result {
  return result(within(source, packet.source) && within(destination, packet.destination));
}

function within(range: AddressRange | undefined, address: Address): boolean {
  if (range === undefined) return true;
  return (compare(range.first, address) <= 0 && compare(address, range.last) <= 0) !== range.invert;
}

function compare(a: Address, b: Address): number {
  return Buffer.compare(a, b);
}
