// nf_confirm: the packet has passed every table; a new connection is entered, helpers look at it, events are told.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { cache, deliver } from './event';
import { help } from './helper/dispatch';
import { full } from './in';
import { count, familyWords } from './shard';
import { find, insert, zoneHash } from './table';

/** At the end of INPUT and POSTROUTING. Answers Verdict.ACCEPT, or LOST with REASON. */
export function confirm(lane: usize, p: usize): u32 {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return Verdict.ACCEPT;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const shard = <usize>load<u32>(p, Packet.CT_SHARD);
  if (load<u8>(entry, Conntrack.HELPER) != 0) {
    if (help(lane, entry, p, load<u32>(p, Packet.CTINFO)) != <u32>Conntrack.TRACK_ACCEPT) {
      return lost(p, Reason.HELPER);
    }
  }
  if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_CONFIRMED) == 0) {
    if (!enter(lane, config, shard, p, entry)) {
      return load<u32>(p, Packet.REASON) == Reason.CONNTRACK_FULL ? Verdict.LOST : lost(p, Reason.CONNTRACK);
    }
  }
  deliver(config, shard, p, entry);
  return Verdict.ACCEPT;
}

function lost(p: usize, reason: u32): u32 {
  store<u32>(p, reason, Packet.REASON);
  return Verdict.LOST;
}

/** __nf_conntrack_confirm. */
function enter(lane: usize, config: usize, shard: usize, p: usize, entry: usize): bool {
  if (load<u32>(p, Packet.CTINFO) >= <u32>Conntrack.INFO_REPLY) return true;
  if (isTaken(lane, shard, p, entry, false) || isTaken(lane, shard, p, entry, true)) {
    count(shard, Conntrack.STAT_CLASH, 1);
    return false;
  }
  if (!insert(lane, p, config, shard, entry)) return full(shard, p) != 0;
  count(shard, Conntrack.STAT_CREATED, 1);
  store<u32>(entry, load<u32>(entry, Conntrack.STATUS) | Conntrack.IPS_CONFIRMED, Conntrack.STATUS);
  const family = u32(load<u8>(entry, Conntrack.FAMILY));
  const stamp = load<u32>(familyWords(config, family), Conntrack.TIMESTAMP4);
  if (stamp != 0) store<u64>(entry + stamp, load<u64>(p, Packet.TIME));
  const related = (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_EXPECTED) != 0;
  let events: u32 = 1 << (related ? Conntrack.IPCT_RELATED : Conntrack.IPCT_NEW);
  if (load<u8>(entry, Conntrack.HELPER) != 0) events |= 1 << Conntrack.IPCT_HELPER;
  cache(config, entry, events);
  return true;
}

/**
 * Does another connection have this tuple? The packet was looked for in one direction of its zone only; where zones count
 * in one direction, a reply may meet a connection that the packet itself is none of.
 */
function isTaken(lane: usize, shard: usize, p: usize, entry: usize, reply: bool): bool {
  const family = u32(load<u8>(entry, Conntrack.FAMILY));
  const side = entry + (reply ? <usize>(Conntrack.REPLY_SRC - Conntrack.ORIG_SRC) : 0);
  const side6 = entry + (reply ? <usize>(Conntrack.REPLY_SRC6 - Conntrack.ORIG_SRC6) : 0);
  const zone = u32(load<u16>(entry, Conntrack.ZONE));
  const directions = u32(load<u8>(entry, Conntrack.ZONE_DIR));
  const found = find(
    shard,
    lane,
    p,
    family,
    load<u32>(entry, Conntrack.HASH) ^ zoneHash(zone, directions),
    family == 4 ? side + Conntrack.ORIG_SRC : side6 + Conntrack.ORIG_SRC6,
    family == 4 ? side + Conntrack.ORIG_DST : side6 + Conntrack.ORIG_DST6,
    u32(load<u8>(entry, Conntrack.PROTO)),
    load<u32>(side, Conntrack.ORIG_PORTS),
    zone,
    directions,
  );
  if (found == 0) return false;
  // Linux hashes a tuple together with the zone in its own direction, so that it looks for others with that one alone.
  return zoneIn(found & ~1, found & 1) == zoneIn(entry, u32(reply));
}

/** nf_ct_zone_id: the zone of an entry in a direction. */
function zoneIn(entry: usize, direction: u32): u32 {
  const counts = (u32(load<u8>(entry, Conntrack.ZONE_DIR)) >> direction) & 1;
  return counts != 0 ? u32(load<u16>(entry, Conntrack.ZONE)) : 0;
}
