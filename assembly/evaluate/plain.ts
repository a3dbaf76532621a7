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
/** Offsets in the record's header. */
const FRACTION: usize = 4;
export const CAPTURED: usize = 8;
/** Ethernet, IPv4 and TCP headers: every load here is within these. */
const LEAST_CAPTURED: u32 = 54;
/** x is a multiple of 0xffff just when x * INVERSE <= QUOTIENT, both by 64 bits. */
const INVERSE: u64 = 0xfffefffefffeffff;
const QUOTIENT: u64 = 0x0001000100010001;

/** By protocol up to LAST_LEAST the bytes of transport header that have to be there, three bits each, in words of four. */
const LEAST: u64 = (5 << (3 * IPPROTO_TCP)) | (2 << (3 * IPPROTO_ICMP)) | ((<u64>2) << (3 * IPPROTO_UDP));
const LAST_LEAST: u32 = 20;

/** A method, for it is to be inlined where it is asked of one record after another. */
export class Plain {
  /** Is the record of an index entry such a frame, of this capture interface? */
  @inline static isFrame(entry: usize, captureInterface: u32): bool {
    const header = <usize>load<u32>(entry);
    const cap = load<u32>(header, CAPTURED);
    const l3 = header + (RECORD_HEADER + ETHERNET_HEADER);
    const head = load<u64>(l3);
    const middle = load<u64>(l3, 8);
    const tail = load<u32>(l3, 16);
    const length: u32 = bswap<u16>(<u16>(head >> 16));
    const proto = (<u32>middle >> 8) & 0xff;
    const least = select(u32(LEAST >> (3 * proto)) & 7, 0, proto <= LAST_LEAST) << 2;
    const sum = (head & 0xffffffff) + (head >> 32) + (middle & 0xffffffff) + (middle >> 32) + <u64>tail;
    // Zero in a plain frame: EtherType, version and header length less their values; the fragment field but DF; the bit
    // of group addresses; another interface.
    const different =
      ((load<u32>(l3 - 2) ^ 0x450008) & 0xffffff) |
      (u32(head >> 48) & 0xffbf) |
      (u32(load<u8>(header, RECORD_HEADER)) & 1) |
      (load<u32>(entry, Batch.ENTRY_INTERFACE) ^ captureInterface);
    // Below zero where something is too short, or the TTL is not above 1. What is captured is less than 2^31.
    const short =
      (cap - LEAST_CAPTURED) |
      (cap - ETHERNET_HEADER - length) |
      (length - IPV4_HEADER - least) |
      ((<u32>middle & 0xff) - 2);
    // Protocols with ports whose headers are longer.
    const longer = u32((proto - IPPROTO_UDPLITE) * (proto - IPPROTO_SCTP) * (proto - IPPROTO_DCCP) == 0);
    // One decision for all of it. The loads are in bounds, for a batch has room behind its last record.
    return (different | (short >>> 31) | longer | u32(sum * INVERSE > QUOTIENT)) == 0;
  }
}

/** The same, where it is asked of one record. */
export function isPlain(entry: usize, captureInterface: u32): bool {
  return Plain.isFrame(entry, captureInterface);
}

/** Time stamp of the record at `header`, ns; `fractionNs` are those of a unit of its second half. */
export function timeAt(header: usize, fractionNs: u64): u64 {
  return <u64>load<u32>(header) * 1000000000 + <u64>load<u32>(header, FRACTION) * fractionNs;
}

/** Packet.HASH of a plain frame's packet at `l3`. */
export function plainHash(l3: usize, proto: u32): u32 {
  const ports: u32 = proto == IPPROTO_TCP || proto == IPPROTO_UDP ? load<u32>(l3, IPV4_HEADER) : 0;
  return tupleHash(<u64>load<u32>(l3, 12), ports & 0xffff, <u64>load<u32>(l3, 16), ports >>> 16, proto);
}
