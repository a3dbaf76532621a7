// Chooses what to search a long chain by, and puts its cut trees into the image (layout/tree.ts).

import * as Classifier from '../../layout/classifier.ts';
import * as Packet from '../../layout/packet.ts';
import * as Tree from '../../layout/tree.ts';
import type { Family } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { FIELD_NAMES } from './bitvector.ts';
import { type Boxes, type BoxField, boxesOf } from './boxes.ts';
import type { RuleConditions } from './condition.ts';
import { buildCutTrees, type CutTrees } from './cut-tree.ts';

/** Bytes that the trees of a chain may take: a rule, and in any case. */
const BYTES_A_RULE = 224;
const LEAST_BYTES = 64 * 1024;

export interface TreePlan {
  /** Image offset of the classifier. */
  readonly offset: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly fields: readonly string[];
  readonly built: Omit<CutTrees, 'words'>;
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
}

/** Emits cut trees for a chain; undefined when no rule asks about any field. */
export function emitTrees(
  emitter: Emitter,
  rules: readonly RuleConditions[],
  family: Family,
): TreePlan | undefined {
  const boxes = boxesOf(rules, family);
  if (boxes.fields.length === 0) return undefined;
  const start = emitter.align(64);
  const src = tellingWord(boxes, Packet.SRC);
  const dst = tellingWord(boxes, Packet.DST);
  const recordFields = [
    ...[src, dst].map((offset) => fieldAt(boxes, offset)),
    ...[Packet.SPORT, Packet.DPORT, Packet.PROTO].map((offset) => fieldAt(boxes, offset)),
  ];
  const budgetBytes = Math.max(LEAST_BYTES, rules.length * BYTES_A_RULE);
  const { words, ...built } = buildCutTrees({
    boxes,
    recordFields,
    base: start + Tree.HEADER_BYTES,
    budgetBytes,
  });
  const header = emitter.appendZeros(Tree.HEADER_BYTES);
  emitter.append(words);
  emitter.setWord(header + Tree.TREES, built.roots.length);
  emitter.setWord(header + Tree.SRC_WORD, src);
  emitter.setWord(header + Tree.DST_WORD, dst);
  emitter.setWord(header + Tree.RULES, rules.length);
  emitter.setWord(header + Classifier.KIND, Classifier.TREES);
  built.roots.forEach((words, tree) => {
    words.forEach((word, index) => {
      emitter.setWord(header + Tree.ROOTS + tree * Tree.ROOT_BYTES + 4 * index, word);
    });
  });
  const inRecords = new Set(recordFields.map((field) => field?.offset));
  return {
    offset: start,
    bytes: emitter.bytes - start,
    budgetBytes,
    fields: [...FIELD_NAMES]
      .filter(([field]) => rules.some((rule) => rule.fields.has(field)))
      .map(([, name]) => name),
    built,
    exact: rules.map(
      (rule, index) =>
        rule.exact &&
        boxes.exact[index] === 1 &&
        [...rule.fields.keys()].every((field) => inRecords.has(field)),
    ),
  };
}

/** Of an address's words in the packet record the one that takes most values. */
function tellingWord(boxes: Boxes, address: number): number {
  const words = boxes.fields.filter(({ offset }) => offset >= address && offset < address + 16);
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

function fieldAt(boxes: Boxes, offset: number): BoxField | undefined {
  return boxes.fields.find((field) => field.offset === offset);
}
