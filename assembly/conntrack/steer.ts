// Which shard a packet belongs to: that of its tuple's hash; an ICMP error that of the packet it is about.

import * as Packet from '../../src/layout/packet.ts';
import { CHAIN_NOT_CAPTURED, NO_TRANSPORT, skipHeaders } from '../packet/chain';
import { fold, hasPorts, IPPROTO_ICMP, IPPROTO_ICMPV6, tupleHash } from '../packet/transport';

const REDIRECT6: u32 = 137;
const ICMP_HEADER: u32 = 8;
/** Where the quoted packet begins in a redirect whose first option has it. */
const REDIRECT6_QUOTE: u32 = 48;

/** The hash that leads to a packet's shard (Packet.HASH but for errors). */
export function steeringHash(p: usize): u32 {
  const proto = load<u32>(p, Packet.PROTO);
  const hash = load<u32>(p, Packet.HASH);
  if (proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6) return hash;
  const cap = load<u32>(p, Packet.L4_CAP);
  if (cap < ICMP_HEADER || load<u32>(p, Packet.FRAG_OFFSET) != 0) return hash;
  const l4 = <usize>load<u32>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
  const type = u32(load<u8>(l4));
  if (proto == IPPROTO_ICMP) {
    if (type != 3 && type != 4 && type != 5 && type != 11 && type != 12) return hash;
    return quoted4(l4 + ICMP_HEADER, cap - ICMP_HEADER, hash);
  }
  if (type == REDIRECT6)
    return cap < REDIRECT6_QUOTE ? hash : quoted6(l4 + REDIRECT6_QUOTE, cap - REDIRECT6_QUOTE, hash);
  return type < 128 ? quoted6(l4 + ICMP_HEADER, cap - ICMP_HEADER, hash) : hash;
}

function quoted4(l3: usize, cap: u32, otherwise: u32): u32 {
  if (cap < 20) return otherwise;
  const header = (u32(load<u8>(l3)) & 15) << 2;
  const proto = u32(load<u8>(l3, 9));
  const ports = portsAt(l3, header, cap, proto);
  return tupleHash(<u64>load<u32>(l3, 12), ports & 0xffff, <u64>load<u32>(l3, 16), ports >>> 16, proto);
}

function quoted6(l3: usize, cap: u32, otherwise: u32): u32 {
  if (cap < 40) return otherwise;
  const chain = skipHeaders(l3, cap, cap);
  if (chain == NO_TRANSPORT || chain == CHAIN_NOT_CAPTURED) return otherwise;
  const proto = <u32>chain & 0xff;
  const ports = portsAt(l3, <u32>(chain >> 32), cap, proto);
  const source = fold(load<u64>(l3, 8), load<u64>(l3, 16));
  const destination = fold(load<u64>(l3, 24), load<u64>(l3, 32));
  return tupleHash(source, ports & 0xffff, destination, ports >>> 16, proto);
}

/** The first four bytes of a transport header that has ports. */
function portsAt(l3: usize, offset: u32, cap: u32, proto: u32): u32 {
  return hasPorts(proto) && cap >= offset + 4 ? load<u32>(l3 + offset) : 0;
}
