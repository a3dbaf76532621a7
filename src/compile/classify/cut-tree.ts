// Builds the cut trees of a chain (layout/tree.ts) into words of their own, so that nothing is in the image before it is
// known to be of use.
//
// A box that a cut would copy into many leaves is put off to the next tree, as a whole; what it left in this one does no
// harm. The last tree puts nothing off. Each cut is paid for beforehand, its entries and the groups that its lists take
// more than the one before: a list whose cut the budget cannot pay stays a leaf, however long.

import * as Tree from '../../layout/tree.ts';
import type { Boxes, BoxField } from './boxes.ts';
import { type Cut, CutChooser } from './cut.ts';

export interface CutTrees {
  /** Of each tree the two words of its root entry, its least rule and the most cuts on a way to a leaf. */
  readonly roots: readonly (readonly [reference: number, cut: number, leastRule: number, depth: number])[];
  /** What follows the header in the image. */
  readonly words: Uint32Array;
  /** By tree: its boxes, and how many a packet that is in one of them meets on the average. */
  readonly trees: readonly { readonly boxes: number; readonly leafBoxes: number }[];
  /** What a look-up costs on the average, in terms of a group compared; to tell builds of the same boxes apart. */
  readonly cost: number;
  /** Lists that were left uncut because the budget was used up, and lists that were cut by fewer bits for that. */
  readonly unpaid: number;
  readonly reduced: number;
  /** The longest list of all. */
  readonly longest: number;
}

export interface CutTreeInput {
  readonly boxes: Boxes;
  /** Fields that groups have: source word, destination word, source port, destination port, protocol, byte. */
  readonly groupFields: readonly (BoxField | undefined)[];
  /** By rule, and behind them of the chain's end: Tree.ANSWERS. */
  readonly answers: Uint32Array;
  /** Image offset of the first word. */
  readonly base: number;
  readonly budgetBytes: number;
  /** Lists of one tree that a box may be in before it is put off to the next. */
  readonly copies: number;
}

/** A list up to this length is not cut: it fills two groups. */
const LEAF_BOXES = 2 * Tree.GROUP_BOXES - 1;
/** ... and not when it is all that is left for a tree. */
const FLAT_BOXES = 2 * Tree.GROUP_BOXES - 1;
/** What a tree and a cut cost, in terms of a group compared. */
const TREE_COST = 1;
const CUT_COST = 0.5;
/** Lists of one tree that a box may be in before it is put off to the next: of long chains ... */
const COPIES = 16;
const LONG = 4096;
/** ... and what is tried for the others until the budget pays for it. */
const COPIES_TRIED = [32, 16, 8];
const GROUP_WORDS = Tree.GROUP_BYTES / 4;

/** Bytes of a list with its end. */
const listBytes = (boxes: number): number => Math.ceil((boxes + 1) / Tree.GROUP_BOXES) * Tree.GROUP_BYTES;

/** A list that fills a group with its end, or less. */
const GROUP_LIST = Tree.GROUP_BOXES - 1;
/** Bytes at most of the leaves that a cut's lists of a group or less share: any two on end hold a group's boxes. */
function sharedBytes(lengths: Iterable<number>): number {
  let lists = 0;
  let boxes = 0;
  for (const length of lengths) {
    if (length === 0 || length > GROUP_LIST) continue;
    lists++;
    boxes += length;
  }
  return Math.min(lists, Math.floor(boxes / 2) + 1) * Tree.GROUP_BYTES;
}

/** What a cut is that the budget cannot pay, and how many bits less the next one that is tried has. */
const NOT_PAID = 'not paid';
const FEWER_BITS = 3;

/** Both in order; boxes in both once. */
function union(left: Int32Array, right: Int32Array): Int32Array {
  return left.length === 0 ? right : Int32Array.from(new Set([...left, ...right])).sort();
}

/** Builds with as many copies of a box as are worth their bytes. */
export function buildCutTrees(input: Omit<CutTreeInput, 'copies'>): CutTrees {
  if (input.boxes.count > LONG) return new CutTreeBuilder({ ...input, copies: COPIES }).build();
  let best: CutTrees | undefined;
  for (const copies of COPIES_TRIED) {
    const trees = new CutTreeBuilder({ ...input, copies }).build();
    if (best === undefined || trees.cost < best.cost) best = trees;
    if (trees.unpaid === 0 && trees.reduced === 0) return best;
  }
  return best as CutTrees;
}

class CutTreeBuilder {
  readonly #boxes: Boxes;
  readonly #groupFields: readonly (BoxField | undefined)[];
  readonly #answers: Uint32Array;
  readonly #base: number;
  readonly #budget: number;
  readonly #chooser: CutChooser;
  #words = new Uint32Array(1024);
  #used = 0;
  /** Bytes used and owed: every list has its groups paid for before it is written. */
  #committed = 0;
  readonly #putOff: Uint8Array;
  readonly #copies: Uint16Array;
  readonly #mostCopies: number;
  #mayPutOff = true;
  readonly #marks = new Uint8Array(1 << 16);
  readonly #segments = new Int32Array(1 << 16);
  /** Boxes in the leaves of the tree in work, by the cuts before them. */
  readonly #reached: number[] = [];
  #emptyLeaf: readonly [reference: number, cut: number] = [0, 0];
  #unpaid = 0;
  #reduced = 0;
  #longest = 0;
  /** Of the leaves of the tree in work: the sums of their lengths and of the squares of these. */
  #lengths = 0;
  #squares = 0;

  constructor({ boxes, groupFields, answers, base, budgetBytes, copies }: CutTreeInput) {
    this.#mostCopies = copies;
    this.#boxes = boxes;
    this.#groupFields = groupFields;
    this.#answers = answers;
    this.#base = base;
    this.#budget = budgetBytes;
    this.#chooser = new CutChooser(boxes);
    this.#putOff = new Uint8Array(boxes.count);
    this.#copies = new Uint16Array(boxes.count);
  }

  build(): CutTrees {
    const roots: (readonly [number, number, number, number])[] = [];
    const trees: { boxes: number; leafBoxes: number }[] = [];
    let boxes = Int32Array.from({ length: this.#boxes.count }, (_, box) => box);
    let cost = 0;
    this.#committed = listBytes(boxes.length);
    this.#emptyLeaf = this.#leaf(new Int32Array(0));
    while (boxes.length > 0) {
      this.#mayPutOff = roots.length + 1 < Tree.TREES_MOST;
      this.#lengths = 0;
      this.#squares = 0;
      this.#copies.fill(0);
      this.#putOff.fill(0);
      this.#reached.length = 0;
      const root = this.#entry(boxes, 0);
      const rest = boxes.filter((box) => this.#putOff[box] === 1);
      const first = boxes.find((box) => this.#putOff[box] === 0);
      const least = first === undefined ? this.#answers.length - 1 : (this.#boxes.rule[first] as number);
      cost += this.#treeCost(first ?? this.#boxes.count);
      roots.push([...root, least, this.#commonDepth()]);
      trees.push({
        boxes: boxes.length - rest.length,
        leafBoxes: this.#squares / Math.max(1, this.#lengths),
      });
      this.#committed += listBytes(rest.length);
      boxes = rest;
    }
    return {
      roots,
      words: this.#words.subarray(0, this.#used),
      trees,
      cost,
      unpaid: this.#unpaid,
      reduced: this.#reduced,
      longest: this.#longest,
    };
  }

  /** Of the tree in work, whose first box is `first`: it is looked at unless the answer is known to be before. */
  #treeCost(first: number): number {
    const boxes = Math.max(1, this.#lengths);
    const cuts = this.#reached.reduce((sum, count, depth) => sum + count * depth, 0) / boxes;
    const groups = (this.#squares / boxes + 1) / Tree.GROUP_BOXES + 0.5;
    const share = (this.#boxes.count - first) / Math.max(1, this.#boxes.count);
    return share * (TREE_COST + CUT_COST * cuts + Math.max(1, groups));
  }

  /** Cuts that at least a quarter of the boxes in leaves are behind: beyond, packets are followed one by one. */
  #commonDepth(): number {
    let depth = this.#reached.length - 1;
    let boxes = 0;
    for (; depth > 0; depth--) {
      boxes += this.#reached[depth] ?? 0;
      if (boxes * 4 >= this.#lengths) break;
    }
    return Math.max(0, depth);
  }

  /** Builds what a list needs and answers the two words of the entry that leads to it. */
  #entry(whole: Int32Array, depth: number): readonly [reference: number, cut: number] {
    const list = this.#mayPutOff ? whole.filter((rule) => this.#putOff[rule] === 0) : whole;
    this.#committed -= listBytes(whole.length) - listBytes(list.length);
    if (list.length === 0) return this.#emptyLeaf;
    if (list.length <= (depth === 0 ? FLAT_BOXES : LEAF_BOXES)) return this.#leaf(list, depth);
    const parted = this.#cut(list);
    if (parted === undefined) return this.#leaf(list, depth);
    const [cut, lists] = parted;
    const { offset } = this.#boxes.fields[cut.field] as BoxField;
    const size = 1 << cut.bits;
    const at = this.#allocate(size * 2);
    // The segments of this cut, before those of the next ones overwrite them.
    const segments = this.#segments.slice(0, size);
    const entries = this.#entries(lists, depth + 1);
    for (let window = 0; window < size; window++) {
      const [reference, next] = entries[segments[window] as number] as readonly [number, number];
      this.#words[at + 2 * window] = reference;
      this.#words[at + 2 * window + 1] = next;
    }
    const description = Tree.CUT | offset | (cut.shift << Tree.CUT_SHIFT) | (cut.bits << Tree.CUT_BITS);
    return [this.#reference(at), description >>> 0];
  }

  /** The best cut of a list that the budget can pay, and its lists; undefined when none is worth it. */
  #cut(list: Int32Array): readonly [cut: Cut, lists: Int32Array[]] | undefined {
    let cut = this.#chooser.choose(list);
    while (cut !== undefined) {
      const lists = this.#part(list, cut);
      if (lists === undefined) return undefined;
      if (lists !== NOT_PAID) return [cut, lists];
      const fewer = this.#chooser.choose(list, cut.bits - FEWER_BITS);
      if (fewer === undefined) this.#unpaid++;
      else this.#reduced++;
      cut = fewer;
    }
    return undefined;
  }

  /**
   * What leads to each of a cut's lists. Lists that have room in one group together share a leaf: each box says itself
   * whom it holds, so that others beside it do no harm.
   */
  #entries(lists: readonly Int32Array[], depth: number): (readonly [reference: number, cut: number])[] {
    const entries = new Array<readonly [reference: number, cut: number]>(lists.length);
    const sharing: number[] = [];
    let shared: Int32Array = new Int32Array(0);
    let leaves = 0;
    const close = (): void => {
      leaves++;
      const leaf = this.#leaf(shared, depth);
      for (const place of sharing.splice(0)) entries[place] = leaf;
    };
    lists.forEach((whole, place) => {
      if (whole.length > GROUP_LIST) {
        entries[place] = this.#entry(whole, depth);
        return;
      }
      const list = this.#mayPutOff ? whole.filter((box) => this.#putOff[box] === 0) : whole;
      if (list.length === 0) {
        entries[place] = this.#emptyLeaf;
        return;
      }
      const together = union(shared, list);
      if (together.length <= GROUP_LIST) shared = together;
      else {
        close();
        shared = list;
      }
      sharing.push(place);
    });
    if (sharing.length > 0) close();
    this.#committed += leaves * Tree.GROUP_BYTES - sharedBytes(lists.map(({ length }) => length));
    return entries;
  }

  /**
   * The lists of a cut, by segment: a run of windows that the same rules reach. #segments says which window is in which
   * segment. Undefined when nothing would be parted.
   */
  #part(list: Int32Array, { field, shift, bits }: Cut): Int32Array[] | typeof NOT_PAID | undefined {
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
  ): Int32Array[] | typeof NOT_PAID | undefined {
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
    const kept = new Uint8Array(list.length);
    let wild = 0;
    const put: number[] = [];
    list.forEach((rule, index) => {
      const first = firsts[index] as number;
      const spanned = first < 0 ? distinct : (((lasts[index] as number) - first + count) % count) + 1;
      if (this.#mayPutOff && spanned > 1 && (this.#copies[rule] as number) + spanned > this.#mostCopies) {
        put.push(rule);
        return;
      }
      kept[index] = 1;
      if (first < 0) wild++;
      else {
        this.#eachSegment(first, lasts[index] as number, count, (segment) => {
          const number = numbers[segment] as number;
          lengths[number] = (lengths[number] as number) + 1;
        });
      }
    });
    for (let number = 0; number < distinct; number++) lengths[number] = (lengths[number] as number) + wild;
    if (lengths.includes(list.length)) return undefined;
    let bytes = (mask + 1) * Tree.ENTRY_BYTES - listBytes(list.length) + sharedBytes(lengths);
    for (const length of lengths) if (length > GROUP_LIST) bytes += listBytes(length);
    if (this.#committed + bytes > this.#budget) return NOT_PAID;
    this.#committed += bytes;
    for (const rule of put) this.#putOff[rule] = 1;
    const lists = Array.from(lengths, (length) => new Int32Array(length));
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

  #leaf(list: Int32Array, depth = 0): readonly [reference: number, cut: number] {
    const groups = listBytes(list.length) / Tree.GROUP_BYTES;
    const at = this.#allocate(groups * GROUP_WORDS);
    this.#longest = Math.max(this.#longest, list.length);
    this.#lengths += list.length;
    this.#squares += list.length * list.length;
    this.#reached[depth] = (this.#reached[depth] ?? 0) + list.length;
    for (let place = 0; place < groups * Tree.GROUP_BOXES; place++) {
      const group = at + Math.floor(place / Tree.GROUP_BOXES) * GROUP_WORDS;
      this.#box(group, place % Tree.GROUP_BOXES, list[place]);
    }
    const [first] = list;
    return [this.#reference(at), first === undefined ? Tree.EMPTY : (this.#boxes.rule[first] as number)];
  }

  /** A box in its place of a group; without one, the box that holds everything. */
  #box(group: number, place: number, box: number | undefined): void {
    const [src, dst, sport, dport, proto, byte] = this.#groupFields;
    const rule = box === undefined ? this.#answers.length - 1 : (this.#boxes.rule[box] as number);
    const lo = (field: BoxField | undefined): number =>
      field === undefined || box === undefined ? 0 : (field.lo[box] as number);
    const span = (field: BoxField | undefined): number =>
      field === undefined || box === undefined ? 0xffffffff : (field.hi[box] as number) - lo(field);
    const words = this.#words;
    words[group + Tree.SRC_LO / 4 + place] = lo(src);
    words[group + Tree.SRC_SPAN / 4 + place] = span(src);
    words[group + Tree.DST_LO / 4 + place] = lo(dst);
    words[group + Tree.DST_SPAN / 4 + place] = span(dst);
    words[group + Tree.ANSWERS / 4 + place] = this.#answers[rule] as number;
    const halves = new Uint16Array(words.buffer, group * 4, Tree.GROUP_BYTES / 2);
    halves[Tree.PORTS_LO / 2 + place] = lo(sport);
    halves[Tree.PORTS_LO / 2 + Tree.GROUP_BOXES + place] = lo(dport);
    halves[Tree.PORTS_SPAN / 2 + place] = span(sport);
    halves[Tree.PORTS_SPAN / 2 + Tree.GROUP_BOXES + place] = span(dport);
    const bytes = new Uint8Array(words.buffer, group * 4, Tree.GROUP_BYTES);
    [proto, byte].forEach((field, index) => {
      const at = index * Tree.GROUP_BOXES + place;
      if (field?.masked === undefined || box === undefined) return;
      bytes[Tree.BYTES_VALUE + at] = field.masked.value[box] as number;
      bytes[Tree.BYTES_MASK + at] = field.masked.mask[box] as number;
    });
  }

  #reference(word: number): number {
    return this.#base + word * 4;
  }

  /** Zeroed words, aligned to a group. */
  #allocate(words: number): number {
    const at = Math.ceil(this.#used / GROUP_WORDS) * GROUP_WORDS;
    this.#used = at + words;
    if (this.#used > this.#words.length) {
      const grown = new Uint32Array(Math.max(this.#used, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    return at;
  }
}
