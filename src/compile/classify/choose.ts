// Chooses what a chain is searched by.

import type { Family } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { emitBitVectors } from './bitvector.ts';
import { askedFields, LATE_FIELDS, type RuleConditions, withoutField } from './condition.ts';
import type { ClassifiedInterfaces } from './interface-vectors.ts';
import { emitTrees, type TreeInput, type TreePlan, treeInput, unsureCandidates } from './tree.ts';

export type ClassifierKind = 'linear' | 'bit-vectors' | 'trees';
/** 'auto', or what every chain is to have where it can. */
export type ClassifierChoice = 'auto' | ClassifierKind;

/** Chains below this are walked faster rule by rule, unless they are all that packets pass: then look-ups need no walk. */
const LEAST_RULES = 5;
/**
 * Chains below this are short. Bit vectors take some 10 kB of each, so that all short chains of an image share a budget:
 * beyond, they are walked rule by rule.
 */
const SHORT_RULES = 32;
const SHORT_BYTES = 1024 * 1024;
/** From here on bit vectors are never better than cut trees. */
const TREE_RULES = 2048;
/** ... and below it they are where trees have to verify more candidates than this for a packet. */
const MOST_UNSURE = 0.5;

/**
 * Trees that look at fields which are known only in the chain cannot be looked up for a whole vector beforehand: they do
 * so only where at least one rule in this many asks.
 */
const LATE_SHARE = 8;

/** Lists of more boxes than this are worth a word. */
const LONG_LEAF = 64;

/** What a chain is searched by. */
export interface ClassifierPlan {
  readonly kind: ClassifierKind;
  /** Image offset of the classifier; 0 when the chain is walked rule by rule. */
  readonly offset: number;
  readonly bytes: number;
  /** Names of the fields that are searched by. */
  readonly fields: readonly string[];
  /** What was not taken and why, and what else is to be said, a line each. */
  readonly notes: readonly string[];
  /** The chain that this one is searched in; none when packets enter it for itself. */
  readonly within?: string | undefined;
  /** Does it look at fields that are known only when a packet enters the chain? */
  readonly late?: boolean | undefined;
}

export interface EmittedClassifier {
  readonly plan: ClassifierPlan;
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
  /** Interface tables, to be filled in as interfaces get to be known. */
  readonly interfaces: readonly ClassifiedInterfaces[];
}

/** A chain to be searched. */
export interface ClassifierInput {
  readonly rules: readonly RuleConditions[];
  /**
   * By rule, and behind them of the chain's end, the verdict plus 1 that it gives when its conditions hold, 0 when it
   * gives none.
   */
  readonly finals: readonly number[];
  /** Packets may be looked up for a whole vector before the chain is walked. */
  readonly beforehand: boolean;
  /** No other chain has rules, and nothing else is done with packets. */
  readonly alone: boolean;
}

/** Emits the classifiers of an image's chains. */
export class ClassifierEmitter {
  readonly #emitter: Emitter;
  readonly #family: Family;
  readonly #choice: ClassifierChoice;
  /** Bytes that the bit vectors of short chains have taken. */
  #shortBytes = 0;

  constructor(emitter: Emitter, family: Family, choice: ClassifierChoice) {
    this.#emitter = emitter;
    this.#family = family;
    this.#choice = choice;
  }

  /** Emits a chain's classifier, if one is better than walking rule by rule. */
  emit(input: ClassifierInput): EmittedClassifier {
    const { rules } = input;
    const choice = this.#choice;
    if (choice === 'linear' || rules.length === 0) return linear([]);
    if (choice === 'auto') {
      if (rules.length < LEAST_RULES) return this.#few(input);
      if (rules.length < SHORT_RULES && this.#shortBytes >= SHORT_BYTES) {
        return linear([
          `bit vectors: not taken, those of other chains below ${SHORT_RULES} rules use up ${SHORT_BYTES} bytes`,
        ]);
      }
    }
    const [trees, why] = treesFor(input, this.#family, choice);
    if (trees !== undefined) return this.#trees(trees, why);
    const vectors = choice === 'trees' ? undefined : emitBitVectors(this.#emitter, rules, this.#family);
    if (vectors === undefined) return linear(['no condition that could be searched by']);
    const { offset, bytes, fields, exact, interfaces, unpaid } = vectors;
    if (rules.length < SHORT_RULES) this.#shortBytes += bytes;
    const notes = unpaid.map((field) => `${field}: not searched by, its trie is over the budget`);
    for (const { room, kinds } of interfaces) {
      if (room < kinds)
        notes.push(`interfaces: searched by ${room} of ${kinds} kinds, more are over the budget`);
    }
    return {
      plan: { kind: 'bit-vectors', offset, bytes, fields, notes: [...why, ...notes] },
      exact,
      interfaces,
    };
  }

  /** Trees only pay where they decide. */
  #few(input: ClassifierInput): EmittedClassifier {
    const few = `fewer than ${LEAST_RULES} rules`;
    if (!input.alone) return linear([few]);
    const trees = treeInput(input.rules, input.finals, this.#family);
    if (trees === undefined || trees.boxes.late || unsureCandidates(trees) > 0) return linear([few]);
    return this.#trees(trees, ['no other chain has rules']);
  }

  #trees(input: TreeInput, why: readonly string[]): EmittedClassifier {
    const trees = emitTrees(this.#emitter, input);
    const { offset, bytes, fields, late } = trees;
    return {
      plan: { kind: 'trees', offset, bytes, fields, notes: [...why, ...treeNotes(trees)], late },
      exact: trees.exact,
      interfaces: [],
    };
  }
}

/** What to build trees from, if they are to be what the chain is searched by; and why they are, or not. */
function treesFor(
  { rules, finals, beforehand }: ClassifierInput,
  family: Family,
  choice: ClassifierChoice,
): readonly [input: TreeInput | undefined, why: readonly string[]] {
  const short = rules.length < TREE_RULES;
  if (choice === 'bit-vectors' || (choice === 'auto' && short && !beforehand)) return [undefined, []];
  const input = treeInput(withoutRareLate(rules), finals, family);
  if (choice === 'trees' || input === undefined) return [input, []];
  if (!short) return [input, [`bit vectors: not taken from ${TREE_RULES} rules on`]];
  const unsure = unsureCandidates(input);
  const found = `in trees ${unsure.toFixed(2)} candidates to be verified for a packet`;
  if (unsure > MOST_UNSURE) return [undefined, [`trees: not taken, ${found}`]];
  return [input, [`bit vectors: not taken, ${found}`]];
}

/** Fields that are known late and that few rules ask about are left to verification. */
function withoutRareLate(rules: readonly RuleConditions[]): readonly RuleConditions[] {
  const byField = askedFields(rules);
  let kept = rules;
  for (const field of LATE_FIELDS) {
    const asked = byField.get(field) ?? 0;
    if (asked > 0 && asked * LATE_SHARE < rules.length) kept = withoutField(kept, field);
  }
  return kept;
}

function treeNotes({ built: { trees, unpaid, longest }, budgetBytes }: TreePlan): string[] {
  const notes: string[] = [];
  for (const [tree, { boxes, leafBoxes }] of trees.entries()) {
    notes.push(`tree ${tree + 1}: boxes ${boxes}, in a leaf on the average ${leafBoxes.toFixed(1)}`);
  }
  notes.push(`longest leaf: ${longest}`);
  if (unpaid > 0) notes.push(`lists not cut, over the budget of ${budgetBytes} bytes: ${unpaid}`);
  else if (longest > LONG_LEAF) {
    notes.push(`lists that no cut parts, read in order: the longest has ${longest} boxes`);
  }
  return notes;
}

function linear(notes: readonly string[]): EmittedClassifier {
  return { plan: { kind: 'linear', offset: 0, bytes: 0, fields: [], notes }, exact: [], interfaces: [] };
}
