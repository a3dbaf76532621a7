// Parts a list of boxes by a cut: into lists by segment, a run of windows that the same boxes reach.

import * as Build from '../../src/layout/cut-build.ts';
import * as Tree from '../../src/layout/tree.ts';
import { take, takeZeroed } from './arena';
import { cutBits, cutField, cutShift } from './cut';
import { listBytes } from './leaf';

/** part(): nothing would be parted; the budget cannot pay. */
export const UNPARTED: usize = 0;
export const NOT_PAID: usize = 1;

// What part() answers: the number of lists, a word unused, then address and length of each.
export const LISTS: usize = 8;
export const LIST_BYTES: usize = 8;

/** A list that fills a group, or less. */
export const GROUP_LIST: u32 = Tree.GROUP_BOXES;
/** Of a box that is in all windows. */
const ALL: u32 = 0xffffffff;

/** Bytes at most of the leaves that lists of a group or less share: any two on end hold more boxes than a group. */
export function sharedBytes(lists: i64, boxes: i64): i64 {
  return min(lists, (2 * boxes) / (Tree.GROUP_BOXES + 1) + 1) * Tree.GROUP_BYTES;
}

/**
 * Address of a cut's lists on the stack, UNPARTED or NOT_PAID. Boxes that would be copied too often are put off. SEGMENTS
 * says which window is in which list.
 */
export function part(job: usize, list: usize, length: u32, cut: u32): usize {
  const field = <usize>load<u32>(job, Build.FIELDS) + <usize>cutField(cut) * Build.FIELD_BYTES;
  const shift = cutShift(cut);
  const mask: u32 = (1 << cutBits(cut)) - 1;
  const count = segment(job, field, list, length, shift, mask);
  const segments = <usize>load<u32>(job, Build.SEGMENTS);
  const lo = <usize>load<u32>(field, Build.FIELD_LO);
  const hi = <usize>load<u32>(field, Build.FIELD_HI);
  // Of each box the run of segments [first, last], both included; first > last: around the end.
  const runs = take(job, (<usize>length) << 3);
  const numbers = takeZeroed(job, (<usize>count) << 2);
  for (let index: u32 = 0; index < length; index++) {
    const box = (<usize>load<u32>(list + ((<usize>index) << 2))) << 2;
    const from = load<u32>(lo + box) >>> shift;
    const to = load<u32>(hi + box) >>> shift;
    const run = runs + ((<usize>index) << 3);
    if (to - from >= mask) {
      store<u32>(run, ALL);
      continue;
    }
    const first = load<u32>(segments + ((<usize>(from & mask)) << 2));
    const last = load<u32>(segments + ((<usize>(to & mask)) << 2));
    store<u32>(run, first);
    store<u32>(run, last, 4);
    for (let at = first; ; at = at + 1 == count ? 0 : at + 1) {
      store<u32>(numbers + ((<usize>at) << 2), 1);
      if (at == last) break;
    }
  }
  const distinct = numberLists(numbers, count);
  const table = takeZeroed(job, LISTS + <usize>distinct * LIST_BYTES);
  store<u32>(table, distinct);
  measure(job, list, length, runs, numbers, count, table);
  const bytes = price(table, length, mask);
  if (bytes < 0) return UNPARTED;
  const committed = load<i64>(job, Build.COMMITTED) + bytes - listBytes(length);
  if (committed > load<i64>(job, Build.BUDGET)) return NOT_PAID;
  store<i64>(job, committed, Build.COMMITTED);
  fill(job, list, length, runs, numbers, count, table);
  for (let window: usize = 0; window <= mask; window++) {
    const at = segments + (window << 2);
    store<u32>(at, load<u32>(numbers + ((<usize>load<u32>(at)) << 2)));
  }
  return table;
}

/** Finds the segments: SEGMENTS says which window is in which. Answers how many there are. */
function segment(job: usize, field: usize, list: usize, length: u32, shift: u32, mask: u32): u32 {
  const marks = <usize>load<u32>(job, Build.MARKS);
  const segments = <usize>load<u32>(job, Build.SEGMENTS);
  const lo = <usize>load<u32>(field, Build.FIELD_LO);
  const hi = <usize>load<u32>(field, Build.FIELD_HI);
  memory.fill(marks, 0, <usize>mask + 1);
  for (let index: u32 = 0; index < length; index++) {
    const box = (<usize>load<u32>(list + ((<usize>index) << 2))) << 2;
    const from = load<u32>(lo + box) >>> shift;
    const to = load<u32>(hi + box) >>> shift;
    if (to - from >= mask) continue;
    store<u8>(marks + (from & mask), 1);
    store<u8>(marks + ((to + 1) & mask), 1);
  }
  let count: u32 = 0;
  store<u8>(marks, 0);
  for (let window: usize = 0; window <= mask; window++) {
    count += load<u8>(marks + window);
    store<u32>(segments + (window << 2), count);
  }
  return count + 1;
}

/** Segments that only boxes of all windows reach share one list. Answers how many lists there are. */
function numberLists(numbers: usize, count: u32): u32 {
  let distinct: u32 = 0;
  let shared: u32 = ALL;
  const end = numbers + ((<usize>count) << 2);
  for (let at = numbers; at < end; at += 4) {
    if (load<u32>(at) != 0) store<u32>(at, distinct++);
    else {
      if (shared == ALL) shared = distinct++;
      store<u32>(at, shared);
    }
  }
  return distinct;
}

/** Lengths of the lists; the run of a box that is to be put off gets a mark in bit 63. */
function measure(
  job: usize,
  list: usize,
  length: u32,
  runs: usize,
  numbers: usize,
  count: u32,
  table: usize,
): void {
  const mayPutOff = load<u32>(job, Build.MAY_PUT_OFF) != 0;
  const copies = <usize>load<u32>(job, Build.COPIES);
  const most = load<u32>(job, Build.COPIES_MOST);
  const distinct = load<u32>(table);
  let wild: u32 = 0;
  for (let index: u32 = 0; index < length; index++) {
    const run = runs + ((<usize>index) << 3);
    const first = load<u32>(run);
    const last = load<u32>(run, 4);
    const spanned = first == ALL ? distinct : ((last + count - first) % count) + 1;
    if (mayPutOff && spanned > 1) {
      const box = <usize>load<u32>(list + ((<usize>index) << 2));
      if (u32(load<u16>(copies + (box << 1))) + spanned > most) {
        store<u32>(run, ALL);
        store<u32>(run, PUT_OFF, 4);
        continue;
      }
    }
    if (first == ALL) {
      store<u32>(run, 0, 4);
      wild++;
      continue;
    }
    for (let at = first; ; at = at + 1 == count ? 0 : at + 1) {
      const to = lengthAt(table, load<u32>(numbers + ((<usize>at) << 2)));
      store<u32>(to, load<u32>(to) + 1);
      if (at == last) break;
    }
  }
  for (let number: u32 = 0; number < distinct; number++) {
    const at = lengthAt(table, number);
    store<u32>(at, load<u32>(at) + wild);
  }
}

/** Where a run has its last segment: the box is put off. */
const PUT_OFF: u32 = 1;

function lengthAt(table: usize, number: u32): usize {
  return table + LISTS + <usize>number * LIST_BYTES + 4;
}

/** Bytes of the entries and of all lists; negative when one is as long as the whole. */
function price(table: usize, length: u32, mask: u32): i64 {
  const distinct = load<u32>(table);
  let bytes = (i64(mask) + 1) * Tree.ENTRY_BYTES;
  let lists: i64 = 0;
  let boxes: i64 = 0;
  for (let number: u32 = 0; number < distinct; number++) {
    const one = load<u32>(lengthAt(table, number));
    if (one == length) return -1;
    if (one > GROUP_LIST) bytes += listBytes(one);
    else if (one != 0) {
      lists++;
      boxes += one;
    }
  }
  // Arrays of entries are aligned to a group.
  const aligned = (bytes + (Tree.GROUP_BYTES - 1)) & ~(Tree.GROUP_BYTES - 1);
  return aligned + sharedBytes(lists, boxes);
}

/** Puts boxes into their lists, in order. */
function fill(
  job: usize,
  list: usize,
  length: u32,
  runs: usize,
  numbers: usize,
  count: u32,
  table: usize,
): void {
  const copies = <usize>load<u32>(job, Build.COPIES);
  const putOff = <usize>load<u32>(job, Build.PUT_OFF);
  const distinct = load<u32>(table);
  const filled = takeZeroed(job, (<usize>distinct) << 2);
  for (let number: u32 = 0; number < distinct; number++) {
    const at = lengthAt(table, number);
    store<u32>(at - 4, u32(take(job, (<usize>load<u32>(at)) << 2)));
  }
  for (let index: u32 = 0; index < length; index++) {
    const box = load<u32>(list + ((<usize>index) << 2));
    const run = runs + ((<usize>index) << 3);
    const first = load<u32>(run);
    const last = load<u32>(run, 4);
    let added: u32 = 0;
    if (first == ALL) {
      if (last == PUT_OFF) {
        store<u8>(putOff + <usize>box, 1);
        continue;
      }
      for (let number: u32 = 0; number < distinct; number++) add(table, filled, number, box);
      added = distinct;
    } else {
      for (let at = first; ; at = at + 1 == count ? 0 : at + 1) {
        add(table, filled, load<u32>(numbers + ((<usize>at) << 2)), box);
        added++;
        if (at == last) break;
      }
    }
    const at = copies + ((<usize>box) << 1);
    store<u16>(at, u16(min(<u32>0xffff, u32(load<u16>(at)) + added - 1)));
  }
}

function add(table: usize, filled: usize, number: u32, box: u32): void {
  const at = filled + ((<usize>number) << 2);
  const place = load<u32>(at);
  store<u32>(<usize>load<u32>(lengthAt(table, number) - 4) + ((<usize>place) << 2), box);
  store<u32>(at, place + 1);
}
