// Link layers: from the frame to the IP header. Link types are the numbers of tcpdump.org/linktypes.html.

import { Bytes, NotCaptured } from './bytes.ts';

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_PPP_HDLC = 50;
export const LINKTYPE_PPP_ETHER = 51;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_C_HDLC = 104;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const ARPHRD_ETHER = 1;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ETH_P_PPP_SES = 0x8864;
/** linux/if_packet.h */
const PACKET_OUTGOING = 4;
const VLAN_TPIDS = new Set([0x8100, 0x88a8, 0x9100, 0x9200, 0x9300]);

export interface VlanTag {
  readonly tpid: number;
  /** 12 bits; 0 is a priority tag. */
  readonly id: number;
}

/** Source MAC of a frame; `none`: its device has no MACs; `not-captured`: the capture does not say. */
export type Sender = Uint8Array | 'none' | 'not-captured';

export interface Link {
  /** Family of the packet, undefined when it is not IP. */
  readonly family?: 'ipv4' | 'ipv6';
  /** Where the IP header starts in the frame. */
  readonly offset: number;
  readonly vlans: readonly VlanTag[];
  readonly mac?: { readonly destination: Uint8Array; readonly source: Uint8Array };
  readonly sender: Sender;
  /** Packet type of a cooked capture (linux/if_packet.h). */
  readonly cooked?: number;
  /** Bytes of the IP packet, where the link layer says so (PPPoE); else it may reach to the frame's end. */
  readonly bytes?: number;
  /** Why it is not IP: `0x0806`, `link-type`, `truncated-frame`. */
  readonly skip?: string;
}

type Addresses = Pick<Link, 'mac' | 'sender' | 'cooked'>;

const TRUNCATED = 'truncated-frame';

function hex(type: number): string {
  return `0x${type.toString(16).padStart(4, '0')}`;
}

function skipped(skip: string, rest: Partial<Link> = {}): Link {
  return { offset: 0, vlans: [], sender: 'none', ...rest, skip };
}

/** An EtherType and what follows it: VLAN tags, a PPPoE session, IP. */
function etherType(frame: Bytes, typeOffset: number, addresses: Addresses): Link {
  const vlans: VlanTag[] = [];
  let at = typeOffset;
  while (frame.has(at, 6) && VLAN_TPIDS.has(frame.u16(at))) {
    vlans.push({ tpid: frame.u16(at), id: frame.u16(at + 2) & 0xfff });
    at += 4;
  }
  if (!frame.has(at, 2)) return skipped(TRUNCATED, { ...addresses, vlans });
  const type = frame.u16(at);
  if (type === ETH_P_IP) return { family: 'ipv4', offset: at + 2, vlans, ...addresses };
  if (type === ETH_P_IPV6) return { family: 'ipv6', offset: at + 2, vlans, ...addresses };
  if (type === ETH_P_PPP_SES) return { ...pppoe(frame, at + 2), vlans, ...addresses };
  return skipped(hex(type), { ...addresses, vlans });
}

function ethernet(frame: Bytes): Link {
  if (!frame.has(0, 14)) return skipped(TRUNCATED);
  const source = frame.slice(6, 6);
  return etherType(frame, 12, { mac: { destination: frame.slice(0, 6), source }, sender: source });
}

/** Version and type, code, session, length; then a PPP protocol (RFC 2516). */
function pppoe(frame: Bytes, offset: number): Link {
  if (!frame.has(offset, 8)) return skipped(TRUNCATED);
  // Code 0 is session data; everything else is discovery.
  if (frame.u8(offset) !== 0x11 || frame.u8(offset + 1) !== 0) return skipped(hex(ETH_P_PPP_SES));
  // pppoe_rcv: the session's packet is as long as the header says.
  const end = offset + 6 + frame.u16(offset + 4);
  if (end > frame.length) return skipped(TRUNCATED);
  const inner = pppProtocol(new Bytes(frame.captured, end), offset + 6);
  return inner.family === undefined ? inner : { ...inner, bytes: end - inner.offset };
}

/** Cisco HDLC, told from PPP by its address byte: address, control, EtherType. */
function hdlc(frame: Bytes): Link {
  if (!frame.has(0, 4) || ![0x0f, 0x8f].includes(frame.u8(0))) return ppp(frame);
  return etherType(frame, 2, { sender: 'none' });
}

function ppp(frame: Bytes): Link {
  // Address and control (RFC 1662) may be left out.
  const framed = frame.has(0, 2) && frame.u8(0) === 0xff && frame.u8(1) === 0x03;
  return pppProtocol(frame, framed ? 2 : 0);
}

/** The protocol field: one byte when its low bit is set (protocol field compression), else two. */
function pppProtocol(frame: Bytes, offset: number): Link {
  if (!frame.has(offset, 1)) return skipped(TRUNCATED);
  const short = (frame.u8(offset) & 1) === 1;
  if (!short && !frame.has(offset, 2)) return skipped(TRUNCATED);
  const protocol = short ? frame.u8(offset) : frame.u16(offset);
  const after = offset + (short ? 1 : 2);
  if (protocol === 0x0021) return { family: 'ipv4', offset: after, vlans: [], sender: 'none' };
  if (protocol === 0x0057) return { family: 'ipv6', offset: after, vlans: [], sender: 'none' };
  return skipped(hex(protocol));
}

/** BSD loopback: the address family, in the byte order of the capturing machine (NULL) or big-endian (LOOP). */
function loopback(frame: Bytes): Link {
  if (!frame.has(0, 4)) return skipped(TRUNCATED);
  const big = frame.u32(0);
  const family = big > 0xffff ? frame.u8(0) | (frame.u8(1) << 8) : big;
  if (family === 2) return { family: 'ipv4', offset: 4, vlans: [], sender: 'none' };
  // AF_INET6 of Linux, of NetBSD and OpenBSD, of FreeBSD, of macOS.
  if ([10, 24, 28, 30].includes(family)) return { family: 'ipv6', offset: 4, vlans: [], sender: 'none' };
  return skipped(hex(family));
}

function raw(frame: Bytes): Link {
  if (!frame.has(0, 1)) return skipped(TRUNCATED);
  const version = frame.u8(0) >> 4;
  if (version === 4) return bare('ipv4');
  if (version === 6) return bare('ipv6');
  return skipped(hex(0));
}

/** Without a link header. */
function bare(family: 'ipv4' | 'ipv6'): Link {
  return { family, offset: 0, vlans: [], sender: 'not-captured' };
}

/** The address of a cooked capture's header, and whether its device is one that has MACs. */
function cookedSender(frame: Bytes, deviceType: number, length: number, at: number): Sender {
  if (deviceType !== ARPHRD_ETHER) return 'none';
  return length === 6 ? frame.slice(at, 6) : 'not-captured';
}

/** Packet types up to PACKET_OUTGOING; others say nothing. */
function packetTypeOf(type: number): Pick<Link, 'cooked'> {
  return type <= PACKET_OUTGOING ? { cooked: type } : {};
}

/** Devices (ARPHRD_*) whose protocol field is something else: Frame Relay, 802.11 in three forms, netlink. */
function hasEtherType(device: number): boolean {
  return ![770, 801, 802, 803, 824].includes(device);
}

function cooked(frame: Bytes): Link {
  if (!frame.has(0, 16)) return skipped(TRUNCATED);
  const device = frame.u16(2);
  const sender = cookedSender(frame, device, frame.u16(4), 6);
  if (!hasEtherType(device)) return skipped(hex(frame.u16(14)));
  return etherType(frame, 14, { ...packetTypeOf(frame.u16(0)), sender });
}

/** SLL2 keeps the protocol first: tags, if any, follow the 20-byte header. */
function cooked2(frame: Bytes): Link {
  if (!frame.has(0, 20)) return skipped(TRUNCATED);
  const device = frame.u16(8);
  const sender = cookedSender(frame, device, frame.u8(11), 12);
  const addresses = { ...packetTypeOf(frame.u8(10)), sender };
  const type = frame.u16(0);
  if (!hasEtherType(device)) return skipped(hex(type));
  if (type === ETH_P_IP) return { family: 'ipv4', offset: 20, vlans: [], ...addresses };
  if (type === ETH_P_IPV6) return { family: 'ipv6', offset: 20, vlans: [], ...addresses };
  if (!VLAN_TPIDS.has(type)) return skipped(hex(type), addresses);
  if (!frame.has(20, 4)) return skipped(TRUNCATED, addresses);
  const tag = { tpid: type, id: frame.u16(20) & 0xfff };
  const inner = etherType(frame, 22, addresses);
  return { ...inner, vlans: [tag, ...inner.vlans] };
}

/** Finds the IP header of a frame. A link header that was not captured says nothing, like one that is not there. */
export function parseLink(frame: Bytes, linkType: number): Link {
  try {
    return linkOf(frame, linkType);
  } catch (error) {
    if (error instanceof NotCaptured) return skipped(TRUNCATED);
    throw error;
  }
}

function linkOf(frame: Bytes, linkType: number): Link {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return ethernet(frame);
    case LINKTYPE_LINUX_SLL:
      return cooked(frame);
    case LINKTYPE_LINUX_SLL2:
      return cooked2(frame);
    case LINKTYPE_RAW:
    case 12:
    case 14:
      return raw(frame);
    case LINKTYPE_IPV4:
      return bare('ipv4');
    case LINKTYPE_IPV6:
      return bare('ipv6');
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return loopback(frame);
    case LINKTYPE_PPP:
      return ppp(frame);
    case LINKTYPE_PPP_HDLC:
    case LINKTYPE_C_HDLC:
      return hdlc(frame);
    case LINKTYPE_PPP_ETHER:
      return pppoe(frame, 0);
    default:
      return skipped('link-type');
  }
}
