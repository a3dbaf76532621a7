// What nearly every packet of a tracked capture is: a TCP segment of a connection that is established, within its
// windows, on a way with nothing but connection tracking and the tables of FORWARD. It goes from its frame to its entry,
// and is accepted by the first rule of most rule sets. Whatever is not so goes on as express-tracked.ts takes it,
// untouched.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { segmentRight } from '../conntrack/checksum';
import { touchedEntry } from '../conntrack/touch';
import { accountFor } from '../conntrack/track/entry';
import { trackKnown } from '../conntrack/track/tcp-known';
import { IPPROTO_TCP } from '../packet/transport';
import { fillRest, route } from './express';
import { askLeading, passTables, UNDECIDED } from './hook';
import { ETHERNET_HEADER, IPV4_HEADER, RECORD_HEADER } from './plain';

/** passKnown(): the packet is none of these. */
export const NOT_KNOWN: u32 = UNDECIDED + 1;

/**
 * The verdict of the plain frame of index entry `entry`, whose record at `p` is filled in as far as rules are searched by
 * (express.ts, fill()), with its time and what touch() found; NOT_KNOWN when it is not for this file.
 */
export function passKnown(lane: usize, p: usize, way: usize, entry: usize, entries: usize): u32 {
  if (load<u32>(p, Packet.PROTO) != IPPROTO_TCP) return NOT_KNOWN;
  const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
  const found = touchedEntry(p, load<u32>(p, Packet.CT_HASH), ports, IPPROTO_TCP);
  const connection = <usize>(found & ~1);
  const direction = found & 1;
  if (found == 0 || load<u8>(connection, Conntrack.HELPER) != 0) return NOT_KNOWN;
  const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
  const header = l3 + IPV4_HEADER;
  const length = load<u32>(p, Packet.LENGTH) - IPV4_HEADER;
  if (!segmentRight(l3, header, length)) return NOT_KNOWN;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  if (!trackKnown(config, connection, header, length, direction, load<u64>(p, Packet.TIME))) return NOT_KNOWN;
  accountFor(config, connection, direction, load<u32>(p, Packet.LENGTH));
  const status = load<u32>(connection, Conntrack.STATUS);
  // IPS_SRC_NAT, IPS_DST_NAT are bits 4 and 5, STATE_SNAT and STATE_DNAT bits 6 and 7.
  const translated = (status & (Conntrack.IPS_SRC_NAT | Conntrack.IPS_DST_NAT)) << 2;
  const state = Conntrack.STATE_ESTABLISHED | Conntrack.STATE_PASSED | translated;
  v128.store(p, i32x4(<u32>connection, direction * Conntrack.INFO_REPLY, state, 0), Packet.CT);
  return forwardKnown(lane, p, way, entry, entries);
}

/** FORWARD; behind it there is nothing to confirm. */
function forwardKnown(lane: usize, p: usize, way: usize, entry: usize, entries: usize): u32 {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  const hook = image + Image.HOOKS + Hook.FORWARD * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
  const leading = load<u32>(hook) >>> Image.HOOK_LEAD_SHIFT;
  // The only table of the hook, and rules that need nothing of the packet but its state.
  if (leading != 0 && load<u32>(hook, Image.HOOK_ENTRY_BYTES + 4) == 0) {
    const verdict = askLeading(image, counters, p, image + load<u32>(hook, 4), leading);
    if (verdict != UNDECIDED) return verdict;
  }
  const info = load<u64>(p, Packet.CT);
  fillRest(p, way, entry, entries);
  store<u64>(p, info, Packet.CT);
  route(p, way);
  return passTables(lane, image, counters, p, Hook.FORWARD);
}
