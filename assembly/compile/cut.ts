// Which window of which field parts a list of boxes best: the choice at each entry of a cut tree (layout/tree.ts).

import * as Build from '../../src/layout/cut-build.ts';
import { log2 } from './log2';

/** Entries of a cut that there may be for each box in the list. */
const ENTRIES_A_BOX: f64 = 8;
/** What an entry costs in terms of halvings of the list, at ENTRIES_A_BOX. */
const ENTRY_COST: f64 = 0.4;
/** A cut has to bring this many halvings for each box on the average. */
const LEAST_GAIN: f64 = 0.5;

/** No cut is worth its entries. */
export const NO_CUT: u32 = 0;

// A cut: field << 16 | shift << 8 | bits.
export function cutField(cut: u32): u32 {
  return cut >>> 16;
}
export function cutShift(cut: u32): u32 {
  return (cut >>> 8) & 0xff;
}
export function cutBits(cut: u32): u32 {
  return cut & 0xff;
}

/** The best cut of a list of `length` boxes with at most so many bits, or NO_CUT. */
export function choose(job: usize, list: usize, length: u32, mostBits: i32): u32 {
  const sampled = min(length, <u32>Build.SAMPLE_MOST);
  const wanted = i32(ceil(log2(f64(length) * ENTRIES_A_BOX)));
  const most = min(mostBits, max(1, wanted));
  if (most < 1) return NO_CUT;
  halve(job, length, sampled);
  const uncut = log2(1 + f64(length));
  let best: u32 = NO_CUT;
  let bestCost = (uncut - LEAST_GAIN) * f64(sampled);
  const fields = load<u32>(job, Build.FIELD_COUNT);
  for (let field: u32 = 0; field < fields; field++) {
    const at = <usize>load<u32>(job, Build.FIELDS) + <usize>field * Build.FIELD_BYTES;
    if (!sample(job, at, list, length, sampled)) continue;
    const width = load<i32>(at, Build.FIELD_BITS);
    let bits = min(most, width);
    while (bits >= 1) {
      const entries = ((ENTRY_COST * f64(1 << bits)) / (f64(length) * ENTRIES_A_BOX)) * f64(sampled);
      for (let shift = 0; shift + bits <= width; shift++) {
        const cost = costOf(job, sampled, shift, bits, uncut, bestCost - entries) + entries;
        if (cost >= bestCost) continue;
        bestCost = cost;
        best = (field << 16) | (shift << 8) | bits;
      }
      bits = bits > 4 ? bits - 2 : bits - 1;
    }
  }
  return best;
}

/** What is left to do for a box that is in one window with so many of the sample. */
function halve(job: usize, length: u32, sampled: u32): void {
  const halvings = <usize>load<u32>(job, Build.HALVINGS);
  const alone = load<f64>(job, Build.ALONE);
  const scale = f64(length) / f64(sampled);
  store<f64>(halvings, alone);
  for (let together: u32 = 1; together <= sampled; together++) {
    const left = together == 1 ? alone : max(alone, log2(1 + f64(together) * scale));
    store<f64>(halvings + ((<usize>together) << 3), left);
  }
}

/** Collects what the sample's boxes take of a field; false when it is the same for all. */
function sample(job: usize, field: usize, list: usize, length: u32, sampled: u32): bool {
  const lo = <usize>load<u32>(field, Build.FIELD_LO);
  const hi = <usize>load<u32>(field, Build.FIELD_HI);
  const lows = <usize>load<u32>(job, Build.LOWS);
  const highs = <usize>load<u32>(job, Build.HIGHS);
  let differ: u32 = 0;
  for (let index: u32 = 0; index < sampled; index++) {
    const place = u32((u64(index) * length) / sampled);
    const box = (<usize>load<u32>(list + ((<usize>place) << 2))) << 2;
    const low = load<u32>(lo + box);
    const high = load<u32>(hi + box);
    const at = (<usize>index) << 2;
    store<u32>(lows + at, low);
    store<u32>(highs + at, high);
    differ |= (low ^ load<u32>(lows)) | (high ^ load<u32>(highs));
  }
  return differ != 0;
}

/**
 * Halvings that are left to do for the sample, when packets fall on boxes alike; or no less than `most`, as soon as that
 * is certain. `uncut`: of a box that the cut does not part from others.
 */
function costOf(job: usize, sampled: u32, shift: u32, bits: u32, uncut: f64, most: f64): f64 {
  const counts = <usize>load<u32>(job, Build.COUNTS);
  const windows = <usize>load<u32>(job, Build.WINDOWS);
  const firsts = <usize>load<u32>(job, Build.FIRSTS);
  const halvings = <usize>load<u32>(job, Build.HALVINGS);
  const lows = <usize>load<u32>(job, Build.LOWS);
  const highs = <usize>load<u32>(job, Build.HIGHS);
  const alone = load<f64>(job, Build.ALONE);
  const mask: u32 = (1 << bits) - 1;
  let narrow: usize = 0;
  let touched: usize = 0;
  let sum: f64 = 0;
  const end = (<usize>sampled) << 2;
  for (let at: usize = 0; at < end && sum < most; at += 4) {
    const from = load<u32>(lows + at) >>> shift;
    const span = (load<u32>(highs + at) >>> shift) - from;
    if (span >= <u32>Build.NARROW || span > mask >>> 1) {
      sum += uncut;
      continue;
    }
    sum += alone;
    store<u16>(firsts + narrow, u16(from & mask));
    narrow += 2;
    for (let step: u32 = 0; step <= span; step++) {
      const window = (from + step) & mask;
      const count = counts + ((<usize>window) << 1);
      store<u16>(count, load<u16>(count) + 1);
      store<u16>(windows + touched, u16(window));
      touched += 2;
    }
  }
  for (let at: usize = 0; at < narrow && sum < most; at += 2) {
    const count = load<u16>(counts + ((<usize>load<u16>(firsts + at)) << 1));
    sum += load<f64>(halvings + ((<usize>count) << 3)) - alone;
  }
  for (let at: usize = 0; at < touched; at += 2) {
    store<u16>(counts + ((<usize>load<u16>(windows + at)) << 1), 0);
  }
  return sum;
}
