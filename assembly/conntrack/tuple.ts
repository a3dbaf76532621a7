// Tuples (struct nf_conntrack_tuple): what of a packet its connection is found by, and the hash of it.
//
// A tuple here is two addresses, a protocol, and a word of ports: source | destination << 16 in host order. ICMP has
// its id in the place of the source port and type << 8 | code in that of the destination port, as in Linux.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';
import { hasPorts, IPPROTO_ICMP, IPPROTO_ICMPV6 } from '../packet/transport';

const IPPROTO_GRE: u32 = 47;

const GRE_HEADER: u32 = 4;
const GRE_VERSION_PPTP: u32 = 1;
const GRE_PROTOCOL_PPP: u32 = 0x880b;
const PPTP_HEADER: u32 = 8;

/** Answers of readPorts(). */
export const TUPLE: i32 = 1;
/** The header is too short by the packet's own account: no tuple (INVALID). */
export const NO_TUPLE: i32 = 0;
/** ... or is not captured. */
export const NOT_CAPTURED: i32 = 2;

/**
 * nf_ct_get_tuple: the word of ports of the transport header at `l4`, of which `cap` bytes are captured and `length`
 * are declared, stored at `to`. Answers TUPLE, NO_TUPLE or NOT_CAPTURED.
 */
export function readPorts(l4: usize, cap: u32, length: u32, proto: u32, to: usize): i32 {
  store<u32>(to, 0);
  if (hasPorts(proto)) {
    if (cap < 4) return length < 4 ? NO_TUPLE : NOT_CAPTURED;
    const ports = bswap<u32>(load<u32>(l4));
    store<u32>(to, (ports >>> 16) | (ports << 16));
    return TUPLE;
  }
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    if (cap < 8) return length < 8 ? NO_TUPLE : NOT_CAPTURED;
    const type = u32(load<u8>(l4));
    const code = u32(load<u8>(l4, 1));
    store<u32>(to, <u32>bswap<u16>(load<u16>(l4, 4)) | (((type << 8) | code) << 16));
    return TUPLE;
  }
  if (proto == IPPROTO_GRE) return readGre(l4, cap, length, to);
  return TUPLE;
}

/** gre_pkt_to_tuple: only PPTP's GRE (version 1) has keys; any other is tracked by its addresses. */
function readGre(l4: usize, cap: u32, length: u32, to: usize): i32 {
  if (length < GRE_HEADER) return TUPLE;
  // The version stands in the first two bytes, the protocol in the next two.
  if (cap < 2) return NOT_CAPTURED;
  if ((u32(load<u8>(l4, 1)) & 7) != GRE_VERSION_PPTP || length < PPTP_HEADER) return TUPLE;
  if (cap < 4) return NOT_CAPTURED;
  if (<u32>bswap<u16>(load<u16>(l4, 2)) != GRE_PROTOCOL_PPP) return NO_TUPLE;
  if (cap < PPTP_HEADER) return NOT_CAPTURED;
  // The call id is the receiver's: the sender's is known from PPTP alone.
  store<u32>(to, (<u32>bswap<u16>(load<u16>(l4, 6))) << 16);
  return TUPLE;
}

/** The same for packet record `p`, into CT_PORTS. */
export function readTuple(p: usize): i32 {
  const l4 = <usize>load<u32>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
  return readPorts(
    l4,
    load<u32>(p, Packet.L4_CAP),
    load<u32>(p, Packet.L4_LEN),
    load<u32>(p, Packet.PROTO),
    p + Packet.CT_PORTS,
  );
}

/** There is no inverse: an ICMP message that is not one of a request and its reply. */
export const NO_INVERSE: u64 = u64.MAX_VALUE;

/** nf_ct_invert_tuple's part for the ports. */
export function inversePorts(proto: u32, ports: u32): u64 {
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    const type = inverseType(proto, ports >>> 24);
    return type < 0 ? NO_INVERSE : <u64>((ports & 0x00ffffff) | ((<u32>type) << 24));
  }
  return <u64>((ports >>> 16) | (ports << 16));
}

/** The type that answers an ICMP type, and the other way round; -1 for all others. */
function inverseType(proto: u32, type: u32): i32 {
  if (proto == IPPROTO_ICMPV6) {
    switch (type) {
      case 128: // echo
        return 129;
      case 129:
        return 128;
      case 139: // node information
        return 140;
      case 140:
        return 139;
      default:
        return -1;
    }
  }
  switch (type) {
    case 8: // echo
      return 0;
    case 0:
      return 8;
    case 13: // timestamp
      return 14;
    case 14:
      return 13;
    case 15: // information
      return 16;
    case 16:
      return 15;
    case 17: // address mask
      return 18;
    case 18:
      return 17;
    default:
      return -1;
  }
}

/** Bucket hash of a tuple, the same for both directions, from a seed that nobody outside knows. */
export function tupleHash(
  config: usize,
  family: u32,
  source: usize,
  destination: usize,
  proto: u32,
  ports: u32,
): u32 {
  const seed = load<u64>(config, Conntrack.SEED);
  const sport: u32 = ports & 0xffff;
  let dport: u32 = ports >>> 16;
  let salt = seed;
  // The type of an ICMP message and of its answer differ, their code is the same.
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    salt ^= (<u64>(dport & 0xff)) << 48;
    dport = sport;
  }
  let a: u64 = load<u32>(source);
  let b: u64 = load<u32>(destination);
  if (family == 6) {
    a = fold(source, seed);
    b = fold(destination, seed);
  }
  return tupleHashOf(a, sport, b, dport, proto, salt);
}

/** The same of an IPv4 tuple with ports. */
export function tupleHash4(config: usize, source: u32, destination: u32, proto: u32, ports: u32): u32 {
  const salt = load<u64>(config, Conntrack.SEED);
  return tupleHashOf(source, ports & 0xffff, destination, ports >>> 16, proto, salt);
}

function tupleHashOf(a: u64, sport: u32, b: u64, dport: u32, proto: u32, salt: u64): u32 {
  const x = mix((a << 16) ^ (a >> 32) ^ <u64>sport ^ salt);
  const y = mix((b << 16) ^ (b >> 32) ^ <u64>dport ^ salt);
  const z = (x + y + <u64>proto) * 0xd6e8feb86659fd93;
  return <u32>(z >> 32);
}

function fold(address: usize, seed: u64): u64 {
  return mix(load<u64>(address) ^ seed) ^ load<u64>(address, 8);
}

function mix(value: u64): u64 {
  value *= 0x9e3779b97f4a7c15;
  value ^= value >> 32;
  return value * 0xd6e8feb86659fd93;
}
