// The way through IPv6's extension headers to one of them (ipv6_find_hdr() with a target).
//
// next header  0 hop-by-hop  43 routing  44 fragment  51 authentication  60 destination options  59 nothing
//
// All but fragment (8 bytes) and authentication ((byte 1 + 2) * 4) are (byte 1 + 1) * 8 bytes long. Behind a
// later fragment's header nothing is found.

import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { byteAt, reach } from './bytes';

export const HOP: u32 = 0;
export const ROUTING: u32 = 43;
export const FRAGMENT: u32 = 44;
export const ESP: u32 = 50;
export const AUTHENTICATION: u32 = 51;
export const NONE: u32 = 59;
export const DESTINATION: u32 = 60;
const FIRST_OFFSET: u32 = 40;

/**
 * Offset from the IP header of the first header of type `target`, or minus the Op result when there is no such
 * (Op.NO is -4: NOT_FOUND), when the chain is cut short (Op.HOTDROP) or not captured (Op.UNDECIDABLE).
 */
export function findHeader(p: usize, target: u32): i32 {
  let offset = FIRST_OFFSET;
  let next = byteAt(p, 6);
  while (isExtension(next) && next != NONE) {
    // The kernel asks for four bytes of a Routing and of a Fragment header before it looks at the type.
    const there = reach(p, offset, next == ROUTING || next == FRAGMENT ? 4 : 2);
    if (there != Op.YES) return -there;
    if (next == target) return i32(offset);
    if (next == FRAGMENT && ((byteAt(p, offset + 2) << 8) | (byteAt(p, offset + 3) & 0xf8)) != 0) {
      return NOT_FOUND;
    }
    const bytes = headerBytes(next, byteAt(p, offset + 1));
    next = byteAt(p, offset);
    offset += bytes;
  }
  return NOT_FOUND;
}

export const NOT_FOUND: i32 = -4;

/** What a match answers when findHeader() found nothing: the result behind a negative offset. */
export function missing(offset: i32): i32 {
  return offset == NOT_FOUND ? Op.NO : -offset;
}

export function isExtension(next: u32): bool {
  return (
    next == HOP ||
    next == ROUTING ||
    next == FRAGMENT ||
    next == AUTHENTICATION ||
    next == NONE ||
    next == DESTINATION
  );
}

/** Length of an extension header from its type and second byte. */
export function headerBytes(type: u32, second: u32): u32 {
  if (type == FRAGMENT) return 8;
  return type == AUTHENTICATION ? (second + 2) * 4 : (second + 1) * 8;
}

/** Bytes of the packet by its header, extension headers included. */
export function packetBytes(p: usize): u32 {
  return load<u32>(p, Packet.LENGTH);
}
