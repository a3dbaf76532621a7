// Reassembly before anything else is done with a packet, where connection tracking is on (ipv4_conntrack_defrag,
// ipv6_defrag).

import * as Fragment from '../../src/layout/fragment.ts';
import * as Packet from '../../src/layout/packet.ts';
import { hash } from '../packet/ipv6';
import { push } from './reassemble';
import { push6 } from './reassemble6';

/**
 * Takes the fragment that `p` describes, packet `number` of the scan, for CONNTRACK_IN or CONNTRACK_OUT. COMPLETE: `p` is
 * the whole datagram, whose bytes stand in the arena until the next one is complete, or what Linux lets go on as it is.
 * HELD; DROPPED with REASON. Only one lane at a time, in packet order.
 */
export function defragment(lane: usize, p: usize, number: u64, user: u32): u32 {
  const six = load<u32>(p, Packet.FAMILY) == 6;
  const result = six ? push6(lane, p, number, user) : push(lane, p, number, user);
  if (result != Fragment.COMPLETE) return result;
  if (six) hash(p, load<u32>(p, Packet.L3), false);
  // What was looked up beforehand was looked up for the fragment.
  store<u64>(p, 0, Packet.CT_HASH); // CT_HASH, CT_FIRST
  store<u32>(p, 0, Packet.STAGED_FOR);
  store<u32>(p, load<u32>(p, Packet.FLAGS) | Packet.FLAG_GATHERED, Packet.FLAGS);
  return result;
}
