// The hop-by-hop options header, which Linux reads before PREROUTING (ipv6_parse_hopopts(), ip6_parse_tlv()).

import * as Packet from '../../src/layout/packet.ts';

/** ip6_parse_tlv() takes at most this many options that are not padding (IP6_DEFAULT_MAX_HBH_OPTS_CNT). */
const MAX_OPTIONS: u32 = 8;
const MAX_PADDING: u32 = 7;
const PAD1: u32 = 0;
const PADN: u32 = 1;
const ROUTER_ALERT: u32 = 5;
const JUMBO: u32 = 0xc2;

/** The packet has a hop-by-hop header for which Linux drops it. Bytes beyond the snap length are taken as good. */
export function hopByHopIsBad(p: usize): bool {
  const l3 = load<usize>(p, Packet.L3);
  const captured = load<u32>(p, Packet.L3_CAP);
  if (captured < 48 || load<u8>(l3, 6) != 0) return false;
  const end: u32 = 40 + ((u32(load<u8>(l3, 41)) + 1) << 3);
  if (end > load<u32>(p, Packet.LENGTH)) return true;
  let at: u32 = 42;
  let padding: u32 = 0;
  let options: u32 = 0;
  while (at < end) {
    if (at >= captured) return false;
    const kind = u32(load<u8>(l3 + at));
    if (kind == PAD1) {
      padding++;
      if (padding > MAX_PADDING) return true;
      at++;
      continue;
    }
    if (at + 2 > end) return true;
    if (at + 2 > captured) return false;
    const size = u32(load<u8>(l3 + at, 1)) + 2;
    if (at + size > end) return true;
    if (kind == PADN) {
      padding += size;
      if (padding > MAX_PADDING) return true;
      for (let offset: u32 = 2; offset < size; offset++) {
        if (at + offset >= captured) return false;
        if (load<u8>(l3 + at + offset) != 0) return true;
      }
    } else {
      options++;
      if (options > MAX_OPTIONS) return true;
      padding = 0;
      if (kind == ROUTER_ALERT) {
        if (size != 4) return true;
      } else if (kind == JUMBO || kind >>> 6 != 0) {
        // A jumbo payload that is one (over 65,535 bytes) is never in a capture; the upper two bits of any other
        // option that is not known say "drop".
        return true;
      }
    }
    at += size;
  }
  return false;
}
