// PPP in its forms: LINKTYPE_PPP, LINKTYPE_PPP_HDLC (with Cisco HDLC, which shares it), LINKTYPE_PPP_ETHER and PPPoE
// sessions inside Ethernet.

import * as Reason from '../../src/layout/reason.ts';
import { ethertype } from './ethertype.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { skip } from './record.ts';

const PPP_IPV4: u32 = 0x0021;
const PPP_IPV6: u32 = 0x0057;
const ETHERTYPE_PPPOE_SESSION: u32 = 0x8864;
const PPPOE_HEADER: u32 = 6;
const CISCO_UNICAST: u32 = 0x0f;
const CISCO_MULTICAST: u32 = 0x8f;

/** PPP as RFC 1661 has it, with or without the address and control bytes of RFC 1662 (0xff 0x03). */
export function ppp(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap >= 2 && load<u16>(at) == 0x03ff) {
    at += 2;
    cap -= 2;
    len -= 2;
  }
  protocol(p, at, cap, len);
}

/** The same, or Cisco's framing (address, control, EtherType), told by its first byte. */
export function pppHdlc(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap >= 4) {
    const address: u32 = load<u8>(at);
    if (address == CISCO_UNICAST || address == CISCO_MULTICAST) {
      ethertype(p, bswap<u16>(load<u16>(at, 2)), at + 4, cap - 4, len - 4);
      return;
    }
  }
  ppp(p, at, cap, len);
}

/**
 * A PPPoE session frame from its PPPoE header on. To Linux such a frame is no IP for the interface that receives it:
 * pppoe_rcv() (drivers/net/ppp/pppoe.c) hands the packet inside to the session's ppp interface. A capture on the
 * Ethernet below shows what that interface gets, so that the packet inside is decoded.
 */
export function pppoe(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap < PPPOE_HEADER) {
    skip(p, Reason.TRUNCATED_FRAME, ETHERTYPE_PPPOE_SESSION);
    return;
  }
  // Version 1, type 1, code 0 (session data).
  if (load<u16>(at) != 0x0011) {
    skip(p, Reason.ETHERTYPE, ETHERTYPE_PPPOE_SESSION);
    return;
  }
  const declared: u32 = bswap<u16>(load<u16>(at, 4));
  cap -= PPPOE_HEADER;
  len -= PPPOE_HEADER;
  if (declared > len) {
    skip(p, Reason.TRUNCATED_FRAME, ETHERTYPE_PPPOE_SESSION);
    return;
  }
  len = declared;
  if (cap > len) cap = len;
  protocol(p, at + PPPOE_HEADER, cap, len);
}

/** The protocol field: two bytes, or one (odd) where it is compressed. */
function protocol(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap < 2) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  let type: u32 = load<u8>(at);
  let size: u32 = 1;
  if ((type & 1) == 0) {
    type = bswap<u16>(load<u16>(at));
    size = 2;
  }
  if (type == PPP_IPV4) ipv4(p, at + size, cap - size, len - size);
  else if (type == PPP_IPV6) ipv6(p, at + size, cap - size, len - size);
  else skip(p, Reason.ETHERTYPE, type);
}
