// Addresses with masks as options of extensions take them (XTTYPE_HOSTMASK): the address keeps the bits that the mask
// leaves out, in print as in the kernel.

import {
  type Address,
  formatAddress,
  parseIpv4,
  parseIpv6,
  prefixLength,
  prefixMask,
} from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';
import type { ParseContext, ParsedOption } from './extension.ts';
import { argument, integer } from './value.ts';

/** (address & mask) == (packet's & mask), or not. */
export interface HostMask {
  readonly address: Address;
  readonly mask: Address;
  readonly invert: boolean;
}

/** `ADDRESS` or `ADDRESS/MASK`; the mask a length or an address. */
export function parseHostMask(option: ParsedOption, context: ParseContext): HostMask {
  const text = argument(option);
  const slash = text.indexOf('/');
  const { family } = context;
  const address = parseHost(slash < 0 ? text : text.slice(0, slash), family);
  if (address === undefined) {
    const what = family === 'ipv4' ? 'IPv4' : 'IPv6';
    return context.fail(`--${option.name}: "${text}" is no ${what} address or ADDRESS/MASK`, option);
  }
  const mask =
    slash < 0 ? prefixMask(address.length * 8, bytesOf(family)) : parseMask(text.slice(slash + 1), family);
  if (mask === undefined)
    return context.fail(`--${option.name}: "${text.slice(slash + 1)}" is no mask`, option);
  return { address, mask, invert: option.invert };
}

/** `10.0.0.0/8`, `10.0.0.1`: a mask of all ones is not printed. */
export function printHostMask({ address, mask }: HostMask): string {
  const length = prefixLength(mask);
  if (length === mask.length * 8) return formatAddress(address);
  return `${formatAddress(address)}/${length ?? formatAddress(mask)}`;
}

const bytesOf = (family: Family): 4 | 16 => (family === 'ipv4' ? 4 : 16);

/** As getaddrinfo(3) reads an address; the one name that means the same on every machine is localhost. */
function parseHost(text: string, family: Family): Address | undefined {
  if (text === 'localhost') return parseHost(family === 'ipv4' ? '127.0.0.1' : '::1', family);
  return family === 'ipv4' ? parseDotted(text) : parseIpv6(text);
}

/** inet_aton(3): up to four numbers in any base, the last of which fills what is left: `10.1` is 10.0.0.1. */
function parseDotted(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || !/^[0-9]/.test(text)) return undefined;
  const last = integer(parts.at(-1) as string, 256 ** (5 - parts.length) - 1);
  const first = parts.slice(0, -1).map((part) => integer(part, 255));
  if (last === undefined || first.includes(undefined)) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, last);
  first.forEach((part, index) => {
    bytes[index] = part as number;
  });
  return bytes;
}

function parseMask(text: string, family: Family): Address | undefined {
  const bytes = bytesOf(family);
  const length = integer(text, bytes * 8);
  if (length !== undefined) return prefixMask(length, bytes);
  return family === 'ipv4' ? parseIpv4(text) : parseIpv6(text);
}
