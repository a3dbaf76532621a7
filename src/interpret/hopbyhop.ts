// Hop-by-hop options of IPv6, which Linux looks at on arrival: ipv6_parse_hopopts, ip6_parse_tlv (net/ipv6/exthdrs.c).

import type { Bytes } from './bytes.ts';

const START = 40;
const PAD1 = 0;
const PADN = 1;
const ROUTER_ALERT = 5;
const CALIPSO = 7;
const IOAM = 0x31;
const JUMBO = 0xc2;
/** Padding in a row; more is refused. */
const MOST_PADDING = 7;
/** net.ipv6.max_hbh_opts_number */
const MOST_OPTIONS = 8;

/**
 * Reads the options of a packet whose IPv6 header declares `payload`.
 *
 * @returns the payload length of a jumbogram; `truncated` when the frame is shorter than that; `bad` when Linux drops
 *   the packet; undefined when the options say nothing
 */
export function readHopByHop(packet: Bytes, payload: number): number | 'bad' | 'truncated' | undefined {
  if (!packet.has(START, 8)) return 'bad';
  const end = START + (packet.u8(START + 1) + 1) * 8;
  if (!packet.has(START, end - START)) return 'bad';
  packet.need(START, end - START);
  let jumbo: number | undefined;
  let padding = 0;
  let options = 0;
  for (let at = START + 2; at < end; ) {
    const type = packet.u8(at);
    if (type === PAD1) {
      padding += 1;
      if (padding > MOST_PADDING) return 'bad';
      at += 1;
      continue;
    }
    if (end - at < 2) return 'bad';
    const length = packet.u8(at + 1) + 2;
    if (length > end - at) return 'bad';
    if (type === PADN) {
      padding += length;
      if (padding > MOST_PADDING || packet.slice(at + 2, length - 2).some((byte) => byte !== 0)) return 'bad';
    } else {
      padding = 0;
      options += 1;
      if (options > MOST_OPTIONS || isBad(type, length, at)) return 'bad';
      if (type === JUMBO) {
        jumbo = packet.u32(at + 2);
        if (payload !== 0 || jumbo <= 0xffff) return 'bad';
        if (jumbo > packet.length - START) return 'truncated';
      }
    }
    at += length;
  }
  return jumbo;
}

function isBad(type: number, length: number, at: number): boolean {
  switch (type) {
    case ROUTER_ALERT:
      return length !== 4;
    case IOAM:
      return (at & 3) !== 0;
    case JUMBO:
      return length !== 6 || (at & 3) !== 2;
    default:
      // CALIPSO without a domain. Of an option that is not known the two highest bits say what to do.
      return type === CALIPSO || type >> 6 !== 0;
  }
}
