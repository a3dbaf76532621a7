// Chooses what a chain is searched by.

import type { Family } from '../../model/ruleset.ts';
import type { Emitter } from '../emitter.ts';
import { emitBitVectors } from './bitvector.ts';
import type { RuleConditions } from './condition.ts';
import type { ClassifiedInterfaces } from './interface-vectors.ts';
import { emitTrees } from './tree.ts';

export type ClassifierKind = 'linear' | 'bit-vectors' | 'trees';
/** 'auto', or what every chain is to have where it can. */
export type ClassifierChoice = 'auto' | ClassifierKind;

/** Chains below this are walked faster rule by rule. */
const LEAST_RULES = 5;
/** From here on cut trees are faster than bit vectors (bench/classify). */
const TREE_RULES = 2048;

export interface ClassifierPlan {
  readonly kind: ClassifierKind;
  /** Image offset of the classifier; 0 when the chain is walked rule by rule. */
  readonly offset: number;
  readonly bytes: number;
  /** By rule: is a candidate sure to match, but for its interfaces? */
  readonly exact: readonly boolean[];
  /** Interface tables, to be filled in as interfaces get to be known. */
  readonly interfaces: readonly ClassifiedInterfaces[];
  readonly fields: readonly string[];
  /** What else is to be said of the choice, a line each. */
  readonly notes: readonly string[];
}

/** Emits a chain's classifier, if one is better than walking rule by rule. */
export function emitClassifier(
  emitter: Emitter,
  rules: readonly RuleConditions[],
  family: Family,
  choice: ClassifierChoice,
): ClassifierPlan {
  const notes: string[] = [];
  const few = rules.length < (choice === 'auto' ? LEAST_RULES : 1);
  if (few || choice === 'linear') return linear(rules, few ? ['short enough to be walked'] : []);
  if (choice === 'trees' || (choice === 'auto' && rules.length >= TREE_RULES)) {
    const plan = emitTrees(emitter, rules, family);
    if (plan === undefined) return linear(rules, ['no condition that could be searched by']);
    const { trees, unpaid, longest } = plan.built;
    for (const [tree, { rules: held, leafRecords }] of trees.entries()) {
      notes.push(`tree ${tree + 1}: ${held} rules, ${leafRecords.toFixed(1)} in a leaf on the average`);
    }
    notes.push(`longest leaf: ${longest} rules`);
    if (unpaid > 0) notes.push(`${unpaid} lists left uncut: over the budget of ${plan.budgetBytes} bytes`);
    return {
      kind: 'trees',
      offset: plan.offset,
      bytes: plan.bytes,
      exact: plan.exact,
      interfaces: [],
      fields: plan.fields,
      notes,
    };
  }
  const plan = emitBitVectors(emitter, rules, family);
  if (plan === undefined) return linear(rules, ['no condition that could be searched by']);
  return { ...plan, kind: 'bit-vectors', notes };
}

function linear(rules: readonly RuleConditions[], notes: readonly string[]): ClassifierPlan {
  return {
    kind: 'linear',
    offset: 0,
    bytes: 0,
    exact: rules.map(() => false),
    interfaces: [],
    fields: [],
    notes,
  };
}
