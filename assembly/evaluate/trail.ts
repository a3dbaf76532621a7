// The chain of table filter at a hook, which is where most rules are: a packet of a known connection takes the trail of the
// one before it in its direction, if all that the chain may ask is the same, and counts where that one counted. Else it
// walks, and leaves its own trail. The compiler says of which chains that can be told (src/compile/trail.ts).

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Trail from '../../src/layout/trail.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { forgetOlder, hasKey, listAt, trailWord } from '../conntrack/trail';
import { IPPROTO_TCP, IPPROTO_UDP } from '../packet/transport';
import { count, walk } from './walk';

/** Where the mask of what trails at a hook depend on stands. */
export function maskOf(image: usize, hook: u32): usize {
  return image + Image.TRAIL_KEYS + <usize>hook * Image.TRAIL_KEY_BYTES;
}

/** walk() of the chain of table filter at `hook`, whose first rule record is `first`. */
export function passFilter(
  lane: usize,
  image: usize,
  counters: usize,
  p: usize,
  first: usize,
  hook: u32,
): u32 {
  const mask = maskOf(image, hook);
  if (load<u32>(mask) == 0) return walk(lane, image, counters, p, first);
  const place = placeOf(lane, p);
  if (place == 0) return walk(lane, image, counters, p, first);
  const shard = <usize>load<u32>(p, Packet.CT_SHARD);
  const trails = <usize>load<u32>(shard, Conntrack.SHARD_TRAILS);
  const status = load<u32>(<usize>load<u32>(p, Packet.CT), Conntrack.STATUS);
  const key = keyOf(
    image,
    hook,
    load<u32>(p, Packet.CTSTATE) |
      ((status & Trail.KEY_STATUS) << Trail.KEY_STATUS_SHIFT) |
      (load<u32>(p, Packet.PKTTYPE) << Trail.KEY_PKTTYPE_SHIFT) |
      (load<u32>(p, Packet.TCP_FLAGS) << Trail.KEY_FLAGS_SHIFT),
    load<u32>(p, Packet.IIF) | (load<u32>(p, Packet.OIF) << Trail.KEY_OUT_SHIFT),
    load<u32>(p, Packet.MARK),
  );
  const word = load<u32>(place);
  if (hasKey(trails, word, key)) return follow(image, counters, p, trails, word, load<u32>(p, Packet.LENGTH));
  const verdict = walk(lane, image, counters, p, first);
  if (verdict <= <u32>Verdict.ACCEPT) remember(lane, image, shard, place, key, verdict);
  return verdict;
}

/**
 * Where the trail of the packet's connection and direction stands; 0 when its way is not to be remembered. Only of TCP and
 * UDP does the tuple say what rules may ask; an ICMP error belongs to the connection that it is about.
 */
function placeOf(lane: usize, p: usize): usize {
  const entry = <usize>load<u32>(p, Packet.CT);
  const proto = load<u32>(p, Packet.PROTO);
  if (
    entry == 0 ||
    (proto != IPPROTO_TCP && proto != IPPROTO_UDP) ||
    (load<u32>(p, Packet.FLAGS) & Packet.FLAG_ABNORMAL) != 0 ||
    (load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_LINEAR) != 0 ||
    load<u32>(<usize>load<u32>(p, Packet.CT_SHARD), Conntrack.SHARD_TRAILS) == 0
  ) {
    return 0;
  }
  // A connection's first packet is of its own kind, and the last there is of many.
  const lives = load<u32>(entry, Conntrack.STATUS) & (Conntrack.IPS_CONFIRMED | Conntrack.IPS_DYING);
  if (lives != Conntrack.IPS_CONFIRMED) return 0;
  return trailAt(entry, u32(load<u32>(p, Packet.CTINFO) >= <u32>Conntrack.INFO_REPLY));
}

/** Where an entry's trail of a direction stands. */
export function trailAt(entry: usize, direction: u32): usize {
  return entry + Conntrack.TRAIL + ((<usize>direction) << 2);
}

/** The key of layout/trail.ts, as far as trails at the hook depend on it. */
export function keyOf(image: usize, hook: u32, state: u32, interfaces: u32, mark: u32): v128 {
  const whole = i32x4.replace_lane(
    i32x4.replace_lane(
      i32x4.replace_lane(i32x4.splat((load<u32>(image, Image.SERIAL) << 3) | hook), 1, state),
      2,
      interfaces,
    ),
    3,
    mark,
  );
  return v128.and(whole, v128.load(maskOf(image, hook)));
}

/** Counts a packet of `length` bytes where the trail leads, and answers its verdict; DECISION is the last record. */
export function follow(image: usize, counters: usize, p: usize, trails: usize, word: u32, length: u32): u32 {
  const place = word & Trail.PLACE_MASK;
  const records = load<u32>(image, Image.RULE_COUNT);
  let record = place;
  if (place < records) count(counters, place, length);
  else {
    let at = listAt(trails, place - records);
    const end = at + ((<usize>load<u32>(at)) << 2);
    while (at < end) {
      at += 4;
      record = load<u32>(at);
      count(counters, record, length);
    }
  }
  store<u32>(p, record, Packet.DECISION);
  return (word & Trail.ACCEPT) != 0 ? Verdict.ACCEPT : Verdict.DROP;
}

/** Leaves the trail of the packet that has just walked. */
function remember(lane: usize, image: usize, shard: usize, place: usize, key: v128, verdict: u32): void {
  const noted = lane + Lane.NOTED;
  if (load<u32>(noted) > <u32>Trail.MOST_RECORDS) return;
  const records = load<u32>(image, Image.RULE_COUNT);
  const kind = Trail.VALID | (verdict == Verdict.ACCEPT ? Trail.ACCEPT : 0);
  let word = trailWord(shard, key, kind, records, noted);
  if (word == 0 && forgetOlder(shard, load<u32>(image, Image.SERIAL)))
    word = trailWord(shard, key, kind, records, noted);
  if (word != 0) store<u32>(place, word);
}
