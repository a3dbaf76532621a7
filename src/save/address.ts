// What `-s` and `-d` ask, by its text.

import { type AddressError, isZero, parseAddressMask } from '../model/mask.ts';
import type { AddressMask, Family, Negatable } from '../model/ruleset.ts';

const MAX_KEPT = 4096;

/** Real rule sets name the same networks again and again: one object for each. */
export class AddressConditions {
  readonly #family: Family;
  readonly #kept = new Map<string, Negatable<AddressMask>>();

  constructor(family: Family) {
    this.#family = family;
  }

  /** The condition that ADDRESS[/MASK] is; undefined if it holds for every packet. */
  of(text: string, invert: boolean): Negatable<AddressMask> | undefined | AddressError {
    let condition = this.#kept.get(text);
    if (condition === undefined) {
      const value = parseAddressMask(text, this.#family);
      if ('reason' in value) return value;
      condition = { value, invert: false };
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      this.#kept.set(text, condition);
    }
    // Inverted, 0.0.0.0/0 matches nothing, and stays.
    if (invert) return { value: condition.value, invert };
    return isZero(condition.value.mask) ? undefined : condition;
  }
}
