// One rule to its record (layout/rule.ts), its operations and interface rows.

import { WasmtablesError } from '../error.ts';
import { addressWords } from '../extension/address-words.ts';
import type { LowerContext, LoweredTarget } from '../extension/extension.ts';
import { findMatch, findTarget } from '../extension/index.ts';
import * as Image from '../layout/image.ts';
import * as Op from '../layout/op.ts';
import * as RuleRecord from '../layout/rule.ts';
import * as TargetKind from '../layout/target.ts';
import * as Verdict from '../layout/verdict.ts';
import type { Address } from '../model/address.ts';
import {
  type AddressMask,
  isUnknown,
  type Match,
  type Negatable,
  type Rule,
  type RuleSet,
  type Table,
  type Target,
} from '../model/ruleset.ts';
import { type OperationConditions, operationConditions, ordinaryHeader } from './classify/condition.ts';
import type { CompileOptions } from './compile.ts';
import type { Emitter } from './emitter.ts';
import type { InterfaceRow } from './interface-rows.ts';
import { Lowering } from './lowering.ts';

export const VERDICTS = { ACCEPT: Verdict.ACCEPT, DROP: Verdict.DROP, QUEUE: Verdict.QUEUE } as const;

/** Image offset of the first record of a chain, by table and chain; 0 for a chain without rules, undefined for none. */
export type FindChain = (table: Table, chain: string) => number | undefined;

export class RuleEmitter {
  readonly #emitter: Emitter;
  readonly #ruleSet: RuleSet;
  readonly #options: CompileOptions;
  readonly #findChain: FindChain;
  readonly #rows = new Map<string, InterfaceRow>();
  readonly #unknowns: string[] = [];
  readonly #registered: unknown[] = [];
  readonly #operationLists = new Map<string, number>();
  /** What lists of operations ask, by place and by the header bytes that their rule's protocol promises. */
  readonly #operationConditions = new Map<number, OperationConditions>();
  readonly #lowering: Lowering;

  constructor(emitter: Emitter, ruleSet: RuleSet, options: CompileOptions, findChain: FindChain) {
    this.#emitter = emitter;
    this.#ruleSet = ruleSet;
    this.#options = options;
    this.#findChain = findChain;
    this.#lowering = new Lowering({
      family: ruleSet.family,
      backend: options.backend,
      interfaceRow: (pattern, invert) => this.#interfaceRow(pattern, invert),
      register: (registered) => this.#registered.push(registered) - 1,
    });
  }

  get rows(): readonly InterfaceRow[] {
    return [...this.#rows.values()];
  }

  /** Names of the matches and targets behind UNKNOWN answers, by id. */
  get unknowns(): readonly string[] {
    return this.#unknowns;
  }

  /** Options that extensions registered (LOG, NFLOG), by id. */
  get registered(): readonly unknown[] {
    return this.#registered;
  }

  /** Emits a rule and answers what the operations of its matches ask. */
  emit(record: number, rule: Rule, table: Table): OperationConditions {
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

  #address(at: number, address: Address): void {
    const words = addressWords(address);
    for (let word = 0; word < words.length; word++)
      this.#emitter.setWord(at + 4 * word, words[word] as number);
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
      const first = this.#findChain(table, target.chain);
      if (first === undefined) {
        throw new WasmtablesError('BAD_CHAIN', `chain "${target.chain}" does not exist`, target);
      }
      // Nothing counts in a chain without rules: a jump goes on behind itself, a goto returns for it.
      if (first === 0) return [target.kind === 'jump' ? TargetKind.CONTINUE : TargetKind.RETURN, 0];
      const kind = target.kind === 'jump' ? TargetKind.JUMP : TargetKind.GOTO;
      return [kind, first];
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
