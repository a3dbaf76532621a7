// Model -> image. The layout of an image is in src/layout/image.ts and rule.ts; what one match lowers to is in its
// file in src/extension.

import { type EntryNeeds, entryNeeds, needsConntrack } from '../extension/tracking.ts';
import * as Hook from '../layout/hook.ts';
import * as Image from '../layout/image.ts';
import * as Op from '../layout/op.ts';
import * as Packet from '../layout/packet.ts';
import * as RuleRecord from '../layout/rule.ts';
import * as TargetKind from '../layout/target.ts';
import * as Trail from '../layout/trail.ts';
import * as Tree from '../layout/tree.ts';
import * as Verdict from '../layout/verdict.ts';
import {
  type Backend,
  type Chain,
  HOOK_ORDER,
  type HookName,
  type Rule,
  type RuleSet,
  TABLE_ORDER,
  type Table,
} from '../model/ruleset.ts';
import { stationsAt } from '../model/station.ts';
import type { Aliases } from './aliases.ts';
import { alwaysReached, chainOrder } from './chain-order.ts';
import { changingFields } from './changing.ts';
import { type ClassifierChoice, ClassifierEmitter, type ClassifierPlan } from './classify/choose.ts';
import { both, conditionsOf, type RuleConditions, without } from './classify/condition.ts';
import { expectedCandidates } from './classify/estimate.ts';
import type { ClassifiedInterfaces } from './classify/interface-vectors.ts';
import { Emitter } from './emitter.ts';
import { type FlatRule, flatten } from './flatten.ts';
import type { InterfaceRow } from './interface-rows.ts';
import { RuleEmitter, VERDICTS } from './rule-emitter.ts';
import { trailKey } from './trail.ts';

/** What to do at a match or target that is not modelled (`--unknown`). */
export type UnknownPolicy = 'refuse' | 'match' | 'no-match' | 'verdict';

export interface CompileOptions {
  readonly backend: Backend;
  readonly unknown: UnknownPolicy;
  /** What chains are searched by; by default the compiler chooses for each. Changes nothing but time. */
  readonly classifier?: ClassifierChoice | undefined;
  /** Estimate what each chain's classifier is worth, for reports. */
  readonly explain?: boolean | undefined;
}

/** An image and what reports need to speak of it. Structured-clonable but for `ruleSet` and `registered`. */
export interface CompiledRules {
  readonly ruleSet: RuleSet;
  readonly image: Uint8Array<ArrayBuffer>;
  /** Rule records in the image, policies and chain ends included: what a counter array has to hold. */
  readonly recordCount: number;
  /** Chains in image order. */
  readonly chains: readonly CompiledChain[];
  readonly aliases: readonly Aliases[];
  readonly rows: readonly InterfaceRow[];
  /** Classifiers' interface tables. */
  readonly interfaceTables: readonly ClassifiedInterfaces[];
  /** Names of the matches and targets behind UNKNOWN answers, by id. */
  readonly unknowns: readonly string[];
  /** Options that extensions registered (LOG, NFLOG), by id. */
  readonly registered: readonly unknown[];
  /** Some rule switches connection tracking on for the family. */
  readonly conntrack: boolean;
  /** What its entries are to have. */
  readonly entryNeeds: EntryNeeds;
}

interface FlatChain extends Aliases {
  readonly compiled: CompiledChain;
  readonly rules: readonly FlatRule[];
}

export interface CompiledChain {
  readonly table: Table;
  readonly chain: Chain;
  /** Index of the chain's first record; the record after its last rule is the policy or the chain's end. */
  readonly firstRecord: number;
  /** Set once the chain is compiled. */
  plan?: ClassifierPlan | undefined;
  /** With `explain`: rules that a packet is verified against, on the average. */
  candidates?: number | undefined;
}

/** Compiles one family's rule set. The set has to be valid (src/model/validate.ts). */
export function compile(ruleSet: RuleSet, options: CompileOptions): CompiledRules {
  return new Compiler(ruleSet, options).run();
}

/** Rules that decide by the ctstate alone and are asked before anything is looked up. */
const MOST_LEADING = 4;

class Compiler {
  readonly #ruleSet: RuleSet;
  readonly #tracked: boolean;
  readonly #options: CompileOptions;
  readonly #chains: CompiledChain[] = [];
  /** Each chain's first record, by table and chain name; and the chains without rules. */
  readonly #firstRecords = new Map<string, number>();
  readonly #empty = new Set<string>();
  readonly #alwaysReached = new Set<Chain>();
  readonly #changingFields = new Map<Table, (chain: string) => ReadonlySet<number>>();
  readonly #interfaceTables: ClassifiedInterfaces[] = [];
  readonly #rulesStart: number;
  readonly #recordCount: number;
  readonly #flats: FlatChain[] = [];
  /** Chains that no packet enters but where they stand in others, and these. */
  readonly #within = new Map<Chain, Chain>();
  /** Where the records begin by which a chain's packets are looked up, if they are. */
  readonly #searched = new Map<CompiledChain, number>();
  readonly #emitter: Emitter;
  readonly #rules: RuleEmitter;
  readonly #classifiers: ClassifierEmitter;

  constructor(ruleSet: RuleSet, options: CompileOptions) {
    this.#ruleSet = ruleSet;
    this.#options = options;
    this.#tracked = needsConntrack(ruleSet);
    let records = 0;
    for (const table of ruleSet.tables) {
      for (const chain of alwaysReached(table)) this.#alwaysReached.add(chain);
      for (const chain of chainOrder(table)) {
        this.#chains.push({ table, chain, firstRecord: records });
        this.#firstRecords.set(`${table.name} ${chain.name}`, records);
        if (chain.rules.length === 0) this.#empty.add(`${table.name} ${chain.name}`);
        records += chain.rules.length + 1;
      }
    }
    if (options.classifier !== 'linear') records = this.#flatten(records);
    this.#recordCount = records;
    const chainsEnd = Image.HEADER_BYTES + (this.#chains.length + this.#flats.length) * Image.CHAIN_BYTES;
    this.#rulesStart = Math.ceil(chainsEnd / 64) * 64;
    this.#emitter = new Emitter(this.#rulesStart + records * RuleRecord.BYTES);
    this.#rules = new RuleEmitter(this.#emitter, ruleSet, options, (table, chain) => {
      const name = `${table.name} ${chain}`;
      if (this.#empty.has(name)) return 0;
      const first = this.#firstRecords.get(name);
      return first === undefined ? undefined : this.#recordOffset(first);
    });
    const choice = options.classifier ?? 'auto';
    this.#classifiers = new ClassifierEmitter(this.#emitter, ruleSet.family, choice);
  }

  /** Finds what is flattened, and answers how many records there are with it. */
  #flatten(records: number): number {
    let next = records;
    const byChain = new Map(this.#chains.map((compiled) => [compiled.chain, compiled]));
    for (const table of this.#ruleSet.tables) {
      const { chains, within } = flatten(table);
      for (const [inner, outer] of within) this.#within.set(inner, outer);
      for (const [chain, rules] of chains) {
        const compiled = byChain.get(chain) as CompiledChain;
        const origins = rules.map(
          (one) => (byChain.get(one.chain) as CompiledChain).firstRecord + one.position,
        );
        origins.push(compiled.firstRecord + chain.rules.length);
        this.#flats.push({ compiled, rules, firstRecord: next, origins });
        next += origins.length;
      }
    }
    return next;
  }

  run(): CompiledRules {
    this.#header();
    this.#hookTable();
    const conditions = new Map(
      this.#chains.map((compiled, index) => [compiled.chain, this.#chain(compiled, index)] as const),
    );
    const flattened = new Set<Chain>();
    this.#flats.forEach((flat, index) => {
      if (this.#flat(flat, this.#chains.length + index, conditions)) flattened.add(flat.compiled.chain);
    });
    // One that is not, after all, leads into chains that would stand in it.
    const allFlat = flattened.size === this.#flats.length;
    for (const compiled of this.#chains) {
      const { chain, firstRecord } = compiled;
      const outer = allFlat ? this.#within.get(chain) : undefined;
      if (flattened.has(chain)) continue;
      if (outer === undefined) this.#search(compiled, firstRecord, chain.rules, conditions.get(chain) ?? []);
      else {
        compiled.plan = { kind: 'linear', offset: 0, bytes: 0, fields: [], notes: [], within: outer.name };
        this.#finals(firstRecord, chain.rules);
      }
    }
    this.#lead();
    this.#remember();
    this.#stage();
    return {
      ruleSet: this.#ruleSet,
      image: this.#emitter.finish(),
      recordCount: this.#recordCount,
      chains: this.#chains,
      aliases: this.#flats.map(({ firstRecord, origins }) => ({ firstRecord, origins })),
      rows: this.#rules.rows,
      interfaceTables: this.#interfaceTables,
      unknowns: this.#rules.unknowns,
      registered: this.#rules.registered,
      conntrack: this.#tracked,
      entryNeeds: entryNeeds(this.#ruleSet),
    };
  }

  #recordOffset(record: number): number {
    return this.#rulesStart + record * RuleRecord.BYTES;
  }

  #header(): void {
    const emitter = this.#emitter;
    emitter.setWord(Image.MAGIC, Image.MAGIC_VALUE);
    emitter.setWord(Image.VERSION, Image.VERSION_VALUE);
    emitter.setWord(Image.FAMILY, this.#ruleSet.family === 'ipv4' ? 4 : 6);
    emitter.setWord(Image.RULES, this.#rulesStart);
    emitter.setWord(Image.RULE_COUNT, this.#recordCount);
    emitter.setWord(Image.CHAINS, Image.HEADER_BYTES);
    emitter.setWord(Image.CHAIN_COUNT, this.#chains.length);
    // A walk cannot return to more places than there are chains: validation refuses loops.
    emitter.setWord(Image.STACK_DEPTH, this.#chains.length + 1);
    emitter.setWord(Image.BACKEND, this.#options.backend === 'nft' ? 1 : 0);
  }

  /** Packets are looked up beforehand in the largest trees of a chain that a hook leads to without a condition. */
  #stage(): void {
    let most = 0;
    for (const compiled of this.#chains) {
      const { chain, plan } = compiled;
      if (plan?.kind !== 'trees') continue;
      const firstRecord = this.#searched.get(compiled) as number;
      this.#emitter.setWord(plan.offset + Tree.FIRST_RECORD, firstRecord);
      if (!this.#alwaysReached.has(chain) || plan.late || plan.bytes <= most) continue;
      most = plan.bytes;
      this.#emitter.setWord(Image.STAGED, plan.offset);
    }
  }

  /** Does the rule at a record ask anything of a packet? */
  #asks(record: number): boolean {
    const word = (offset: number): number => this.#emitter.word(record + offset);
    if ((word(RuleRecord.FLAGS) & ~RuleRecord.EXACT) !== 0) return true;
    if (word(RuleRecord.IN_ROW) !== 0 || word(RuleRecord.OUT_ROW) !== 0) return true;
    return word(RuleRecord.OPS) !== word(RuleRecord.OPS_END);
  }

  #hookTable(): void {
    const tracked = this.#tracked;
    this.#emitter.setWord(Image.CONNTRACK, tracked ? 1 : 0);
    HOOK_ORDER.forEach((hook, hookNumber) => {
      this.#stations(hook, tracked).forEach(([table, first], slot) => {
        const entry = Image.HOOKS + (hookNumber * Image.HOOK_SLOTS + slot) * Image.HOOK_ENTRY_BYTES;
        this.#emitter.setWord(entry, table);
        this.#emitter.setWord(entry + 4, first);
      });
    });
  }

  /** Tells hooks how many rules at the beginning of their chains decide by the ctstate alone. */
  #lead(): void {
    for (let slot = 0; slot < HOOK_ORDER.length * Image.HOOK_SLOTS; slot++) {
      const entry = Image.HOOKS + slot * Image.HOOK_ENTRY_BYTES;
      const table = this.#emitter.word(entry);
      const first = this.#emitter.word(entry + 4);
      if (first === 0 || table >= Hook.CONNTRACK) continue;
      let count = 0;
      while (count < MOST_LEADING && this.#leads(first + count * RuleRecord.BYTES)) count++;
      this.#emitter.setWord(entry, table | (count << Image.HOOK_LEAD_SHIFT));
    }
  }

  /** Tells hooks whose chain of table filter leads the packets of a connection the same way, and on what that depends. */
  #remember(): void {
    if (!this.#tracked || this.#recordCount > Trail.PLACE_MASK) return;
    for (const { table, chain, firstRecord } of this.#chains) {
      if (table.name !== 'filter' || chain.hook === undefined) continue;
      const read = (offset: number): number => this.#emitter.word(offset);
      const key = trailKey(read, this.#recordOffset(firstRecord), this.#ruleSet.family);
      if (key === undefined) continue;
      const at = Image.TRAIL_KEYS + HOOK_ORDER.indexOf(chain.hook) * Image.TRAIL_KEY_BYTES;
      for (const [offset, mask] of key) this.#emitter.setWord(at + offset, mask);
    }
  }

  #leads(record: number): boolean {
    const word = (offset: number): number => this.#emitter.word(offset);
    if (word(record + RuleRecord.TARGET) !== TargetKind.VERDICT) return false;
    if ((word(record + RuleRecord.FLAGS) & ~RuleRecord.EXACT) !== 0) return false;
    if (word(record + RuleRecord.IN_ROW) !== 0 || word(record + RuleRecord.OUT_ROW) !== 0) return false;
    const op = word(record + RuleRecord.OPS);
    if (word(record + RuleRecord.OPS_END) !== op + 16 || (word(op) & 0xffff) !== Op.FIELD_MASK) return false;
    return (word(op + 4) & 0xffff) === Packet.CTSTATE;
  }

  /** Tables of a hook, and connection tracking: Hook.* and the offset of the chain's first record (1 for tracking). */
  #stations(hook: HookName, tracked: boolean): (readonly [table: number, first: number])[] {
    return stationsAt(hook, tracked).flatMap((station) => {
      if (station === 'conntrack') return [[Hook.CONNTRACK, 1] as const];
      if (station === 'confirm') return [[Hook.CONFIRM, 1] as const];
      const compiled = this.#chains.find(({ table, chain }) => table.name === station && chain.hook === hook);
      if (compiled === undefined) return [];
      return [[TABLE_ORDER.indexOf(station), this.#recordOffset(compiled.firstRecord)] as const];
    });
  }

  /** Emits a chain's records and answers what its rules ask. */
  #chain({ table, chain, firstRecord }: CompiledChain, index: number): readonly RuleConditions[] {
    this.#chainEntry(table, chain, index, firstRecord, chain.rules.length);
    const changing = this.#changing(table)(chain.name);
    const conditions = chain.rules.map((rule, position) => {
      const record = this.#recordOffset(firstRecord + position);
      this.#emitter.setWord(record + RuleRecord.CHAIN, index);
      this.#emitter.setWord(record + RuleRecord.NUMBER, position + 1);
      return conditionsOf(rule, this.#rules.emit(record, rule, table), this.#ruleSet.family, changing);
    });
    const end = this.#recordOffset(firstRecord + chain.rules.length);
    this.#emitter.setWord(end + RuleRecord.CHAIN, index);
    if (chain.policy === undefined) {
      this.#emitter.setWord(end + RuleRecord.TARGET, TargetKind.END);
    } else {
      this.#emitter.setWord(end + RuleRecord.TARGET, TargetKind.POLICY);
      this.#emitter.setWord(end + RuleRecord.TARGET_ARG, VERDICTS[chain.policy]);
      this.#emitter.setWord(end + RuleRecord.FINAL, (VERDICTS[chain.policy] + 1) | RuleRecord.FINAL_ALWAYS);
    }
    return conditions;
  }

  #chainEntry(table: Table, chain: Chain, index: number, firstRecord: number, rules: number): void {
    const at = Image.HEADER_BYTES + index * Image.CHAIN_BYTES;
    const hook = chain.hook === undefined ? Hook.NONE : HOOK_ORDER.indexOf(chain.hook);
    this.#emitter.setWord(at + Image.CHAIN_TABLE, TABLE_ORDER.indexOf(table.name));
    this.#emitter.setWord(at + Image.CHAIN_HOOK, hook);
    this.#emitter.setWord(at + Image.CHAIN_FIRST_RULE, this.#recordOffset(firstRecord));
    this.#emitter.setWord(at + Image.CHAIN_RULE_COUNT, rules);
  }

  /** Emits a flattened chain and what it is searched by; false when there is nothing to search it by. */
  #flat(
    { compiled, rules, firstRecord, origins }: FlatChain,
    index: number,
    conditions: ReadonlyMap<Chain, readonly RuleConditions[]>,
  ): boolean {
    const { table, chain } = compiled;
    this.#chainEntry(table, chain, index, firstRecord, rules.length);
    const changing = this.#changing(table)(chain.name);
    const merged: RuleConditions[] = [];
    const guarded: boolean[] = [];
    rules.forEach((rule, position) => {
      const record = this.#recordOffset(firstRecord + position);
      const origin = this.#recordOffset(origins[position] as number);
      this.#copy(origin, record, index);
      const own = without(conditions.get(rule.chain)?.[rule.position] as RuleConditions, changing);
      merged.push(rule.guard < 0 ? own : both(merged[rule.guard] as RuleConditions, own));
      guarded.push(rule.guard >= 0 && this.#asksOrGuarded(firstRecord, rule.guard, guarded));
      if (rule.guard >= 0) {
        this.#emitter.setWord(record + RuleRecord.GUARD, this.#recordOffset(firstRecord + rule.guard));
      }
      if (rule.entered) this.#emitter.setWord(record + RuleRecord.TARGET, TargetKind.CONTINUE);
      if (rule.skipTo !== undefined) {
        this.#emitter.setWord(record + RuleRecord.TARGET, TargetKind.SKIP);
        this.#emitter.setWord(record + RuleRecord.TARGET_ARG, this.#recordOffset(firstRecord + rule.skipTo));
      }
    });
    const end = origins[rules.length] as number;
    this.#copy(this.#recordOffset(end), this.#recordOffset(firstRecord + rules.length), index);
    const models = rules.map(({ chain, position }) => chain.rules[position] as Rule);
    if (!this.#search(compiled, firstRecord, models, merged, guarded)) return false;
    const inner = rules.length - chain.rules.length;
    compiled.plan = {
      ...(compiled.plan as ClassifierPlan),
      notes: [`with ${inner} rules of chains that it jumps to`, ...(compiled.plan as ClassifierPlan).notes],
    };
    this.#emitter.setWord(
      this.#recordOffset(compiled.firstRecord) + RuleRecord.FLAT,
      this.#recordOffset(firstRecord),
    );
    this.#finals(compiled.firstRecord, chain.rules);
    return true;
  }

  #asksOrGuarded(firstRecord: number, position: number, guarded: readonly boolean[]): boolean {
    return guarded[position] === true || this.#asks(this.#recordOffset(firstRecord + position));
  }

  /** Copies a record into a flattened chain: what depends on how the chain is searched is not yet known there. */
  #copy(from: number, to: number, index: number): void {
    const emitter = this.#emitter;
    for (let word = 0; word < RuleRecord.BYTES; word += 4)
      emitter.setWord(to + word, emitter.word(from + word));
    emitter.setWord(to + RuleRecord.CHAIN, index);
    // The original may have been flattened already, for itself.
    emitter.setWord(to + RuleRecord.FLAT, 0);
    if (emitter.word(to + RuleRecord.TARGET) !== TargetKind.POLICY) emitter.setWord(to + RuleRecord.FINAL, 0);
  }

  /**
   * Emits what finds the candidates of the records from `firstRecord` on. False when they are walked rule by rule.
   * `guarded`: by rule, does something have to hold beside what it asks itself?
   */
  #search(
    compiled: CompiledChain,
    firstRecord: number,
    rules: readonly Rule[],
    conditions: readonly RuleConditions[],
    guarded: readonly boolean[] = [],
  ): boolean {
    const { chain } = compiled;
    const finals = rules.map((_, position) => this.#answer(this.#recordOffset(firstRecord + position)));
    finals.push(chain.policy === undefined ? 0 : VERDICTS[chain.policy] + 1);
    const { plan, exact, interfaces } = this.#classifiers.emit({
      rules: conditions,
      finals,
      beforehand: this.#alwaysReached.has(chain),
      alone: this.#alwaysReached.has(chain) && this.#isAlone(),
    });
    compiled.plan = plan;
    if (this.#options.explain) compiled.candidates = expectedCandidates(conditions, this.#ruleSet.family);
    if (plan.offset !== 0) {
      this.#searched.set(compiled, firstRecord);
      this.#emitter.setWord(this.#recordOffset(firstRecord) + RuleRecord.CLASSIFIER, plan.offset);
      for (const table of interfaces) this.#interfaceTables.push(table);
      exact.forEach((sure, position) => {
        if (!sure) return;
        const flags = this.#recordOffset(firstRecord + position) + RuleRecord.FLAGS;
        this.#emitter.setWord(flags, this.#emitter.word(flags) | RuleRecord.EXACT);
      });
    }
    this.#finals(firstRecord, rules, exact, guarded);
    return plan.offset !== 0;
  }

  /** Is there one chain with rules, and no connection tracking? */
  #isAlone(): boolean {
    return !this.#tracked && this.#chains.length === this.#empty.size + 1;
  }

  /** Rules that decide without another look: those that ask nothing, or nothing but what their classifier knows. */
  #finals(
    firstRecord: number,
    rules: readonly Rule[],
    exact: readonly boolean[] = [],
    guarded: readonly boolean[] = [],
  ): void {
    for (const [position, rule] of rules.entries()) {
      const record = this.#recordOffset(firstRecord + position);
      const verdict = this.#verdict(record);
      if (verdict === 0 || rule.in !== undefined || rule.out !== undefined) continue;
      const asks = guarded[position] === true || this.#asks(record);
      if (asks && exact[position] !== true) continue;
      const when = asks ? RuleRecord.FINAL_CANDIDATE : RuleRecord.FINAL_ALWAYS;
      this.#emitter.setWord(record + RuleRecord.FINAL, verdict | when);
    }
  }

  /** The verdict plus 1 that a rule which matches gives; 0 when it gives none by itself. */
  #verdict(record: number): number {
    const target = this.#emitter.word(record + RuleRecord.TARGET);
    if (target === TargetKind.REJECT) return Verdict.REJECT + 1;
    return target === TargetKind.VERDICT ? this.#emitter.word(record + RuleRecord.TARGET_ARG) + 1 : 0;
  }

  /** What a look-up says when the rule matches. */
  #answer(record: number): number {
    const target = this.#emitter.word(record + RuleRecord.TARGET);
    return target === TargetKind.CONTINUE ? Tree.ANSWER_GOES_ON : this.#verdict(record);
  }

  /** Fields that change while a chain of the table is walked. */
  #changing(table: Table): (chain: string) => ReadonlySet<number> {
    let changing = this.#changingFields.get(table);
    if (changing === undefined) {
      changing = changingFields(table);
      this.#changingFields.set(table, changing);
    }
    return changing;
  }
}
