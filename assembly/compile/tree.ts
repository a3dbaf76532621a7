// Builds the cut trees of a chain (layout/tree.ts) when a rule set is compiled: the one part of the compiler that takes
// long enough to be WebAssembly, for JavaScript would run it cold.
//
// A box that a cut would copy into many leaves is put off to the next tree, as a whole; what it left in this one does no
// harm. The last tree puts nothing off. Each cut is paid for beforehand, its entries and the groups that its lists take
// more than the one before: a list whose cut the budget cannot pay stays a leaf, however long.

import * as Build from '../../src/layout/cut-build.ts';
import * as Tree from '../../src/layout/tree.ts';
import { append, commit, reference, take } from './arena';
import { choose, cutBits, cutField, cutShift, NO_CUT } from './cut';
import { leaf, listBytes, ruleOf } from './leaf';
import { GROUP_LIST, LIST_BYTES, LISTS, NOT_PAID, part, sharedBytes, UNPARTED } from './part';

/** A list up to this length is not cut: it fills two groups. */
const LEAF_BOXES: u32 = 2 * Tree.GROUP_BOXES - 1;
/** ... and neither is one behind so many cuts: lists on the way take memory, and rules may be made to need many. */
const MOST_CUTS: u32 = 64;
/** What a tree and a cut cost, in terms of a group compared. */
const TREE_COST: f64 = 1;
const CUT_COST: f64 = 0.5;
/** How many bits less a cut has that is tried when the budget cannot pay one. */
const FEWER_BITS: u32 = 3;

/** Builds the trees of a job; everything in it but the results has been filled in. */
export function buildTrees(job: usize): void {
  const count = load<u32>(job, Build.BOXES);
  let boxes = take(job, (<usize>count) << 2);
  for (let box: u32 = 0; box < count; box++) store<u32>(boxes + ((<usize>box) << 2), box);
  let length = count;
  store<i64>(job, listBytes(length), Build.COMMITTED);
  store<u64>(job, leaf(job, boxes, 0, 0), Build.EMPTY_LEAF);
  const putOff = <usize>load<u32>(job, Build.PUT_OFF);
  let trees: u32 = 0;
  while (length > 0) {
    store<u32>(job, u32(trees + 1 < <u32>Tree.TREES_MOST), Build.MAY_PUT_OFF);
    store<f64>(job, 0, Build.LENGTHS);
    store<f64>(job, 0, Build.SQUARES);
    store<u32>(job, 0, Build.DEEPEST);
    memory.fill(<usize>load<u32>(job, Build.COPIES), 0, (<usize>count) << 1);
    memory.fill(putOff, 0, count);
    memory.fill(<usize>load<u32>(job, Build.REACHED), 0, Build.DEPTH_MOST << 2);
    const tree = job + Build.TREE + <usize>trees * Build.TREE_BYTES;
    store<u64>(tree, entry(job, boxes, length, 0));
    const rest = take(job, (<usize>length) << 2);
    const left = keep(putOff, boxes, length, 1, rest);
    finish(job, tree, boxes, length, left);
    commit(job, listBytes(left));
    boxes = rest;
    length = left;
    trees++;
  }
  store<u32>(job, trees, Build.TREES);
}

/** Copies the boxes of a list that are put off (`which` 1) or not (0) to `to`; answers how many. */
function keep(putOff: usize, list: usize, length: u32, which: u32, to: usize): u32 {
  const start = to;
  for (let index: u32 = 0; index < length; index++) {
    const box = load<u32>(list + ((<usize>index) << 2));
    store<u32>(to, box);
    to += (<usize>(load<u8>(putOff + <usize>box) == which)) << 2;
  }
  return u32((to - start) >>> 2);
}

/** What is to be known of a tree, of whose `length` boxes `left` were put off. */
function finish(job: usize, tree: usize, boxes: usize, length: u32, left: u32): void {
  const putOff = <usize>load<u32>(job, Build.PUT_OFF);
  let first = load<u32>(job, Build.BOXES);
  let least = load<u32>(job, Build.RULES);
  for (let index: u32 = 0; index < length; index++) {
    const box = load<u32>(boxes + ((<usize>index) << 2));
    if (load<u8>(putOff + <usize>box) != 0) continue;
    first = box;
    least = ruleOf(job, box);
    break;
  }
  const lengths = load<f64>(job, Build.LENGTHS);
  const squares = load<f64>(job, Build.SQUARES);
  store<u32>(tree, least, Build.TREE_LEAST);
  store<u32>(tree, commonDepth(job, lengths), Build.TREE_DEPTH);
  store<u32>(tree, length - left, Build.TREE_BOXES);
  store<f64>(tree, squares / max<f64>(1, lengths), Build.TREE_MET);
  store<f64>(
    job,
    load<f64>(job, Build.COST) + treeCost(job, first, max<f64>(1, lengths), squares),
    Build.COST,
  );
}

/** Of the tree in work, whose first box is `first`: it is looked at unless the answer is known to be before. */
function treeCost(job: usize, first: u32, lengths: f64, squares: f64): f64 {
  const count = load<u32>(job, Build.BOXES);
  const reached = <usize>load<u32>(job, Build.REACHED);
  const deepest = load<u32>(job, Build.DEEPEST);
  let cuts: f64 = 0;
  for (let depth: u32 = 1; depth <= deepest; depth++) {
    cuts += f64(load<u32>(reached + ((<usize>depth) << 2))) * f64(depth);
  }
  const groups = (squares / lengths + 1) / Tree.GROUP_BOXES + 0.5;
  const share = f64(count - first) / max<f64>(1, f64(count));
  return share * (TREE_COST + CUT_COST * (cuts / lengths) + max<f64>(1, groups));
}

/** Cuts that at least a quarter of the boxes in leaves are behind: beyond, packets are followed one by one. */
function commonDepth(job: usize, lengths: f64): u32 {
  const reached = <usize>load<u32>(job, Build.REACHED);
  let depth = load<u32>(job, Build.DEEPEST);
  let boxes: f64 = 0;
  for (; depth > 0; depth--) {
    boxes += f64(load<u32>(reached + ((<usize>depth) << 2)));
    if (boxes * 4 >= lengths) break;
  }
  return depth;
}

/** Builds what a list needs and answers the entry that leads to it. */
function entry(job: usize, whole: usize, all: u32, depth: u32): u64 {
  const stack = load<u32>(job, Build.STACK);
  let list = whole;
  let length = all;
  if (load<u32>(job, Build.MAY_PUT_OFF) != 0) {
    list = take(job, (<usize>all) << 2);
    length = keep(<usize>load<u32>(job, Build.PUT_OFF), whole, all, 0, list);
  }
  commit(job, listBytes(length) - listBytes(all));
  let found: u64;
  if (length == 0) found = load<u64>(job, Build.EMPTY_LEAF);
  else {
    const isLeaf = length <= LEAF_BOXES || depth >= MOST_CUTS;
    const parted = isLeaf ? <u64>UNPARTED : parts(job, list, length);
    found = parted == UNPARTED ? leaf(job, list, length, depth) : cutEntry(job, parted, depth);
  }
  store<u32>(job, stack, Build.STACK);
  return found;
}

/** The best cut of a list that the budget can pay << 32, and its lists; UNPARTED when none is worth it. */
function parts(job: usize, list: usize, length: u32): u64 {
  let cut = choose(job, list, length, Build.BITS_MOST);
  while (cut != NO_CUT) {
    const stack = load<u32>(job, Build.STACK);
    const lists = part(job, list, length, cut);
    if (lists == UNPARTED) return UNPARTED;
    if (lists != NOT_PAID) return ((<u64>cut) << 32) | <u64>lists;
    store<u32>(job, stack, Build.STACK);
    const bits = i32(cutBits(cut)) - i32(FEWER_BITS);
    cut = choose(job, list, length, bits);
    const counter = cut == NO_CUT ? Build.UNPAID : Build.REDUCED;
    store<u32>(job + counter, load<u32>(job + counter) + 1);
  }
  return UNPARTED;
}

/** Writes the entries of a cut and what is behind them. */
function cutEntry(job: usize, parted: u64, depth: u32): u64 {
  const cut = u32(parted >> 32);
  const lists = <usize>u32(parted);
  const windows = (<usize>1) << cutBits(cut);
  const at = append(job, windows * Tree.ENTRY_BYTES);
  // The segments of this cut, before those of the next ones overwrite them.
  const segments = take(job, windows << 2);
  memory.copy(segments, <usize>load<u32>(job, Build.SEGMENTS), windows << 2);
  const entries = listEntries(job, lists, depth + 1);
  for (let window: usize = 0; window < windows; window++) {
    const list = <usize>load<u32>(segments + (window << 2));
    store<u64>(at + window * Tree.ENTRY_BYTES, load<u64>(entries + (list << 3)));
  }
  const field = <usize>load<u32>(job, Build.FIELDS) + <usize>cutField(cut) * Build.FIELD_BYTES;
  const description =
    Tree.CUT |
    load<u32>(field, Build.FIELD_OFFSET) |
    (cutShift(cut) << Tree.CUT_SHIFT) |
    (cutBits(cut) << Tree.CUT_BITS);
  return <u64>reference(job, at) | ((<u64>description) << 32);
}

/**
 * What leads to each of a cut's lists, on the stack. Lists that have room in one group together share a leaf: each box
 * says itself whom it holds, so that others beside it do no harm.
 */
function listEntries(job: usize, lists: usize, depth: u32): usize {
  const count = load<u32>(lists);
  const entries = take(job, (<usize>count) << 3);
  const sharing = take(job, (<usize>count) << 2);
  const shared = take(job, 2 * GROUP_LIST * 4);
  const kept = take(job, GROUP_LIST * 4);
  const mayPutOff = load<u32>(job, Build.MAY_PUT_OFF) != 0;
  const putOff = <usize>load<u32>(job, Build.PUT_OFF);
  let sharers: u32 = 0;
  let together: u32 = 0;
  let leaves: i64 = 0;
  let short: i64 = 0;
  let boxes: i64 = 0;
  for (let number: u32 = 0; number < count; number++) {
    const at = lists + LISTS + <usize>number * LIST_BYTES;
    const whole = <usize>load<u32>(at);
    const all = load<u32>(at, 4);
    const to = entries + ((<usize>number) << 3);
    if (all > GROUP_LIST) {
      store<u64>(to, entry(job, whole, all, depth));
      continue;
    }
    if (all != 0) short++;
    boxes += all;
    let list = whole;
    let length = all;
    if (mayPutOff) {
      length = keep(putOff, whole, all, 0, kept);
      list = kept;
    }
    if (length == 0) {
      store<u64>(to, load<u64>(job, Build.EMPTY_LEAF));
      continue;
    }
    const joined = join(shared, together, list, length);
    if (joined <= GROUP_LIST) together = joined;
    else {
      leaves++;
      share(entries, sharing, sharers, leaf(job, shared, together, depth));
      sharers = 0;
      memory.copy(shared, list, (<usize>length) << 2);
      together = length;
    }
    store<u32>(sharing + ((<usize>sharers) << 2), number);
    sharers++;
  }
  if (sharers > 0) {
    leaves++;
    share(entries, sharing, sharers, leaf(job, shared, together, depth));
  }
  commit(job, leaves * Tree.GROUP_BYTES - sharedBytes(short, boxes));
  return entries;
}

/** Gives the entry to all lists that share it. */
function share(entries: usize, sharing: usize, sharers: u32, entry: u64): void {
  for (let index: usize = 0; index < <usize>sharers; index++) {
    store<u64>(entries + ((<usize>load<u32>(sharing + (index << 2))) << 3), entry);
  }
}

/**
 * Joins two short lists in `left`, in order, boxes in both once. Answers how many they are; when they are more than fill a
 * group, `left` is as before.
 */
function join(left: usize, leftLength: u32, right: usize, rightLength: u32): u32 {
  let count = leftLength;
  for (let index: u32 = 0; index < rightLength; index++) {
    const box = load<u32>(right + ((<usize>index) << 2));
    let at: u32 = 0;
    while (at < leftLength && load<u32>(left + ((<usize>at) << 2)) != box) at++;
    if (at == leftLength) count++;
  }
  if (count > GROUP_LIST) return count;
  let length = leftLength;
  for (let index: u32 = 0; index < rightLength; index++) {
    const box = load<u32>(right + ((<usize>index) << 2));
    let at: u32 = 0;
    while (at < length && load<u32>(left + ((<usize>at) << 2)) < box) at++;
    const place = left + ((<usize>at) << 2);
    if (at < length && load<u32>(place) == box) continue;
    memory.copy(place + 4, place, (<usize>(length - at)) << 2);
    store<u32>(place, box);
    length++;
  }
  return length;
}
