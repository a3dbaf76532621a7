// Addresses with masks, as `-s` and `-d` take them (libxtables, xtables_ipparse_multiple and its IPv6 twin).

import {
  type Address,
  newAddress,
  parseIpv4,
  parseIpv6,
  plainQuad,
  prefixMask,
  quadAddress,
} from './address.ts';
import type { AddressMask, Family } from './ruleset.ts';

/** A number as strtoul(3) with base 0 reads it: decimal, 0x hexadecimal, 0 octal. undefined: none, or above `max`. */
export function parseNumber(text: string, max: number): number | undefined {
  if (!/^[ \t]*\+?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(text)) return undefined;
  const digits = text.trim().replace('+', '');
  const value =
    digits.length > 1 && digits[0] === '0' && !/^0x/i.test(digits)
      ? Number.parseInt(digits, 8)
      : Number(digits);
  return value <= max ? value : undefined;
}

/**
 * Why an address is none: for the message.
 * `host` a name that DNS might know; `family` an address of the other family; `mask` what stands behind the slash.
 */
export type AddressError = { readonly reason: 'host' | 'family' | 'mask'; readonly text: string };

/** Dotted quad, its parts in any base, missing ones zero (`10.1` is 10.1.0.0) unless it is a mask. */
function parseDotted(text: string, isMask: boolean): Address | undefined {
  const quad = plainQuad(text);
  return quad < 0 ? parseOddQuad(text, isMask) : quadAddress(quad);
}

function parseOddQuad(text: string, isMask: boolean): Address | undefined {
  const parts = text.split('.', 5);
  if (parts.length > 4 || (isMask && parts.length !== 4)) return undefined;
  const bytes = newAddress(4);
  for (let index = 0; index < parts.length; index++) {
    const value = parseNumber(parts[index] as string, 255);
    if (value === undefined) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

function parseMask(text: string, family: Family): Address | undefined {
  const prefixes = PREFIX_MASKS[family];
  const plain = prefixes.get(text);
  if (plain !== undefined) return plain;
  const mask = family === 'ipv4' ? parseDotted(text, true) : parseIpv6(text);
  if (mask !== undefined) return mask;
  const length = parseNumber(text, family === 'ipv4' ? 32 : 128);
  return length === undefined ? undefined : prefixes.get(String(length));
}

/** By their lengths as text. Shared by all rules: masks are never written to. */
const PREFIX_MASKS: Readonly<Record<Family, ReadonlyMap<string, Address>>> = {
  ipv4: prefixMasks(4),
  ipv6: prefixMasks(16),
};

function prefixMasks(bytes: 4 | 16): ReadonlyMap<string, Address> {
  return new Map(
    Array.from({ length: 8 * bytes + 1 }, (_, length) => [String(length), prefixMask(length, bytes)]),
  );
}

/** `ADDRESS[/MASK]`: the address is ANDed with the mask. */
export function parseAddressMask(text: string, family: Family): AddressMask | AddressError {
  const slash = text.lastIndexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const mask = parseMask(slash < 0 ? (family === 'ipv4' ? '32' : '128') : text.slice(slash + 1), family);
  if (mask === undefined) {
    if (parseOther(name, family) !== undefined) return { reason: 'family', text: name };
    return { reason: 'mask', text: text.slice(slash + 1) };
  }
  // With a mask of zero iptables does not look at the name: "any/0".
  if (isZero(mask)) return { address: new Uint8Array(mask.length), mask };
  const address = parseName(name, family);
  if (address === undefined) {
    return { reason: parseOther(name, family) === undefined ? 'host' : 'family', text: name };
  }
  for (let index = 0; index < address.length; index++) {
    address[index] = (address[index] as number) & (mask[index] as number);
  }
  return { address, mask };
}

export function isZero(mask: Address): boolean {
  for (const byte of mask) if (byte !== 0) return false;
  return true;
}

function parseName(name: string, family: Family): Address | undefined {
  // The one name that means the same on every machine (RFC 6761).
  if (name === 'localhost') return parseName(family === 'ipv4' ? '127.0.0.1' : '::1', family);
  return family === 'ipv4' ? parseDotted(name, false) : parseIpv6(name);
}

function parseOther(name: string, family: Family): Address | undefined {
  return family === 'ipv4' ? parseIpv6(name) : parseIpv4(name);
}
