// One table at one hook: ipt_do_table, ip6t_do_table, and nft_do_chain where they differ.

import type { Interface } from '../host/machine.ts';
import {
  type Backend,
  type Chain,
  type Counters,
  isUnknown,
  type Match,
  type Rule,
  type Table,
} from '../model/ruleset.ts';
import { NotCaptured } from './bytes.ts';
import { checkConditions, type Failure } from './condition.ts';
import { MATCHES } from './match/index.ts';
import type { Context } from './match.ts';
import type { Packet } from './packet.ts';
import { TARGETS } from './target/index.ts';

/** What happened at one rule or end of a chain. */
export interface Step {
  /** As TRACE names it: `raw:PREROUTING:rule:2`, `filter:INPUT:policy:1`. */
  readonly text: string;
  readonly table: string;
  readonly chain: string;
  /** From 1; a policy or a chain's end is one more than the last rule. */
  readonly number: number;
  readonly matched: boolean;
  /** The first condition that failed, as its option or match. */
  readonly failed?: string | undefined;
  /** The rule; undefined at a policy or a chain's end. */
  readonly rule?: Rule | undefined;
  /** The packet, and what was true of it there: later steps may have changed it. */
  readonly packet: Packet;
  readonly in: Interface | undefined;
  readonly out: Interface | undefined;
  readonly mark: number;
  readonly ttl: number;
}

/** Packets and bytes of rules and, by chain, of policies. */
export type CounterMap = Map<Rule | Chain, Counters>;

/** How an unknown match or target is answered (`--unknown`). */
export type Unknown = 'match' | 'no-match' | 'verdict';

export type Verdict = 'ACCEPT' | 'DROP' | 'QUEUE' | 'REJECT';

export interface Walked {
  readonly verdict: Verdict | 'hotdrop' | 'unknown';
  readonly chain: string;
  /** 0: the policy. */
  readonly rule: number;
  /** `unknown`: the name of the extension, or `not-captured`. */
  readonly reason?: string;
}

export interface Walker {
  readonly backend: Backend;
  readonly unknown: Unknown;
  readonly counters: CounterMap;
  readonly path: Step[];
  readonly context: Omit<Context, 'rule' | 'backend'>;
}

/** Where a walk stands: the rule at `index` of `chain` is next. */
interface Position {
  readonly chain: Chain;
  readonly index: number;
}

/** Walks a table from a built-in chain on and answers what the table says. */
export function walkTable(walker: Walker, table: Table, builtIn: Chain, packet: Packet): Walked {
  const returns: Position[] = [];
  let at: Position = { chain: builtIn, index: 0 };
  for (;;) {
    const { chain, index } = at;
    const rule = chain.rules[index];
    if (rule === undefined) {
      const back = endOfChain(walker, table, at, returns, packet);
      if (back !== undefined) {
        at = back;
        continue;
      }
      return policy(walker, table, builtIn, packet);
    }
    const failed = firstFailure(walker, rule, packet);
    step(walker, table, at, failed, packet);
    if (failed?.unknown !== undefined) {
      return { verdict: 'unknown', chain: chain.name, rule: index + 1, reason: failed.unknown };
    }
    if (failed?.counted === true) count(walker, rule, packet);
    if (failed?.hotdrop === true) return { verdict: 'hotdrop', chain: chain.name, rule: index + 1 };
    if (failed !== undefined) {
      at = { chain, index: index + 1 };
      continue;
    }
    count(walker, rule, packet);
    const next = applyTarget(walker, table, at, returns, rule, packet);
    if ('verdict' in next) return next;
    if (next === POLICY) return policy(walker, table, builtIn, packet);
    at = next as Position;
  }
}

/** RETURN in a built-in chain, or in one that was reached from it by goto alone. */
const POLICY = {};

function applyTarget(
  walker: Walker,
  table: Table,
  { chain, index }: Position,
  returns: Position[],
  rule: Rule,
  packet: Packet,
): Position | Walked | typeof POLICY {
  const { target } = rule;
  const next = { chain, index: index + 1 };
  const here = { chain: chain.name, rule: index + 1 };
  if (target === undefined) return next;
  if (target.kind === 'verdict') {
    if (target.verdict !== 'RETURN') return { verdict: target.verdict, ...here };
    return returns.pop() ?? POLICY;
  }
  if (target.kind !== 'extension') {
    if (target.kind === 'jump') returns.push(next);
    return { chain: chainNamed(table, target.chain), index: 0 };
  }
  if (isUnknown(target.options)) {
    if (walker.unknown !== 'verdict') return next;
    return { verdict: 'unknown', ...here, reason: target.name };
  }
  const evaluate = TARGETS[target.name];
  if (evaluate === undefined) throw new Error(`no evaluator for target ${target.name}`);
  const end = evaluate(target.options as never, packet, { ...walker.context, backend: walker.backend, rule });
  return end === 'continue' ? next : { verdict: 'REJECT', ...here };
}

function chainNamed(table: Table, name: string): Chain {
  const chain = table.chains.find((one) => one.name === name);
  if (chain === undefined) throw new Error(`table ${table.name} has no chain ${name}`);
  return chain;
}

/** A user chain's end is a RETURN; undefined where the built-in chain's policy is next. */
function endOfChain(
  walker: Walker,
  table: Table,
  at: Position,
  returns: Position[],
  packet: Packet,
): Position | undefined {
  if (at.chain.hook === undefined) step(walker, table, at, undefined, packet);
  return returns.pop();
}

function policy(walker: Walker, table: Table, builtIn: Chain, packet: Packet): Walked {
  step(walker, table, { chain: builtIn, index: builtIn.rules.length }, undefined, packet);
  count(walker, builtIn, packet);
  return { verdict: builtIn.policy ?? 'ACCEPT', chain: builtIn.name, rule: 0 };
}

function count(walker: Walker, what: Rule | Chain, packet: Packet): void {
  const before = walker.counters.get(what) ?? { packets: 0n, bytes: 0n };
  walker.counters.set(what, {
    packets: before.packets + 1n,
    bytes: before.bytes + BigInt(packet.length),
  });
}

/**
 * A condition that does not hold, or of which it cannot be said (`unknown` is why), or that holds and drops the packet
 * (`counted`: ipt_do_table looks at hotdrop only after the rule).
 */
type Unmet = Failure & { readonly unknown?: string; readonly counted?: boolean };

/** The first condition or match that does not hold or cannot be decided. */
function firstFailure(walker: Walker, rule: Rule, packet: Packet): Unmet | undefined {
  try {
    return firstUnmet(walker, rule, packet);
  } catch (error) {
    if (!(error instanceof NotCaptured)) throw error;
    return { condition: 'not captured', hotdrop: false, unknown: 'not-captured' };
  }
}

function firstUnmet(walker: Walker, rule: Rule, packet: Packet): Unmet | undefined {
  const failed = checkConditions(rule, packet, walker.backend);
  if (failed !== undefined) return failed;
  let dropping: Unmet | undefined;
  for (const match of rule.matches) {
    const outcome = checkMatch(walker, rule, match, packet);
    if (outcome?.counted === true) dropping = outcome;
    else if (outcome !== undefined) return { ...outcome, hotdrop: outcome.hotdrop || dropping !== undefined };
  }
  if (dropping !== undefined) return dropping;
  // A rule whose target is not known is left out under `--unknown no-match`.
  if (rule.target?.kind === 'extension' && isUnknown(rule.target.options) && walker.unknown === 'no-match') {
    return { condition: `-j ${rule.target.name}`, hotdrop: false };
  }
  return undefined;
}

function checkMatch(walker: Walker, rule: Rule, match: Match, packet: Packet): Unmet | undefined {
  const condition = `-m ${match.name}`;
  if (isUnknown(match.options)) {
    if (walker.unknown === 'match') return undefined;
    if (walker.unknown === 'no-match') return { condition, hotdrop: false };
    return { condition, hotdrop: false, unknown: match.name };
  }
  const evaluate = MATCHES[match.name];
  if (evaluate === undefined) throw new Error(`no evaluator for match ${match.name}`);
  const answer = evaluate(match.options as never, packet, {
    ...walker.context,
    backend: walker.backend,
    rule,
  });
  if (answer === 'yes') return undefined;
  if (answer === 'no') return { condition, hotdrop: false };
  // nft_match_eval drops at once; ipt_do_table goes on to the counter when the match says yes.
  return { condition, hotdrop: true, counted: answer === 'hotdrop-yes' && walker.backend === 'legacy' };
}

function step(
  walker: Walker,
  table: Table,
  { chain, index }: Position,
  failed: Failure | undefined,
  packet: Packet,
): void {
  const number = index + 1;
  walker.path.push({
    text: `${table.name}:${chain.name}:${comment(chain, index)}:${number}`,
    table: table.name,
    chain: chain.name,
    number,
    matched: failed === undefined,
    failed: failed?.condition,
    rule: chain.rules[index],
    packet,
    in: packet.in,
    out: packet.out,
    mark: packet.mark,
    ttl: packet.ttl,
  });
}

/** get_chainname_rulenum: an unconditional verdict is taken for the end of its chain. */
function comment(chain: Chain, index: number): 'rule' | 'return' | 'policy' {
  const rule = chain.rules[index];
  if (rule !== undefined && !(rule.target?.kind === 'verdict' && isUnconditional(rule))) return 'rule';
  return chain.hook === undefined ? 'return' : 'policy';
}

function isUnconditional(rule: Rule): boolean {
  return (
    rule.matches.length === 0 &&
    rule.source === undefined &&
    rule.destination === undefined &&
    rule.protocol === undefined &&
    rule.in === undefined &&
    rule.out === undefined &&
    rule.fragment === undefined
  );
}
