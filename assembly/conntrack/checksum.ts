// Transport checksums as connection tracking verifies them at PREROUTING, with nf_conntrack_checksum = 1:
//
//   TCP, UDP     (nf_checksum()) over all that the IP header declares, whatever UDP's own length says; with the
//                destination of the IPv6 header, whatever a routing header says. A UDP checksum of 0 is none, in IPv6 too.
//   ICMP, ICMPv6 (nf_ip_checksum(), nf_ip6_checksum()) without and with a pseudo header.
//   UDPLite      (nf_checksum_partial()) over its coverage, but with UDP's protocol number in the pseudo header, and in
//                IPv4 with the low byte of the length only: Linux finds nearly all UDPLite packets wrong, and so does this.
//   SCTP         CRC32c (RFC 9260), where the network card has not checked it.
//
// GRE, DCCP (since Linux 6.17) and all others are not verified.

import * as Packet from '../../src/layout/packet.ts';
import { crc32c } from './crc32c';

const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;
const SCTP: u32 = 132;
const UDPLITE: u32 = 136;

const WRONG: i32 = 0;
const RIGHT: i32 = 1;
const NOT_CAPTURED: i32 = 2;

/**
 * Is the transport checksum of packet `p` what Linux takes for right? 1 yes; 0 no; 2 it cannot be told, because bytes are
 * not captured. A packet too short for its checksum, and one of a protocol that is not verified, has none that is wrong.
 * What is tracked although it says that it is a fragment is verified as it stands.
 */
export function checksumRight(p: usize): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const captured = load<u32>(p, Packet.L4_CAP);
  const header = load<usize>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
  switch (load<u32>(p, Packet.PROTO)) {
    case TCP:
      return length < 20 ? RIGHT : verify(header, captured, length, pseudo(p, TCP, length));
    case UDP:
      if (length < 8) return RIGHT;
      if (captured >= 8 && load<u16>(header, 6) == 0) return RIGHT;
      return verify(header, captured, length, pseudo(p, UDP, length));
    case ICMP:
      return length < 8 || load<u32>(p, Packet.FAMILY) != 4 ? RIGHT : verify(header, captured, length, 0);
    case ICMPV6:
      return length < 8 || load<u32>(p, Packet.FAMILY) != 6
        ? RIGHT
        : verify(header, captured, length, pseudo(p, ICMPV6, length));
    case UDPLITE:
      return udpLiteRight(p, header, length, captured);
    case SCTP:
      return sctpRight(header, length, captured);
    default:
      return RIGHT;
  }
}

/**
 * The same for a TCP segment of `length` bytes, all captured, of an IPv4 packet without options at `l3`, in a batch: up to
 * 15 bytes behind it may be loaded.
 */
export function segmentRight(l3: usize, header: usize, length: u32): bool {
  return verifyLoose(l3, header, length, TCP);
}

/** The same for a UDP datagram. */
export function datagramRight(l3: usize, header: usize, length: u32): bool {
  return load<u16>(header, 6) == 0 || verifyLoose(l3, header, length, UDP);
}

function verifyLoose(l3: usize, header: usize, length: u32, proto: u32): bool {
  const start = u64(proto << 8) + u64(bswap<u32>(length)) + halves(load<u64>(l3, 12));
  return folded(start + sumLoose(header, length)) == 0xffff;
}

/** A sum of words, folded into 16 bits. */
function folded(total: u64): u64 {
  total = (total & 0xffffffff) + (total >> 32);
  total = (total & 0xffff) + ((total >> 16) & 0xffff) + (total >> 32);
  return (total & 0xffff) + (total >> 16);
}

/** The ones' complement sum of `covered` of the transport's `length` bytes, and of `start`. */
function verify(header: usize, captured: u32, covered: u32, start: u64): i32 {
  if (covered > captured) return NOT_CAPTURED;
  return folded(start + sum(header, covered)) == 0xffff ? RIGHT : WRONG;
}

/** Sum of the pseudo header. Sums are of little-endian words: ones' complement does not care (RFC 1071). */
function pseudo(p: usize, proto: u32, length: u32): u64 {
  const l3 = load<usize>(p, Packet.L3);
  const rest = u64(proto << 8) + u64(bswap<u32>(length));
  if (load<u32>(p, Packet.FAMILY) == 4) return rest + halves(load<u64>(l3, 12));
  return (
    rest +
    halves(load<u64>(l3, 8)) +
    halves(load<u64>(l3, 16)) +
    halves(load<u64>(l3, 24)) +
    halves(load<u64>(l3, 32))
  );
}

function halves(word: u64): u64 {
  return (word & 0xffffffff) + (word >> 32);
}

/** Sum of the 16- and 32-bit words at `at`; up to 512 KiB. */
function sum(at: usize, bytes: u32): u64 {
  let total: u64 = 0;
  if (bytes >= 64) {
    total = sumOfLanes(sumVectors(at, bytes));
    at += bytes & ~15;
    bytes &= 15;
  }
  while (bytes >= 8) {
    total += halves(load<u64>(at));
    at += 8;
    bytes -= 8;
  }
  if (bytes & 4) {
    total += u64(load<u32>(at));
    at += 4;
  }
  if (bytes & 2) {
    total += u64(load<u16>(at));
    at += 2;
  }
  if (bytes & 1) total += u64(load<u8>(at));
  return total;
}

/** The same, of up to 64 KiB, in whole vectors. */
function sumLoose(at: usize, bytes: u32): u64 {
  const counted = i8x16.lt_u(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(i8(bytes & 15)),
  );
  const rest = v128.and(v128.load(at + (bytes & ~15)), counted);
  return sumOfLanes(i32x4.add(sumVectors(at, bytes), i32x4.extadd_pairwise_i16x8_u(rest)));
}

/** Sums of the 16-bit words of the whole vectors within `bytes` at `at`, in four lanes. */
function sumVectors(at: usize, bytes: u32): v128 {
  const stop = at + (bytes & ~15);
  let lanes = i32x4.splat(0);
  for (; at < stop; at += 16) lanes = i32x4.add(lanes, i32x4.extadd_pairwise_i16x8_u(v128.load(at)));
  return lanes;
}

function sumOfLanes(lanes: v128): u64 {
  const wide = i64x2.add(i64x2.extend_low_i32x4_u(lanes), i64x2.extend_high_i32x4_u(lanes));
  return i64x2.extract_lane(wide, 0) + i64x2.extract_lane(wide, 1);
}

function udpLiteRight(p: usize, header: usize, length: u32, captured: u32): i32 {
  if (length < 8) return RIGHT;
  if (captured < 8) return NOT_CAPTURED;
  const says = u32(bswap<u16>(load<u16>(header, 4)));
  const coverage = says == 0 ? length : says;
  // The tracker refuses what has such a coverage, or no checksum.
  if (coverage < 8 || coverage > length || load<u16>(header, 6) == 0) return RIGHT;
  const told = load<u32>(p, Packet.FAMILY) == 4 ? length & 0xff : length;
  return verify(header, captured, coverage, pseudo(p, UDP, told));
}

function sctpRight(header: usize, length: u32, captured: u32): i32 {
  if (length < 12) return RIGHT;
  if (captured < length) return NOT_CAPTURED;
  return crc32c(header, length, 8) == load<u32>(header, 8) ? RIGHT : WRONG;
}
