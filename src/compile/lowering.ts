// What matches and targets write their operations with: one for all rules of a rule set, a rule at a time.

import type { LowerContext } from '../extension/extension.ts';
import type { Rule } from '../model/ruleset.ts';

/** Words of an operation are padded to so many. */
const UNIT = 4;

type Surroundings = Omit<LowerContext, 'rule' | 'emit'>;

export class Lowering implements LowerContext {
  readonly family: LowerContext['family'];
  readonly backend: LowerContext['backend'];
  readonly interfaceRow: LowerContext['interfaceRow'];
  readonly register: LowerContext['register'];
  #rule: Rule | undefined;
  #words: number[] = [];

  constructor({ family, backend, interfaceRow, register }: Surroundings) {
    this.family = family;
    this.backend = backend;
    this.interfaceRow = interfaceRow;
    this.register = register;
  }

  /** Begins a new list of operations, for a match or target of a rule. */
  of(rule: Rule): this {
    this.#rule = rule;
    this.#words = [];
    return this;
  }

  get rule(): Rule {
    return this.#rule as Rule;
  }

  /** The operations so far. */
  get words(): readonly number[] {
    return this.#words;
  }

  readonly emit = (code: number, ...operands: readonly number[]): void => {
    const words = this.#words;
    const count = Math.ceil((operands.length + 1) / UNIT) * UNIT;
    words.push(code | ((count * 4) << 16));
    for (const operand of operands) words.push(operand >>> 0);
    for (let index = operands.length + 1; index < count; index++) words.push(0);
  };
}
