// The first bytes of the transport header, as far as rules search by them, and the hash of the tuple.

import * as Packet from '../../src/layout/packet.ts';

export const IPPROTO_ICMP: u32 = 1;
export const IPPROTO_TCP: u32 = 6;
export const IPPROTO_UDP: u32 = 17;
export const IPPROTO_DCCP: u32 = 33;
export const IPPROTO_ICMPV6: u32 = 58;
export const IPPROTO_SCTP: u32 = 132;
export const IPPROTO_UDPLITE: u32 = 136;

/** Least header bytes: below them xtables' matches do not find a header (skb_header_pointer fails). */
const TCP_HEADER: u32 = 20;
const UDP_HEADER: u32 = 8;
const SCTP_HEADER: u32 = 12;
const DCCP_HEADER: u32 = 12;
const ICMP_HEADER: u32 = 8;

/**
 * Writes PROTO, SPORT, DPORT, TCP_FLAGS and ICMP from the `cap` captured bytes at `l4`, and returns `flags` with PORTS
 * or ABNORMAL added. Must not be asked about later fragments: what they carry is no header.
 */
export function transport(p: usize, l4: usize, cap: u32, proto: u32, flags: u32): u32 {
  store<u32>(p, proto, Packet.PROTO);
  store<u32>(p, 0, Packet.ICMP);
  if (proto == IPPROTO_TCP && cap >= TCP_HEADER) {
    const ports = bswap<u32>(load<u32>(l4));
    store<u32>(p, ports >>> 16, Packet.SPORT);
    store<u32>(p, ports & 0xffff, Packet.DPORT);
    store<u32>(p, load<u8>(l4, 13), Packet.TCP_FLAGS);
    return flags | Packet.FLAG_PORTS;
  }
  store<u32>(p, 0, Packet.TCP_FLAGS);
  if (proto == IPPROTO_UDP && cap >= UDP_HEADER) {
    const ports = bswap<u32>(load<u32>(l4));
    store<u32>(p, ports >>> 16, Packet.SPORT);
    store<u32>(p, ports & 0xffff, Packet.DPORT);
    return flags | Packet.FLAG_PORTS;
  }
  return rareTransport(p, l4, cap, proto, flags);
}

function rareTransport(p: usize, l4: usize, cap: u32, proto: u32, flags: u32): u32 {
  store<u64>(p, 0, Packet.SPORT); // SPORT, DPORT
  let least: u32 = 0;
  let ported = true;
  if (proto == IPPROTO_TCP) least = TCP_HEADER;
  else if (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE) least = UDP_HEADER;
  else if (proto == IPPROTO_SCTP) least = SCTP_HEADER;
  else if (proto == IPPROTO_DCCP) least = DCCP_HEADER;
  else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    least = ICMP_HEADER;
    ported = false;
    if (cap >= 2) store<u32>(p, bswap<u16>(load<u16>(l4)), Packet.ICMP);
  } else return flags;
  if (ported && cap >= 4) {
    const ports = bswap<u32>(load<u32>(l4));
    store<u32>(p, ports >>> 16, Packet.SPORT);
    store<u32>(p, ports & 0xffff, Packet.DPORT);
    flags |= Packet.FLAG_PORTS;
    if (proto == IPPROTO_TCP && cap >= 14) store<u32>(p, load<u8>(l4, 13), Packet.TCP_FLAGS);
  } else if (ported && cap >= 2) {
    // nftables reads the source port alone.
    store<u32>(p, bswap<u16>(load<u16>(l4)), Packet.SPORT);
  }
  return cap < least ? flags | Packet.FLAG_ABNORMAL : flags;
}

/** The same for a packet whose transport header is not there to be read: a later fragment, a broken chain. */
export function noTransport(p: usize, proto: u32, flags: u32): u32 {
  store<u32>(p, proto, Packet.PROTO);
  store<u64>(p, 0, Packet.SPORT); // SPORT, DPORT
  store<u64>(p, 0, Packet.TCP_FLAGS); // TCP_FLAGS, ICMP
  return flags | Packet.FLAG_ABNORMAL;
}

/**
 * A hash of the tuple that is the same for both directions: the two ends (address and port, in network byte order) are
 * multiplied with each other. Fragments must come with ports 0, so that those of a datagram agree.
 */
export function tupleHash(a: u64, sport: u32, b: u64, dport: u32, proto: u32): u32 {
  const x = ((a << 16) | <u64>sport) + 0x9e3779b97f4a7c15;
  const y = ((b << 16) | <u64>dport) + 0x9e3779b97f4a7c15;
  let z = x * y + <u64>proto;
  z ^= z >> 32;
  return <u32>((z * 0xd6e8feb86659fd93) >> 32);
}

/** An IPv6 address, in network byte order, as 48 bits for the hash. */
export function fold(high: u64, low: u64): u64 {
  return ((high * 0xff51afd7ed558ccd + low) * 0xc4ceb9fe1a85ec53) >> 16;
}

/** Protocols whose tuple in connection tracking has ports: not DCCP (since Linux 6.16). */
export function hasPorts(proto: u32): bool {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP || proto == IPPROTO_UDPLITE;
}
