// Candidates of a chain, in order, from cut trees (layout/tree.ts). The frame holds, of each tree, the group that is
// read next; a walk only goes forward, so groups passed are never looked at again. A tree whose least rule is behind the
// candidate that another has is not looked at. None of the fields that are looked at changes while a chain is walked.

import * as Frame from '../../src/layout/frame.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Tree from '../../src/layout/tree.ts';
import { Group } from './group';

/** Begins the look-up of packet record `p` in the trees at `data`. */
export function enterTrees(image: usize, data: usize, p: usize, frame: usize): void {
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

/** The first candidate at or after rule record `r` of the frame's chain; the chain's end when there is none. */
export function nextInTrees(frame: usize, r: usize): usize {
  const first: usize = load<u32>(frame, Frame.FIRST);
  // Later on NEXT is where a jump returns to; no return leads to the chain's first rule.
  const known: usize = load<u32>(frame, Frame.NEXT);
  if (r == first && known != 0) return known;
  const from = u32((r - first) / Rule.BYTES) << Tree.ANSWER_RULE;
  const data: usize = load<u32>(frame, Frame.CLASSIFIER);
  const p: usize = load<u32>(frame, Frame.PACKET);
  const src = v128.load32_splat(p + load<u32>(data, Tree.SRC_WORD));
  const dst = v128.load32_splat(p + load<u32>(data, Tree.DST_WORD));
  const ports = Group.ports(p);
  const bytes = Group.bytes(p, load<u32>(data, Tree.BYTE));
  let least = load<u32>(data, Tree.RULES);
  let at = frame + Frame.VECTORS;
  const end = at + (load<u32>(frame, Frame.VECTOR_COUNT) << 2);
  for (let root = data + Tree.ROOTS; at < end; at += 4, root += Tree.ROOT_BYTES) {
    if (load<u32>(root, Tree.LEAST_RULE) >= least) continue;
    let group: usize = load<u32>(at);
    if (group == 0) group = leafOf(load<u32>(frame, Frame.IMAGE), load<u64>(root), p);
    least = min(least, Group.seek(at, group, src, dst, ports, bytes, from) >>> Tree.ANSWER_RULE);
  }
  return first + <usize>least * Rule.BYTES;
}

/** The first group of the leaf that a packet comes to from an entry, with Tree.LAST when it is the only one. */
export function leafOf(image: usize, from: u64, p: usize): usize {
  let entry = from;
  while (isCut(entry)) entry = load<u64>(image + childOf(entry, p));
  return image + <usize>u32(entry);
}

export function isCut(entry: u64): bool {
  return <i64>entry < 0;
}

/** Image offset of the entry that a packet comes to behind a cut. */
export function childOf(entry: u64, p: usize): usize {
  const cut = u32(entry >> 32);
  const value = load<u32>(p + (cut & 255)) >>> ((cut >>> Tree.CUT_SHIFT) & 31);
  return <usize>u32(entry) + ((<usize>(value & ((1 << (cut >>> Tree.CUT_BITS)) - 1))) << 3);
}
