// What an EtherType says comes next: VLAN tags, IP, PPPoE. Shared by Ethernet and the cooked link layers.

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ipv4 } from './ipv4.ts';
import { ipv6 } from './ipv6.ts';
import { pppoe } from './ppp.ts';
import { skip } from './record.ts';

export const ETHERTYPE_IPV4: u32 = 0x0800;
export const ETHERTYPE_IPV6: u32 = 0x86dd;
const ETHERTYPE_VLAN: u32 = 0x8100;
const ETHERTYPE_QINQ: u32 = 0x88a8;
const ETHERTYPE_PPPOE_SESSION: u32 = 0x8864;
/** Below this an EtherType is a length. */
const ETHERTYPE_LEAST: u32 = 0x600;
/** The numbers that Linux gives such frames (linux/if_ether.h): Novell's raw 802.3, and LLC. Neither is IP to it. */
const ETH_P_802_3: u32 = 1;
const ETH_P_802_2: u32 = 4;

/**
 * Decodes what follows an EtherType: `at` is the address behind it, `cap` bytes are captured from there and `len` were
 * in the frame. Any number of tags is taken off; only 0x8100 and 0x88a8 are tags to Linux (eth_type_vlan()).
 */
export function ethertype(p: usize, type: u32, at: usize, cap: u32, len: u32): void {
  if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
    let count: u32 = 0;
    const outer = type;
    do {
      if (cap < 4) {
        skip(p, Reason.TRUNCATED_FRAME, type);
        return;
      }
      const id = <u32>bswap<u16>(load<u16>(at)) & 0xfff;
      if (count == 0) store<u32>(p, id, Packet.VLAN_ID);
      else if (count == 1) store<u32>(p, id, Packet.VLAN_ID2);
      count++;
      type = bswap<u16>(load<u16>(at, 2));
      at += 4;
      cap -= 4;
      len -= 4;
    } while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ);
    store<u32>(p, count, Packet.VLAN_COUNT);
    store<u32>(p, outer, Packet.VLAN_TPID);
  }
  if (type == ETHERTYPE_IPV4) ipv4(p, at, cap, len);
  else if (type == ETHERTYPE_IPV6) ipv6(p, at, cap, len);
  else if (type == ETHERTYPE_PPPOE_SESSION) pppoe(p, at, cap, len);
  else if (type >= ETHERTYPE_LEAST) skip(p, Reason.ETHERTYPE, type);
  else if (cap >= 2 && load<u16>(at) == 0xffff) skip(p, Reason.ETHERTYPE, ETH_P_802_3);
  else skip(p, Reason.ETHERTYPE, ETH_P_802_2);
}
