// Builds a chain's bit-vector classifier (layout/bitvector.ts, assembly/classify/bitvector.ts).

import * as BitVector from '../../layout/bitvector.ts';
import * as Packet from '../../layout/packet.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { askedFields, fieldBits, type RuleConditions, SEARCH_FIELD_BITS } from './condition.ts';
import { type ClassifiedInterfaces, InterfaceVectors } from './interface-vectors.ts';
import type { Interval } from './interval.ts';
import { VectorPool } from './vector-pool.ts';

/** Chains beyond have vectors that cost more than they save. */
const MOST_RULES = 8192;
/** With fewer rules that ask for it, a search by ICMP type costs more than it saves. */
const LEAST_ICMP_RULES = 4;
/** Bytes that one chain's classifier may take, a rule and in all. */
const NODE_BYTES_A_RULE = 4096;
const LEAST_NODE_BYTES = 256 * 1024;

export interface BitVectorPlan {
  /** Image offset of the classifier. */
  readonly offset: number;
  readonly bytes: number;
  readonly fields: readonly string[];
  /** Fields that the budget does not allow. */
  readonly unpaid: readonly string[];
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
  /** Interface tables, to be filled in as interfaces get to be known. */
  readonly interfaces: readonly ClassifiedInterfaces[];
}

/** Emits a classifier for a chain; undefined when the chain is better walked rule by rule. */
export function emitBitVectors(
  emitter: Emitter,
  rules: readonly RuleConditions[],
  family: Family,
): BitVectorPlan | undefined {
  if (rules.length > MOST_RULES) return undefined;
  const start = emitter.align(64);
  const header = emitter.appendZeros(BitVector.HEADER_BYTES + BitVector.FIELDS * BitVector.FIELD_BYTES);
  const vectors = new VectorPool(emitter, rules.length);
  const fields: { name: string; key: number; bytes: number; root: number; flat: boolean }[] = [];
  const unpaid: string[] = [];
  const budget = Math.max(LEAST_NODE_BYTES, rules.length * NODE_BYTES_A_RULE);
  const byField = askedFields(rules);
  for (const field of SEARCH_FIELD_BITS.keys()) {
    const asked = byField.get(field) ?? 0;
    if (asked === 0 || fields.length >= BitVector.FIELDS - 2) continue;
    // Their protocol tells these rules apart from nearly all packets.
    if (field === Packet.ICMP && asked < LEAST_ICMP_RULES) continue;
    const bits = fieldBits(field, family) as number;
    const builder = new TrieBuilder(emitter, vectors, budget);
    const root = builder.build(
      rules.map((rule) => rule.fields.get(field)),
      bits,
    );
    if (root === undefined) {
      unpaid.push(FIELD_NAMES.get(field) as string);
      continue;
    }
    fields.push({
      name: FIELD_NAMES.get(field) as string,
      key: field,
      bytes: bits / 8,
      root,
      flat: bits === 32 && builder.levels < 4,
    });
  }
  const interfaces: ClassifiedInterfaces[] = [];
  for (const [key, name, side] of [
    [Packet.IIF, 'in', 'in'],
    [Packet.OIF, 'out', 'out'],
  ] as const) {
    if (!rules.some((rule) => rule[side] !== undefined)) continue;
    const table = new InterfaceVectors(
      emitter,
      vectors,
      rules.map((rule) => rule[side]),
    );
    interfaces.push(table.description);
    fields.push({ name, key, bytes: INTERFACE, root: table.description.table, flat: false });
  }
  if (fields.length === 0) return undefined;
  emitter.setWord(header + BitVector.BLOCKS, vectors.bytes / 16);
  let at = header + BitVector.HEADER_BYTES;
  for (const [bytes, count] of FIELD_KINDS) {
    const ofKind = fields
      .filter((field) => field.bytes === bytes)
      .sort((left, right) => Number(right.flat) - Number(left.flat));
    emitter.setWord(header + count, ofKind.length);
    for (const { key, root } of ofKind) {
      emitter.setWord(at + BitVector.KEY, key);
      emitter.setWord(at + BitVector.ROOT, root);
      at += BitVector.FIELD_BYTES;
    }
  }
  emitter.setWord(header + BitVector.FLAT_WORD_FIELDS, fields.filter(({ flat }) => flat).length);
  const searched = new Set(fields.map(({ key }) => key));
  return {
    offset: start,
    bytes: emitter.bytes - start,
    fields: fields.map(({ name }) => name),
    unpaid,
    exact: rules.map((rule) => rule.exact && [...rule.fields.keys()].every((field) => searched.has(field))),
    interfaces,
  };
}

/** Stands for the width of a field that is an interface index. */
const INTERFACE = 0;

/** Fields by width: where in the header their number stands, in the order in which they are looked up. */
const FIELD_KINDS: readonly (readonly [bytes: number, count: number])[] = [
  [1, BitVector.BYTE_FIELDS],
  [2, BitVector.SHORT_FIELDS],
  [4, BitVector.WORD_FIELDS],
  [16, BitVector.ADDRESS_FIELDS],
  [INTERFACE, BitVector.INTERFACE_FIELDS],
];

export const FIELD_NAMES: ReadonlyMap<number, string> = new Map([
  [Packet.SRC, 'source'],
  [Packet.DST, 'destination'],
  [Packet.PROTO, 'protocol'],
  [Packet.SPORT, 'source port'],
  [Packet.DPORT, 'destination port'],
  [Packet.TCP_FLAGS, 'tcp flags'],
  [Packet.ICMP, 'icmp type'],
  [Packet.PKTTYPE, 'packet type'],
  [Packet.MARK, 'mark'],
  [Packet.CTSTATE, 'connection state'],
]);

/** Elementary intervals: in each, every value has the same vector. */
interface Step {
  readonly lo: bigint;
  /** Image offset of the leaf. */
  readonly leaf: number;
}

class TrieBuilder {
  readonly #emitter: Emitter;
  readonly #vectors: VectorPool;
  #bytesLeft: number;
  #steps: Step[] = [];
  /** Levels of the trie that was built. */
  levels = 0;

  constructor(emitter: Emitter, vectors: VectorPool, budget: number) {
    this.#emitter = emitter;
    this.#vectors = vectors;
    this.#bytesLeft = budget;
  }

  /** The trie's root entry; undefined when the trie would go over the budget, before anything is emitted. */
  build(sets: readonly (readonly Interval[] | undefined)[], bits: number): number | undefined {
    this.#steps = this.#elementarySteps(sets);
    const size = 1n << BigInt(bits);
    const nodes = this.#countNodes(0, this.#steps.length - 1, 0n, size);
    if (nodes * BitVector.NODE_BYTES > this.#bytesLeft) return undefined;
    return this.#node(0, this.#steps.length - 1, 0n, size, 1);
  }

  /** A sweep over all bounds; the vector at a bound is the last one with the rules that begin and end there flipped. */
  #elementarySteps(sets: readonly (readonly Interval[] | undefined)[]): Step[] {
    const flips = new Map<bigint, number[]>();
    const flip = (at: bigint, rule: number): void => {
      const rules = flips.get(at);
      if (rules === undefined) flips.set(at, [rule]);
      else rules.push(rule);
    };
    const bits = this.#vectors.blank();
    sets.forEach((intervals, rule) => {
      if (intervals === undefined) {
        bits.add(rule);
        return;
      }
      for (const [lo, hi] of intervals) {
        flip(BigInt(lo), rule);
        flip(BigInt(hi) + 1n, rule);
      }
    });
    const bounds = [...flips.keys()].sort((left, right) => (left < right ? -1 : 1));
    if (bounds[0] !== 0n) bounds.unshift(0n);
    const steps: Step[] = [];
    for (const lo of bounds) {
      for (const rule of flips.get(lo) ?? []) bits.toggle(rule);
      const leaf = this.#vectors.offset(bits);
      if (steps.at(-1)?.leaf !== leaf) steps.push({ lo, leaf });
    }
    return steps;
  }

  /** Nodes for values [base, base + size), which steps first to last cover. */
  #countNodes(first: number, last: number, base: bigint, size: bigint): number {
    let count = 1;
    this.#children(first, last, base, size, (childFirst, childLast, childBase, childSize) => {
      if (childFirst === childLast || count * BitVector.NODE_BYTES > this.#bytesLeft) return;
      count += this.#countNodes(childFirst, childLast, childBase, childSize);
    });
    return count;
  }

  /** Emits a node and answers the entry that leads to it. */
  #node(first: number, last: number, base: bigint, size: bigint, level: number): number {
    this.levels = Math.max(this.levels, level);
    const node = this.#emitter.align(64);
    this.#emitter.appendZeros(BitVector.NODE_BYTES);
    let index = 0;
    this.#children(first, last, base, size, (childFirst, childLast, childBase, childSize) => {
      const entry =
        childFirst === childLast
          ? (this.#steps[childFirst] as Step).leaf
          : this.#node(childFirst, childLast, childBase, childSize, level + 1);
      this.#emitter.setWord(node + 4 * index, entry);
      index++;
    });
    return node | BitVector.NODE;
  }

  /** Calls `visit` for each of a node's 256 children with the steps that cover it. */
  #children(
    first: number,
    last: number,
    base: bigint,
    size: bigint,
    visit: (first: number, last: number, base: bigint, size: bigint) => void,
  ): void {
    const childSize = size >> 8n;
    let from = first;
    for (let child = 0n; child < 256n; child++) {
      const childBase = base + child * childSize;
      const childEnd = childBase + childSize;
      while (from < last && (this.#steps[from + 1] as Step).lo <= childBase) from++;
      let to = from;
      while (to < last && (this.#steps[to + 1] as Step).lo < childEnd) to++;
      visit(from, to, childBase, childSize);
    }
  }
}
