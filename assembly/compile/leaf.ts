// Lists of boxes as groups (layout/tree.ts).

import * as Build from '../../src/layout/cut-build.ts';
import * as Tree from '../../src/layout/tree.ts';
import { append, reference } from './arena';

/** Bytes of a list, with its end unless it is one group. */
export function listBytes(boxes: u32): i64 {
  return boxes <= <u32>Tree.GROUP_BOXES
    ? Tree.GROUP_BYTES
    : i64(boxes / Tree.GROUP_BOXES + 1) * Tree.GROUP_BYTES;
}

/** Writes a list and answers the entry that leads to it; there are `depth` cuts before it. */
export function leaf(job: usize, list: usize, length: u32, depth: u32): u64 {
  const bytes = <usize>listBytes(length);
  const at = append(job, bytes);
  store<u32>(job, max(length, load<u32>(job, Build.LONGEST)), Build.LONGEST);
  store<f64>(job, load<f64>(job, Build.LENGTHS) + f64(length), Build.LENGTHS);
  store<f64>(job, load<f64>(job, Build.SQUARES) + f64(length) * f64(length), Build.SQUARES);
  const way = min(depth, <u32>Build.DEPTH_MOST - 1);
  const reached = <usize>load<u32>(job, Build.REACHED) + ((<usize>way) << 2);
  store<u32>(reached, load<u32>(reached) + length);
  store<u32>(job, max(way, load<u32>(job, Build.DEEPEST)), Build.DEEPEST);
  const places = u32(bytes / Tree.GROUP_BYTES) * Tree.GROUP_BOXES;
  for (let place: u32 = 0; place < places; place++) {
    const group = at + <usize>(place / Tree.GROUP_BOXES) * Tree.GROUP_BYTES;
    if (place < length) box(job, group, place % Tree.GROUP_BOXES, load<u32>(list + ((<usize>place) << 2)));
    else end(job, group, place % Tree.GROUP_BOXES);
  }
  const least = length == 0 ? <u32>Tree.EMPTY : ruleOf(job, load<u32>(list));
  const last = u32(length <= <u32>Tree.GROUP_BOXES) * Tree.LAST;
  return <u64>(reference(job, at) | last) | ((<u64>least) << 32);
}

export function ruleOf(job: usize, number: u32): u32 {
  return load<u32>(<usize>load<u32>(job, Build.RULE_OF) + ((<usize>number) << 2));
}

/** A box in its place of a group. */
function box(job: usize, group: usize, place: usize, number: u32): void {
  const answers = <usize>load<u32>(job, Build.ANSWERS);
  const word = group + (place << 2);
  const half = group + (place << 1);
  const byte = group + place;
  store<u32>(word, low(job, 0, number), Tree.SRC_LO);
  store<u32>(word, span(job, 0, number), Tree.SRC_SPAN);
  store<u32>(word, low(job, 1, number), Tree.DST_LO);
  store<u32>(word, span(job, 1, number), Tree.DST_SPAN);
  store<u16>(half, u16(low(job, 2, number)), Tree.PORTS_LO);
  store<u16>(half, u16(span(job, 2, number)), Tree.PORTS_SPAN);
  store<u16>(half, u16(low(job, 3, number)), Tree.PORTS_LO + 2 * Tree.GROUP_BOXES);
  store<u16>(half, u16(span(job, 3, number)), Tree.PORTS_SPAN + 2 * Tree.GROUP_BOXES);
  masked(job, 4, number, byte);
  masked(job, 5, number, byte + Tree.GROUP_BOXES);
  store<u32>(word, load<u32>(answers + ((<usize>ruleOf(job, number)) << 2)), Tree.ANSWERS);
}

/** The box that holds everything, with the chain's end as its answer. */
function end(job: usize, group: usize, place: usize): void {
  const word = group + (place << 2);
  const half = group + (place << 1);
  store<u32>(word, 0xffffffff, Tree.SRC_SPAN);
  store<u32>(word, 0xffffffff, Tree.DST_SPAN);
  store<u16>(half, 0xffff, Tree.PORTS_SPAN);
  store<u16>(half, 0xffff, Tree.PORTS_SPAN + 2 * Tree.GROUP_BOXES);
  const answer = <usize>load<u32>(job, Build.ANSWERS) + ((<usize>load<u32>(job, Build.RULES)) << 2);
  store<u32>(word, load<u32>(answer), Tree.ANSWERS);
}

/** The field record of what groups hold in a place; 0 when no rule asks about it. */
function groupField(job: usize, place: usize): usize {
  const field = load<u32>(job + (place << 2), Build.GROUP_FIELDS);
  if (field == Build.NO_FIELD) return 0;
  return <usize>load<u32>(job, Build.FIELDS) + <usize>field * Build.FIELD_BYTES;
}

function low(job: usize, place: usize, number: u32): u32 {
  const field = groupField(job, place);
  return field == 0 ? 0 : load<u32>(<usize>load<u32>(field, Build.FIELD_LO) + ((<usize>number) << 2));
}

/** From the lower bound to the upper one. */
function span(job: usize, place: usize, number: u32): u32 {
  const field = groupField(job, place);
  if (field == 0) return 0xffffffff;
  const at = (<usize>number) << 2;
  return (
    load<u32>(<usize>load<u32>(field, Build.FIELD_HI) + at) -
    load<u32>(<usize>load<u32>(field, Build.FIELD_LO) + at)
  );
}

function masked(job: usize, place: usize, number: u32, to: usize): void {
  const field = groupField(job, place);
  if (field == 0) return;
  const values = <usize>load<u32>(field, Build.FIELD_VALUE);
  if (values == 0) return;
  store<u8>(to, load<u8>(values + number), Tree.BYTES_VALUE);
  store<u8>(to, load<u8>(<usize>load<u32>(field, Build.FIELD_MASK) + number), Tree.BYTES_MASK);
}
