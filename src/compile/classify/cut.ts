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
/** A cut has to bring this many halvings for each rule on the average. */
const LEAST_GAIN = 0.5;

export class CutChooser {
  readonly #boxes: Boxes;
  readonly #counts = new Uint16Array(1 << MOST_BITS);

  constructor(boxes: Boxes) {
    this.#boxes = boxes;
  }

  /** The best cut of a list with at most so many bits; undefined when none is worth its entries. */
  choose(list: Int32Array, mostBits: number = MOST_BITS): Cut | undefined {
    const sample = sampleOf(list);
    const most = Math.min(mostBits, Math.max(1, Math.ceil(Math.log2(list.length * ENTRIES_A_RULE))));
    const uncut = Math.log2(1 + list.length);
    let best: Cut | undefined;
    let bestCost = uncut - LEAST_GAIN;
    for (const [field, { bits: width, lo, hi }] of this.#boxes.fields.entries()) {
      const lows = Uint32Array.from(sample, (rule) => lo[rule] as number);
      const highs = Uint32Array.from(sample, (rule) => hi[rule] as number);
      if (isConstant(lows) && isConstant(highs)) continue;
      const widest = Math.min(most, width);
      for (let bits = widest; bits >= 1; bits = bits > 4 ? bits - 2 : bits - 1) {
        for (let shift = 0; shift + bits <= width; shift++) {
          const entries = (ENTRY_COST * 2 ** bits) / (list.length * ENTRIES_A_RULE);
          const cost = this.#cost(lows, highs, shift, bits, list.length) + entries;
          if (cost >= bestCost) continue;
          bestCost = cost;
          best = { field, shift, bits };
        }
      }
    }
    return best;
  }

  /** Halvings that are left to do on the average, when packets fall on rules alike. */
  #cost(lows: Uint32Array, highs: Uint32Array, shift: number, bits: number, length: number): number {
    const counts = this.#counts;
    const mask = 2 ** bits - 1;
    const sampled = lows.length;
    let narrow = 0;
    for (let index = 0; index < sampled; index++) {
      const from = (lows[index] as number) >>> shift;
      const span = ((highs[index] as number) >>> shift) - from;
      if (span >= NARROW || span > mask >> 1) continue;
      narrow++;
      for (let step = 0; step <= span; step++) {
        const window = (from + step) & mask;
        counts[window] = (counts[window] as number) + 1;
      }
    }
    const scale = length / sampled;
    let halvings = 0;
    for (let index = 0; index < sampled; index++) {
      const from = (lows[index] as number) >>> shift;
      const span = ((highs[index] as number) >>> shift) - from;
      if (span >= NARROW || span > mask >> 1) continue;
      const together = counts[from & mask] as number;
      halvings += together === 1 ? 1 : Math.log2(1 + together * scale);
    }
    for (let index = 0; index < sampled; index++) {
      const from = (lows[index] as number) >>> shift;
      const span = ((highs[index] as number) >>> shift) - from;
      if (span >= NARROW || span > mask >> 1) continue;
      for (let step = 0; step <= span; step++) counts[(from + step) & mask] = 0;
    }
    return (halvings + (sampled - narrow) * Math.log2(1 + length)) / sampled;
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
