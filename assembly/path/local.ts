// Whose an address is: the host's own addresses, the multicast groups it has joined, and kinds of addresses.

import * as Host from '../../src/layout/host.ts';
import * as Packet from '../../src/layout/packet.ts';

/** src/host/lower.ts hashes in the same way, over the address's words. */
function mix(value: u32, word: u32): u32 {
  return (value ^ word) * 0x9e3779b1;
}

/** The interface that has this IPv4 address, the first one of several; 0 none. */
export function ownerOf4(host: usize, value: u32): u32 {
  const mask = load<u32>(host, Host.LOCAL4_MASK);
  const table = host + load<u32>(host, Host.LOCALS4);
  let slot = (mix(0, value) >>> 16) & mask;
  while (true) {
    const entry = table + <usize>slot * Host.LOCAL4_BYTES;
    const owner = load<u32>(entry, Host.LOCAL4_INTERFACE);
    if (owner == 0 || load<u32>(entry) == value) return owner;
    slot = (slot + 1) & mask;
  }
}

/** An interface that has this IPv6 address (`device` if not 0), else 0. */
export function ownerOf6(host: usize, high: u64, low: u64, device: u32): u32 {
  const mask = load<u32>(host, Host.LOCAL6_MASK);
  const table = host + load<u32>(host, Host.LOCALS6);
  const hash = mix(mix(mix(mix(0, u32(high >> 32)), u32(high)), u32(low >> 32)), u32(low));
  let slot = (hash >>> 16) & mask;
  while (true) {
    const entry = table + <usize>slot * Host.LOCAL6_BYTES;
    const owner = load<u32>(entry, Host.LOCAL6_INTERFACE);
    if (owner == 0) return 0;
    if (load<u64>(entry) == high && load<u64>(entry, 8) == low && (device == 0 || device == owner))
      return owner;
    slot = (slot + 1) & mask;
  }
}

/** The host has the address that stands there, in the form of layout/packet.ts. */
export function isLocal(host: usize, six: bool, address: usize): bool {
  return six
    ? ownerOf6(host, load<u64>(address), load<u64>(address, 8), 0) != 0
    : ownerOf4(host, load<u32>(address)) != 0;
}

/** The host has joined the packet's destination group on the interface. */
export function isJoined(host: usize, p: usize, device: u32): bool {
  if (load<u32>(p, Packet.FAMILY) == 6) {
    const high = load<u64>(p, Packet.DST);
    const low = load<u64>(p, Packet.DST + 8);
    let group = host + load<u32>(host, Host.GROUPS6);
    for (let left = load<u32>(host, Host.GROUP6_COUNT); left > 0; left--) {
      const owner = load<u32>(group, Host.GROUP6_INTERFACE);
      if ((owner == 0 || owner == device) && load<u64>(group) == high && load<u64>(group, 8) == low)
        return true;
      group += Host.GROUP6_BYTES;
    }
    return false;
  }
  const value = load<u32>(p, Packet.DST);
  let group = host + load<u32>(host, Host.GROUPS4);
  for (let left = load<u32>(host, Host.GROUP4_COUNT); left > 0; left--) {
    const owner = load<u32>(group, Host.GROUP4_INTERFACE);
    if ((owner == 0 || owner == device) && load<u32>(group) == value) return true;
    group += Host.GROUP4_BYTES;
  }
  return false;
}

// Kinds of IPv4 addresses (linux/in.h).

export function isMulticast4(address: u32): bool {
  return address >>> 28 == 14;
}

export function isLoopback4(address: u32): bool {
  return address >>> 24 == 127;
}

// Kinds of IPv6 addresses (ipv6_addr_type()).

export function isMulticast6(high: u64): bool {
  return high >> 56 == 0xff;
}

export function isLinkLocal6(high: u64): bool {
  return high >> 54 == 0x3fa;
}

/** Destinations that only the interface's own routes lead to (rt6_need_strict()). */
export function needsInterface6(high: u64, low: u64): bool {
  return isMulticast6(high) || isLinkLocal6(high) || (high == 0 && low == 1);
}
