// -m addrtype: addrtype_mt_v1 (xt_addrtype.c).

import type { AddressTypes, AddrtypeOptions } from '../../extension/match/addrtype.ts';
import type { Interface, Route } from '../../host/machine.ts';
import type { Address } from '../../model/address.ts';
import { equalAddress, isMulticast, isUnspecified } from '../address.ts';
import { type Result, result } from '../condition.ts';
import { Lost } from '../lost.ts';
import type { Context } from '../match.ts';
import type { Packet } from '../packet.ts';
import type { Routing } from '../route.ts';

/** RTN_* */
const TYPES: Readonly<Partial<Record<Route['type'], number>>> = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
};
const UNSPEC = 1 << 0;
const UNICAST = 1 << 1;
const LOCAL = 1 << 2;
const ANYCAST = 1 << 4;
const MULTICAST = 1 << 5;
const UNREACHABLE = 1 << 7;

export function addrtype(options: AddrtypeOptions, packet: Packet, { routing }: Context): Result {
  const { source, destination, limit } = options;
  const device = limit === 'in' ? packet.in : limit === 'out' ? packet.out : undefined;
  const holds = (types: AddressTypes | undefined, address: Address): boolean =>
    types === undefined || typeMatches(routing, device, address, types.mask) !== types.invert;
  return result(holds(source, packet.source) && holds(destination, packet.destination));
}

function typeMatches(
  routing: Routing,
  device: Interface | undefined,
  address: Address,
  mask: number,
): boolean {
  if (address.length === 16) return typeMatches6(routing, device, address, mask);
  return (mask & (1 << (TYPES[routing.addressType(address, device)] ?? 0))) !== 0;
}

/** match_type6: the kinds of address that are asked for must all hold, then one of those that routing knows. */
function typeMatches6(
  routing: Routing,
  device: Interface | undefined,
  address: Address,
  mask: number,
): boolean {
  if ((mask & MULTICAST) !== 0 && !isMulticast(address)) return false;
  if ((mask & UNICAST) !== 0 && !isUnicast(address)) return false;
  if ((mask & UNSPEC) !== 0 && !isUnspecified(address)) return false;
  if ((mask & (LOCAL | ANYCAST | UNREACHABLE)) === 0) return true;
  return (mask & routeTypes(routing, device, address)) !== 0;
}

/** IPV6_ADDR_UNICAST of ipv6_addr_type: not for ::, multicast and IPv4-mapped addresses. */
function isUnicast(address: Address): boolean {
  const mapped =
    address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255;
  return !isUnspecified(address) && !isMulticast(address) && !mapped;
}

/** match_lookup_rt6 */
function routeTypes(routing: Routing, device: Interface | undefined, address: Address): number {
  const own = device?.addresses.some((each) => equalAddress(each.address, address)) === true;
  const base = own ? LOCAL : 0;
  // Every interface has a route to all multicast groups.
  if (isMulticast(address)) return base;
  try {
    const route = routing.lookup({
      family: 'ipv6',
      source: new Uint8Array(16),
      destination: address,
      mark: 0,
      tos: 0,
      in: routing.machine.interfaces.find((one) => one.loopback),
      out: device,
    });
    const local = device === undefined && route.type === 'local' ? LOCAL : 0;
    return base | local | (isAnycast(route, address) ? ANYCAST : 0);
  } catch (error) {
    if (error instanceof Lost) return UNREACHABLE;
    throw error;
  }
}

/** ipv6_anycast_destination: also the address of an on-link prefix itself. */
function isAnycast(route: Route, address: Address): boolean {
  if (route.type === 'anycast') return true;
  const onLink = route.type === 'unicast' && route.gateway === undefined && route.prefixLength < 127;
  return onLink && equalAddress(route.destination, address);
}
