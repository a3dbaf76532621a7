// Look-ups for a whole vector of packets before the first of them walks: stage by stage, so that the loads of
// neighbouring packets overlap. WebAssembly has no prefetch; what is looked at here is in the cache when it is needed.
//
// Each packet record keeps what was found (Packet.STAGED). None of the fields that trees cut by changes on a packet's
// way, except by reassembly, and fragments are not looked up.

import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Tree from '../../src/layout/tree.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { childOf, inBox, isLast, keyOf, ruleOf } from './tree';

/** Where in the stage's scratch the entries stand, behind the addresses of packet records. */
const ENTRIES = Lane.VECTOR * 4;

/** Looks the `count` packets from `packets` on up in the classifiers that their families' images want looked up first. */
export function stage(lane: usize, packets: usize, count: u32): void {
  if ((load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_LINEAR) != 0) return;
  stageFamily(lane, packets, count, 4, load<u32>(lane, Lane.IMAGE4), load<u32>(lane, Lane.COUNTERS4));
  stageFamily(lane, packets, count, 6, load<u32>(lane, Lane.IMAGE6), load<u32>(lane, Lane.COUNTERS6));
}

function stageFamily(
  lane: usize,
  packets: usize,
  count: u32,
  family: u32,
  image: usize,
  counters: usize,
): void {
  if (image == 0 || load<u32>(image, Image.STAGED) == 0) return;
  const data = image + load<u32>(image, Image.STAGED);
  const list: usize = load<u32>(lane, Lane.STAGE);
  const rules = load<u32>(data, Tree.RULES);
  const end = packets + <usize>count * Packet.BYTES;
  let staged = false;
  for (let p = packets; p < end; p += Packet.BYTES) {
    if (
      load<u32>(p, Packet.FAMILY) != family ||
      load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT ||
      (load<u32>(p, Packet.FLAGS) & Packet.FLAG_ABNORMAL) != 0
    ) {
      continue;
    }
    staged = true;
    store<u32>(p, u32(data), Packet.STAGED_FOR);
    store<u32>(p, rules, Packet.STAGED_RULE);
    v128.store(p, i32x4.splat(0), Packet.STAGED);
    store<u64>(p, 0, Packet.STAGED + 16);
  }
  if (!staged) return;
  const trees = load<u32>(data, Tree.TREES);
  for (let tree: u32 = 0; tree < trees; tree++) {
    const root = data + Tree.ROOTS + tree * Tree.ROOT_BYTES;
    const least = load<u32>(root, Tree.LEAST_RULE);
    let at = list;
    for (let p = packets; p < end; p += Packet.BYTES) {
      store<u32>(at, u32(p));
      at +=
        u32((load<u32>(p, Packet.STAGED_FOR) == u32(data)) & (load<u32>(p, Packet.STAGED_RULE) > least)) << 2;
    }
    if (at == list) continue;
    descend(image, root, list, at);
    scan(image, data, list, at, Packet.STAGED + (tree << 2));
  }
  touch(lane, image, data, packets, end, counters);
}

/** Takes the packets listed from `list` to `end` through one tree, a cut of all at a time. */
function descend(image: usize, root: usize, list: usize, end: usize): void {
  const depth = load<u32>(root, Tree.DEPTH);
  const start = load<u64>(root);
  let entries = list + ENTRIES;
  for (let at = list; at < end; at += 4) {
    store<u64>(entries, start);
    entries += 8;
  }
  for (let level: u32 = 0; level < depth; level++) {
    entries = list + ENTRIES;
    for (let at = list; at < end; at += 4) {
      const entry = load<u64>(entries);
      // From a leaf the load is of the leaf itself, and for nothing.
      const next = load<u64>(image + childOf(entry, load<u32>(at)));
      store<u64>(entries, select(next, entry, entry >> 32 != 0));
      entries += 8;
    }
  }
}

/** Finds each listed packet's first match in its leaf. */
function scan(image: usize, data: usize, list: usize, end: usize, slot: usize): void {
  let entries = list + ENTRIES;
  for (let at = list; at < end; at += 4) {
    const p: usize = load<u32>(at);
    const key = keyOf(data, p);
    const least = load<u32>(p, Packet.STAGED_RULE);
    let record = image + <usize>load<u32>(entries);
    let rule = ruleOf(record);
    while (rule < least && !inBox(key, record)) {
      if (isLast(record)) {
        rule = least;
        break;
      }
      record += Tree.RECORD_BYTES;
      rule = ruleOf(record);
    }
    store<u32>(p + slot, u32(record));
    store<u32>(p, min(rule, least), Packet.STAGED_RULE);
    entries += 8;
  }
}

/** Loads what the walk will need of the rules found and of their counters. */
function touch(lane: usize, image: usize, data: usize, packets: usize, end: usize, counters: usize): void {
  const first = load<u32>(data, Tree.FIRST_RECORD);
  const rules = image + load<u32>(image, Image.RULES);
  let sum: u32 = 0;
  for (let p = packets; p < end; p += Packet.BYTES) {
    if (load<u32>(p, Packet.STAGED_FOR) != u32(data)) continue;
    const record: usize = first + load<u32>(p, Packet.STAGED_RULE);
    sum += load<u32>(rules + record * Rule.BYTES, Rule.TARGET);
    sum += load<u32>(counters + record * Image.COUNTER_BYTES);
  }
  // So that the loads are of some use.
  store<u32>(<usize>load<u32>(lane, Lane.STAGE), sum);
}
