// Kinds of addresses for `-m addrtype`: inet_addr_type_dev_table(), and xt_addrtype.c's own look-up for IPv6.

import * as Host from '../../src/layout/host.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Fib from './fib.ts';
import { isMulticast4, isMulticast6, ownerOf6 } from './local.ts';

const LIMITED_BROADCAST: u32 = 0xffffffff;

/**
 * Host.RTN_* of the address at `field` (Packet.SRC or DST) of the packet. `interfaceIndex` not 0: only routes by
 * that interface count (--limit-iface-in, --limit-iface-out), others are unicast. For IPv6 there is no single kind:
 * the answer is the first that addressTypeMatches() would agree to of LOCAL, ANYCAST, UNREACHABLE, MULTICAST,
 * UNSPEC and UNICAST.
 */
export function addressType(lane: usize, p: usize, field: usize, interfaceIndex: u32): u32 {
  const host = load<usize>(lane, Lane.HOST);
  if (load<u32>(p, Packet.FAMILY) != 6) return type4(host, load<u32>(p + field), interfaceIndex);
  const high = load<u64>(p + field);
  if (isMulticast6(high)) return Host.RTN_MULTICAST;
  if (high == 0 && load<u64>(p + field, 8) == 0) return Host.RTN_UNSPEC;
  const bits = routeBits6(host, p, field, interfaceIndex, 1 << Host.RTN_LOCAL);
  if (bits & (1 << Host.RTN_LOCAL)) return Host.RTN_LOCAL;
  if (bits & (1 << Host.RTN_ANYCAST)) return Host.RTN_ANYCAST;
  return bits & (1 << Host.RTN_UNREACHABLE) ? Host.RTN_UNREACHABLE : Host.RTN_UNICAST;
}

/**
 * The address at `field` is one of the kinds in `mask` (bits 1 << RTN_*), as xt_addrtype decides: in IPv4 any bit
 * will do; in IPv6 multicast, unicast and unspec are all to hold, and of local, anycast and unreachable one.
 */
export function addressTypeMatches(
  lane: usize,
  p: usize,
  field: usize,
  mask: u32,
  interfaceIndex: u32,
): bool {
  if (load<u32>(p, Packet.FAMILY) != 6)
    return ((1 << addressType(lane, p, field, interfaceIndex)) & mask) != 0;
  const high = load<u64>(p + field);
  const unspecified = (high | load<u64>(p + field, 8)) == 0;
  const multicast = isMulticast6(high);
  if (mask & (1 << Host.RTN_MULTICAST) && !multicast) return false;
  // ipv6_addr_type() does not count IPv4-mapped addresses among the unicast ones.
  const mapped = high == 0 && load<u64>(p + field, 8) >> 32 == 0xffff;
  if (mask & (1 << Host.RTN_UNICAST) && (multicast || unspecified || mapped)) return false;
  if (mask & (1 << Host.RTN_UNSPEC) && !unspecified) return false;
  const looked = mask & ((1 << Host.RTN_LOCAL) | (1 << Host.RTN_ANYCAST) | (1 << Host.RTN_UNREACHABLE));
  if (looked == 0) return true;
  return (routeBits6(load<usize>(lane, Lane.HOST), p, field, interfaceIndex, mask) & mask) != 0;
}

function type4(host: usize, address: u32, device: u32): u32 {
  if (address == 0 || address == LIMITED_BROADCAST) return Host.RTN_BROADCAST;
  if (isMulticast4(address)) return Host.RTN_MULTICAST;
  const route = Fib.lookupTable4(host, load<u32>(host, Host.LOCAL_TABLE4), address, 0, 0);
  if (route == 0) return Host.RTN_UNICAST;
  const kind = load<u32>(route, Host.ROUTE_TYPE);
  // Routes that are errors end the look-up with an error, which leaves "unicast".
  if (kind >= u32(Host.RTN_BLACKHOLE)) return Host.RTN_UNICAST;
  return device == 0 || load<u32>(route, Host.ROUTE_OUT) == device ? kind : Host.RTN_UNICAST;
}

/** match_lookup_rt6(), as bits 1 << RTN_*. */
function routeBits6(host: usize, p: usize, field: usize, device: u32, mask: u32): u32 {
  const address = p + field;
  const high = load<u64>(address);
  const low = load<u64>(address, 8);
  let bits: u32 = 0;
  if (device != 0 && mask & (1 << Host.RTN_LOCAL) && ownerOf6(host, high, low, device) != 0) {
    bits = 1 << Host.RTN_LOCAL;
  }
  // Without a source address, an interface is the only one that is good (ip6_route_output_flags()).
  const loopback = load<u32>(host, Host.LOOPBACK);
  const route = Fib.lookup(host, p, address, 0, loopback, device, device != 0, 0, Fib.BARE);
  if (route < Fib.FIRST_ROUTE) return bits | (1 << Host.RTN_UNREACHABLE);
  const kind = load<u32>(route, Host.ROUTE_TYPE);
  if (kind == Host.RTN_LOCAL && device == 0) bits |= 1 << Host.RTN_LOCAL;
  if (kind == Host.RTN_ANYCAST || isSubnetRouter(route, high, low)) bits |= 1 << Host.RTN_ANYCAST;
  return bits;
}

/** ipv6_anycast_destination(): the first address of a prefix that is on the link. */
function isSubnetRouter(route: usize, high: u64, low: u64): bool {
  const length = load<u32>(route, Host.ROUTE_PREFIX_LENGTH);
  if (length >= 127 || load<u32>(route, Host.ROUTE_FLAGS) & Host.ROUTE_GATEWAY) return false;
  if (length >= 64) return length == 64 ? low == 0 : low << (<u64>(length - 64)) == 0;
  return low == 0 && high << (<u64>length) == 0;
}
