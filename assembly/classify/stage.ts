// Look-ups in cut trees for a whole vector of packets before the first of them walks: stage by stage, so that the loads
// of neighbouring packets overlap. WebAssembly has no prefetch; what is looked at here is in the cache when it is needed.
//
// What is found is in the lane's scratch (layout/stage.ts): of each packet the answer, and where in each tree it stands.
// That is all for packets whose answer is final; keep() gives it to those that walk.

import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Stage from '../../src/layout/stage.ts';
import * as Target from '../../src/layout/target.ts';
import * as Tree from '../../src/layout/tree.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { Group } from './group';
import { childOf, isCut, leafOf } from './tree';

/**
 * Looks the `count` packets from `packets` on up in the classifiers that their families' images want looked up first.
 * None of the fields that these trees look at changes on a packet's way, except by reassembly, and fragments are not
 * looked up.
 */
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
  const scratch: usize = load<u32>(lane, Lane.STAGE);
  const none = load<u32>(data, Tree.END_ANSWER);
  const end = packets + <usize>count * Packet.BYTES;
  clear(scratch, 0);
  let some: u32 = 0;
  for (let p = packets; p < end; p += Packet.BYTES) {
    const takesPart = isSearchable(p, family);
    store<u32>(scratch + slotOf(packets, p), takesPart ? none : 0, Stage.ANSWERS);
    some |= u32(takesPart);
  }
  if (some == 0) return;
  lookUp(image, data, scratch, packets, 0);
  touch(scratch, image, data, counters);
  for (let p = packets; p < end; p += Packet.BYTES) {
    if (isSearchable(p, family)) keep(scratch, data, packets, p);
  }
}

function isSearchable(p: usize, family: u32): bool {
  return (
    load<u32>(p, Packet.FAMILY) == family &&
    load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT &&
    (load<u32>(p, Packet.FLAGS) & Packet.FLAG_ABNORMAL) == 0
  );
}

/** Looks the `count` packets from `packets` on up, all of which can be searched by. */
export function lookUpAll(image: usize, data: usize, scratch: usize, packets: usize, count: u32): void {
  clear(scratch, load<u32>(data, Tree.END_ANSWER));
  for (let place = count; place < <u32>Lane.VECTOR; place++)
    store<u32>(scratch + (place << 2), 0, Stage.ANSWERS);
  lookUp(image, data, scratch, packets, count);
}

/** The same answer for all. */
function clear(scratch: usize, answer: u32): void {
  const answers = i32x4.splat(answer);
  for (let at: usize = 0; at < <usize>(Lane.VECTOR * 4); at += 16)
    v128.store(scratch + at, answers, Stage.ANSWERS);
}

/** Packet record bytes to a byte of a slot. */
const RECORD_STRIDE: usize = Packet.BYTES / 4;

/**
 * Looks packets of the vector from `packets` on up in the trees at `data`: those whose ANSWERS are not 0. `all`: how many
 * they are, when they are the first ones of the vector; else 0.
 */
function lookUp(image: usize, data: usize, scratch: usize, packets: usize, all: u32): void {
  const trees = load<u32>(data, Tree.TREES);
  let groups = scratch + Stage.GROUPS;
  for (let tree: u32 = 0; tree < trees; tree++, groups += Stage.TREE_BYTES) {
    const root = data + Tree.ROOTS + tree * Tree.ROOT_BYTES;
    let end: usize;
    if (tree == 0 && all != 0) end = listAll(scratch, groups, all);
    else end = choose(scratch, groups, load<u32>(root, Tree.LEAST_RULE));
    if (end == scratch + Stage.LIST) continue;
    descend(image, root, scratch, packets, end);
    if (tree != 0) end = chooseLeaves(scratch, end);
    if (load<u32>(data, Tree.LARGE) != 0) loadGroups(image, scratch, end);
    search(image, data, scratch, packets, end, groups);
  }
}

/** Byte offset of a packet's slot in a part of the scratch. */
function slotOf(packets: usize, p: usize): usize {
  return (p - packets) / RECORD_STRIDE;
}

/** Lists the first `count` slots: before the first tree no packet has an answer. The groups of all are none for now. */
function listAll(scratch: usize, groups: usize, count: u32): usize {
  let slots = i32x4(0, 4, 8, 12);
  for (let slot: u32 = 0; slot < <u32>(Lane.VECTOR * 4); slot += 16) {
    v128.store(groups + slot, i32x4.splat(0));
    v128.store(scratch + slot, slots, Stage.LIST);
    slots = i32x4.add(slots, i32x4.splat(16));
  }
  return scratch + Stage.LIST + (count << 2);
}

/** Lists the slots of those whose answer is behind the least rule of a tree. The groups of all are none for now. */
function choose(scratch: usize, groups: usize, least: u32): usize {
  const answers = i32x4.splat((least << Tree.ANSWER_RULE) | Tree.ANSWER_FINAL);
  let to = scratch + Stage.LIST;
  for (let slot: u32 = 0; slot < <u32>(Lane.VECTOR * 4); slot += 16) {
    v128.store(groups + slot, i32x4.splat(0));
    const behind = i32x4.bitmask(i32x4.gt_u(v128.load(scratch + slot, Stage.ANSWERS), answers));
    if (behind == 0) continue;
    store<u32>(to, slot);
    to += (behind & 1) << 2;
    store<u32>(to, slot + 4);
    to += (behind & 2) << 1;
    store<u32>(to, slot + 8);
    to += behind & 4;
    store<u32>(to, slot + 12);
    to += (behind & 8) >>> 1;
  }
  return to;
}

/** Keeps those on the list whose leaf has a rule before their answer; one that was not followed to its leaf stays. */
function chooseLeaves(scratch: usize, end: usize): usize {
  let to = scratch + Stage.LIST;
  let entries = scratch + Stage.ENTRIES;
  let kept = entries;
  for (let at = to; at < end; at += 4, entries += 8) {
    const slot = load<u32>(at);
    const entry = load<u64>(entries);
    const answer = load<u32>(scratch + slot, Stage.ANSWERS) >>> Tree.ANSWER_RULE;
    store<u32>(to, slot);
    store<u64>(kept, entry);
    // As signed numbers cuts are less than any rule.
    const keeps = u32(i32(entry >> 32) < i32(answer));
    to += keeps << 2;
    kept += keeps << 3;
  }
  return to;
}

/** Takes the listed packets through one tree, a cut of all at a time. */
function descend(image: usize, root: usize, scratch: usize, packets: usize, end: usize): void {
  const depth = load<u32>(root, Tree.DEPTH);
  const start = load<u64>(root);
  let entries = scratch + Stage.ENTRIES;
  if (depth == 0) {
    for (let at = scratch + Stage.LIST; at < end; at += 4, entries += 8) store<u64>(entries, start);
    return;
  }
  // The first cut is the same for all.
  const cut = u32(start >> 32);
  const keys = packets + (cut & 255);
  const shift = (cut >>> Tree.CUT_SHIFT) & 31;
  const mask = (1 << (cut >>> Tree.CUT_BITS)) - 1;
  const array = image + <usize>u32(start);
  for (let at = scratch + Stage.LIST; at < end; at += 4, entries += 8) {
    const index = (load<u32>(keys + <usize>load<u32>(at) * RECORD_STRIDE) >>> shift) & mask;
    store<u64>(entries, load<u64>(array + ((<usize>index) << 3)));
  }
  for (let level: u32 = 1; level < depth; level++) {
    entries = scratch + Stage.ENTRIES;
    for (let at = scratch + Stage.LIST; at < end; at += 4, entries += 8) {
      const entry = load<u64>(entries);
      // From a leaf the load is of the leaf itself, and for nothing.
      const child = childOf(entry, packets + <usize>load<u32>(at) * RECORD_STRIDE);
      const next = load<u64>(image + select<usize>(child, <usize>u32(entry), isCut(entry)));
      store<u64>(entries, select(next, entry, isCut(entry)));
    }
  }
}

/** Loads the first group of each listed packet's leaf. */
function loadGroups(image: usize, scratch: usize, end: usize): void {
  let entries = scratch + Stage.ENTRIES;
  let sum: u32 = 0;
  for (let at = scratch + Stage.LIST; at < end; at += 4, entries += 8) {
    const group = image + <usize>(load<u32>(entries) & ~Tree.LAST);
    sum += load<u32>(group) + load<u32>(group, Tree.GROUP_BYTES / 2);
  }
  // So that the loads are of some use.
  store<u32>(scratch, sum, Stage.LOADED);
}

/**
 * Finds each listed packet's first box in its leaf: looks at the first group of every leaf without a decision, then at
 * the next ones of those that found nothing.
 */
function search(image: usize, data: usize, scratch: usize, packets: usize, end: usize, groups: usize): void {
  const srcWord = load<u32>(data, Tree.SRC_WORD);
  const dstWord = load<u32>(data, Tree.DST_WORD);
  const byte = load<u32>(data, Tree.BYTE);
  let entries = scratch + Stage.ENTRIES;
  let left = scratch + Stage.LIST;
  for (let at = left; at < end; at += 4, entries += 8) {
    const slot = load<u32>(at);
    const p = packets + <usize>slot * RECORD_STRIDE;
    const entry = load<u64>(entries);
    const leaf = isCut(entry) ? leafOf(image, entry, p) : image + <usize>u32(entry);
    const group = leaf & ~Tree.LAST;
    const hits = Group.hits(
      group,
      v128.load32_splat(p + srcWord),
      v128.load32_splat(p + dstWord),
      Group.ports(p),
      Group.bytes(p, byte),
    );
    store<u32>(groups + slot, u32(leaf));
    const answer = Group.answer(group, hits | (1 << (Tree.GROUP_BOXES - 1)));
    const before = load<u32>(scratch + slot, Stage.ANSWERS);
    store<u32>(scratch + slot, select(min(answer, before), before, hits != 0), Stage.ANSWERS);
    store<u32>(left, slot);
    left += (u32(hits == 0) & ~u32(leaf)) << 2;
  }
  for (let at = scratch + Stage.LIST; at < left; at += 4) {
    const slot = load<u32>(at);
    const p = packets + <usize>slot * RECORD_STRIDE;
    let group = <usize>load<u32>(groups + slot);
    const src = v128.load32_splat(p + srcWord);
    const dst = v128.load32_splat(p + dstWord);
    const ports = Group.ports(p);
    const bytes = Group.bytes(p, byte);
    let hits: u32 = 0;
    while (hits == 0) {
      group += Tree.GROUP_BYTES;
      hits = Group.hits(group, src, dst, ports, bytes);
    }
    store<u32>(groups + slot, u32(group));
    const answer = Group.answer(group, hits);
    store<u32>(scratch + slot, min(answer, load<u32>(scratch + slot, Stage.ANSWERS)), Stage.ANSWERS);
  }
}

/** Address of the answers, u32 each, in the order of the vector. */
export function answersOf(scratch: usize): usize {
  return scratch + Stage.ANSWERS;
}

/**
 * The answer behind the one that a packet has, which goes on: of the next box that holds it. It is left in the scratch, as
 * the first one was.
 */
export function nextAnswer(image: usize, data: usize, scratch: usize, packets: usize, p: usize): u32 {
  const slot = scratch + slotOf(packets, p);
  const from = (load<u32>(slot, Stage.ANSWERS) | Tree.ANSWER_FINAL) + 1;
  const src = v128.load32_splat(p + load<u32>(data, Tree.SRC_WORD));
  const dst = v128.load32_splat(p + load<u32>(data, Tree.DST_WORD));
  const ports = Group.ports(p);
  const bytes = Group.bytes(p, load<u32>(data, Tree.BYTE));
  let least = load<u32>(data, Tree.END_ANSWER);
  let root = data + Tree.ROOTS;
  const end = root + load<u32>(data, Tree.TREES) * Tree.ROOT_BYTES;
  for (let at = slot + Stage.GROUPS; root < end; root += Tree.ROOT_BYTES, at += Stage.TREE_BYTES) {
    if (load<u32>(root, Tree.LEAST_RULE) >= least >>> Tree.ANSWER_RULE) continue;
    let group = <usize>load<u32>(at);
    if (group == 0) group = leafOf(image, load<u64>(root), p);
    least = min(least, Group.seek(at, group, src, dst, ports, bytes, from));
  }
  store<u32>(slot, least, Stage.ANSWERS);
  return least;
}

/** Leaves what was found in the packet's record, for its walk. */
export function keep(scratch: usize, data: usize, packets: usize, p: usize): void {
  const slot = scratch + slotOf(packets, p);
  store<u32>(p, u32(data), Packet.STAGED_FOR);
  store<u32>(p, load<u32>(slot, Stage.ANSWERS) >>> Tree.ANSWER_RULE, Packet.STAGED_RULE);
  const end = load<u32>(data, Tree.TREES) << 2;
  let from = slot + Stage.GROUPS;
  for (let at: usize = 0; at < end; at += 4, from += Stage.TREE_BYTES) {
    store<u32>(p + at, load<u32>(from), Packet.STAGED);
  }
}

/** Loads what the walk will need of the rules found, of the chains that they jump to, and of their counters. */
export function touch(scratch: usize, image: usize, data: usize, counters: usize): void {
  const first = load<u32>(data, Tree.FIRST_RECORD);
  const rules = image + load<u32>(image, Image.RULES);
  let sum: u32 = 0;
  for (let slot: usize = 0; slot < <usize>(Lane.VECTOR * 4); slot += 4) {
    const record = <usize>(first + (load<u32>(scratch + slot, Stage.ANSWERS) >>> Tree.ANSWER_RULE));
    sum += load<u32>(rules + record * Rule.BYTES, Rule.TARGET);
    sum += load<u32>(counters + record * Image.COUNTER_BYTES);
  }
  for (let slot: usize = 0; slot < <usize>(Lane.VECTOR * 4); slot += 4) {
    const record = <usize>(first + (load<u32>(scratch + slot, Stage.ANSWERS) >>> Tree.ANSWER_RULE));
    const rule = rules + record * Rule.BYTES;
    const kind = load<u32>(rule, Rule.TARGET);
    if (kind != Target.JUMP && kind != Target.GOTO) continue;
    const to = image + <usize>load<u32>(rule, Rule.TARGET_ARG);
    sum += load<u32>(to) + load<u32>(to, Rule.FLAGS) + load<u32>(to + Rule.BYTES, Rule.FLAGS);
    sum += load<u32>(counters + ((to - rules) / Rule.BYTES) * Image.COUNTER_BYTES);
  }
  // So that the loads are of some use.
  store<u32>(scratch, sum, Stage.LOADED);
}
