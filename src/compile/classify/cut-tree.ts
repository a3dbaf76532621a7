// Builds the cut trees of a chain (layout/tree.ts) into words of their own, so that nothing is in the image before it is
// known to be of use.
//
// A rule that a cut would copy into many leaves is put off to the next tree, as a whole; what it left in this one does
// no harm. The last tree puts nothing off. Each cut is paid for beforehand, its entries and the copies that it makes: a
// list whose cut the budget cannot pay stays a leaf, however long.

import * as Tree from '../../layout/tree.ts';
import type { Boxes, BoxField } from './boxes.ts';
import { type Cut, CutChooser } from './cut.ts';

export interface CutTrees {
  /** Of each tree the two words of its root entry, its least rule and the most cuts on a way to a leaf. */
  readonly roots: readonly (readonly [reference: number, cut: number, leastRule: number, depth: number])[];
  /** What follows the header in the image. */
  readonly words: Uint32Array;
  /** By tree: its rules, and the leaf records that a packet which matches one of them meets on the average. */
  readonly trees: readonly { readonly rules: number; readonly leafRecords: number }[];
  /** Lists that were left uncut because the budget was used up, and the longest of all. */
  readonly unpaid: number;
  readonly longest: number;
}

export interface CutTreeInput {
  readonly boxes: Boxes;
  /** Fields of a leaf record: source word, destination word, source port, destination port, protocol. */
  readonly recordFields: readonly (BoxField | undefined)[];
  /** Image offset of the first word. */
  readonly base: number;
  readonly budgetBytes: number;
}

/** A list up to this length is not cut. */
const LEAF_RECORDS = 8;
/** ... and not when it is all that is left for a tree. */
const FLAT_RECORDS = 24;
/** Lists that a rule may be in before it is put off to the next tree. */
const COPIES = 8;
const RECORD_WORDS = Tree.RECORD_BYTES / 4;

export function buildCutTrees(input: CutTreeInput): CutTrees {
  return new CutTreeBuilder(input).build();
}

class CutTreeBuilder {
  readonly #boxes: Boxes;
  readonly #recordFields: readonly (BoxField | undefined)[];
  readonly #base: number;
  readonly #budget: number;
  readonly #chooser: CutChooser;
  #words = new Uint32Array(1024);
  #used = 0;
  /** Bytes used and owed: every list has its records paid for before it is written. */
  #committed = 0;
  readonly #putOff: Uint8Array;
  readonly #copies: Uint16Array;
  #mayPutOff = true;
  readonly #marks = new Uint8Array(1 << 16);
  readonly #segments = new Int32Array(1 << 16);
  #depth = 0;
  #emptyLeaf = 0;
  #unpaid = 0;
  #longest = 0;
  /** Of the leaves of the tree in work: the sums of their lengths and of the squares of these. */
  #lengths = 0;
  #squares = 0;

  constructor({ boxes, recordFields, base, budgetBytes }: CutTreeInput) {
    this.#boxes = boxes;
    this.#recordFields = recordFields;
    this.#base = base;
    this.#budget = budgetBytes;
    this.#chooser = new CutChooser(boxes);
    this.#putOff = new Uint8Array(boxes.count);
    this.#copies = new Uint16Array(boxes.count);
  }

  build(): CutTrees {
    const roots: (readonly [number, number, number, number])[] = [];
    const trees: { rules: number; leafRecords: number }[] = [];
    let rules = this.#boxes.possible;
    this.#committed = rules.length * Tree.RECORD_BYTES;
    this.#emptyLeaf = this.#reference(this.#allocate(RECORD_WORDS));
    // Protocol 65535 and no other: no packet with an ordinary transport header has it.
    this.#words[3] = 0xffff;
    this.#words[7] = Tree.LAST << 16;
    while (rules.length > 0) {
      this.#mayPutOff = roots.length + 1 < Tree.TREES_MOST;
      this.#lengths = 0;
      this.#squares = 0;
      this.#copies.fill(0);
      this.#putOff.fill(0);
      this.#depth = 0;
      const root = this.#entry(rules, 0);
      const rest = rules.filter((rule) => this.#putOff[rule] === 1);
      const least = rules.find((rule) => this.#putOff[rule] === 0) ?? this.#boxes.count;
      roots.push([...root, least, this.#depth]);
      trees.push({
        rules: rules.length - rest.length,
        leafRecords: this.#squares / Math.max(1, this.#lengths),
      });
      this.#committed += rest.length * Tree.RECORD_BYTES;
      rules = rest;
    }
    return {
      roots,
      words: this.#words.subarray(0, this.#used),
      trees,
      unpaid: this.#unpaid,
      longest: this.#longest,
    };
  }

  /** Builds what a list needs and answers the two words of the entry that leads to it. */
  #entry(whole: Int32Array, depth: number): readonly [reference: number, cut: number] {
    const list = this.#mayPutOff ? whole.filter((rule) => this.#putOff[rule] === 0) : whole;
    this.#committed -= (whole.length - list.length) * Tree.RECORD_BYTES;
    this.#depth = Math.max(this.#depth, depth);
    if (list.length === 0) return [this.#emptyLeaf, 0];
    if (list.length <= (depth === 0 ? FLAT_RECORDS : LEAF_RECORDS)) return this.#leaf(list);
    const cut = this.#chooser.choose(list);
    const lists = cut === undefined ? undefined : this.#part(list, cut);
    if (cut === undefined || lists === undefined) return this.#leaf(list);
    const { offset } = this.#boxes.fields[cut.field] as BoxField;
    const size = 1 << cut.bits;
    const at = this.#allocate(size * 2);
    // The segments of this cut, before those of the next ones overwrite them.
    const segments = this.#segments.slice(0, size);
    const entries = lists.map((each) => this.#entry(each, depth + 1));
    for (let window = 0; window < size; window++) {
      const [reference, next] = entries[segments[window] as number] as readonly [number, number];
      this.#words[at + 2 * window] = reference;
      this.#words[at + 2 * window + 1] = next;
    }
    return [this.#reference(at), offset | (cut.shift << Tree.CUT_SHIFT) | (cut.bits << Tree.CUT_BITS)];
  }

  /**
   * The lists of a cut, by segment: a run of windows that the same rules reach. #segments says which window is in which
   * segment. Undefined when the budget does not allow it, or nothing would be parted.
   */
  #part(list: Int32Array, { field, shift, bits }: Cut): Int32Array[] | undefined {
    const { lo, hi } = this.#boxes.fields[field] as BoxField;
    const size = 1 << bits;
    const mask = size - 1;
    const marks = this.#marks.fill(0, 0, size);
    for (const rule of list) {
      const from = (lo[rule] as number) >>> shift;
      const to = (hi[rule] as number) >>> shift;
      if (to - from >= mask) continue;
      marks[from & mask] = 1;
      marks[(to + 1) & mask] = 1;
    }
    const segments = this.#segments;
    let count = 0;
    marks[0] = 0;
    for (let window = 0; window < size; window++) {
      count += marks[window] as number;
      segments[window] = count;
    }
    count++;
    return this.#distribute(list, lo, hi, shift, mask, count);
  }

  #distribute(
    list: Int32Array,
    lo: Uint32Array,
    hi: Uint32Array,
    shift: number,
    mask: number,
    count: number,
  ): Int32Array[] | undefined {
    const segments = this.#segments;
    // Runs of segments [first, last], both included, that a rule is in; first > last: around the end. -1: all.
    const firsts = new Int32Array(list.length);
    const lasts = new Int32Array(list.length);
    const occupied = new Uint8Array(count);
    list.forEach((rule, index) => {
      const from = (lo[rule] as number) >>> shift;
      const to = (hi[rule] as number) >>> shift;
      if (to - from >= mask) {
        firsts[index] = -1;
        return;
      }
      const first = segments[from & mask] as number;
      const last = segments[to & mask] as number;
      firsts[index] = first;
      lasts[index] = last;
      this.#eachSegment(first, last, count, (segment) => {
        occupied[segment] = 1;
      });
    });
    // Segments that only rules of all windows reach share one list.
    let distinct = 0;
    const numbers = new Int32Array(count);
    let shared = -1;
    for (let segment = 0; segment < count; segment++) {
      if (occupied[segment] === 1) numbers[segment] = distinct++;
      else if (shared >= 0) numbers[segment] = shared;
      else {
        shared = distinct;
        numbers[segment] = distinct++;
      }
    }
    // Who is put off, and how long the lists get.
    const lengths = new Int32Array(distinct);
    let copies = 0;
    const kept = new Uint8Array(list.length);
    let wild = 0;
    const put: number[] = [];
    list.forEach((rule, index) => {
      const first = firsts[index] as number;
      const spanned = first < 0 ? distinct : (((lasts[index] as number) - first + count) % count) + 1;
      if (this.#mayPutOff && spanned > 1 && (this.#copies[rule] as number) + spanned > COPIES) {
        put.push(rule);
        return;
      }
      kept[index] = 1;
      copies += spanned;
      if (first < 0) wild++;
      else {
        this.#eachSegment(first, lasts[index] as number, count, (segment) => {
          const number = numbers[segment] as number;
          lengths[number] = (lengths[number] as number) + 1;
        });
      }
    });
    const bytes = (mask + 1) * Tree.ENTRY_BYTES + (copies - list.length) * Tree.RECORD_BYTES;
    if (this.#committed + bytes > this.#budget) {
      this.#unpaid++;
      return undefined;
    }
    let longest = 0;
    for (const length of lengths) longest = Math.max(longest, length + wild);
    if (longest === list.length) return undefined;
    this.#committed += bytes;
    for (const rule of put) this.#putOff[rule] = 1;
    const lists = Array.from(lengths, (length) => new Int32Array(length + wild));
    const filled = new Int32Array(distinct);
    list.forEach((rule, index) => {
      if (kept[index] === 0) return;
      const first = firsts[index] as number;
      let added = 0;
      const add = (number: number): void => {
        const at = filled[number] as number;
        (lists[number] as Int32Array)[at] = rule;
        filled[number] = at + 1;
        added++;
      };
      if (first < 0) for (let number = 0; number < distinct; number++) add(number);
      else
        this.#eachSegment(first, lasts[index] as number, count, (segment) => add(numbers[segment] as number));
      this.#copies[rule] = Math.min(0xffff, (this.#copies[rule] as number) + added - 1);
    });
    for (let window = 0; window <= mask; window++) {
      segments[window] = numbers[segments[window] as number] as number;
    }
    return lists;
  }

  #eachSegment(first: number, last: number, count: number, visit: (segment: number) => void): void {
    for (let segment = first; segment !== last; segment = segment + 1 === count ? 0 : segment + 1)
      visit(segment);
    visit(last);
  }

  #leaf(list: Int32Array): readonly [reference: number, cut: number] {
    const at = this.#allocate(list.length * RECORD_WORDS);
    this.#longest = Math.max(this.#longest, list.length);
    this.#lengths += list.length;
    this.#squares += list.length * list.length;
    list.forEach((rule, index) => {
      const last = index === list.length - 1 ? Tree.LAST << 16 : 0;
      this.#record(at + index * RECORD_WORDS, rule, last);
    });
    return [this.#reference(at), 0];
  }

  #record(at: number, rule: number, last: number): void {
    const [src, dst, sport, dport, proto] = this.#recordFields;
    const words = this.#words;
    const low = (field: BoxField | undefined): number =>
      field === undefined ? 0 : (field.lo[rule] as number);
    const span = (field: BoxField | undefined): number =>
      field === undefined ? 0xffffffff : (field.hi[rule] as number) - (field.lo[rule] as number);
    words[at] = low(src);
    words[at + 1] = low(dst);
    words[at + 2] = low(sport) | (low(dport) << 16);
    words[at + 3] = low(proto) | (rule << 16);
    words[at + 4] = span(src);
    words[at + 5] = span(dst);
    words[at + 6] = (span(sport) & 0xffff) | (span(dport) << 16);
    words[at + 7] = (span(proto) & 0xffff) | ((rule >>> 16) << 16) | last;
  }

  #reference(word: number): number {
    return this.#base + word * 4;
  }

  /** Zeroed words; aligned so that no record lies in two cache lines. */
  #allocate(words: number): number {
    const at = Math.ceil(this.#used / RECORD_WORDS) * RECORD_WORDS;
    this.#used = at + words;
    if (this.#used > this.#words.length) {
      const grown = new Uint32Array(Math.max(this.#used, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    return at;
  }
}
