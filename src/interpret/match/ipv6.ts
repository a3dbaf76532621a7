// Matches of IPv6 extension headers: frag, rt, hbh, dst, ipv6header, mh (net/ipv6/netfilter/ip6t_*.c).

import type { FragOptions } from '../../extension/match/frag.ts';
import type { HeaderOptionsOptions } from '../../extension/match/header-options.ts';
import type { Ipv6headerOptions } from '../../extension/match/ipv6header.ts';
import type { MhOptions } from '../../extension/match/mh.ts';
import type { RtOptions } from '../../extension/match/rt.ts';
import { equalAddress } from '../address.ts';
import { type Result, result } from '../condition.ts';
import { findHeader } from '../extension-header.ts';
import { transportHeader } from '../match.ts';
import {
  extensionHeaderBytes,
  IPPROTO_AH,
  IPPROTO_DSTOPTS,
  IPPROTO_ESP,
  IPPROTO_FRAGMENT,
  IPPROTO_HOPOPTS,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
  isExtensionHeader,
  type Packet,
} from '../packet.ts';
import { equals, inRange } from './range.ts';

/** frag_mt6 */
export function frag({ id, reserved, first, more, last }: FragOptions, packet: Packet): Result {
  const header = findHeader(packet, IPPROTO_FRAGMENT);
  if (header === 'none') return 'no';
  const { bytes } = packet;
  if (header === 'broken' || !bytes.has(header, 8)) return 'hotdrop';
  const offset = bytes.u16(header + 2);
  const moreFollow = (offset & 1) !== 0;
  return result(
    inRange(id, bytes.u32(header + 4)) &&
      !(reserved && (bytes.u8(header + 1) !== 0 || (offset & 6) !== 0)) &&
      !(first && (offset & 0xfff8) !== 0) &&
      !(more && !moreFollow) &&
      !(last && moreFollow),
  );
}

/** rt_mt6 */
export function rt(options: RtOptions, packet: Packet): Result {
  const header = findHeader(packet, IPPROTO_ROUTING);
  if (header === 'none') return 'no';
  const { bytes } = packet;
  if (header === 'broken' || !bytes.has(header, 4)) return 'hotdrop';
  const headerBytes = extensionHeaderBytes(IPPROTO_ROUTING, bytes.u8(header + 1));
  if (!bytes.has(header, headerBytes)) return 'hotdrop';
  const holds =
    inRange(options.segmentsLeft, bytes.u8(header + 3)) &&
    equals(options.length, headerBytes) &&
    equals(options.type, bytes.u8(header + 2));
  if (!holds) return 'no';
  if (options.reserved && bytes.u32(header + 4) !== 0) return 'no';
  return result(addressesMatch(options, packet, header, Math.floor((headerBytes - 8) / 16)));
}

/** Strict: the header holds just these addresses. Not strict: it holds them in this order, others between. */
function addressesMatch(options: RtOptions, packet: Packet, header: number, count: number): boolean {
  const { addresses, notStrict } = options;
  if (addresses === undefined) return true;
  if (notStrict ? addresses.length > count : addresses.length !== count) return false;
  const held = Array.from(
    { length: count },
    (_, index) => () => packet.bytes.slice(header + 8 + 16 * index, 16),
  );
  if (!notStrict) {
    return addresses.every((one, index) => equalAddress(one, (held[index] as () => Uint8Array)()));
  }
  let next = 0;
  for (const address of held) {
    const wanted = addresses[next];
    if (wanted === undefined) break;
    if (equalAddress(wanted, address())) next += 1;
  }
  return next === addresses.length;
}

export function hbh(options: HeaderOptionsOptions, packet: Packet): Result {
  return headerOptions(IPPROTO_HOPOPTS, options, packet);
}

export function dst(options: HeaderOptionsOptions, packet: Packet): Result {
  return headerOptions(IPPROTO_DSTOPTS, options, packet);
}

/** hbh_mt6 (ip6t_hbh.c) */
function headerOptions(type: number, wanted: HeaderOptionsOptions, packet: Packet): Result {
  const header = findHeader(packet, type);
  if (header === 'none') return 'no';
  const { bytes } = packet;
  if (header === 'broken' || !bytes.has(header, 2)) return 'hotdrop';
  const headerBytes = extensionHeaderBytes(type, bytes.u8(header + 1));
  if (!bytes.has(header, headerBytes)) return 'hotdrop';
  if (!equals(wanted.length, headerBytes)) return 'no';
  return result(
    wanted.options === undefined || optionsMatch(wanted.options, packet, header + 2, headerBytes - 2),
  );
}

/** The header begins with these options. Only the last one may reach beyond the header. */
function optionsMatch(
  wanted: NonNullable<HeaderOptionsOptions['options']>,
  packet: Packet,
  first: number,
  room: number,
): boolean {
  const { bytes } = packet;
  let at = first;
  let left = room;
  for (const [index, { type, length }] of wanted.entries()) {
    if (left < 1 || !bytes.has(at, 1) || bytes.u8(at) !== type) return false;
    let optionBytes = 1;
    // Pad1 alone has no length.
    if (type !== 0) {
      if (left < 2 || !bytes.has(at + 1, 1)) return false;
      if (length !== undefined && length !== bytes.u8(at + 1)) return false;
      optionBytes = bytes.u8(at + 1) + 2;
    }
    const beyond = at > packet.length - optionBytes || left < optionBytes;
    if (beyond && index < wanted.length - 1) return false;
    at += optionBytes;
    left -= optionBytes;
  }
  return true;
}

const HEADER_BITS: ReadonlyMap<number, number> = new Map([
  [IPPROTO_HOPOPTS, 0x80],
  [IPPROTO_DSTOPTS, 0x40],
  [IPPROTO_ROUTING, 0x20],
  [IPPROTO_FRAGMENT, 0x10],
  [IPPROTO_AH, 0x08],
]);
const ESP_BIT = 0x04;
const NONE_BIT = 0x02;
const PROTOCOL_BIT = 0x01;

/** ipv6header_mt6 */
export function ipv6header({ headers, invert, soft }: Ipv6headerOptions, packet: Packet): Result {
  const present = headersOf(packet);
  if (present === undefined) return 'no';
  if (soft) return result(((present ^ headers ^ (invert ? 0xff : 0)) & headers) === 0);
  return result((present === headers) !== invert);
}

/** Bits of the headers of a packet; undefined when one is cut short. */
function headersOf(packet: Packet): number | undefined {
  const { bytes } = packet;
  let protocol = packet.firstProtocol;
  let at = 40;
  let found = 0;
  while (isExtensionHeader(protocol) || protocol === IPPROTO_ESP) {
    if (protocol === IPPROTO_NONE) return found | NONE_BIT;
    if (!bytes.has(at, 2)) return undefined;
    if (protocol === IPPROTO_ESP) return found | ESP_BIT;
    found |= HEADER_BITS.get(protocol) ?? 0;
    const next = bytes.u8(at);
    at += extensionHeaderBytes(protocol, bytes.u8(at + 1));
    protocol = next;
    if (at > packet.length) break;
  }
  // A chain that ends beyond the packet may end with a type that is not looked at any more.
  return protocol === IPPROTO_NONE || protocol === IPPROTO_ESP ? found : found | PROTOCOL_BIT;
}

/** mh_mt6 */
export function mh(options: MhOptions, packet: Packet): Result {
  const header = transportHeader(packet, 6);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  packet.bytes.need(header, 6);
  if (packet.bytes.u8(header) !== IPPROTO_NONE) return 'hotdrop';
  return result(inRange(options, packet.bytes.u8(header + 2)));
}
