// What every link layer starts from, and how a packet that is no valid IP leaves decoding.
//
// Records are reused from vector to vector, so that each field is written for each packet. begin() writes those that
// only a few link layers and the later stages use; an IP decoder writes the rest (0 to MAC); setAside() writes the rest
// for packets that have no IP header to speak of.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';

/** Fields that belong to the link and to later stages: as if nothing were known of them. */
export function begin(p: usize): void {
  v128.store(p, i32x4.splat(0), Packet.MARK); // MARK, IIF, OIF, PKTTYPE
  store<u32>(p, 0, Packet.MAC);
  store<u32>(p, 0, Packet.ETHERTYPE);
  v128.store(p, i32x4(0, 0, 0, Verdict.ACCEPT), Packet.HASH); // HASH, FAMILY, PATH, VERDICT
  v128.store(p, i32x4(Reason.NONE, Hook.NONE, Packet.NO_RULE, Packet.NO_RULE), Packet.REASON);
  store<u32>(p, 0, Packet.COOKED);
  store<u64>(p, 0, Packet.VLAN_COUNT); // VLAN_COUNT, VLAN_ID
  v128.store(p, i32x4.splat(0), Packet.VLAN_ID2); // VLAN_ID2, VLAN_TPID, DATAGRAM
  store<u64>(p, 0, Packet.FRAG_HEADER); // FRAG_HEADER, AUTH_HEADER
  store<u32>(p, 0, Packet.STAGED_FOR);
  v128.store(p, i32x4(0, 0, Conntrack.STATE_INVALID, 0), Packet.CT); // CT, CTINFO, CTSTATE, CT_TEMPLATE
  v128.store(p, i32x4.splat(0), Packet.FRAG_MAX); // FRAG_MAX, CT_REASON, CT_STATES, CT_SHARD
  v128.store(p, i32x4.splat(0), Packet.CT_EVENTS); // CT_EVENTS, CT_PORTS, CT_HASH, CT_FIRST
}

/** Ends decoding without an IP header: everything that one would have filled in is zero. */
export function setAside(p: usize, verdict: u32, reason: u32): void {
  const zero = i32x4.splat(0);
  v128.store(p, zero, Packet.SRC);
  v128.store(p, zero, Packet.DST);
  v128.store(p, zero, Packet.PROTO); // PROTO, SPORT, DPORT, TCP_FLAGS
  v128.store(p, zero, Packet.ICMP); // ICMP, LENGTH, TTL, TOS
  v128.store(p, zero, Packet.FRAG_OFFSET); // FRAG_OFFSET, FLAGS, L3, L3_CAP
  store<u64>(p, 0, Packet.L4_OFFSET); // L4_OFFSET, L4_LEN
  store<u32>(p, 0, Packet.L4_CAP);
  store<u32>(p, verdict, Packet.VERDICT);
  store<u32>(p, reason, Packet.REASON);
}

/** Not IP: `type` is the EtherType, PPP protocol, address family or link type that said so. */
export function skip(p: usize, reason: u32, type: u32): void {
  setAside(p, Verdict.SKIP, reason);
  store<u32>(p, type, Packet.ETHERTYPE);
}

/**
 * An IP header that cannot be (LOST), or that is not in the capture as far as it matters (UNKNOWN). Nothing is told of
 * the packet but its family, where the header starts, and its source address if that is there: arrival needs it.
 */
export function fail(p: usize, family: u32, l3: usize, cap: u32, verdict: u32, reason: u32): void {
  setAside(p, verdict, reason);
  store<u32>(p, family, Packet.FAMILY);
  store<u32>(p, <u32>l3, Packet.L3);
  store<u32>(p, cap, Packet.L3_CAP);
  if (family == 4) {
    if (cap >= 16) store<u32>(p, bswap<u32>(load<u32>(l3, 12)), Packet.SRC);
  } else if (cap >= 24) {
    store<u64>(p, bswap<u64>(load<u64>(l3, 8)), Packet.SRC);
    store<u64>(p, bswap<u64>(load<u64>(l3, 16)), Packet.SRC + 8);
  }
}
