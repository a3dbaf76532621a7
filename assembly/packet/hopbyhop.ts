// IPv6 hop-by-hop options, which Linux looks at before PREROUTING (ipv6_parse_hopopts(), net/ipv6/exthdrs.c): a bad one
// loses a packet that comes in, and the jumbo payload option says how long it is.

/** Results of hopByHop() that are no lengths. */
export const HOP_BY_HOP_BAD: u32 = 0;
export const HOP_BY_HOP_TRUNCATED: u32 = 1;
export const HOP_BY_HOP_NOT_CAPTURED: u32 = 2;

const OPTIONS: u32 = 40;
const PAD1: u32 = 0;
const PADN: u32 = 1;
const ROUTER_ALERT: u32 = 5;
const CALIPSO: u32 = 7;
const IOAM: u32 = 0x31;
const JUMBO: u32 = 0xc2;
/** Padding in one stretch aligns to 8 bytes: more is refused. */
const MOST_PADDING: u32 = 7;
/** net.ipv6.max_hbh_opts_number, by default; padding does not count. */
const MOST_OPTIONS: u32 = 8;
/** Longest payload that the header's 16 bits can say. */
const MOST_PAYLOAD: u32 = 0xffff;

/**
 * Reads the options at `l3` + 40 of a packet of `length` bytes, `cap` of them captured, whose header declares `payload`.
 * Returns the packet's length by the options (at least 48), or one of the three results above.
 */
export function hopByHop(l3: usize, cap: u32, length: u32, payload: u32): u32 {
  if (length < OPTIONS + 8) return HOP_BY_HOP_BAD;
  if (cap < OPTIONS + 8) return HOP_BY_HOP_NOT_CAPTURED;
  const end = OPTIONS + ((<u32>load<u8>(l3 + OPTIONS, 1)) << 3) + 8;
  if (length < end) return HOP_BY_HOP_BAD;
  if (cap < end) return HOP_BY_HOP_NOT_CAPTURED;
  let padding: u32 = 0;
  let count: u32 = 0;
  let at = OPTIONS + 2;
  while (at < end) {
    const type: u32 = load<u8>(l3 + at);
    if (type == PAD1) {
      at++;
      if (++padding > MOST_PADDING) return HOP_BY_HOP_BAD;
      continue;
    }
    if (at + 2 > end) return HOP_BY_HOP_BAD;
    const size = <u32>load<u8>(l3 + at, 1) + 2;
    if (at + size > end) return HOP_BY_HOP_BAD;
    if (type == PADN) {
      padding += size;
      if (padding > MOST_PADDING) return HOP_BY_HOP_BAD;
      for (let i: u32 = 2; i < size; i++) if (load<u8>(l3 + at + i)) return HOP_BY_HOP_BAD;
    } else {
      if (++count > MOST_OPTIONS) return HOP_BY_HOP_BAD;
      if (type == JUMBO) {
        if (size != 6 || (at & 3) != 2 || payload != 0) return HOP_BY_HOP_BAD;
        const jumbo = bswap<u32>(load<u32>(l3 + at + 2));
        if (jumbo <= MOST_PAYLOAD) return HOP_BY_HOP_BAD;
        if (jumbo > length - OPTIONS) return HOP_BY_HOP_TRUNCATED;
        length = jumbo + OPTIONS;
      } else if (type == ROUTER_ALERT) {
        if (size != 4) return HOP_BY_HOP_BAD;
      } else if (type == IOAM) {
        if (at & 3) return HOP_BY_HOP_BAD;
      } else if (type == CALIPSO || type & 0xc0) {
        // A label of a domain that no one configured is refused. Of an option that is not known, the two high bits say
        // what to do: 00 is to go on.
        return HOP_BY_HOP_BAD;
      }
      padding = 0;
    }
    at += size;
  }
  return length;
}
