// A rule set written in TypeScript: the same model as text of iptables-save gives.
//
//     const rules = ruleSet('ipv4')
//       .table('filter', (filter) => {
//         filter
//           .policy('INPUT', 'DROP')
//           .chain('web')
//           .rule('INPUT', { in: 'lo', target: accept })
//           .rule('INPUT', { protocol: 'tcp', matches: [match('tcp', { dport: 80 })], target: jump('web') })
//           .rule('web', { source: not('10.0.0.0/8'), target: drop });
//       })
//       .build();
//
// Extensions by name are those of extension/named.ts, which the library offers; here they are given themselves.

import { WasmtablesError } from '../error.ts';
import type { MatchExtension, OptionSpec, ParsedOption, TargetExtension } from '../extension/extension.ts';
import { parseAddressMask, parseNumber } from './mask.ts';
import { protocolNumber } from './protocol.ts';
import {
  type AddressMask,
  type Backend,
  BUILT_IN_CHAINS,
  type Chain,
  type Counters,
  type Family,
  type HookName,
  type Match,
  type Negatable,
  type Rule,
  type RuleSet,
  type Table,
  type TableName,
  type Target,
} from './ruleset.ts';
import { chainNameProblem } from './validate.ts';

/** A value with `!` before it. */
export interface Not<T> {
  readonly not: T;
}

/** `! value`. */
export function not<T>(value: T): Not<T> {
  return { not: value };
}

type MaybeNot<T> = T | Not<T>;

/**
 * The value of an option as its man page has it. `true` for an option without a value; a list is joined by commas
 * (`dports: [80, 443]`), or gives the two values of an option that takes two (`'tcp-flags': ['SYN,ACK', 'SYN']`).
 */
export type OptionValue = string | number | boolean | readonly (string | number)[];

/** Options by their long names, without dashes. `not(value)` inverts, `not(true)` an option without a value. */
export type OptionValues = Readonly<Record<string, MaybeNot<OptionValue>>>;

/** An extension, or how to find it once the rule set's family is known. */
export type ExtensionOf<Kind> = Kind | ((family: Family) => Kind);

/** A match or target by its extension and the options' words. */
export interface ExtensionUse<Kind extends MatchExtension | TargetExtension> {
  readonly extension: ExtensionOf<Kind>;
  readonly values: OptionValues;
}

/** `-m NAME` with options; parsed and checked as iptables does when the rule is added. */
export function match(
  extension: ExtensionOf<MatchExtension>,
  values: OptionValues = {},
): ExtensionUse<MatchExtension> {
  return { extension, values };
}

/** `-j NAME` with options. */
export function target(
  extension: ExtensionOf<TargetExtension>,
  values: OptionValues = {},
): ExtensionUse<TargetExtension> {
  return { extension, values };
}

export const accept: Target = { kind: 'verdict', verdict: 'ACCEPT' };
export const drop: Target = { kind: 'verdict', verdict: 'DROP' };
export const queue: Target = { kind: 'verdict', verdict: 'QUEUE' };
/** `-j RETURN`. */
export const leave: Target = { kind: 'verdict', verdict: 'RETURN' };

/** `-j CHAIN`. */
export function jump(chain: string): Target {
  return { kind: 'jump', chain };
}

/** `-g CHAIN`. */
export function goto(chain: string): Target {
  return { kind: 'goto', chain };
}

export interface RuleSpec {
  /** `ADDRESS[/MASK]`, one: several addresses are several rules. */
  readonly source?: MaybeNot<string>;
  readonly destination?: MaybeNot<string>;
  /** A name as in /etc/protocols, or a number. */
  readonly protocol?: MaybeNot<string | number>;
  /** Interface; `+` at the end is a prefix. */
  readonly in?: MaybeNot<string>;
  readonly out?: MaybeNot<string>;
  /** `-f`, IPv4 only; not(true) is `! -f`. */
  readonly fragment?: MaybeNot<true>;
  /** match(extension, options), or a match of the model with the extension's typed options. */
  readonly matches?: readonly (ExtensionUse<MatchExtension> | Match)[];
  /** accept, drop, jump('chain'), target(extension, options), ...; none: the rule only counts. */
  readonly target?: Target | ExtensionUse<TargetExtension>;
  readonly counters?: Counters;
}

const ZERO: Counters = { packets: 0n, bytes: 0n };

/** Begins a rule set. */
export function ruleSet(family: Family, options: { readonly backend?: Backend } = {}): RuleSetBuilder {
  return new RuleSetBuilder(family, options.backend);
}

export class RuleSetBuilder {
  readonly #family: Family;
  readonly #backend: Backend | undefined;
  readonly #tables = new Map<TableName, TableBuilder>();

  constructor(family: Family, backend: Backend | undefined) {
    this.#family = family;
    this.#backend = backend;
  }

  /** Adds to the table of that name; tables stand in the order of their first mention. */
  table(name: TableName, fill: (table: TableBuilder) => void): this {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new TableBuilder(name, this.#family);
      this.#tables.set(name, table);
    }
    fill(table);
    return this;
  }

  /** The model. Loops and what is legal where are checked when it is compiled, or by validateRuleSet(). */
  build(): RuleSet {
    return {
      family: this.#family,
      backend: this.#backend,
      tables: [...this.#tables.values()].map((table) => table.build()),
    };
  }
}

interface ChainState {
  readonly hook: HookName | undefined;
  policy: 'ACCEPT' | 'DROP' | undefined;
  counters: Counters;
  readonly rules: Rule[];
}

export class TableBuilder {
  readonly #name: TableName;
  readonly #family: Family;
  readonly #chains = new Map<string, ChainState>();

  constructor(name: TableName, family: Family) {
    this.#name = name;
    this.#family = family;
    for (const hook of BUILT_IN_CHAINS[name]) {
      this.#chains.set(hook, { hook, policy: 'ACCEPT', counters: ZERO, rules: [] });
    }
  }

  /** Policy of a built-in chain; ACCEPT unless said. Throws BAD_CHAIN if the table has no such chain. */
  policy(chain: HookName, policy: 'ACCEPT' | 'DROP', counters: Counters = ZERO): this {
    const state = this.#chain(chain);
    state.policy = policy;
    state.counters = counters;
    return this;
  }

  /** Declares a user chain, before the rules that use it. Throws BAD_CHAIN. */
  chain(name: string): this {
    const problem = this.#chains.has(name) ? `the chain \`${name}\` exists already` : chainNameProblem(name);
    if (problem !== undefined) throw new WasmtablesError('BAD_CHAIN', problem);
    this.#chains.set(name, { hook: undefined, policy: undefined, counters: ZERO, rules: [] });
    return this;
  }

  /** Appends a rule. Throws BAD_CHAIN, BAD_VALUE, UNKNOWN_OPTION, and what the extensions' parsers throw. */
  rule(chain: string, spec: RuleSpec): this {
    const { rules } = this.#chain(chain);
    const protocol = negatable(spec.protocol, parseProtocol);
    const find = <Kind>(extension: ExtensionOf<Kind>): Kind =>
      typeof extension === 'function' ? (extension as (family: Family) => Kind)(this.#family) : extension;
    const make = (extension: MatchExtension | TargetExtension, values: OptionValues): unknown =>
      extension.parse(parseValues(extension, values), {
        family: this.#family,
        table: this.#name,
        chain,
        protocol: protocol?.value,
        protocolInvert: protocol?.invert ?? false,
        fail(message, _at, hint): never {
          throw new WasmtablesError('BAD_VALUE', message, { hint });
        },
      });
    const made = (use: ExtensionUse<TargetExtension>): Target => {
      const extension = find(use.extension);
      const options = make(extension, use.values);
      const unmodelled = extension.unmodelled?.(options);
      if (unmodelled !== undefined) {
        throw new WasmtablesError('UNKNOWN_TARGET', `${unmodelled} is not modelled`);
      }
      return { kind: 'extension', name: extension.name, options };
    };
    rules.push({
      source: this.#address(spec.source),
      destination: this.#address(spec.destination),
      protocol: protocol?.value === 0 ? undefined : protocol,
      in: parseInterface(spec.in),
      out: parseInterface(spec.out),
      fragment: spec.fragment === undefined ? undefined : { invert: spec.fragment !== true },
      matches: (spec.matches ?? []).map((one) => {
        if (!('extension' in one)) return one;
        const extension = find(one.extension);
        return { name: extension.name, options: make(extension, one.values) };
      }),
      target: spec.target !== undefined && 'extension' in spec.target ? made(spec.target) : spec.target,
      counters: spec.counters ?? ZERO,
    });
    return this;
  }

  build(): Table {
    const chains = [...this.#chains].map(
      ([name, { hook, policy, counters, rules }]): Chain => ({
        name,
        hook,
        policy,
        counters,
        rules: [...rules],
      }),
    );
    return { name: this.#name, chains };
  }

  #chain(name: string): ChainState {
    const state = this.#chains.get(name);
    if (state !== undefined) return state;
    throw new WasmtablesError('BAD_CHAIN', `the table ${this.#name} has no chain \`${name}\``, {
      hint: `declare it first: chain('${name}')`,
    });
  }

  #address(given: MaybeNot<string> | undefined): Negatable<AddressMask> | undefined {
    const parsed = negatable(given, (text) => {
      const value = parseAddressMask(text, this.#family);
      if ('reason' in value) {
        throw new WasmtablesError('BAD_VALUE', `\`${text}\` is no ${this.#family} address or network`);
      }
      return value;
    });
    return parsed !== undefined && !parsed.invert && parsed.value.mask.every((byte) => byte === 0)
      ? undefined
      : parsed;
  }
}

function isNot<T>(given: MaybeNot<T>): given is Not<T> {
  return typeof given === 'object' && given !== null && 'not' in given;
}

function negatable<T, U>(given: MaybeNot<T> | undefined, parse: (value: T) => U): Negatable<U> | undefined {
  if (given === undefined) return undefined;
  return isNot(given)
    ? { value: parse(given.not), invert: true }
    : { value: parse(given as T), invert: false };
}

function parseProtocol(given: string | number): number {
  const text = String(given).toLowerCase();
  const number = parseNumber(text, 255) ?? protocolNumber(text);
  if (number === undefined) throw new WasmtablesError('BAD_VALUE', `unknown protocol \`${given}\``);
  return number;
}

function parseInterface(given: MaybeNot<string> | undefined): Negatable<string> | undefined {
  const parsed = negatable(given, (name) => {
    if (name === '' || Buffer.byteLength(name) > 15) {
      throw new WasmtablesError(
        'BAD_VALUE',
        `\`${name}\` is no interface name: they have 1 to 15 characters`,
      );
    }
    return name;
  });
  return parsed?.value === '+' && !parsed.invert ? undefined : parsed;
}

/** Options as values to options as the words of a line. */
function parseValues(extension: MatchExtension | TargetExtension, values: OptionValues): ParsedOption[] {
  const parsed: ParsedOption[] = [];
  for (const [name, given] of Object.entries(values)) {
    const spec = extension.options.find((one) => one.name === name || one.aliases?.includes(name));
    if (spec === undefined) {
      throw new WasmtablesError('UNKNOWN_OPTION', `${extension.name} has no option \`--${name}\``, {
        hint: `it has ${extension.options.map((one) => `--${one.name}`).join(', ')}`,
      });
    }
    const invert = isNot(given);
    const value = invert ? given.not : given;
    if (value === false) continue;
    if (invert && spec.invertible !== true) {
      throw new WasmtablesError('BAD_VALUE', `${extension.name}: \`--${name}\` cannot be inverted`);
    }
    parsed.push({ name: spec.name, invert, values: wordsOf(extension, spec, value) });
  }
  return parsed;
}

function wordsOf(
  extension: MatchExtension | TargetExtension,
  spec: OptionSpec,
  value: OptionValue,
): string[] {
  let words: string[];
  if (value === true || value === false) words = [];
  else if (typeof value === 'object') {
    words = spec.arguments === 2 ? value.map(String) : [value.map(String).join(',')];
  } else words = [String(value)];
  if (words.length === spec.arguments) return words;
  const wanted = ['no value: true', 'one value', 'two values'][spec.arguments];
  throw new WasmtablesError('BAD_VALUE', `${extension.name}: \`--${spec.name}\` takes ${wanted}`);
}
