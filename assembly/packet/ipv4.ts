// IPv4, with the checks of ip_rcv_core() (net/ipv4/ip_input.c) in its order: header there, version and length of the
// header, checksum, total length.

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { fail } from './record.ts';
import { IPPROTO_DCCP, noTransport, transport, tupleHash } from './transport.ts';

export const IPV4_HEADER: u32 = 20;
const DONT_FRAGMENT: u32 = 0x4000;
const MORE_FRAGMENTS: u32 = 0x2000;
const FRAGMENT_OFFSET: u32 = 0x1fff;

/** Decodes the packet at `l3`, of which `cap` bytes are captured and `len` were in the frame (cap <= len). */
export function ipv4(p: usize, l3: usize, cap: u32, len: u32): void {
  if (cap < IPV4_HEADER) {
    const first: u32 = cap == 0 ? 0x45 : load<u8>(l3);
    const least = max<u32>(IPV4_HEADER, (first & 0xf) << 2);
    if (len < least || first >> 4 != 4 || (first & 0xf) < 5)
      fail(p, 4, l3, cap, Verdict.LOST, Reason.BAD_HEADER);
    else fail(p, 4, l3, cap, Verdict.UNKNOWN, Reason.NOT_CAPTURED);
    return;
  }
  // Version to fragment offset; TTL to source; destination.
  const head = load<u64>(l3);
  const middle = load<u64>(l3, 8);
  const tail = load<u32>(l3, 16);
  let flags: u32 = 0;
  let header = IPV4_HEADER;
  let sum = (head & 0xffffffff) + (head >> 32) + (middle & 0xffffffff) + (middle >> 32) + <u64>tail;
  if ((<u32>head & 0xff) != 0x45) {
    header = (<u32>head & 0xf) << 2;
    if ((<u32>head & 0xf0) != 0x40 || header < IPV4_HEADER || header > len) {
      fail(p, 4, l3, cap, Verdict.LOST, Reason.BAD_HEADER);
      return;
    }
    if (header > cap) {
      fail(p, 4, l3, cap, Verdict.UNKNOWN, Reason.NOT_CAPTURED);
      return;
    }
    for (let i = IPV4_HEADER; i < header; i += 4) sum += load<u32>(l3 + i);
    flags = Packet.FLAG_IP_OPTIONS;
  }
  // Ones' complement addition does not mind the byte order; a right header sums to 0xffff.
  let folded = <u32>((sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32));
  folded = (folded & 0xffff) + (folded >> 16);
  if (folded != 0xffff) flags |= Packet.FLAG_BAD_IP_CHECKSUM;

  let length: u32 = bswap<u16>(<u16>(head >> 16));
  if (length > len || length < header) {
    // A packet handed to a device that segments it may carry no total length: it is as long as its frame.
    if (length == 0) length = len;
    else {
      fail(p, 4, l3, cap, Verdict.LOST, length > len ? Reason.IP_TRUNCATED : Reason.BAD_HEADER);
      // Of a packet that comes in the checksum is looked at first (arrival does).
      store<u32>(p, flags, Packet.FLAGS);
      return;
    }
  }
  if (cap < length) flags |= Packet.FLAG_SNAPPED;
  else cap = length;

  const zero = i32x4.splat(0);
  const source = bswap<u32>(<u32>(middle >> 32));
  const destination = bswap<u32>(tail);
  v128.store(p, i32x4.replace_lane(zero, 0, source), Packet.SRC);
  v128.store(p, i32x4.replace_lane(zero, 0, destination), Packet.DST);
  store<u32>(p, 4, Packet.FAMILY);
  store<u32>(p, length, Packet.LENGTH);
  store<u32>(p, <u32>middle & 0xff, Packet.TTL);
  store<u32>(p, (<u32>head >> 8) & 0xff, Packet.TOS);
  store<u32>(p, <u32>l3, Packet.L3);
  store<u32>(p, cap, Packet.L3_CAP);
  store<u32>(p, header, Packet.L4_OFFSET);
  store<u32>(p, length - header, Packet.L4_LEN);
  store<u32>(p, cap - header, Packet.L4_CAP);

  const proto = (<u32>middle >> 8) & 0xff;
  const fragment: u32 = bswap<u16>(<u16>(head >> 48));
  let whole = true;
  if (fragment & DONT_FRAGMENT) flags |= Packet.FLAG_DONT_FRAGMENT;
  if (fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) {
    whole = false;
    if (fragment & MORE_FRAGMENTS) flags |= Packet.FLAG_MORE_FRAGMENTS;
  }
  store<u32>(p, fragment & FRAGMENT_OFFSET, Packet.FRAG_OFFSET);
  if (fragment & FRAGMENT_OFFSET) flags = noTransport(p, proto, flags);
  else flags = transport(p, l3 + header, cap - header, proto, flags);
  store<u32>(p, flags, Packet.FLAGS);
  // Connection tracking knows no ports of DCCP (since Linux 6.16).
  const ported = whole && proto != IPPROTO_DCCP && (flags & Packet.FLAG_PORTS) != 0;
  const ports = ported ? load<u32>(l3 + header) : 0;
  store<u32>(p, tupleHash(middle >> 32, ports & 0xffff, <u64>tail, ports >>> 16, proto), Packet.HASH);
}
