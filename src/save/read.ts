// iptables-save text to a rule set: what iptables-restore would load, line by line, and every error of the file.

import { type Place, WasmtablesError, WasmtablesErrors } from '../error.ts';
import * as known from '../extension/index.ts';
import {
  type Backend,
  BUILT_IN_CHAINS,
  type Counters,
  type Family,
  type Rule,
  type RuleSet,
  type TableName,
} from '../model/ruleset.ts';
import { chainNameProblem, validateTable } from '../model/validate.ts';
import { AddressConditions } from './address.ts';
import { detectBackend, detectFamily, lines } from './family.ts';
import { didYouMean } from './hint.ts';
import { type LineContext, Scanner } from './line.ts';
import { PlainLines } from './plain.ts';
import { printRule } from './print.ts';
import type { ExtensionTable } from './registry.ts';
import { buildRules, natDrop, parseProtocol } from './rule.ts';
import { type CommandLetter, readCounters, type ScannedLine, short, u64, ZERO } from './scanned.ts';
import { EditBudget, OpenTable } from './table.ts';
import { type Line, newWords, placeOf, splitWords } from './word.ts';

export interface ReadOptions {
  /** Named in errors; its ending `.v6` says the family. */
  readonly file: string;
  /** Default: as detectFamily() finds it. */
  readonly family?: Family | undefined;
  /** Which iptables-restore is followed where the two differ. Default: what the header says, else legacy. */
  readonly backend?: Backend | undefined;
  /** Matches and targets that no extension knows: an error (default), or kept as UnknownOptions. */
  readonly unknown?: 'refuse' | 'keep' | undefined;
  /** Labels of connections by name (connlabel.conf), where they are known. */
  readonly connlabels?: ReadonlyMap<string, number> | undefined;
  /** Default: all that are known. */
  readonly extensions?: ExtensionTable | undefined;
  /** @internal For tests: false reads lines in iptables-save's own form in the general way, too. */
  readonly plain?: boolean | undefined;
}

/** A file with more errors than this is no rule file: reading stops. */
const MAX_ERRORS = 1000;
/** iptables-restore's line buffer is 10,240 bytes. */
const MAX_LINE_BYTES = 10_239;

/**
 * Reads iptables-save text, or text written by hand for iptables-restore.
 *
 * Rules, chains, matches and targets carry their places. Tables stand in the order of their first `*TABLE` line; a
 * table that comes twice has the contents of the last, as iptables-restore flushes before it loads.
 * @throws {WasmtablesErrors} with all errors of the file.
 */
export function readRules(text: string, options: ReadOptions): RuleSet {
  return new Reader(text, options).read();
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #family: Family;
  readonly #headerBackend: Backend | undefined;
  readonly #backend: Backend;
  readonly #keepUnknown: boolean;
  readonly #connlabels: ReadonlyMap<string, number> | undefined;
  readonly #extensions: ExtensionTable;
  readonly #errors: WasmtablesError[] = [];
  readonly #tables = new Map<TableName, OpenTable>();
  readonly #budget = new EditBudget();
  #table: OpenTable | undefined;
  readonly #words = newWords();
  readonly #lineContext: LineContext;
  readonly #scanner: Scanner;
  readonly #addresses: AddressConditions;
  readonly #plain: PlainLines | undefined;
  /** Lines are passed over: after an unknown table, or outside of tables once that was said. */
  #skipping = false;

  constructor(text: string, options: ReadOptions) {
    this.#text = text;
    this.#file = options.file;
    this.#family = options.family ?? detectFamily(text, options.file);
    this.#headerBackend = detectBackend(text);
    this.#backend = options.backend ?? this.#headerBackend ?? 'legacy';
    this.#keepUnknown = options.unknown === 'keep';
    this.#connlabels = options.connlabels;
    this.#extensions = options.extensions ?? known;
    this.#lineContext = {
      line: { file: this.#file, number: 0, text: '' },
      family: this.#family,
      extensions: this.#extensions,
      isChain: (name) => this.#table?.has(name) ?? false,
      protocol: parseProtocol,
    };
    this.#scanner = new Scanner(this.#words, this.#lineContext);
    this.#addresses = new AddressConditions(this.#family);
    if (options.plain !== false) {
      this.#plain = new PlainLines({
        family: this.#family,
        extensions: this.#extensions,
        connlabels: this.#connlabels,
        addresses: this.#addresses,
      });
    }
  }

  read(): RuleSet {
    let line: Line = { file: this.#file, number: 1, text: '' };
    for (line of lines(this.#text, this.#file)) {
      if (this.#table !== undefined && !this.#skipping && this.#plain?.append(line, this.#table)) continue;
      try {
        this.#line(line);
      } catch (error) {
        if (!(error instanceof WasmtablesError)) throw error;
        if (this.#budget.exceeded) {
          this.#report(new WasmtablesError(error.code, error.message, { place: placeOf(line) }));
          this.#table = undefined;
          break;
        }
        this.#report(error);
      }
      if (this.#errors.length >= MAX_ERRORS) {
        this.#errors.push(
          new WasmtablesError('LIMIT', `more than ${MAX_ERRORS} errors: the rest of the file was not read`, {
            place: placeOf(line),
          }),
        );
        break;
      }
    }
    if (this.#table !== undefined && this.#errors.length < MAX_ERRORS) {
      this.#report(
        new WasmtablesError('SYNTAX', `the table ${this.#table.name} is not ended`, {
          place: placeOf(line),
          hint: 'end it with a line COMMIT; without it iptables-restore loads nothing of the table',
        }),
      );
    }
    if (this.#errors.length > 0) throw new WasmtablesErrors(this.#errors);
    return {
      family: this.#family,
      backend: this.#headerBackend,
      tables: [...this.#tables.values()].map((table) => table.finish()),
    };
  }

  #report(error: WasmtablesError): void {
    this.#errors.push(error);
  }

  #line(line: Line): void {
    const { text } = line;
    const first = text[0];
    if (first === '#' || text === '') return;
    const trimmed = text.trim();
    if (trimmed === '' || trimmed[0] === '#') return;
    if (text.length > MAX_LINE_BYTES / 4 && Buffer.byteLength(text) > MAX_LINE_BYTES) {
      throw new WasmtablesError('LIMIT', `this line is longer than ${MAX_LINE_BYTES} bytes`, {
        place: { ...placeOf(line, 0, 1), text: `${text.slice(0, 100)}...` },
        hint: 'iptables-restore would cut it there',
      });
    }
    const zero = text.indexOf('\0');
    if (zero >= 0) {
      throw new WasmtablesError('SYNTAX', 'this line contains a zero byte', {
        place: placeOf(line, zero, zero + 1),
      });
    }
    if (trimmed === 'COMMIT' && (this.#table !== undefined || this.#skipping)) this.#commit();
    else if (first === '*') this.#openTable(line);
    else if (this.#skipping) return;
    else if (this.#table === undefined) this.#outside(line, trimmed);
    else if (first === ':') this.#declare(line, this.#table);
    else this.#command(line, this.#table);
  }

  #outside(line: Line, trimmed: string): never {
    this.#skipping = true;
    let hint = 'a table begins with a line such as *filter and ends with COMMIT';
    if (/^(#!|\S*ip6?tables\b)/.test(trimmed)) {
      hint = 'this looks like a shell script: run it and use the output of iptables-save';
    } else if (/^-[PNA] /.test(trimmed)) {
      hint = 'output of `iptables -S`? Write *filter (or its table) before it and COMMIT behind it';
    }
    throw new WasmtablesError('SYNTAX', `\`${short(trimmed.split(/\s/)[0] as string)}\` outside of a table`, {
      place: placeOf(line),
      hint,
    });
  }

  #openTable(line: Line): void {
    this.#skipping = false;
    if (this.#table !== undefined) {
      this.#report(
        new WasmtablesError('SYNTAX', `the table ${this.#table.name} is not ended before this one`, {
          place: placeOf(line),
          hint: 'end it with a line COMMIT',
        }),
      );
      this.#commit();
    }
    const name = /^\*[ \t]*(\S*)/.exec(line.text)?.[1] ?? '';
    if (!Object.hasOwn(BUILT_IN_CHAINS, name)) {
      this.#skipping = true;
      const names = Object.keys(BUILT_IN_CHAINS);
      throw new WasmtablesError('BAD_TABLE', `there is no table \`${short(name)}\``, {
        place: placeOf(line),
        hint: didYouMean(name, names) ?? `the tables are ${names.join(', ')}`,
      });
    }
    const tableName = name as TableName;
    let table = this.#tables.get(tableName);
    if (table === undefined) {
      table = new OpenTable(tableName, this.#budget);
      this.#tables.set(tableName, table);
    } else table.flushAll(this.#backend === 'legacy');
    this.#table = table;
  }

  #commit(): void {
    this.#skipping = false;
    const table = this.#table;
    this.#table = undefined;
    if (table === undefined) return;
    const { errors } = validateTable(table.finish(), {
      family: this.#family,
      backend: this.#backend,
      extensions: this.#extensions,
    });
    for (const error of errors) this.#report(error);
  }

  /** `:CHAIN POLICY [packets:bytes]` */
  #declare(line: Line, table: OpenTable): void {
    const found = /^:[ \t]*(\S*)[ \t]*(\S*)[ \t]*(\S*)/.exec(line.text) as RegExpExecArray;
    const [, name = '', policy = '', counters = ''] = found;
    const start = line.text.indexOf(name, 1);
    const place = placeOf(line, start, start + name.length);
    if (name === '') throw new WasmtablesError('SYNTAX', 'the chain has no name', { place: placeOf(line) });
    if (policy === '') {
      throw new WasmtablesError('SYNTAX', `the chain \`${short(name)}\` has no policy`, {
        place,
        hint: `\`:${short(name)} ACCEPT [0:0]\` for a built-in chain, \`:${short(name)} - [0:0]\` for another`,
      });
    }
    const policyStart = line.text.indexOf(policy, start + name.length);
    const policyPlace = placeOf(line, policyStart, policyStart + policy.length);
    if (!BUILT_IN_CHAINS[table.name].some((hook) => hook === name)) {
      this.#checkChainName(name, place, false);
      const strict = this.#backend === 'legacy';
      if (strict && table.has(name)) {
        throw new WasmtablesError('BAD_CHAIN', `the chain \`${name}\` is declared twice`, { place });
      }
      if (!table.has(name)) table.create(name, place);
      if (strict && policy !== '-') {
        throw new WasmtablesError('BAD_CHAIN', `the chain \`${name}\` cannot have a policy`, {
          place: policyPlace,
          hint: `only built-in chains have one: \`:${name} - [0:0]\``,
        });
      }
      return;
    }
    const chain = table.chain(name, place);
    chain.place = place;
    if (policy === '-') return;
    chain.policy = checkPolicy(policy, policyPlace);
    if (counters !== '') {
      const numbers = /^\[(\d+):(\d+)/.exec(counters);
      if (numbers === null) {
        const at = line.text.indexOf(counters, policyStart + policy.length);
        throw new WasmtablesError('SYNTAX', `\`${short(counters)}\` is no pair of counters`, {
          place: placeOf(line, at, at + counters.length),
          hint: 'they are written [packets:bytes]',
        });
      }
      chain.counters = { packets: u64(numbers[1] as string), bytes: u64(numbers[2] as string) };
    }
  }

  #checkChainName(name: string, place: Place, isCommand: boolean): void {
    const problem = chainNameProblem(name);
    if (problem !== undefined) throw new WasmtablesError('BAD_CHAIN', problem, { place });
    if (isCommand && this.#extensions.findTarget(name, this.#family) !== undefined) {
      throw new WasmtablesError('BAD_CHAIN', `a chain cannot be called as the target ${name}`, { place });
    }
  }

  #command(line: Line, table: OpenTable): void {
    let from = 0;
    let counters: Counters | undefined;
    if (line.text[0] === '[') {
      const read = readCounters(line.text);
      if (read === undefined) {
        throw new WasmtablesError('SYNTAX', 'this is no pair of counters', {
          place: placeOf(line, 0, Math.max(1, line.text.indexOf(']') + 1)),
          hint: 'they are written [packets:bytes]',
        });
      }
      from = read.end;
      counters = read.counters;
    }
    splitWords(line, from, this.#words);
    this.#lineContext.line = line;
    const scanned = this.#scanner.scan();
    if (scanned.otherFamily) return;
    if (scanned.command === undefined) {
      throw new WasmtablesError('SYNTAX', 'this line has no command', {
        place: placeOf(line),
        hint: 'it begins with -A CHAIN, -I CHAIN, -N CHAIN, ...',
      });
    }
    if (
      RULE_COMMANDS.includes(scanned.command) &&
      !(scanned.command === 'D' && scanned.number !== undefined)
    ) {
      this.#ruleCommand(line, table, scanned, counters);
    } else this.#chainCommand(table, scanned, placeOf(line));
  }

  #ruleCommand(line: Line, table: OpenTable, scanned: ScannedLine, counters: Counters | undefined): void {
    const chain = table.chain(scanned.chain ?? '', scanned.chainPlace);
    const place = placeOf(line);
    const errorsBefore = this.#errors.length;
    const rules = buildRules(scanned, scanned.counters ?? counters ?? ZERO, {
      family: this.#family,
      table: table.name,
      extensions: this.#extensions,
      keepUnknown: this.#keepUnknown,
      connlabels: this.#connlabels,
      place,
      chainNames: () => table.names(),
      isChain: (name) => table.has(name),
      report: (error) => this.#report(error),
      addresses: this.#addresses,
    });
    if (this.#errors.length > errorsBefore) return;
    switch (scanned.command) {
      case 'A':
        for (const rule of rules) chain.rules.append(rule);
        return;
      case 'I': {
        const index = (scanned.number ?? 1) - 1;
        // Each is inserted at the same place: the last address comes first, as with iptables.
        for (const rule of rules) {
          if (index > chain.rules.length) throw noSuchRule(scanned, chain.rules.length + 1);
          chain.rules.insert(index, rule);
        }
        return;
      }
      case 'R': {
        const index = (scanned.number as number) - 1;
        if (rules.length > 1) {
          throw new WasmtablesError('BAD_RULE', '`-R` replaces one rule: several addresses make several', {
            place,
          });
        }
        if (index >= chain.rules.length) throw noSuchRule(scanned, chain.rules.length);
        chain.rules.replace(index, rules[0] as Rule);
        return;
      }
      default:
        for (const rule of rules) {
          const print = (one: Rule): string =>
            printRule(one, { family: this.#family, backend: this.#backend, extensions: this.#extensions });
          if (!chain.rules.find(rule, print, scanned.command === 'D')) {
            throw new WasmtablesError('BAD_RULE', `the chain ${chain.name} has no such rule`, {
              place,
              hint: `it would be \`-A ${chain.name} ${short(print(rule))}\``,
            });
          }
        }
    }
  }

  #chainCommand(table: OpenTable, scanned: ScannedLine, linePlace: Place): void {
    const { command, chainPlace: place = linePlace, chain: name } = scanned;
    if (
      (Object.values(scanned.given).some((one) => one !== undefined) ||
        scanned.matches.length > 0 ||
        scanned.target) ??
      scanned.jump
    ) {
      throw new WasmtablesError('SYNTAX', `\`-${command}\` takes no rule`, { place: linePlace });
    }
    switch (command) {
      case 'N':
        this.#checkChainName(name ?? '', place ?? linePlace, true);
        if (table.has(name ?? '')) {
          throw new WasmtablesError('BAD_CHAIN', `the chain \`${name}\` exists already`, { place });
        }
        table.create(name ?? '', place ?? linePlace);
        return;
      case 'P': {
        const chain = table.chain(name ?? '', place);
        const policy = scanned.argument as { value: string; place: Place };
        if (chain.hook === undefined) {
          throw new WasmtablesError('BAD_CHAIN', `the chain \`${name}\` cannot have a policy`, {
            place,
            hint: 'only built-in chains have one',
          });
        }
        if (table.name === 'nat' && policy.value === 'DROP') throw natDrop(policy.place);
        chain.policy = checkPolicy(policy.value, policy.place);
        if (scanned.counters !== undefined) chain.counters = scanned.counters;
        return;
      }
      case 'F':
        if (name !== undefined) table.chain(name, place).rules.clear();
        else table.flushRules();
        return;
      case 'X':
        if (name === undefined) {
          // Chains that hold each other go too if all are empty; one that is in use stops the command.
          for (const chain of table.userChains()) table.remove(chain, place);
          return;
        }
        if (table.chain(name, place).hook !== undefined) {
          throw new WasmtablesError('BAD_CHAIN', `the built-in chain ${name} cannot be deleted`, { place });
        }
        table.remove(table.chain(name, place), place);
        return;
      case 'E': {
        const chain = table.chain(name ?? '', place);
        const newName = scanned.argument as { value: string; place: Place };
        this.#checkChainName(newName.value, newName.place, true);
        if (chain.hook !== undefined || table.has(newName.value)) {
          throw new WasmtablesError('BAD_CHAIN', `\`${name}\` cannot be called \`${newName.value}\``, {
            place,
          });
        }
        table.rename(chain, newName.value);
        return;
      }
      case 'D': {
        const chain = table.chain(name ?? '', place);
        const index = (scanned.number as number) - 1;
        if (index >= chain.rules.length) throw noSuchRule(scanned, chain.rules.length);
        chain.rules.remove(index);
        return;
      }
      case 'Z':
        for (const one of name === undefined ? table.names() : [name]) {
          const chain = table.chain(one, place);
          if (scanned.number === undefined) chain.counters = ZERO;
          chain.rules.zero(scanned.number);
        }
        return;
      default:
        // -L and -S only print.
        if (name !== undefined) table.chain(name, place);
    }
  }
}

const RULE_COMMANDS: readonly CommandLetter[] = ['A', 'I', 'R', 'D', 'C'];

function checkPolicy(policy: string, place: Place): 'ACCEPT' | 'DROP' {
  if (policy === 'ACCEPT' || policy === 'DROP') return policy;
  throw new WasmtablesError('BAD_CHAIN', `\`${short(policy)}\` is no policy`, {
    place,
    hint:
      policy === 'REJECT'
        ? 'a policy is ACCEPT or DROP; end the chain with `-j REJECT` instead'
        : 'a policy is ACCEPT or DROP',
  });
}

function noSuchRule(scanned: ScannedLine, last: number): WasmtablesError {
  return new WasmtablesError('BAD_RULE', `the chain ${scanned.chain} has no place ${scanned.number}`, {
    place: scanned.chainPlace,
    hint: last === 0 ? 'it is empty' : `the last one is ${last}`,
  });
}
