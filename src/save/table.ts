// A table while its lines are read: what iptables' commands do to it, in memory.

import { type Place, WasmtablesError } from '../error.ts';
import {
  BUILT_IN_CHAINS,
  type Chain,
  type Counters,
  type HookName,
  type Rule,
  type Table,
  type TableName,
} from '../model/ruleset.ts';
import { didYouMean } from './hint.ts';
import { short, ZERO } from './scanned.ts';

/**
 * Steps that edits of a file may cost beyond adding rules. A rule file of real life stays far below; one that flushes
 * thousands of chains thousands of times would take minutes.
 */
const MAX_STEPS = 50_000_000;

/** Counts the steps of edits over all tables of a file. */
export class EditBudget {
  #steps = 0;

  /** True once spend() has thrown: reading on is of no use. */
  get exceeded(): boolean {
    return this.#steps > MAX_STEPS;
  }

  /** Throws LIMIT once the file's edits have cost too much. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.exceeded) {
      throw new WasmtablesError('LIMIT', 'the edits of this file (-I, -D, -F, -X, -Z, -E) take too long');
    }
  }
}

/** The rules of a chain. Inserting at the top is common (`-I` without a number) and must not move all others. */
class RuleList {
  #top: Rule[] = [];
  #rest: Rule[] = [];
  #index: RuleIndex | undefined;
  readonly #budget: EditBudget;

  constructor(budget: EditBudget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#top.length + this.#rest.length;
  }

  append(rule: Rule): void {
    this.#rest.push(rule);
    this.#count(rule, 1);
  }

  insert(index: number, rule: Rule): void {
    if (index === 0) this.#top.push(rule);
    else {
      this.#budget.spend(1 + this.length / 64);
      this.all().splice(index, 0, rule);
    }
    this.#count(rule, 1);
  }

  /** The rules in order; the array is the list's own. */
  all(): Rule[] {
    if (this.#top.length > 0) {
      this.#rest = this.#top.reverse().concat(this.#rest);
      this.#top = [];
    }
    return this.#rest;
  }

  clear(): void {
    this.#top = [];
    this.#rest = [];
    this.#index = undefined;
  }

  remove(index: number): void {
    this.#budget.spend(1 + this.length / 64);
    const [rule] = this.all().splice(index, 1);
    if (rule !== undefined) this.#count(rule, -1);
  }

  replace(index: number, rule: Rule): void {
    const rules = this.all();
    this.#count(rules[index] as Rule, -1);
    rules[index] = rule;
    this.#count(rule, 1);
  }

  /** Sets the counters of rule `number` (from 1) or of all rules to zero. */
  zero(number: number | undefined): void {
    const rules = this.all();
    this.#budget.spend(1 + 2 * rules.length);
    rules.forEach((rule, index) => {
      if (number !== undefined && number !== index + 1) return;
      const { packets, bytes } = rule.counters;
      if (packets !== 0n || bytes !== 0n) rules[index] = { ...rule, counters: ZERO };
    });
  }

  /** -D and -C: whether a rule prints as `wanted` does; with `remove` the first such rule goes. */
  find(wanted: Rule, print: (rule: Rule) => string, remove: boolean): boolean {
    const rules = this.all();
    if (this.#index === undefined) {
      this.#budget.spend(20 * rules.length);
      this.#index = { print, counts: new Map(), texts: new WeakMap() };
      for (const rule of rules) this.#count(rule, 1);
    }
    const { counts } = this.#index;
    const text = this.#textOf(wanted);
    if ((counts.get(text) ?? 0) === 0) return false;
    if (remove) {
      const at = rules.findIndex((rule) => this.#textOf(rule) === text);
      this.#budget.spend(1 + at / 2);
      this.remove(at);
    }
    return true;
  }

  #textOf(rule: Rule): string {
    const index = this.#index as RuleIndex;
    let text = index.texts.get(rule);
    if (text === undefined) {
      text = index.print(rule);
      index.texts.set(rule, text);
    }
    return text;
  }

  #count(rule: Rule, change: 1 | -1): void {
    if (this.#index === undefined) return;
    const text = this.#textOf(rule);
    this.#index.counts.set(text, (this.#index.counts.get(text) ?? 0) + change);
  }
}

/** How often each printed rule is in the chain; made when the first -D or -C comes. */
interface RuleIndex {
  readonly print: (rule: Rule) => string;
  readonly counts: Map<string, number>;
  readonly texts: WeakMap<Rule, string>;
}

export interface OpenChain {
  name: string;
  readonly hook: HookName | undefined;
  policy: 'ACCEPT' | 'DROP';
  counters: Counters;
  place: Place | undefined;
  readonly rules: RuleList;
}

export class OpenTable {
  readonly name: TableName;
  readonly #budget: EditBudget;
  #chains = new Map<string, OpenChain>();

  constructor(name: TableName, budget: EditBudget) {
    this.name = name;
    this.#budget = budget;
    for (const hook of BUILT_IN_CHAINS[name]) {
      this.#chains.set(hook, newChain(hook, hook, undefined, budget));
    }
  }

  has(name: string): boolean {
    return this.#chains.has(name);
  }

  names(): Iterable<string> {
    return this.#chains.keys();
  }

  find(name: string): OpenChain | undefined {
    return this.#chains.get(name);
  }

  chain(name: string, place: Place | undefined): OpenChain {
    const chain = this.#chains.get(name);
    if (chain === undefined) throw this.#noChain(name, place);
    return chain;
  }

  #noChain(name: string, place: Place | undefined): WasmtablesError {
    const hook = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name);
    return new WasmtablesError('BAD_CHAIN', `the table ${this.name} has no chain \`${short(name)}\``, {
      place,
      hint: hook
        ? `its built-in chains are ${BUILT_IN_CHAINS[this.name].join(', ')}`
        : (didYouMean(name, this.names()) ?? `declare it first: \`:${short(name)} - [0:0]\``),
    });
  }

  /** What a second `*TABLE` does: all rules and user chains go; iptables-legacy leaves the policies as they are. */
  flushAll(keepPolicies: boolean): void {
    const fresh = new OpenTable(this.name, this.#budget);
    for (const chain of this.#chains.values()) {
      if (chain.hook === undefined || !keepPolicies) continue;
      fresh.chain(chain.name, undefined).policy = chain.policy;
    }
    this.#chains = fresh.#chains;
  }

  create(name: string, place: Place): void {
    this.#chains.set(name, newChain(name, undefined, place, this.#budget));
  }

  /** User chains, in order. */
  userChains(): OpenChain[] {
    this.#budget.spend(this.#chains.size);
    return [...this.#chains.values()].filter((chain) => chain.hook === undefined);
  }

  /** -X: only without rules and references. */
  remove(chain: OpenChain, place: Place | undefined): void {
    if (chain.rules.length > 0) {
      throw new WasmtablesError('BAD_CHAIN', `the chain \`${chain.name}\` still has rules`, {
        place,
        hint: `flush it first: \`-F ${chain.name}\``,
      });
    }
    for (const other of this.#chains.values()) {
      for (const rule of other.rules.all()) {
        if (
          (rule.target?.kind === 'jump' || rule.target?.kind === 'goto') &&
          rule.target.chain === chain.name
        ) {
          throw new WasmtablesError('BAD_CHAIN', `a rule in ${other.name} still jumps to \`${chain.name}\``, {
            place,
          });
        }
      }
    }
    this.#chains.delete(chain.name);
  }

  rename(chain: OpenChain, name: string): void {
    const old = chain.name;
    const entries = [...this.#chains.values()];
    chain.name = name;
    this.#chains = new Map(entries.map((one) => [one.name, one]));
    for (const other of entries) {
      this.#budget.spend(4 + other.rules.length / 8);
      const rules = other.rules.all();
      rules.forEach((rule, index) => {
        const { target } = rule;
        if ((target?.kind === 'jump' || target?.kind === 'goto') && target.chain === old) {
          rules[index] = { ...rule, target: { ...target, chain: name } };
        }
      });
    }
  }

  /** -F without a chain. */
  flushRules(): void {
    this.#budget.spend(this.#chains.size);
    for (const chain of this.#chains.values()) chain.rules.clear();
  }

  finish(): Table {
    const chains = [...this.#chains.values()].map((chain): Chain => {
      const { name, hook, counters, place } = chain;
      const rules = chain.rules.all().slice();
      return { name, hook, policy: hook === undefined ? undefined : chain.policy, counters, rules, place };
    });
    return { name: this.name, chains };
  }
}

function newChain(
  name: string,
  hook: HookName | undefined,
  place: Place | undefined,
  budget: EditBudget,
): OpenChain {
  return { name, hook, policy: 'ACCEPT', counters: ZERO, place, rules: new RuleList(budget) };
}
