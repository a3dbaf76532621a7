// The walk over IPv6 extension headers that connection tracking makes (ipv6_skip_exthdr), within any bytes: also those
// that an ICMPv6 message quotes.

const IPV6_HEADER: u32 = 40;
const NEXTHDR_HOP: u32 = 0;
const NEXTHDR_ROUTING: u32 = 43;
const NEXTHDR_FRAGMENT: u32 = 44;
const NEXTHDR_AUTH: u32 = 51;
const NEXTHDR_NONE: u32 = 59;
const NEXTHDR_DEST: u32 = 60;

/** Answers of skipHeaders() that are no offset. */
export const NO_TRANSPORT: u64 = 0;
export const CHAIN_NOT_CAPTURED: u64 = 1;

/**
 * Offset of the transport header << 32 | its protocol, for the IPv6 header at `l3` of which `cap` bytes (at least 40)
 * are captured and `length` are there: it may lie behind all of them, for the length of the last header is not compared
 * with the packet's. NO_TRANSPORT: the chain has no end, says that nothing follows, or a later fragment is meant.
 */
export function skipHeaders(l3: usize, cap: u32, length: u32): u64 {
  return skipHeadersFrom(l3, IPV6_HEADER, load<u8>(l3, 6), cap, length);
}

/** The same from the header at offset `at` on, whose number is `next`. */
export function skipHeadersFrom(l3: usize, at: u32, next: u32, cap: u32, length: u32): u64 {
  while (
    next == NEXTHDR_HOP ||
    next == NEXTHDR_ROUTING ||
    next == NEXTHDR_FRAGMENT ||
    next == NEXTHDR_AUTH ||
    next == NEXTHDR_NONE ||
    next == NEXTHDR_DEST
  ) {
    if (next == NEXTHDR_NONE) return NO_TRANSPORT;
    const need: u32 = next == NEXTHDR_FRAGMENT ? 4 : 2;
    if (length < at + need) return NO_TRANSPORT;
    if (cap < at + need) return CHAIN_NOT_CAPTURED;
    const header = l3 + at;
    let size: u32 = 8;
    if (next == NEXTHDR_FRAGMENT) {
      if ((<u32>bswap<u16>(load<u16>(header, 2)) & 0xfff8) != 0) return NO_TRANSPORT;
    } else if (next == NEXTHDR_AUTH) {
      size = (u32(load<u8>(header, 1)) + 2) << 2;
    } else {
      size = (u32(load<u8>(header, 1)) + 1) << 3;
    }
    next = load<u8>(header);
    at += size;
  }
  return ((<u64>at) << 32) | <u64>next;
}
