// Addresses in text as in4_pton and in6_pton take them (net/core/utils.c): leading zeros are fine, `::` stands for one
// group at least.

import type { Address } from '../../../model/address.ts';

export interface Found {
  readonly address: Address;
  /** Characters that it took. */
  readonly length: number;
}

/**
 * The address that `text` starts with, up to `delimiter` or the end; without a delimiter, up to whatever can be no part
 * of an address. Undefined when it is none.
 */
export function readIpv4(text: string, delimiter?: string): Found | undefined {
  const body = upTo(text, delimiter, /^[0-9a-f.]*/i).split(':', 1)[0] as string;
  const address = quad(body);
  return address === undefined ? undefined : { address, length: body.length };
}

export function readIpv6(text: string, delimiter?: string): Found | undefined {
  let body = upTo(text, delimiter, /^[0-9a-f.:]*/i);
  // A dotted quad ends at a colon, and with it the address.
  const dotted = /^([^.]*\.[^:]*):/.exec(body);
  if (dotted !== null) body = dotted[1] as string;
  const groups = groupsOf(body);
  if (groups === undefined) return undefined;
  return {
    address: Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])),
    length: body.length,
  };
}

function upTo(text: string, delimiter: string | undefined, part: RegExp): string {
  const whole = text.split('\0', 1)[0] as string;
  if (delimiter !== undefined) return whole.split(delimiter, 1)[0] as string;
  return (part.exec(whole) as RegExpExecArray)[0];
}

function quad(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  const right = parts.length === 4 && parts.every((part) => /^0*\d{1,3}$/.test(part) && Number(part) < 256);
  return right ? Uint8Array.from(parts.map(Number)) : undefined;
}

/** The eight groups. */
function groupsOf(text: string): number[] | undefined {
  const sides = text.split('::');
  if (sides.length > 2 || text === '') return undefined;
  const [head, tail] = sides.map((side, i) => readGroups(side, i === sides.length - 1));
  if (head === undefined) return undefined;
  if (sides.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Groups with colons between them; the last two may be a dotted quad. */
function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const dotted = last && i === parts.length - 1 && part.includes('.') ? quad(part) : undefined;
    if (dotted !== undefined) {
      const [a, b, c, d] = dotted as unknown as [number, number, number, number];
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^0*[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
