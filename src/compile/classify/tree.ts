// Chooses what to search a long chain by, and puts its cut trees into the image (layout/tree.ts).

import * as Classifier from '../../layout/classifier.ts';
import * as Packet from '../../layout/packet.ts';
import * as Tree from '../../layout/tree.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { FIELD_NAMES } from './bitvector.ts';
import { type Boxes, type BoxField, boxesOf } from './boxes.ts';
import type { RuleConditions } from './condition.ts';
import { CutTreeBuilder, type CutTrees } from './cut-tree.ts';

/** Bytes that the trees of a chain may take: a rule, and in any case. */
const BYTES_A_RULE = 224;
const LEAST_BYTES = 64 * 1024;

/** Trees of more bytes do not stay in the cache that one core has. */
const LARGE_BYTES = 512 * 1024;

export interface TreePlan {
  /** Image offset of the classifier. */
  readonly offset: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly fields: readonly string[];
  readonly built: Omit<CutTrees, 'words'>;
  /** Are fields asked about that are known only when a packet enters the chain? */
  readonly late: boolean;
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
}

/** A chain's boxes and what they answer, from which trees can be built. */
export interface TreeInput {
  readonly rules: readonly RuleConditions[];
  readonly boxes: Boxes;
  /** Packet record offsets of what groups hold: source word, destination word, ports, protocol, byte. */
  readonly groupFields: readonly number[];
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
  /** By rule, and behind them of the chain's end: Tree.ANSWERS. */
  readonly answers: Uint32Array;
  readonly builder: CutTreeBuilder;
}

/**
 * Undefined when no rule asks about any field. `finals`: by rule, and behind them of the chain's end, the verdict plus 1
 * that it gives when all its conditions hold, else 0.
 */
export function treeInput(
  rules: readonly RuleConditions[],
  finals: readonly number[],
  family: Family,
): TreeInput | undefined {
  const boxes = boxesOf(rules, family);
  if (boxes.fields.length === 0 || rules.length > Tree.RULES_MOST) return undefined;
  const [src, dst] = [tellingWord(boxes, Packet.SRC), tellingWord(boxes, Packet.DST)];
  const groupFields = [src, dst, Packet.SPORT, Packet.DPORT, Packet.PROTO, tellingByte(boxes)];
  const exact = rules.map(
    (rule, index) =>
      rule.exact &&
      boxes.exact[index] === 1 &&
      [...rule.fields.keys()].every((field) => groupFields.includes(field)),
  );
  const answers = Uint32Array.from(finals, (final, rule) => {
    const sure = rule === rules.length || (exact[rule] && !asksInterface(rules[rule] as RuleConditions));
    return ((rule << Tree.ANSWER_RULE) | (sure ? final : 0)) >>> 0;
  });
  const builder = new CutTreeBuilder({
    boxes,
    groupFields: groupFields.map((offset) => boxes.fields.find((field) => field.offset === offset)),
    answers,
  });
  return { rules, boxes, groupFields, exact, answers, builder };
}

/** Emits cut trees for a chain. */
export function emitTrees(emitter: Emitter, input: TreeInput): TreePlan {
  const { rules, boxes, answers, exact } = input;
  const [src, dst, , , , byte] = input.groupFields as [number, number, number, number, number, number];
  const start = emitter.align(128);
  const budgetBytes = Math.max(LEAST_BYTES, rules.length * BYTES_A_RULE);
  const { words, ...built } = input.builder.build(start + Tree.HEADER_BYTES, budgetBytes);
  const header = emitter.appendZeros(Tree.HEADER_BYTES);
  emitter.append(words);
  emitter.setWord(header + Tree.TREES, built.roots.length);
  emitter.setWord(header + Tree.SRC_WORD, src);
  emitter.setWord(header + Tree.DST_WORD, dst);
  emitter.setWord(header + Tree.BYTE, byte);
  emitter.setWord(header + Tree.RULES, rules.length);
  emitter.setWord(header + Tree.END_ANSWER, answers[rules.length] as number);
  emitter.setWord(header + Tree.LARGE, Number(emitter.bytes - start > LARGE_BYTES));
  emitter.setWord(header + Tree.LATE, Number(boxes.late));
  emitter.setWord(header + Classifier.KIND, Classifier.TREES);
  built.roots.forEach((words, tree) => {
    words.forEach((word, index) => {
      emitter.setWord(header + Tree.ROOTS + tree * Tree.ROOT_BYTES + 4 * index, word);
    });
  });
  return {
    offset: start,
    bytes: emitter.bytes - start,
    budgetBytes,
    fields: [...FIELD_NAMES].filter(([field]) => boxes.asked.includes(field)).map(([, name]) => name),
    built,
    late: boxes.late,
    exact,
  };
}

/** Candidates that a packet has to be verified against before one is sure to decide, on the average. */
export function unsureCandidates({ builder, exact, rules }: TreeInput): number {
  return builder.unsureCandidates(
    Uint8Array.from(rules, (rule, index) => Number(!exact[index] || asksInterface(rule))),
  );
}

function asksInterface(rule: RuleConditions): boolean {
  return rule.in !== undefined || rule.out !== undefined;
}

/** Of the bytes that rules ask about beside the protocol the one that most boxes ask about. */
function tellingByte({ fields }: Boxes): number {
  let most = 0;
  let byte = Packet.TCP_FLAGS;
  for (const { offset, masked } of fields) {
    if (masked === undefined || offset === Packet.PROTO) continue;
    const asking = masked.mask.reduce((count, mask) => count + Number(mask !== 0), 0);
    if (asking <= most) continue;
    most = asking;
    byte = offset;
  }
  return byte;
}

/** Of an address's words in the packet record the one that takes most values. */
function tellingWord(boxes: Boxes, address: number): number {
  const words = boxes.fields.filter(({ offset }) => offset >= address && offset < address + 16);
  if (words.length === 1) return (words[0] as BoxField).offset;
  let most = -1;
  let word = address;
  for (const { offset, lo } of words) {
    const values = new Set(lo).size;
    if (values <= most) continue;
    most = values;
    word = offset;
  }
  return word;
}
