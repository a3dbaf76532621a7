// What nearly every packet of a tracked capture is: a TCP segment of a connection that is established, within its
// windows, or a datagram of a UDP stream, on a way with nothing but connection tracking and the tables of FORWARD. It
// goes from its frame to its entry, and is accepted by the first rule of most rule sets. Whatever is not so goes on as
// express-tracked.ts takes it, untouched.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as LookUp from '../../src/layout/look-up.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Trail from '../../src/layout/trail.ts';
import { datagramRight, segmentRight } from '../conntrack/checksum';
import { entryIfOf } from '../conntrack/touch';
import { accountFor } from '../conntrack/track/entry';
import { trackKnown } from '../conntrack/track/tcp-known';
import { trackKnownUdp } from '../conntrack/track/udp';
import { hasKey } from '../conntrack/trail';
import { IPPROTO_TCP } from '../packet/transport';
import { route, TCP_FLAGS_OFFSET, WAY_IN, WAY_OUT } from './express';
import { fillTracked } from './express-tracked';
import { askLeading, passTables, UNDECIDED } from './hook';
import { ETHERNET_HEADER, IPV4_HEADER, RECORD_HEADER } from './plain';
import { follow, keyOf, maskOf, trailAt } from './trail';

/** passKnown(): the packet is none of these. */
export const NOT_KNOWN: u32 = UNDECIDED + 1;

/**
 * The verdict of the plain frame that was looked for; NOT_KNOWN when it is not for this file. Of the record at `p` only
 * LENGTH and what rules may ask of a connection are filled in, unless they ask for more.
 */
export function passKnown(lane: usize, p: usize, way: usize, lookUp: usize, entries: usize, time: u64): u32 {
  const first = <usize>load<u32>(lookUp, LookUp.FIRST);
  if (first == 0) return NOT_KNOWN;
  const proto = load<u32>(lookUp, LookUp.PROTO);
  const found = entryIfOf(
    first,
    load<u32>(lookUp, LookUp.HASH),
    load<u64>(lookUp, LookUp.ADDRESSES),
    load<u32>(lookUp, LookUp.PORTS),
    proto,
    time,
  );
  const connection = <usize>(found & ~1);
  const direction = found & 1;
  if (found == 0 || load<u8>(first, Conntrack.HELPER) != 0) return NOT_KNOWN;
  const entry = <usize>load<u32>(lookUp, LookUp.FRAME);
  const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
  const header = l3 + IPV4_HEADER;
  const total = u32(bswap<u16>(load<u16>(l3, 2)));
  const length = total - IPV4_HEADER;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  if (proto == IPPROTO_TCP) {
    if (!segmentRight(l3, header, length)) return NOT_KNOWN;
    if (!trackKnown(config, connection, header, length, direction, time)) return NOT_KNOWN;
  } else {
    if (!datagramRight(l3, header, length)) return NOT_KNOWN;
    if (!trackKnownUdp(config, connection, header, length, time)) return NOT_KNOWN;
  }
  accountFor(config, connection, direction, total);
  const status = load<u32>(connection, Conntrack.STATUS);
  // IPS_SRC_NAT, IPS_DST_NAT are bits 4 and 5, STATE_SNAT and STATE_DNAT bits 6 and 7.
  const translated = (status & (Conntrack.IPS_SRC_NAT | Conntrack.IPS_DST_NAT)) << 2;
  const state = Conntrack.STATE_ESTABLISHED | Conntrack.STATE_PASSED | translated;
  store<u32>(p, total, Packet.LENGTH);
  const entered = <u64>connection | ((<u64>(direction * Conntrack.INFO_REPLY)) << 32);
  const flags = proto == IPPROTO_TCP ? u32(load<u8>(l3, TCP_FLAGS_OFFSET)) : 0;
  const whole =
    state | ((status & Trail.KEY_STATUS) << Trail.KEY_STATUS_SHIFT) | (flags << Trail.KEY_FLAGS_SHIFT);
  return forwardKnown(lane, p, way, lookUp, entries, entered, state, whole);
}

/**
 * FORWARD; behind it there is nothing to confirm. `entered`: CT and CTINFO; `state`: CTSTATE and, without one, CT_TEMPLATE;
 * `whole`: Trail.KEY_STATE.
 */
function forwardKnown(
  lane: usize,
  p: usize,
  way: usize,
  lookUp: usize,
  entries: usize,
  entered: u64,
  state: u64,
  whole: u32,
): u32 {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  const hook = image + Image.HOOKS + Hook.FORWARD * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
  const station = load<u32>(hook);
  // The only table of the hook: rules that need nothing of the packet but its state, and the trail of those before it.
  if (load<u32>(hook, Image.HOOK_ENTRY_BYTES + 4) == 0) {
    const leading = station >>> Image.HOOK_LEAD_SHIFT;
    if (leading != 0) {
      store<u64>(p, entered, Packet.CT);
      store<u64>(p, state, Packet.CTSTATE);
      const verdict = askLeading(image, counters, p, image + load<u32>(hook, 4), leading);
      if (verdict != UNDECIDED) return verdict;
    }
    if ((station & Image.HOOK_TABLE) == Hook.FILTER && load<u32>(maskOf(image, Hook.FORWARD)) != 0) {
      const direction = u32(<u32>(entered >> 32) != 0);
      const word = load<u32>(trailAt(<usize>(<u32>entered), direction));
      const trails = <usize>load<u32>(<usize>load<u32>(lookUp, LookUp.SHARD), Conntrack.SHARD_TRAILS);
      const interfaces = load<u32>(way, WAY_IN) | (load<u32>(way, WAY_OUT) << Trail.KEY_OUT_SHIFT);
      const key = keyOf(image, Hook.FORWARD, whole, interfaces, 0);
      if (hasKey(trails, word, key))
        return follow(image, counters, p, trails, word, load<u32>(p, Packet.LENGTH));
    }
  }
  fillTracked(p, way, load<u32>(lookUp, LookUp.FRAME), entries);
  store<u64>(p, entered, Packet.CT);
  store<u64>(p, state, Packet.CTSTATE);
  store<u32>(p, load<u32>(lookUp, LookUp.SHARD), Packet.CT_SHARD);
  route(p, way);
  return passTables(lane, image, counters, p, Hook.FORWARD);
}
