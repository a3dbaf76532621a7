// LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2: Linux's cooked captures, which say the packet type and the protocol.

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import { ethertype } from './ethertype.ts';
import { skip } from './record.ts';

const SLL_HEADER: u32 = 16;
const SLL2_HEADER: u32 = 20;
/** Highest packet type (PACKET_OUTGOING); others are not told apart. */
const PACKET_OUTGOING: u32 = 4;

/** Packet type, ARPHRD, address length, address (8 bytes), protocol. */
export function sll(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap < SLL_HEADER) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  const device: u32 = bswap<u16>(load<u16>(at, 2));
  const protocol: u32 = bswap<u16>(load<u16>(at, 14));
  cooked(p, bswap<u16>(load<u16>(at)), device, protocol, at + SLL_HEADER, cap - SLL_HEADER, len - SLL_HEADER);
}

/** Protocol, reserved, interface index, ARPHRD, packet type, address length, address (8 bytes). */
export function sll2(p: usize, at: usize, cap: u32, len: u32): void {
  if (cap < SLL2_HEADER) {
    skip(p, Reason.TRUNCATED_FRAME, 0);
    return;
  }
  const device: u32 = bswap<u16>(load<u16>(at, 8));
  const protocol: u32 = bswap<u16>(load<u16>(at));
  cooked(p, load<u8>(at, 10), device, protocol, at + SLL2_HEADER, cap - SLL2_HEADER, len - SLL2_HEADER);
}

function cooked(p: usize, type: u32, device: u32, protocol: u32, at: usize, cap: u32, len: u32): void {
  if (type <= PACKET_OUTGOING) {
    store<u32>(p, type, Packet.PKTTYPE);
    store<u32>(p, type + 1, Packet.COOKED);
  }
  if (hasEthertype(device)) ethertype(p, protocol, at, cap, len);
  else skip(p, Reason.ETHERTYPE, protocol);
}

/** Device types (ARPHRD_*, linux/if_arp.h) whose protocol field is something else (tcpdump.org/linktypes). */
function hasEthertype(device: u32): bool {
  const frad: u32 = 770;
  const ieee80211: u32 = 801;
  const radiotap: u32 = 803;
  const netlink: u32 = 824;
  return device != frad && device != netlink && !(device >= ieee80211 && device <= radiotap);
}
