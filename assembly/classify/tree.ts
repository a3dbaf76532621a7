// Candidates of a long chain, in order, from cut trees (layout/tree.ts). The frame holds the packet's key and, of each
// tree, the leaf record that is read next; a walk only goes forward, so records passed are never looked at again. A
// tree whose least rule is behind the candidate that another has is not looked at.

import * as Frame from '../../src/layout/frame.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Tree from '../../src/layout/tree.ts';

/** Begins the look-up of packet record `p` in the trees at `data`. */
export function enterTrees(image: usize, data: usize, p: usize, frame: usize): void {
  v128.store(frame, keyOf(data, p), Frame.CANDIDATES);
  store<u32>(frame, load<u32>(data, Tree.RULES), Frame.BLOCK);
  store<u32>(frame, load<u32>(data, Tree.TREES), Frame.VECTOR_COUNT);
  store<u32>(frame, u32(p), Frame.PACKET);
  store<u32>(frame, u32(data), Frame.CLASSIFIER);
  store<u32>(frame, u32(image), Frame.IMAGE);
  if (load<u32>(p, Packet.STAGED_FOR) == u32(data)) {
    v128.store(frame, v128.load(p, Packet.STAGED), Frame.VECTORS);
    store<u64>(frame, load<u64>(p, Packet.STAGED + 16), Frame.VECTORS + 16);
    const first = load<u32>(frame, Frame.FIRST);
    store<u32>(frame, first + load<u32>(p, Packet.STAGED_RULE) * Rule.BYTES, Frame.NEXT);
  } else {
    v128.store(frame, i32x4.splat(0), Frame.VECTORS);
    store<u64>(frame, 0, Frame.VECTORS + 16);
    store<u32>(frame, 0, Frame.NEXT);
  }
}

/** The fields of a packet as leaf records have them. */
export function keyOf(data: usize, p: usize): v128 {
  const src = load<u32>(p + load<u32>(data, Tree.SRC_WORD));
  const dst = load<u32>(p + load<u32>(data, Tree.DST_WORD));
  const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
  let key = i32x4.splat(src);
  key = i32x4.replace_lane(key, 1, dst);
  key = i32x4.replace_lane(key, 2, ports);
  return i32x4.replace_lane(key, 3, load<u32>(p, Packet.PROTO));
}

/** The first candidate at or after rule record `r` of the frame's chain; the chain's end when there is none. */
export function nextInTrees(frame: usize, r: usize): usize {
  const first: usize = load<u32>(frame, Frame.FIRST);
  // Later on NEXT is where a jump returns to; no return leads to the chain's first rule.
  const known: usize = load<u32>(frame, Frame.NEXT);
  if (r == first && known != 0) return known;
  const from = u32((r - first) / Rule.BYTES);
  const key = v128.load(frame, Frame.CANDIDATES);
  let least = load<u32>(frame, Frame.BLOCK);
  let at = frame + Frame.VECTORS;
  const end = at + (load<u32>(frame, Frame.VECTOR_COUNT) << 2);
  let root = <usize>load<u32>(frame, Frame.CLASSIFIER) + Tree.ROOTS;
  for (; at < end; at += 4, root += Tree.ROOT_BYTES) {
    if (load<u32>(root, Tree.LEAST_RULE) >= least) continue;
    let record: usize = load<u32>(at);
    if (record == 0) record = leafOf(load<u32>(frame, Frame.IMAGE), root, load<u32>(frame, Frame.PACKET));
    while (true) {
      const rule = ruleOf(record);
      if (rule >= least) break;
      if (inBox(key, record) && rule >= from) {
        least = rule;
        break;
      }
      if (isLast(record)) break;
      record += Tree.RECORD_BYTES;
    }
    store<u32>(at, u32(record));
  }
  return first + <usize>least * Rule.BYTES;
}

/** The first record of the leaf that a packet comes to. */
function leafOf(image: usize, root: usize, p: usize): usize {
  let entry = load<u64>(root);
  while (entry >> 32 != 0) entry = load<u64>(image + childOf(entry, p));
  return image + <usize>u32(entry);
}

/** Image offset of the entry that a packet comes to behind a cut. */
export function childOf(entry: u64, p: usize): usize {
  const cut = u32(entry >> 32);
  const value = load<u32>(p + (cut & 255)) >>> ((cut >>> Tree.CUT_SHIFT) & 31);
  return <usize>u32(entry) + ((<usize>(value & ((1 << (cut >>> Tree.CUT_BITS)) - 1))) << 3);
}

/** Place in its chain of the rule that a leaf record stands for. */
export function ruleOf(record: usize): u32 {
  const high = <u32>load<u16>(record, Tree.RULE_HIGH) & ~Tree.LAST;
  return <u32>load<u16>(record, Tree.RULE_LOW) | (high << 16);
}

export function isLast(record: usize): bool {
  return (<u32>load<u16>(record, Tree.RULE_HIGH) & Tree.LAST) != 0;
}

/** Is every field of the key within the record's bounds? The lane that has half of the rule's index does not count. */
export function inBox(key: v128, record: usize): bool {
  const lo = v128.load(record, Tree.LO);
  const span = v128.load(record, Tree.SPAN);
  const words = i32x4.le_u(i32x4.sub(key, lo), span);
  const halves = i16x8.le_u(i16x8.sub(key, lo), span);
  return i16x8.all_true(i16x8.shuffle(words, halves, 0, 1, 2, 3, 12, 13, 14, 0));
}
