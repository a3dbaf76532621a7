// A packet on its way: the IP header's fields, where the transport header is, and what netfilter and routing keep
// beside it (skb->dev, skb->mark, skb->pkt_type).

import type { Interface } from '../host/machine.ts';
import type { Address } from '../model/address.ts';
import type { Family, HookName, TableName } from '../model/ruleset.ts';
import { Bytes } from './bytes.ts';
import type { Connection } from './conntrack/connection.ts';
import { readHopByHop } from './hopbyhop.ts';
import type { Sender } from './link.ts';
import { Lost } from './lost.ts';

/** linux/if_packet.h */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;
export const PACKET_LOOPBACK = 5;

export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_DCCP = 33;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;
export const IPPROTO_SCTP = 132;
export const IPPROTO_UDPLITE = 136;

const PORT_PROTOCOLS = new Set([IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_UDPLITE]);
const EXTENSION_HEADERS = new Set([
  IPPROTO_HOPOPTS,
  IPPROTO_ROUTING,
  IPPROTO_FRAGMENT,
  IPPROTO_AH,
  IPPROTO_NONE,
  IPPROTO_DSTOPTS,
]);

/** ipv6_ext_hdr */
export function isExtensionHeader(protocol: number): boolean {
  return EXTENSION_HEADERS.has(protocol);
}

/** What `-p` sees, and where the transport header starts. */
export interface Transport {
  readonly protocol: number;
  /** From the IP header; without meaning in later fragments. */
  readonly offset: number;
  /** IPv4: in units of 8 bytes; IPv6: in bytes. 0: not a later fragment (xt_action_param.fragoff). */
  readonly fragmentOffset: number;
}

/** What decided about a packet. */
export interface Decision {
  readonly table: TableName;
  readonly chain: string;
  /** From 1; 0 is the policy. */
  readonly rule: number;
}

/** The parts of a packet that its IP header names; the same for both families. */
interface Header {
  readonly family: Family;
  readonly bytes: Bytes;
  readonly source: Address;
  readonly destination: Address;
  readonly ttl: number;
  readonly tos: number;
  /** Where the IP header (IPv4: with options) ends. */
  readonly headerBytes: number;
}

export class Packet {
  readonly family: Family;
  /** From the IP header to the end that it declares. */
  readonly bytes: Bytes;
  readonly source: Address;
  readonly destination: Address;
  readonly headerBytes: number;
  readonly sender: Sender;
  /** TOS byte or traffic class. */
  readonly tos: number;
  ttl: number;
  mark = 0;
  packetType: number;
  in: Interface | undefined;
  out: Interface | undefined;
  /** The host sends it to a broadcast address (RTCF_BROADCAST of its route). */
  broadcast = false;
  /** Its connection, or the template of one that -j CT gave it; undefined: INVALID, or by ctinfo UNTRACKED (_nfct). */
  connection: Connection | undefined;
  /** enum ip_conntrack_info: what it is to the connection. */
  ctinfo = 0;
  /** Length of the largest fragment that it was put together from; 0: it came whole (frag_max_size). */
  largestFragment = 0;
  /** Connection tracking has had its say. */
  passedConntrack = false;
  /** For traces: why it is INVALID (src/layout/invalid.ts), and the state of its connection before it. */
  invalid = 0;
  stateBefore: string | undefined;
  hook: HookName | undefined;
  /** What decided in the last built-in chain passed, and in the last one of table filter. */
  decision: Decision | undefined;
  filterDecision: Decision | undefined;

  constructor(header: Header, sender: Sender, packetType: number = PACKET_HOST) {
    this.family = header.family;
    this.bytes = header.bytes;
    this.source = header.source;
    this.destination = header.destination;
    this.headerBytes = header.headerBytes;
    this.ttl = header.ttl;
    this.tos = header.tos;
    this.sender = sender;
    this.packetType = packetType;
  }

  /** skb_clone, without a link-layer header. */
  copy(packetType: number): Packet {
    const copy = new Packet(this, 'none', packetType);
    copy.mark = this.mark;
    copy.out = this.out;
    copy.connection = this.connection;
    copy.ctinfo = this.ctinfo;
    copy.passedConntrack = this.passedConntrack;
    copy.largestFragment = this.largestFragment;
    return copy;
  }

  /** skb->len at the hooks: what counters add. */
  get length(): number {
    return this.bytes.length;
  }

  /** The packet's own protocol field: the first next header in IPv6. */
  get firstProtocol(): number {
    return this.bytes.u8(this.family === 'ipv4' ? 9 : 6);
  }

  /** IPv4: offset in units of 8 bytes. */
  get fragmentOffset(): number {
    return this.family === 'ipv4' ? this.bytes.u16(6) & 0x1fff : 0;
  }

  get moreFragments(): boolean {
    return this.family === 'ipv4' && (this.bytes.u16(6) & 0x2000) !== 0;
  }

  get dontFragment(): boolean {
    return this.family === 'ipv4' && (this.bytes.u16(6) & 0x4000) !== 0;
  }

  /** ip_is_fragment */
  get isFragment(): boolean {
    return this.fragmentOffset !== 0 || this.moreFragments;
  }

  /**
   * Protocol and place of the transport header; undefined when the chain of IPv6 headers cannot be followed
   * (ipv6_find_hdr answers an error).
   *
   * @param stopAtAuthentication as nft_set_pktinfo_ipv6 does (IP6_FH_F_AUTH): an authentication header is the last one
   */
  transport(stopAtAuthentication = false): Transport | undefined {
    if (this.family === 'ipv6') return findTransport(this.bytes, stopAtAuthentication);
    return { protocol: this.firstProtocol, offset: this.headerBytes, fragmentOffset: this.fragmentOffset };
  }

  /** Source and destination port, where the protocol has them and they are there. */
  ports(): readonly [number, number] | undefined {
    const transport = this.transport();
    if (transport === undefined || transport.fragmentOffset !== 0) return undefined;
    if (!PORT_PROTOCOLS.has(transport.protocol) || !this.bytes.has(transport.offset, 4)) return undefined;
    return [this.bytes.u16(transport.offset), this.bytes.u16(transport.offset + 2)];
  }
}

/** ipv6_find_hdr with target -1: the first header that is no extension header. */
function findTransport(bytes: Bytes, stopAtAuthentication: boolean): Transport | undefined {
  let protocol = bytes.u8(6);
  let at = 40;
  while (isExtensionHeader(protocol) && protocol !== IPPROTO_NONE) {
    if (!bytes.has(at, 2)) return undefined;
    if (protocol === IPPROTO_AH && stopAtAuthentication) break;
    const next = bytes.u8(at);
    if (protocol === IPPROTO_ROUTING && !bytes.has(at, 4)) return undefined;
    if (protocol === IPPROTO_FRAGMENT) {
      if (!bytes.has(at, 4)) return undefined;
      const fragmentOffset = bytes.u16(at + 2) & 0xfff8;
      if (fragmentOffset !== 0) {
        if (isExtensionHeader(next) && next !== IPPROTO_NONE) return undefined;
        return { protocol: next, offset: 0, fragmentOffset };
      }
    }
    at += extensionHeaderBytes(protocol, bytes.u8(at + 1));
    protocol = next;
  }
  return { protocol, offset: at, fragmentOffset: 0 };
}

/** Length of an extension header by its length byte (ipv6_optlen, ipv6_authlen). */
export function extensionHeaderBytes(protocol: number, lengthByte: number): number {
  if (protocol === IPPROTO_FRAGMENT) return 8;
  if (protocol === IPPROTO_AH) return (lengthByte + 2) * 4;
  return (lengthByte + 1) * 8;
}

/**
 * ip_rcv_core: the checks that come before PREROUTING.
 *
 * @param rest from the IP header to the end of the frame
 * @param verifyChecksum the packet came in, so that a wrong header checksum drops it
 */
export function parseIpv4(rest: Bytes, verifyChecksum: boolean): Header {
  if (!rest.has(0, 20)) throw new Lost('bad-header');
  const first = rest.u8(0);
  const headerBytes = (first & 15) * 4;
  if (headerBytes < 20 || first >> 4 !== 4) throw new Lost('bad-header');
  if (!rest.has(0, headerBytes)) throw new Lost('bad-header');
  rest.need(0, headerBytes);
  if (verifyChecksum && headerSum(rest, headerBytes) !== 0xffff) throw new Lost('ip-checksum');
  // A total length of 0 comes from segmentation offload: the frame's length is the packet's.
  const length = rest.u16(2) === 0 ? rest.length : rest.u16(2);
  if (rest.length < length) throw new Lost('ip-truncated');
  if (length < headerBytes) throw new Lost('bad-header');
  const bytes = new Bytes(rest.captured, length);
  return {
    family: 'ipv4',
    bytes,
    source: bytes.slice(12, 4),
    destination: bytes.slice(16, 4),
    ttl: bytes.u8(8),
    tos: bytes.u8(1),
    headerBytes,
  };
}

/** One's complement sum of the header's words: 0xffff when the checksum is right (ip_fast_csum). */
function headerSum(bytes: Bytes, headerBytes: number): number {
  let sum = 0;
  for (let at = 0; at < headerBytes; at += 2) sum += bytes.u16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** The length checks of ip6_rcv_core; the others need the interface (path.ts). */
export function parseIpv6(rest: Bytes): Header {
  if (!rest.has(0, 40)) throw new Lost('bad-header');
  if (rest.u8(0) >> 4 !== 6) throw new Lost('bad-header');
  rest.need(0, 40);
  const payload = rest.u16(4);
  // Payload length 0 before hop-by-hop options may be a jumbogram: the frame's length stands, as it does for TCP that
  // offload has joined to more than a frame.
  const next = rest.u8(6);
  const whole = next === IPPROTO_HOPOPTS || (next === IPPROTO_TCP && rest.length > 1500);
  let length = payload === 0 && whole ? rest.length : payload + 40;
  if (length > rest.length) throw new Lost('ip-truncated');
  if (next === IPPROTO_HOPOPTS) {
    const jumbo = readHopByHop(new Bytes(rest.captured, length), payload);
    if (jumbo === 'truncated') throw new Lost('ip-truncated');
    if (typeof jumbo === 'number') length = jumbo + 40;
  }
  const bytes = new Bytes(rest.captured, length);
  return {
    family: 'ipv6',
    bytes,
    source: bytes.slice(8, 16),
    destination: bytes.slice(24, 16),
    ttl: bytes.u8(7),
    tos: (bytes.u16(0) >> 4) & 0xff,
    headerBytes: 40,
  };
}
