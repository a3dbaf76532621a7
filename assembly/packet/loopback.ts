// LINKTYPE_NULL and LINKTYPE_LOOP: a four-byte address family before the packet.

import * as Reason from '../../src/layout/reason.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { skip } from './record.ts';

const FAMILY_BYTES: u32 = 4;
const AF_INET: u32 = 2;
/** AF_INET6 differs by system: Linux; NetBSD and OpenBSD; FreeBSD; macOS. */
const AF_INET6_LINUX: u32 = 10;
const AF_INET6_NETBSD: u32 = 24;
const AF_INET6_FREEBSD: u32 = 28;
const AF_INET6_DARWIN: u32 = 30;

/**
 * LOOP has the family in network order, NULL in that of the capturing machine, which a file need not tell. Families
 * are small, so that the order in which the number is small is the right one: this serves both.
 */
export function loopback(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap < FAMILY_BYTES) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  let family = load<u32>(at);
  if (family > 0xffff) family = bswap<u32>(family);
  at += FAMILY_BYTES;
  cap -= FAMILY_BYTES;
  len -= FAMILY_BYTES;
  if (family == AF_INET) ipv4(p, at, cap, len);
  else if (
    family == AF_INET6_LINUX ||
    family == AF_INET6_NETBSD ||
    family == AF_INET6_FREEBSD ||
    family == AF_INET6_DARWIN
  ) {
    ipv6(p, at, cap, len);
  } else skip(p, Reason.ETHERTYPE, family);
}
