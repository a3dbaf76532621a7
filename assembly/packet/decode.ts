// The frame that nearly every packet is: Ethernet II without tags, IPv4 without options, not a fragment, TCP or UDP with
// its header captured. Straight-line code over vectors; what it writes is what decode() would write, and decode() gets
// every frame that differs in anything.

import * as Capture from '../../src/layout/capture.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { decode } from './frame.ts';
import { IPPROTO_TCP, IPPROTO_UDP, tupleHash } from './transport.ts';

const LINKTYPE_ETHERNET: u32 = 1;
const ETHERNET_HEADER: u32 = 14;
const IPV4_HEADER: u32 = 20;
/** Ethernet, IPv4 and TCP headers: every load below is within these. */
const LEAST_CAPTURED: u32 = 54;
/** EtherType 0x0800 and the first header byte 0x45, as a little-endian load reads them. */
const IPV4_NO_OPTIONS: u32 = 0x450008;
/** All of the fragment field but DF, as a little-endian load reads it. */
const FRAGMENT_BITS: u32 = 0xffbf;
/** x is a multiple of 0xffff just when x * INVERSE <= QUOTIENT, both by 64 bits. */
const INVERSE: u64 = 0xfffefffefffeffff;
const QUOTIENT: u64 = 0x0001000100010001;

/** decode() for `count` records, one after the other from `packets` on. */
export function decodeVector(lane: usize, packets: usize, count: u32): void {
  const end = packets + count * Packet.BYTES;
  const links = <usize>load<u32>(lane, Lane.CAPTURE_INTERFACES);
  for (let p = packets; p < end; p += Packet.BYTES) {
    const link = links + load<u32>(p, Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
    const frame = <usize>load<u32>(p, Packet.FRAME);
    const cap = load<u32>(p, Packet.FRAME_CAP);
    if (
      load<u32>(link, Capture.LINKTYPE) != LINKTYPE_ETHERNET ||
      cap < LEAST_CAPTURED ||
      (load<u32>(frame, 12) & 0xffffff) != IPV4_NO_OPTIONS ||
      (load<u8>(frame) & 1) | (load<u16>(frame, 20) & FRAGMENT_BITS)
    ) {
      decode(lane, p);
      continue;
    }
    const l3 = frame + ETHERNET_HEADER;
    const head = load<u64>(l3);
    const middle = load<u64>(l3, 8);
    const tail = load<u32>(l3, 16);
    const proto = (<u32>middle >> 8) & 0xff;
    // ICMP, LENGTH, TTL, TOS.
    const line = v128.swizzle(
      v128.load(l3),
      i8x16(-1, -1, -1, -1, 3, 2, -1, -1, 8, -1, -1, -1, 1, -1, -1, -1),
    );
    const length: u32 = i32x4.extract_lane(line, 1);
    const least: u32 = proto == IPPROTO_TCP ? 40 : 28;
    if ((proto != IPPROTO_TCP && proto != IPPROTO_UDP) || length < least || length > cap - ETHERNET_HEADER) {
      decode(lane, p);
      continue;
    }
    v128.store(p, line, Packet.ICMP);
    const addresses = v128.load(l3, 4);
    v128.store(
      p,
      v128.swizzle(addresses, i8x16(11, 10, 9, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
      Packet.SRC,
    );
    v128.store(
      p,
      v128.swizzle(addresses, i8x16(15, 14, 13, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
      Packet.DST,
    );
    // PROTO, SPORT, DPORT, and TCP_FLAGS, still zero.
    v128.store(
      p,
      v128.swizzle(v128.load(l3, 9), i8x16(0, -1, -1, -1, 12, 11, -1, -1, 14, 13, -1, -1, -1, -1, -1, -1)),
      Packet.PROTO,
    );
    if (proto == IPPROTO_TCP) store<u32>(p, load<u8>(l3, 33), Packet.TCP_FLAGS);

    const sum = (head & 0xffffffff) + (head >> 32) + (middle & 0xffffffff) + (middle >> 32) + <u64>tail;
    const bad: u32 = sum * INVERSE > QUOTIENT ? Packet.FLAG_BAD_IP_CHECKSUM : 0;
    const dontFragment = (<u32>(head >> 48) & 0x40) >> 4;
    const ports = load<u32>(l3, 20);
    const source = middle >> 32;
    store<u32>(p, 0, Packet.FRAG_OFFSET);
    store<u32>(p, Packet.FLAG_PORTS | dontFragment | bad, Packet.FLAGS);
    store<u32>(p, <u32>l3, Packet.L3);
    store<u32>(p, length, Packet.L3_CAP);
    store<u32>(p, IPV4_HEADER, Packet.L4_OFFSET);
    store<u32>(p, length - IPV4_HEADER, Packet.L4_LEN);
    store<u32>(p, length - IPV4_HEADER, Packet.L4_CAP);
    store<u32>(p, <u32>frame, Packet.MAC);
    v128.store(p, i32x4(0, 0, 0, 0), Packet.MARK); // MARK, IIF, OIF, PKTTYPE
    store<u32>(p, 0, Packet.ETHERTYPE);
    v128.store(p, i32x4(0, 4, 0, Verdict.ACCEPT), Packet.HASH); // HASH, FAMILY, PATH, VERDICT
    store<u32>(p, tupleHash(source, ports & 0xffff, <u64>tail, ports >>> 16, proto), Packet.HASH);
    v128.store(p, i32x4(Reason.NONE, Hook.NONE, Packet.NO_RULE, Packet.NO_RULE), Packet.REASON);
    store<u32>(p, 0, Packet.COOKED);
    store<u64>(p, 0, Packet.VLAN_COUNT); // VLAN_COUNT, VLAN_ID
    v128.store(p, i32x4(0, 0, 0, 0), Packet.VLAN_ID2); // VLAN_ID2, VLAN_TPID, DATAGRAM
    store<u64>(p, 0, Packet.FRAG_HEADER); // FRAG_HEADER, AUTH_HEADER
    v128.store(p, i32x4(0, 0, Conntrack.STATE_INVALID, 0), Packet.CT); // CT, CTINFO, CTSTATE, CT_TEMPLATE
    v128.store(p, i32x4.splat(0), Packet.FRAG_MAX); // FRAG_MAX, CT_REASON, CT_STATES, CT_SHARD
    v128.store(p, i32x4.splat(0), Packet.CT_EVENTS); // CT_EVENTS, CT_PORTS, CT_HASH, CT_FIRST
  }
}
