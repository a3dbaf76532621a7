// The frame that nearly every packet of a plain pcap file is: Ethernet II, IPv4 without options and no fragment, its
// transport header captured and nothing wrong with it.

import * as Batch from '../../src/layout/batch.ts';
import {
  IPPROTO_DCCP,
  IPPROTO_ICMP,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  tupleHash,
} from '../packet/transport';

export const RECORD_HEADER: usize = 16;
export const ETHERNET_HEADER: u32 = 14;
export const IPV4_HEADER: u32 = 20;
/** Offset in the record's header. */
export const CAPTURED: usize = 8;
/** Ethernet, IPv4 and TCP headers: every load here is within these. */
const LEAST_CAPTURED: u32 = 54;
/** x is a multiple of 0xffff just when x * INVERSE <= QUOTIENT, both by 64 bits. */
const INVERSE: u64 = 0xfffefffefffeffff;
const QUOTIENT: u64 = 0x0001000100010001;

/** Is the record of an index entry such a frame, of this capture interface? */
export function isPlain(entry: usize, captureInterface: u32): bool {
  const header = <usize>load<u32>(entry);
  const cap = load<u32>(header, CAPTURED);
  const l3 = header + (RECORD_HEADER + ETHERNET_HEADER);
  // EtherType, version and header length, all of the fragment field but DF.
  const shape = v128.and(v128.load(l3 - 2), i8x16(-1, -1, -1, 0, 0, 0, 0, 0, -65, -1, 0, 0, 0, 0, 0, 0));
  const head = load<u64>(l3);
  const middle = load<u64>(l3, 8);
  const tail = load<u32>(l3, 16);
  const length: u32 = bswap<u16>(<u16>(head >> 16));
  const proto = (<u32>middle >> 8) & 0xff;
  const tcp = u32(proto == IPPROTO_TCP);
  const eight = u32(proto == IPPROTO_UDP) | u32(proto == IPPROTO_ICMP);
  const sum = (head & 0xffffffff) + (head >> 32) + (middle & 0xffffffff) + (middle >> 32) + <u64>tail;
  // One decision for all of it. The loads are in bounds, for a batch has room behind its last record.
  const odd =
    u32(v128.any_true(v128.xor(shape, i8x16(8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))) |
    u32(load<u32>(entry, Batch.ENTRY_INTERFACE) != captureInterface) |
    u32(cap < LEAST_CAPTURED) |
    (u32(load<u8>(header, RECORD_HEADER)) & 1) |
    u32(proto == IPPROTO_UDPLITE) |
    u32(proto == IPPROTO_SCTP) |
    u32(proto == IPPROTO_DCCP) |
    u32(length < IPV4_HEADER + 20 * tcp + 8 * eight) |
    u32(length > cap - ETHERNET_HEADER) |
    u32((<u32>middle & 0xff) <= 1) |
    u32(sum * INVERSE > QUOTIENT);
  return odd == 0;
}

/** Packet.HASH of a plain frame's packet at `l3`. */
export function plainHash(l3: usize, proto: u32): u32 {
  const ports: u32 = proto == IPPROTO_TCP || proto == IPPROTO_UDP ? load<u32>(l3, IPV4_HEADER) : 0;
  return tupleHash(<u64>load<u32>(l3, 12), ports & 0xffff, <u64>load<u32>(l3, 16), ports >>> 16, proto);
}
