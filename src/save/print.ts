// The rule set as iptables-save prints it: the canonical text.

import type { MatchExtension, TargetExtension } from '../extension/extension.ts';
import * as known from '../extension/index.ts';
import { formatAddress, prefixLength } from '../model/address.ts';
import { protocolName } from '../model/protocol.ts';
import type {
  AddressMask,
  Backend,
  Counters,
  Family,
  Negatable,
  Rule,
  RuleSet,
  Table,
} from '../model/ruleset.ts';
import { HOOK_ORDER, isUnknown } from '../model/ruleset.ts';
import type { ExtensionTable } from './registry.ts';

export interface PrintOptions {
  /** Default: the rule set's, else legacy. */
  readonly backend?: Backend | undefined;
  /** `[packets:bytes]` before every rule, as with `iptables-save -c`; default: no. Policies always have theirs. */
  readonly counters?: boolean | undefined;
  /** Default: all that are known. */
  readonly extensions?: ExtensionTable | undefined;
}

/** Whom a rule is printed for. */
export interface RulePrintContext {
  readonly family: Family;
  readonly backend: Backend;
  /** Default: all that are known. */
  readonly extensions?: ExtensionTable | undefined;
}

/**
 * The whole rule set: for each table its chains with policies, then the rules chain by chain, then COMMIT. Ends with
 * a line feed. The text is deterministic: iptables-save's comments with version and date are left out.
 */
export function printRules(ruleSet: RuleSet, options: PrintOptions = {}): string {
  const { backend = ruleSet.backend ?? 'legacy', counters = false, extensions } = options;
  const context = { family: ruleSet.family, backend, extensions };
  return ruleSet.tables.map((table) => printTable(table, context, counters)).join('');
}

function printTable(table: Table, context: RulePrintContext, counters: boolean): string {
  const lines = [`*${table.name}`];
  const chains = [...table.chains].sort(
    (a, b) => order(a.hook) - order(b.hook), // stable: user chains stay in their order
  );
  for (const chain of chains) {
    lines.push(
      chain.hook === undefined
        ? `:${chain.name} - [0:0]`
        : `:${chain.name} ${chain.policy ?? 'ACCEPT'} ${printCounters(chain.counters)}`,
    );
  }
  for (const chain of chains) {
    for (const rule of chain.rules) {
      const words = printRule(rule, context);
      const head = `-A ${chain.name}`;
      const line = words === '' ? head : `${head} ${words}`;
      lines.push(counters ? `${printCounters(rule.counters)} ${line}` : line);
    }
  }
  lines.push('COMMIT', '');
  return lines.join('\n');
}

function order(hook: string | undefined): number {
  return hook === undefined ? HOOK_ORDER.length : HOOK_ORDER.indexOf(hook as 'INPUT');
}

function printCounters(counters: Counters): string {
  return `[${counters.packets}:${counters.bytes}]`;
}

/** The words of one rule behind `-A CHAIN `, as iptables-save prints them; empty for a rule without any. */
export function printRule(rule: Rule, context: RulePrintContext): string {
  const words: string[] = [];
  printAddress(words, '-s', rule.source);
  printAddress(words, '-d', rule.destination);
  printNegatable(words, '-i', rule.in);
  printNegatable(words, '-o', rule.out);
  if (rule.protocol !== undefined) {
    const { value, invert } = rule.protocol;
    words.push(`${invert ? '! ' : ''}-p ${protocolName(value) ?? value}`);
  }
  if (rule.fragment !== undefined) words.push(rule.fragment.invert ? '! -f' : '-f');
  for (const match of rule.matches) {
    words.push(`-m ${match.name}`);
    const extension = (context.extensions ?? known).findMatch(match.name, context.family);
    printOptions(words, extension, match.options, rule, context);
  }
  const { target } = rule;
  if (target?.kind === 'verdict') words.push(`-j ${target.verdict}`);
  else if (target?.kind === 'jump') words.push(`-j ${target.chain}`);
  else if (target?.kind === 'goto') words.push(`-g ${target.chain}`);
  else if (target?.kind === 'extension') {
    words.push(`-j ${target.name}`);
    const extension = (context.extensions ?? known).findTarget(target.name, context.family);
    printOptions(words, extension, target.options, rule, context);
  }
  return words.join(' ');
}

function printOptions(
  words: string[],
  extension: MatchExtension | TargetExtension | undefined,
  options: unknown,
  rule: Rule,
  context: RulePrintContext,
): void {
  if (isUnknown(options)) {
    words.push(...options.words.map(quoteWord));
    return;
  }
  if (extension === undefined) return;
  const text = extension.print(options, { family: context.family, backend: context.backend, rule });
  if (text !== '') words.push(text);
}

function printAddress(words: string[], letter: '-s' | '-d', given: Negatable<AddressMask> | undefined): void {
  if (given === undefined) return;
  const { value, invert } = given;
  const length = prefixLength(value.mask);
  if (length === 0 && !invert) return;
  words.push(
    `${invert ? '! ' : ''}${letter} ${formatAddress(value.address)}/${length ?? formatAddress(value.mask)}`,
  );
}

function printNegatable(words: string[], letter: '-i' | '-o', given: Negatable<string> | undefined): void {
  if (given === undefined || (given.value === '+' && !given.invert)) return;
  words.push(`${given.invert ? '! ' : ''}${letter} ${given.value}`);
}

/** A word that iptables-restore's tokenizer reads as itself; in quotes only where it must be. */
function quoteWord(word: string): string {
  return /^[^\s"]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
