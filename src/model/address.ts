// Addresses of both families, parsed and printed as inet_pton and inet_ntop do.

import { isIPv6 } from 'node:net';

/** IPv4: 4 bytes; IPv6: 16 bytes; network byte order. */
export type Address = Uint8Array;

/** Addresses share buffers of this size: one of its own takes twice the memory and seven times as long to make. */
const SLAB_BYTES = 4096;
let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** Room for an address, all zeros. */
export function newAddress(bytes: 4 | 16): Address {
  if (used + bytes > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const address = new Uint8Array(slab, used, bytes);
  used += bytes;
  return address;
}

/** Dotted quad, exactly four decimal parts (inet_pton(3)); undefined when it is not one. */
export function parseIpv4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

/** RFC 4291 text, no zone; undefined when it is not one. */
export function parseIpv6(text: string): Address | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  let rest = text;
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(rest);
  if (dotted !== null) {
    const [a, b, c, d] = parseIpv4(dotted[1] as string) as Address as unknown as [
      number,
      number,
      number,
      number,
    ];
    rest = `${rest.slice(0, dotted.index)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = rest.split('::');
  const headGroups = head === '' ? [] : head.split(':');
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [
    ...headGroups,
    ...Array<string>(8 - headGroups.length - tailGroups.length).fill('0'),
    ...tailGroups,
  ];
  const bytes = newAddress(16);
  groups.forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[2 * index] = value >> 8;
    bytes[2 * index + 1] = value & 255;
  });
  return bytes;
}

export function parseAddress(text: string): Address | undefined {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** As inet_ntop(3) prints it: the longest run of zero groups (the first of equals, at least two) becomes `::`. */
export function formatAddress(address: Address): string {
  if (address.length === 4) return `${address[0]}.${address[1]}.${address[2]}.${address[3]}`;
  const groups = Array.from(
    { length: 8 },
    (_, index) => ((address[2 * index] as number) << 8) | (address[2 * index + 1] as number),
  );
  let best = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      best = start;
      bestLength = length;
    }
  }
  // glibc prints IPv4-mapped and IPv4-compatible addresses with a dotted quad.
  const mapped =
    best === 0 && ((bestLength === 5 && groups[5] === 0xffff) || (bestLength === 6 && groups[6] !== 0));
  const quad = mapped ? address.subarray(12).join('.') : undefined;
  const words = groups.map((group) => group.toString(16));
  if (quad !== undefined) return bestLength === 5 ? `::ffff:${quad}` : `::${quad}`;
  if (best < 0) return words.join(':');
  return `${words.slice(0, best).join(':')}::${words.slice(best + bestLength).join(':')}`;
}

/** A mask of `length` ones, for an address of `bytes` bytes. */
export function prefixMask(length: number, bytes: 4 | 16): Address {
  const mask = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index++) {
    const ones = Math.min(8, Math.max(0, length - 8 * index));
    mask[index] = 0xff00 >> ones;
  }
  return mask;
}

/** Number of leading ones if the mask is a prefix, else undefined. */
export function prefixLength(mask: Address): number | undefined {
  let at = 0;
  while (at < mask.length && mask[at] === 0xff) at++;
  if (at === mask.length) return 8 * at;
  const last = mask[at] as number;
  for (let rest = at + 1; rest < mask.length; rest++) if (mask[rest] !== 0) return undefined;
  const ones = Math.clz32(~(last << 24));
  return last === ((0xff00 >> ones) & 0xff) ? 8 * at + ones : undefined;
}
