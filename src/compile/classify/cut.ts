// Which window of which field parts a list of rules best: the choice at each entry of a cut tree (layout/tree.ts).

import type { Boxes } from './boxes.ts';

/** Bits [shift, shift + bits) of a field. */
export interface Cut {
  /** Index in Boxes.fields. */
  readonly field: number;
  readonly shift: number;
  readonly bits: number;
}

/** Rules of a longer list that a choice looks at. */
const SAMPLE = 2048;
/** Entries of one cut, as a power of two, and how many there may be for each rule in the list. */
const MOST_BITS = 16;
const ENTRIES_A_RULE = 8;
/** A rule in more windows than this is counted as one that the cut does not part from others. */
const NARROW = 4;
/** What an entry costs in terms of halvings of the list, at ENTRIES_A_RULE. */
const ENTRY_COST = 0.4;
/**
 * Lists up to this length are not worth parting: a group is compared as one. Of long chains, whose trees are larger than
 * the caches, lists that fill a group; of others shorter ones, for they share groups with others.
 */
const FULL_GROUP = 3;
const SHORT_GROUP = 2;
const LONG = 32_768;
/** A cut has to bring this many halvings for each rule on the average. */
const LEAST_GAIN = 0.5;

export class CutChooser {
  readonly #boxes: Boxes;
  /** Halvings that are left to do for a rule that nothing is to be gained for. */
  readonly #alone: number;
  readonly #counts = new Uint16Array(1 << MOST_BITS);
  /** Of a sample: the windows that its rules are in, and of each rule the first. */
  readonly #windows = new Uint16Array(SAMPLE * NARROW);
  readonly #firsts = new Uint16Array(SAMPLE);

  constructor(boxes: Boxes) {
    this.#boxes = boxes;
    this.#alone = Math.log2(1 + (boxes.count > LONG ? FULL_GROUP : SHORT_GROUP));
  }

  /** The best cut of a list with at most so many bits; undefined when none is worth its entries. */
  choose(list: Int32Array, mostBits: number = MOST_BITS): Cut | undefined {
    const sample = sampleOf(list);
    const most = Math.min(mostBits, Math.max(1, Math.ceil(Math.log2(list.length * ENTRIES_A_RULE))));
    const scale = list.length / sample.length;
    const halvings = Float64Array.from({ length: sample.length + 1 }, (_, together) =>
      together <= 1 ? this.#alone : Math.max(this.#alone, Math.log2(1 + together * scale)),
    );
    const uncut = Math.log2(1 + list.length);
    let best: Cut | undefined;
    let bestCost = (uncut - LEAST_GAIN) * sample.length;
    for (const [field, { bits: width, lo, hi }] of this.#boxes.fields.entries()) {
      const lows = Uint32Array.from(sample, (rule) => lo[rule] as number);
      const highs = Uint32Array.from(sample, (rule) => hi[rule] as number);
      if (isConstant(lows) && isConstant(highs)) continue;
      const widest = Math.min(most, width);
      for (let bits = widest; bits >= 1; bits = bits > 4 ? bits - 2 : bits - 1) {
        const entries = ((ENTRY_COST * 2 ** bits) / (list.length * ENTRIES_A_RULE)) * sample.length;
        for (let shift = 0; shift + bits <= width; shift++) {
          const cost = this.#cost(lows, highs, shift, bits, halvings, uncut, bestCost - entries) + entries;
          if (cost >= bestCost) continue;
          bestCost = cost;
          best = { field, shift, bits };
        }
      }
    }
    return best;
  }

  /**
   * Halvings that are left to do for the sample, when packets fall on rules alike; or no less than `most`, as soon as
   * that is certain. `halvings`: of a rule that is in one window with so many of the sample; `uncut`: of one that the cut
   * does not part from others.
   */
  #cost(
    lows: Uint32Array,
    highs: Uint32Array,
    shift: number,
    bits: number,
    halvings: Float64Array,
    uncut: number,
    most: number,
  ): number {
    const counts = this.#counts;
    const windows = this.#windows;
    const mask = 2 ** bits - 1;
    const sampled = lows.length;
    let narrow = 0;
    let touched = 0;
    let sum = 0;
    for (let index = 0; index < sampled && sum < most; index++) {
      const from = (lows[index] as number) >>> shift;
      const span = ((highs[index] as number) >>> shift) - from;
      if (span >= NARROW || span > mask >> 1) {
        sum += uncut;
        continue;
      }
      sum += this.#alone;
      this.#firsts[narrow++] = from & mask;
      for (let step = 0; step <= span; step++) {
        const window = (from + step) & mask;
        counts[window] = (counts[window] as number) + 1;
        windows[touched++] = window;
      }
    }
    for (let index = 0; index < narrow && sum < most; index++) {
      sum += (halvings[counts[this.#firsts[index] as number] as number] as number) - this.#alone;
    }
    for (let index = 0; index < touched; index++) counts[windows[index] as number] = 0;
    return sum;
  }
}

function sampleOf(list: Int32Array): Int32Array {
  if (list.length <= SAMPLE) return list;
  const step = list.length / SAMPLE;
  return Int32Array.from({ length: SAMPLE }, (_, index) => list[Math.floor(index * step)] as number);
}

function isConstant(values: Uint32Array): boolean {
  const first = values[0];
  return values.every((value) => value === first);
}
