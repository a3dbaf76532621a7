// IP6_HEADER: headers | invert << 8 | soft << 16. Bits of headers: 0x80 hop-by-hop, 0x40 destination options,
// 0x20 routing, 0x10 fragment, 8 authentication, 4 ESP, 2 nothing, 1 a transport protocol.

import * as Op from '../../src/layout/op.ts';
import { byteAt, reach } from './bytes';
import {
  AUTHENTICATION,
  ESP,
  FRAGMENT,
  HOP,
  headerBytes,
  isExtension,
  NONE,
  packetBytes,
  ROUTING,
} from './ipv6';

export function ipv6header(p: usize, op: usize): i32 {
  const length = packetBytes(p);
  let next = byteAt(p, 6);
  let offset: u32 = 40;
  let seen: u32 = 0;
  while (isExtension(next) || next == ESP) {
    if (next == NONE) {
      seen |= 0x02;
      break;
    }
    // Room for two bytes by the packet's length, or no match; this one never drops.
    if (offset + 2 > length) return Op.NO;
    if (next == ESP) {
      seen |= 0x04;
      break;
    }
    if (reach(p, offset, 2) != Op.YES) return Op.UNDECIDABLE;
    seen |= bitOf(next);
    const bytes = headerBytes(next, byteAt(p, offset + 1));
    next = byteAt(p, offset);
    offset += bytes;
    if (offset > length) break;
  }
  if (next != NONE && next != ESP) seen |= 0x01;
  const headers = u32(load<u8>(op, 4));
  const invert = load<u8>(op, 5) != 0;
  if (load<u16>(op, 6) != 0) return i32((invert ? seen & headers : ~seen & headers) == 0);
  return i32((seen == headers) != invert);
}

function bitOf(next: u32): u32 {
  if (next == HOP) return 0x80;
  if (next == ROUTING) return 0x20;
  if (next == FRAGMENT) return 0x10;
  return next == AUTHENTICATION ? 0x08 : 0x40;
}
