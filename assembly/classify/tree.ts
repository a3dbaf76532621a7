// Candidates of a long chain, in order, from cut trees (layout/tree.ts). The frame holds the packet's key and, of each
// tree, the leaf record that is read next; a walk only goes forward, so records passed are never looked at again.

import * as Frame from '../../src/layout/frame.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Tree from '../../src/layout/tree.ts';

/** Looks packet record `p` up in the trees at `data`. */
export function enterTrees(image: usize, data: usize, p: usize, frame: usize): void {
  const src = load<u32>(p + load<u32>(data, Tree.SRC_WORD));
  const dst = load<u32>(p + load<u32>(data, Tree.DST_WORD));
  const ports = load<u32>(p, Packet.SPORT) | (load<u32>(p, Packet.DPORT) << 16);
  store<u32>(frame, src, Frame.CANDIDATES);
  store<u32>(frame, dst, Frame.CANDIDATES + 4);
  store<u32>(frame, ports, Frame.CANDIDATES + 8);
  store<u32>(frame, load<u32>(p, Packet.PROTO), Frame.CANDIDATES + 12);
  store<u32>(frame, load<u32>(data, Tree.RULES), Frame.BLOCK);
  const count = load<u32>(data, Tree.TREES);
  store<u32>(frame, count, Frame.VECTOR_COUNT);
  let root = data + Tree.ROOTS;
  let at = frame + Frame.VECTORS;
  const end = at + (count << 2);
  for (; at < end; at += 4) {
    let entry = load<u64>(root);
    let cut = u32(entry >> 32);
    while (cut != 0) {
      const value = load<u32>(p + (cut & 255)) >>> ((cut >>> Tree.CUT_SHIFT) & 31);
      const index = value & ((1 << (cut >>> Tree.CUT_BITS)) - 1);
      entry = load<u64>(image + <usize>u32(entry) + ((<usize>index) << 3));
      cut = u32(entry >> 32);
    }
    store<u32>(at, u32(image + <usize>u32(entry)));
    root += Tree.ENTRY_BYTES;
  }
}

/** The first candidate at or after rule record `r` of the frame's chain; the chain's end when there is none. */
export function nextInTrees(frame: usize, r: usize): usize {
  const first: usize = load<u32>(frame, Frame.FIRST);
  const from = u32((r - first) / Rule.BYTES);
  const key = v128.load(frame, Frame.CANDIDATES);
  let least = load<u32>(frame, Frame.BLOCK);
  let at = frame + Frame.VECTORS;
  const end = at + (load<u32>(frame, Frame.VECTOR_COUNT) << 2);
  for (; at < end; at += 4) {
    let record: usize = load<u32>(at);
    while (true) {
      const high = <u32>load<u16>(record, Tree.RULE_HIGH);
      const rule = <u32>load<u16>(record, Tree.RULE_LOW) | ((high & 0x7fff) << 16);
      if (rule >= least) break;
      if (inBox(key, record) && rule >= from) {
        least = rule;
        break;
      }
      if ((high & Tree.LAST) != 0) break;
      record += Tree.RECORD_BYTES;
    }
    store<u32>(at, u32(record));
  }
  return first + <usize>least * Rule.BYTES;
}

/** Is every field of the key within the record's bounds? The lane that has half of the rule's index does not count. */
function inBox(key: v128, record: usize): bool {
  const lo = v128.load(record, Tree.LO);
  const span = v128.load(record, Tree.SPAN);
  const words = i32x4.le_u(i32x4.sub(key, lo), span);
  const halves = i16x8.le_u(i16x8.sub(key, lo), span);
  return i16x8.all_true(i16x8.shuffle(words, halves, 0, 1, 2, 3, 12, 13, 14, 0));
}
