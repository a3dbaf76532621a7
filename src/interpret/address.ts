// Kinds of addresses, as linux/in.h and net/ipv6.h tell them apart.

import type { Address } from '../model/address.ts';

export function equalAddress(a: Address, b: Address): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Whether the first `length` bits are the same. */
export function inPrefix(address: Address, prefix: Address, length: number): boolean {
  if (address.length !== prefix.length) return false;
  for (let bit = 0; bit < length; bit++) {
    const byte = bit >> 3;
    const mask = 0x80 >> (bit & 7);
    if (((address[byte] as number) & mask) !== ((prefix[byte] as number) & mask)) return false;
  }
  return true;
}

/** ipv4_is_zeronet (0.0.0.0 alone since Linux 5.3); ipv6_addr_any */
export function isUnspecified(address: Address): boolean {
  return address.every((byte) => byte === 0);
}

/** ipv4_is_lbcast */
export function isLimitedBroadcast(address: Address): boolean {
  return address.length === 4 && address.every((byte) => byte === 255);
}

/** ipv4_is_multicast, ipv6_addr_is_multicast */
export function isMulticast(address: Address): boolean {
  const first = address[0] as number;
  return address.length === 4 ? first >> 4 === 14 : first === 255;
}

/** ipv4_is_loopback, ipv6_addr_loopback */
export function isLoopback(address: Address): boolean {
  if (address.length === 4) return address[0] === 127;
  return address.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** fe80::/10 */
export function isLinkLocal(address: Address): boolean {
  return address.length === 16 && address[0] === 0xfe && ((address[1] as number) & 0xc0) === 0x80;
}

/** IPV6_ADDR_MC_SCOPE */
export function multicastScope(address: Address): number {
  return (address[1] as number) & 15;
}
