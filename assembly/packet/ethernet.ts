// LINKTYPE_ETHERNET: destination, source, EtherType, with VLAN tags between.

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ETHERTYPE_IPV4, ethertype } from './ethertype.ts';
import { ipv4 } from './ipv4.ts';
import { skip } from './record.ts';

const ETHERNET_HEADER: u32 = 14;
const PACKET_BROADCAST: u32 = 1;
const PACKET_MULTICAST: u32 = 2;

/** Decodes the frame of `len` bytes at `frame`, `cap` of them captured. */
export function ethernet(p: usize, frame: usize, cap: u32, len: u32): void {
  if (cap < ETHERNET_HEADER) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  store<u32>(p, <u32>frame, Packet.MAC);
  const head = load<u64>(frame);
  if (head & 1) {
    const broadcast = (head & 0xffffffffffff) == 0xffffffffffff;
    store<u32>(p, broadcast ? PACKET_BROADCAST : PACKET_MULTICAST, Packet.PKTTYPE);
  }
  const type: u32 = bswap<u16>(load<u16>(frame, 12));
  const at = frame + ETHERNET_HEADER;
  if (type == ETHERTYPE_IPV4) ipv4(p, at, cap - ETHERNET_HEADER, len - ETHERNET_HEADER);
  else ethertype(p, type, at, cap - ETHERNET_HEADER, len - ETHERNET_HEADER);
}
