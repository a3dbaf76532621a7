// Model -> image. The layout of an image is in src/layout/image.ts and rule.ts; what one match lowers to is in its
// file in src/extension.

import { WasmtablesError } from '../error.ts';
import type { LowerContext, LoweredTarget } from '../extension/extension.ts';
import { findMatch, findTarget } from '../extension/index.ts';
import { type EntryNeeds, entryNeeds, needsConntrack } from '../extension/tracking.ts';
import * as Hook from '../layout/hook.ts';
import * as Image from '../layout/image.ts';
import * as Op from '../layout/op.ts';
import * as Packet from '../layout/packet.ts';
import * as RuleRecord from '../layout/rule.ts';
import * as TargetKind from '../layout/target.ts';
import * as Tree from '../layout/tree.ts';
import * as Verdict from '../layout/verdict.ts';
import type { Address } from '../model/address.ts';
import {
  type AddressMask,
  type Backend,
  type Chain,
  HOOK_ORDER,
  type HookName,
  isUnknown,
  type Match,
  type Negatable,
  type Rule,
  type RuleSet,
  TABLE_ORDER,
  type Table,
  type Target,
} from '../model/ruleset.ts';
import { stationsAt } from '../model/station.ts';
import { alwaysReached, chainOrder } from './chain-order.ts';
import { changingFields } from './changing.ts';
import { type ClassifierChoice, ClassifierEmitter, type ClassifierPlan } from './classify/choose.ts';
import {
  addressWord,
  conditionsOf,
  type OperationConditions,
  operationConditions,
  ordinaryHeader,
} from './classify/condition.ts';
import { expectedCandidates } from './classify/estimate.ts';
import type { ClassifiedInterfaces } from './classify/interface-vectors.ts';
import { Emitter } from './emitter.ts';
import type { InterfaceRow } from './interface-rows.ts';
import { Lowering } from './lowering.ts';

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

const VERDICTS = { ACCEPT: Verdict.ACCEPT, DROP: Verdict.DROP, QUEUE: Verdict.QUEUE } as const;

class Compiler {
  readonly #ruleSet: RuleSet;
  readonly #tracked: boolean;
  readonly #options: CompileOptions;
  readonly #chains: CompiledChain[] = [];
  /** Each chain's first record, by table and chain name; and the chains without rules. */
  readonly #firstRecords = new Map<string, number>();
  readonly #empty = new Set<string>();
  readonly #alwaysReached = new Set<Chain>();
  readonly #rows = new Map<string, InterfaceRow>();
  readonly #unknowns: string[] = [];
  readonly #registered: unknown[] = [];
  readonly #operationLists = new Map<string, number>();
  /** What lists of operations ask, by place and by the header bytes that their rule's protocol promises. */
  readonly #operationConditions = new Map<number, OperationConditions>();
  readonly #lowering: Lowering;
  readonly #changingFields = new Map<Table, (chain: string) => ReadonlySet<number>>();
  readonly #interfaceTables: ClassifiedInterfaces[] = [];
  readonly #rulesStart: number;
  readonly #recordCount: number;
  readonly #emitter: Emitter;
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
    this.#recordCount = records;
    const chainsEnd = Image.HEADER_BYTES + this.#chains.length * Image.CHAIN_BYTES;
    this.#rulesStart = Math.ceil(chainsEnd / 64) * 64;
    this.#emitter = new Emitter(this.#rulesStart + records * RuleRecord.BYTES);
    const choice = options.classifier ?? 'auto';
    this.#classifiers = new ClassifierEmitter(this.#emitter, ruleSet.family, choice);
    this.#lowering = new Lowering({
      family: ruleSet.family,
      backend: options.backend,
      interfaceRow: (pattern, invert) => this.#interfaceRow(pattern, invert),
      register: (options) => this.#registered.push(options) - 1,
    });
  }

  run(): CompiledRules {
    this.#header();
    this.#hookTable();
    this.#chains.forEach((compiled, index) => {
      this.#chain(compiled, index);
    });
    this.#lead();
    this.#stage();
    return {
      ruleSet: this.#ruleSet,
      image: this.#emitter.finish(),
      recordCount: this.#recordCount,
      chains: this.#chains,
      rows: [...this.#rows.values()],
      interfaceTables: this.#interfaceTables,
      unknowns: this.#unknowns,
      registered: this.#registered,
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
    for (const { chain, plan, firstRecord } of this.#chains) {
      if (plan?.kind !== 'trees') continue;
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

  #chain(compiled: CompiledChain, index: number): void {
    const { table, chain, firstRecord } = compiled;
    const at = Image.HEADER_BYTES + index * Image.CHAIN_BYTES;
    const hook = chain.hook === undefined ? Hook.NONE : HOOK_ORDER.indexOf(chain.hook);
    this.#emitter.setWord(at + Image.CHAIN_TABLE, TABLE_ORDER.indexOf(table.name));
    this.#emitter.setWord(at + Image.CHAIN_HOOK, hook);
    this.#emitter.setWord(at + Image.CHAIN_FIRST_RULE, this.#recordOffset(firstRecord));
    this.#emitter.setWord(at + Image.CHAIN_RULE_COUNT, chain.rules.length);
    const changing = this.#changing(table)(chain.name);
    const conditions = chain.rules.map((rule, position) => {
      const record = this.#recordOffset(firstRecord + position);
      this.#emitter.setWord(record + RuleRecord.CHAIN, index);
      this.#emitter.setWord(record + RuleRecord.NUMBER, position + 1);
      return conditionsOf(rule, this.#rule(record, rule, table), this.#ruleSet.family, changing);
    });
    const finals = chain.rules.map((_, position) =>
      this.#verdict(this.#recordOffset(firstRecord + position)),
    );
    finals.push(chain.policy === undefined ? 0 : VERDICTS[chain.policy] + 1);
    const { plan, exact, interfaces } = this.#classifiers.emit({
      rules: conditions,
      finals,
      beforehand: this.#alwaysReached.has(chain),
    });
    compiled.plan = plan;
    if (this.#options.explain) compiled.candidates = expectedCandidates(conditions, this.#ruleSet.family);
    if (plan.offset !== 0) {
      this.#emitter.setWord(this.#recordOffset(firstRecord) + RuleRecord.CLASSIFIER, plan.offset);
      for (const table of interfaces) this.#interfaceTables.push(table);
      exact.forEach((sure, position) => {
        if (!sure) return;
        const flags = this.#recordOffset(firstRecord + position) + RuleRecord.FLAGS;
        this.#emitter.setWord(flags, this.#emitter.word(flags) | RuleRecord.EXACT);
      });
    }
    chain.rules.forEach((rule, position) => {
      this.#final(this.#recordOffset(firstRecord + position), rule, exact[position] === true);
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
  }

  /** Rules that decide without another look: those that ask nothing, or nothing but what their classifier knows. */
  #final(record: number, rule: Rule, exact: boolean): void {
    const verdict = this.#verdict(record);
    if (verdict === 0) return;
    if (rule.in !== undefined || rule.out !== undefined) return;
    const asks = this.#asks(record);
    if (asks && !exact) return;
    const when = asks ? RuleRecord.FINAL_CANDIDATE : RuleRecord.FINAL_ALWAYS;
    this.#emitter.setWord(record + RuleRecord.FINAL, verdict | when);
  }

  /** The verdict plus 1 that a rule which matches gives; 0 when it gives none by itself. */
  #verdict(record: number): number {
    const target = this.#emitter.word(record + RuleRecord.TARGET);
    if (target === TargetKind.REJECT) return Verdict.REJECT + 1;
    return target === TargetKind.VERDICT ? this.#emitter.word(record + RuleRecord.TARGET_ARG) + 1 : 0;
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

  /** Emits a rule and answers what the operations of its matches ask. */
  #rule(record: number, rule: Rule, table: Table): OperationConditions {
    const emitter = this.#emitter;
    let flags = this.#addressPart(record, RuleRecord.SRC, rule.source, RuleRecord.INV_SRC);
    flags |= this.#addressPart(record, RuleRecord.DST, rule.destination, RuleRecord.INV_DST);
    if (rule.protocol !== undefined) {
      emitter.setWord(record + RuleRecord.PROTO, rule.protocol.value);
      flags |= RuleRecord.HAS_PROTO | (rule.protocol.invert ? RuleRecord.INV_PROTO : 0);
    }
    if (rule.in !== undefined) {
      emitter.setWord(record + RuleRecord.IN_ROW, this.#interfaceRow(rule.in.value, rule.in.invert));
    }
    if (rule.out !== undefined) {
      emitter.setWord(record + RuleRecord.OUT_ROW, this.#interfaceRow(rule.out.value, rule.out.invert));
    }
    if (rule.fragment !== undefined) {
      flags |= RuleRecord.FRAGMENT | (rule.fragment.invert ? RuleRecord.INV_FRAGMENT : 0);
    }
    emitter.setWord(record + RuleRecord.FLAGS, flags);
    const conditions = this.#operations(record, rule);
    this.#target(record, rule, table);
    return conditions;
  }

  /** Writes address and mask in the kernel's form and answers the flags. */
  #addressPart(
    record: number,
    at: number,
    part: Negatable<AddressMask> | undefined,
    invertFlag: number,
  ): number {
    if (part === undefined) return 0;
    const { address, mask } = part.value;
    this.#address(record + at, address);
    this.#address(record + at + (RuleRecord.SRC_MASK - RuleRecord.SRC), mask);
    return RuleRecord.HAS_ADDRESS | (part.invert ? invertFlag : 0);
  }

  /** An address as the packet record holds it: IPv4 a u32 in host order, IPv6 two u64 in host order. */
  #address(at: number, address: Address): void {
    const emitter = this.#emitter;
    if (address.length === 4) {
      emitter.setWord(at, addressWord(address, 0));
      return;
    }
    emitter.setWord(at, addressWord(address, 4));
    emitter.setWord(at + 4, addressWord(address, 0));
    emitter.setWord(at + 8, addressWord(address, 12));
    emitter.setWord(at + 12, addressWord(address, 8));
  }

  #interfaceRow(pattern: string, invert: boolean): number {
    const key = `${invert ? '!' : ''}${pattern}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      this.#emitter.align(64);
      row = { pattern, invert, offset: this.#emitter.appendZeros(Image.ROW_BYTES) };
      this.#rows.set(key, row);
    }
    return row.offset;
  }

  #operations(record: number, rule: Rule): OperationConditions {
    const lowering = this.#lowering.of(rule);
    for (const match of rule.matches) this.#match(match, lowering);
    const { words } = lowering;
    let start = 0;
    if (words.length > 0) {
      start = this.#operationList(words);
      this.#emitter.setWord(record + RuleRecord.OPS, start);
      this.#emitter.setWord(record + RuleRecord.OPS_END, start + words.length * 4);
    }
    const header = ordinaryHeader(rule);
    const key = start * 256 + header;
    let conditions = this.#operationConditions.get(key);
    if (conditions === undefined) {
      conditions = operationConditions(words, this.#ruleSet.family, header);
      this.#operationConditions.set(key, conditions);
    }
    return conditions;
  }

  /** Offset of a list of operations; rules that ask the same share one. */
  #operationList(words: readonly number[]): number {
    const key = words.join();
    let start = this.#operationLists.get(key);
    if (start === undefined) {
      this.#emitter.align(16);
      start = this.#emitter.append(words);
      this.#operationLists.set(key, start);
    }
    return start;
  }

  #match(match: Match, context: LowerContext): void {
    if (isUnknown(match.options)) {
      const { unknown } = this.#options;
      const id = this.#unknown(`match ${match.name}`, 'UNKNOWN_MATCH', match);
      if (unknown === 'match' || unknown === 'no-match')
        context.emit(Op.ASSUMED, unknown === 'match' ? 1 : 0);
      else context.emit(Op.UNKNOWN, id);
      return;
    }
    const extension = findMatch(match.name, this.#ruleSet.family);
    if (extension === undefined)
      throw new WasmtablesError('UNKNOWN_MATCH', `match "${match.name}" is not known`, match);
    extension.lower(match.options as never, context);
  }

  #unknown(what: string, code: 'UNKNOWN_MATCH' | 'UNKNOWN_TARGET', at: Match | Target): number {
    if (this.#options.unknown === 'refuse') {
      throw new WasmtablesError(code, `${what} is not supported`, { place: at.place });
    }
    return this.#unknowns.push(what) - 1;
  }

  #target(record: number, rule: Rule, table: Table): void {
    const [kind, argument] = this.#lowerTarget(record, rule, table);
    this.#emitter.setWord(record + RuleRecord.TARGET, kind);
    this.#emitter.setWord(record + RuleRecord.TARGET_ARG, argument);
  }

  #lowerTarget(record: number, rule: Rule, table: Table): readonly [kind: number, argument: number] {
    const { target } = rule;
    if (target === undefined) return [TargetKind.CONTINUE, 0];
    if (target.kind === 'verdict') {
      if (target.verdict === 'RETURN') return [TargetKind.RETURN, 0];
      return [TargetKind.VERDICT, VERDICTS[target.verdict]];
    }
    if (target.kind !== 'extension') {
      const name = `${table.name} ${target.chain}`;
      const first = this.#firstRecords.get(name);
      if (first === undefined) {
        throw new WasmtablesError('BAD_CHAIN', `chain "${target.chain}" does not exist`, target);
      }
      // Nothing counts in a chain without rules: a jump goes on behind itself, a goto returns for it.
      if (this.#empty.has(name)) return [target.kind === 'jump' ? TargetKind.CONTINUE : TargetKind.RETURN, 0];
      const kind = target.kind === 'jump' ? TargetKind.JUMP : TargetKind.GOTO;
      return [kind, this.#recordOffset(first)];
    }
    if (isUnknown(target.options)) return this.#unknownTarget(record, target);
    const extension = findTarget(target.name, this.#ruleSet.family);
    if (extension === undefined) {
      throw new WasmtablesError('UNKNOWN_TARGET', `target "${target.name}" is not known`, target);
    }
    const lowering = this.#lowering.of(rule);
    const { words } = lowering;
    const lowered: LoweredTarget = extension.lower(target.options as never, lowering);
    if (lowered.kind === 'reject') return [TargetKind.REJECT, lowered.type];
    if (words.length === 0) return [TargetKind.CONTINUE, 0];
    this.#emitter.align(16);
    const start = this.#emitter.append(words);
    const end = this.#emitter.bytes;
    return [TargetKind.OPERATIONS, this.#emitter.append([start, end, 0, 0])];
  }

  /** Under `match` an unknown target counts and lets the packet go on; under `no-match` its rule never matches. */
  #unknownTarget(
    record: number,
    target: Target & { kind: 'extension' },
  ): readonly [kind: number, argument: number] {
    const id = this.#unknown(`target ${target.name}`, 'UNKNOWN_TARGET', target);
    if (this.#options.unknown === 'verdict') {
      this.#emitter.setWord(record + RuleRecord.UNKNOWN, id);
      return [TargetKind.UNKNOWN, id];
    }
    return [this.#options.unknown === 'match' ? TargetKind.ASSUMED : TargetKind.ASSUMED_NO_MATCH, id];
  }
}
