// Cut trees of a chain (layout/tree.ts), built by the kernel (assembly/compile/) in a memory of their own, so that nothing
// is in the image before it is known to be of use.

import { Allocator } from '../../kernel/allocator.ts';
import { compileKernel, createMemory, instantiateKernel, type Kernel } from '../../kernel/kernel.ts';
import * as Build from '../../layout/cut-build.ts';
import * as Tree from '../../layout/tree.ts';
import type { Boxes, BoxField } from './boxes.ts';

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
}

/** Lists of one tree that a box may be in before it is put off to the next: of long chains ... */
const COPIES = 16;
const LONG = 4096;
/** ... and what is tried for the others until the budget pays for it. */
const COPIES_TRIED = [32, 16, 8];
/**
 * Lists up to this length are not worth parting: a group is compared as one. Of chains from LARGE boxes on, whose trees
 * are larger than the caches, lists that fill a group; of others shorter ones, for they share groups with others.
 */
const FULL_GROUP = 3;
const SHORT_GROUP = 2;
const LARGE = 32_768;

/** Packets that are drawn at most. */
const SAMPLE = 200;

/** Builds the trees of one chain, from boxes that it has put where the kernel finds them. */
export class CutTreeBuilder {
  readonly #count: number;
  readonly #memory: WebAssembly.Memory;
  readonly #allocator: Allocator;
  readonly #kernel: Kernel;
  readonly #job: number;

  constructor({ boxes, groupFields, answers }: CutTreeInput) {
    const { count, rule, fields } = boxes;
    this.#count = count;
    this.#memory = createMemory(0);
    this.#kernel = instantiateKernel(compileKernel(), this.#memory);
    const allocator = new Allocator(this.#memory);
    this.#allocator = allocator;
    this.#job = allocator.allocate(Build.BYTES);
    const place = (values: Uint32Array | Int32Array | Uint8Array): number =>
      allocator.place(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const at = allocator.allocate(fields.length * Build.FIELD_BYTES);
    fields.forEach(({ offset, bits, lo, hi, masked }, index) => {
      const words = [
        [Build.FIELD_OFFSET, offset],
        [Build.FIELD_BITS, bits],
        [Build.FIELD_LO, place(lo)],
        [Build.FIELD_HI, place(hi)],
        [Build.FIELD_VALUE, masked === undefined ? 0 : place(masked.value)],
        [Build.FIELD_MASK, masked === undefined ? 0 : place(masked.mask)],
      ] as const;
      for (const [word, value] of words) this.#setWord(at + index * Build.FIELD_BYTES + word, value);
    });
    const words = [
      [Build.BOXES, count],
      [Build.RULE_OF, place(rule)],
      [Build.FIELDS, at],
      [Build.FIELD_COUNT, fields.length],
      [Build.ANSWERS, place(answers)],
      [Build.RULES, answers.length - 1],
    ] as const;
    for (const [word, value] of words) this.#setWord(this.#job + word, value);
    groupFields.forEach((field, index) => {
      const number = field === undefined ? Build.NO_FIELD : fields.indexOf(field);
      this.#setWord(this.#job + Build.GROUP_FIELDS + 4 * index, number);
    });
    const alone = Math.log2(1 + (count > LARGE ? FULL_GROUP : SHORT_GROUP));
    this.#view().setFloat64(Build.ALONE, alone, true);
  }

  /**
   * Candidates that a packet has to be verified against before one is sure to decide, on the average over packets drawn
   * from the boxes. `doubts`: by rule, 1 if it has to be verified.
   */
  unsureCandidates(doubts: Uint8Array): number {
    const packets = Math.min(SAMPLE, this.#count);
    this.#setWord(this.#job + Build.UNSURE, this.#allocator.place(doubts));
    return (this.#kernel.unsureCandidates as Kernel[string])(this.#job, packets) / Math.max(1, packets);
  }

  /**
   * Builds with as many copies of a box as are worth their bytes.
   *
   * @param base image offset of the first word
   */
  build(base: number, budgetBytes: number): CutTrees {
    this.#allocateScratch(base, budgetBytes);
    if (this.#count > LONG) return this.#tryCopies(COPIES);
    let best: CutTrees | undefined;
    for (const copies of COPIES_TRIED) {
      const trees = this.#tryCopies(copies);
      if (best === undefined || trees.cost < best.cost) best = trees;
      if (trees.unpaid === 0 && trees.reduced === 0) return best;
    }
    return best as CutTrees;
  }

  #allocateScratch(base: number, budgetBytes: number): void {
    const count = this.#count;
    const windows = 1 << Build.BITS_MOST;
    // Lists that are put off are owed beside the budget.
    const output = budgetBytes + (Tree.TREES_MOST + 1) * (count + Tree.GROUP_BOXES) * (Tree.GROUP_BYTES / 4);
    const sizes = [
      [Build.PUT_OFF, count],
      [Build.COPIES, 2 * count],
      [Build.MARKS, windows],
      [Build.SEGMENTS, 4 * windows],
      [Build.COUNTS, 2 * windows],
      [Build.WINDOWS, 2 * Build.SAMPLE_MOST * Build.NARROW],
      [Build.FIRSTS, 2 * Build.SAMPLE_MOST],
      [Build.LOWS, 4 * Build.SAMPLE_MOST],
      [Build.HIGHS, 4 * Build.SAMPLE_MOST],
      [Build.HALVINGS, 8 * (Build.SAMPLE_MOST + 1)],
      [Build.REACHED, 4 * Build.DEPTH_MOST],
      [Build.OUTPUT, output],
      [Build.STACK, 0],
    ] as const;
    for (const [word, bytes] of sizes) this.#setWord(this.#job + word, this.#allocator.allocate(bytes));
    this.#setWord(this.#job + Build.OUTPUT_END, this.#word(Build.OUTPUT) + output);
    this.#setWord(this.#job + Build.BASE, base);
    this.#view().setBigUint64(Build.BUDGET, BigInt(budgetBytes), true);
  }

  #tryCopies(copies: number): CutTrees {
    const stack = this.#word(Build.STACK);
    this.#setWord(this.#job + Build.COPIES_MOST, copies);
    for (const word of [Build.USED, Build.UNPAID, Build.REDUCED, Build.LONGEST])
      this.#setWord(this.#job + word, 0);
    this.#view().setFloat64(Build.COST, 0, true);
    (this.#kernel.buildTrees as Kernel[string])(this.#job);
    this.#setWord(this.#job + Build.STACK, stack);
    return this.#results();
  }

  #results(): CutTrees {
    const view = this.#view();
    const places = Array.from(
      { length: this.#word(Build.TREES) },
      (_, tree) => Build.TREE + tree * Build.TREE_BYTES,
    );
    const word = (at: number): number => view.getUint32(at, true);
    return {
      roots: places.map((at) => [
        word(at),
        word(at + 4),
        word(at + Build.TREE_LEAST),
        word(at + Build.TREE_DEPTH),
      ]),
      words: new Uint32Array(
        this.#memory.buffer,
        this.#word(Build.OUTPUT),
        this.#word(Build.USED) / 4,
      ).slice(),
      trees: places.map((at) => ({
        boxes: word(at + Build.TREE_BOXES),
        leafBoxes: view.getFloat64(at + Build.TREE_MET, true),
      })),
      cost: view.getFloat64(Build.COST, true),
      unpaid: this.#word(Build.UNPAID),
      reduced: this.#word(Build.REDUCED),
      longest: this.#word(Build.LONGEST),
    };
  }

  #view(): DataView {
    return new DataView(this.#memory.buffer, this.#job, Build.BYTES);
  }

  #word(offset: number): number {
    return this.#view().getUint32(offset, true);
  }

  #setWord(address: number, value: number): void {
    new DataView(this.#memory.buffer, address, 4).setUint32(0, value, true);
  }
}
