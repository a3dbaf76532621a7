// Addresses of both families, parsed and printed as inet_pton and inet_ntop do.

/** IPv4: 4 bytes; IPv6: 16 bytes; network byte order. Often a view of a larger buffer. */
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

const DOT = 0x2e;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
const LETTER_A = 0x61;

/** Four decimal parts without leading zeros, the form of nearly all addresses, as one number; -1: it is none. */
export function plainQuad(text: string): number {
  let quad = 0;
  let parts = 0;
  let value = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (value < 0 || parts === 3) return -1;
      quad = quad * 256 + value;
      parts++;
      value = -1;
    } else {
      const digit = code - DIGIT_0;
      if (digit < 0 || digit > 9 || value === 0) return -1;
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return -1;
    }
  }
  return value < 0 || parts !== 3 ? -1 : quad * 256 + value;
}

/** The address that plainQuad() read. */
export function quadAddress(quad: number): Address {
  const bytes = newAddress(4);
  bytes[0] = quad >>> 24;
  bytes[1] = (quad >>> 16) & 255;
  bytes[2] = (quad >>> 8) & 255;
  bytes[3] = quad & 255;
  return bytes;
}

/** Dotted quad, exactly four decimal parts (inet_pton(3)); undefined when it is not one. */
export function parseIpv4(text: string): Address | undefined {
  const quad = plainQuad(text);
  if (quad >= 0) return quadAddress(quad);
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

/** RFC 4291 text, no zone; undefined when it is not one. */
export function parseIpv6(text: string): Address | undefined {
  const groups: number[] = [];
  /** How many groups stand before `::`. */
  let gap = text.startsWith('::') ? 0 : -1;
  for (let at = gap < 0 ? 0 : 2; at < text.length; ) {
    const start = at;
    let value = 0;
    for (let digit = hexDigit(text.charCodeAt(at)); digit >= 0; digit = hexDigit(text.charCodeAt(at))) {
      value = value * 16 + digit;
      at++;
    }
    if (at === start) return undefined;
    if (text.charCodeAt(at) === DOT) {
      const quad = plainQuad(text.slice(start));
      if (quad < 0) return undefined;
      groups.push(quad >>> 16, quad & 0xffff);
      break;
    }
    if (at > start + 4) return undefined;
    groups.push(value);
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at++;
    } else if (at === text.length) return undefined;
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  const bytes = newAddress(16);
  groups.forEach((group, index) => {
    const place = gap < 0 || index < gap ? index : 8 - groups.length + index;
    bytes[2 * place] = group >> 8;
    bytes[2 * place + 1] = group & 255;
  });
  return bytes;
}

/** -1 for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= DIGIT_0 && code < DIGIT_0 + 10) return code - DIGIT_0;
  const letter = (code | 0x20) - LETTER_A;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
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

/** Four bytes of an address, signed. */
export function addressWord(bytes: Address, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
