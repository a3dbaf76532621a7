// Lines as iptables-save itself writes them, straight to rules: `[1:2] -A CHAIN -s A -p tcp -m tcp --dport 80 -j DROP`.
//
// A large rule file has hardly any other lines, and most of their parts stood in a line before. What a part says (an
// address, an interface, the protocol, a match or target with its options) follows from its text, the table, the
// built-in chain and the protocol, and from nothing else in the line. So a line is cut into parts and each is looked
// up by its text; one that is new is read by the functions that read it in any line (rule.ts). Whatever is unlike
// that, and whatever is wrong, is left to the general way (line.ts), which knows all that iptables knows.

import { type Place, WasmtablesError } from '../error.ts';
import type { ParsedOption } from '../extension/extension.ts';
import {
  type Family,
  HOOK_ORDER,
  type Match,
  type Negatable,
  type Rule,
  type TableName,
} from '../model/ruleset.ts';
import type { AddressConditions } from './address.ts';
import { type Extension, findLong } from './option.ts';
import type { ExtensionTable } from './registry.ts';
import { parseInterface, parseOptions, parseProtocol, unmodelled } from './rule.ts';
import { isVerdict, readCounters, ZERO } from './scanned.ts';
import type { OpenTable } from './table.ts';
import { type Line, newWords, placeOf, splitWords } from './word.ts';

export interface PlainContext {
  readonly family: Family;
  readonly extensions: ExtensionTable;
  readonly connlabels: ReadonlyMap<string, number> | undefined;
  readonly addresses: AddressConditions;
}

/** `-m NAME` or `-j NAME` with its options, read. */
interface ExtensionPart {
  readonly extension: Extension;
  readonly options: unknown;
}

/** `-p`, and the extensions that stood behind it. */
interface ProtocolPart {
  readonly condition: Negatable<number> | undefined;
  readonly extensions: Map<string, ExtensionPart>;
}

/** What the parts of a chain's lines say, by their text. The user chains of a table share theirs. */
interface ChainParts {
  readonly interfaces: Map<string, Negatable<string> | undefined>;
  readonly protocols: Map<string, ProtocolPart>;
  readonly anyProtocol: ProtocolPart;
}

/** In a longer line there may be words, or a number of them, that iptables-restore refuses. */
const MAX_LENGTH = 340;
/** Parts of a kind that are known by their text. */
const MAX_KEPT = 16_384;
const NO_MATCHES: readonly Match[] = [];
const HOOKS: ReadonlySet<string> = new Set(HOOK_ORDER);
/** Errors that are found here are found again, and told, by the general way. */
const NOWHERE: Place = { file: '', line: 0, column: 1, text: '' };

const SPACE = 0x20;
const BANG = 0x21;
const DASH = 0x2d;
const BRACKET = 0x5b;
const LETTER_A = 0x61;
const LETTER_D = 0x64;
const LETTER_F = 0x66;
const LETTER_G = 0x67;
const LETTER_I = 0x69;
const LETTER_J = 0x6a;
const LETTER_M = 0x6d;
const LETTER_O = 0x6f;
const LETTER_P = 0x70;
const LETTER_S = 0x73;
/** Where the next part would begin, when the line is none for this reader. */
const NOT_PLAIN = -1;

type Draft = { -readonly [Key in keyof Rule]: Rule[Key] };

/** Reads lines of one file. */
export class PlainLines {
  readonly #context: PlainContext;
  readonly #parts = new Map<TableName, Map<string, ChainParts>>();
  readonly #words = newWords();
  // The line in work.
  #line: Line = { file: '', number: 0, text: '' };
  #table: OpenTable | undefined;
  #chain = '';
  #chainParts = newChainParts();
  #protocolPart = this.#chainParts.anyProtocol;
  #rule = newDraft(this.#line);
  #quoted = false;
  /** Letters of the options met so far: a bit each. */
  #met = 0;
  /** Extensions met so far; a second `-m` of the same one is not what it seems to be. */
  readonly #extensions: Extension[] = [];

  constructor(context: PlainContext) {
    this.#context = context;
  }

  /** Adds the line's rule to its chain. False: it is no such line, and nothing was done. */
  append(line: Line, table: OpenTable): boolean {
    const { text } = line;
    if (text.length > MAX_LENGTH || text.includes('\t') || text.includes('\0')) return false;
    this.#quoted = text.includes('"');
    if (this.#quoted && text.includes('\\')) return false;
    const rule = newDraft(line);
    let at = 0;
    if (text.charCodeAt(0) === BRACKET) {
      const read = readCounters(text);
      if (read === undefined || text.charCodeAt(read.end) !== SPACE) return false;
      rule.counters = read.counters;
      at = read.end + 1;
    }
    if (!text.startsWith('-A ', at)) return false;
    const nameEnd = wordEnd(text, at + 3);
    const name = text.slice(at + 3, nameEnd);
    const chain = table.find(name);
    if (chain === undefined) return false;
    this.#line = line;
    this.#rule = rule;
    this.#enter(table, name);
    try {
      at = nameEnd + 1;
      while (at < text.length) {
        at = this.#part(at);
        if (at === NOT_PLAIN) return false;
      }
    } catch (error) {
      if (error instanceof WasmtablesError) return false;
      throw error;
    }
    chain.rules.append(rule);
    return true;
  }

  #enter(table: OpenTable, chain: string): void {
    let chains = this.#parts.get(table.name);
    if (chains === undefined) {
      chains = new Map();
      this.#parts.set(table.name, chains);
    }
    const key = HOOKS.has(chain) ? chain : '';
    let parts = chains.get(key);
    if (parts === undefined) {
      parts = newChainParts();
      chains.set(key, parts);
    }
    this.#table = table;
    this.#chain = chain;
    this.#chainParts = parts;
    this.#protocolPart = parts.anyProtocol;
    this.#met = 0;
    this.#extensions.length = 0;
  }

  /** Reads the part that begins at `start`; answers where the next one begins. */
  #part(start: number): number {
    const { text } = this.#line;
    const invert = text.charCodeAt(start) === BANG;
    if (invert && text.charCodeAt(start + 1) !== SPACE) return NOT_PLAIN;
    const at = invert ? start + 2 : start;
    if (text.charCodeAt(at) !== DASH) return NOT_PLAIN;
    const letter = text.charCodeAt(at + 1);
    if (letter === LETTER_F) return this.#fragment(at, invert);
    if (text.charCodeAt(at + 2) !== SPACE) return NOT_PLAIN;
    if (letter === LETTER_M) return invert ? NOT_PLAIN : this.#match(at);
    const end = wordEnd(text, at + 3);
    const value = text.slice(at + 3, end);
    // `-i ! eth0` is the old spelling of `! -i eth0`.
    if (value === '' || value === '!' || (this.#quoted && value.includes('"'))) return NOT_PLAIN;
    if (!this.#first(letter)) return NOT_PLAIN;
    switch (letter) {
      case LETTER_S:
      case LETTER_D: {
        const condition = this.#context.addresses.of(value, invert);
        if (condition !== undefined && 'reason' in condition) return NOT_PLAIN;
        if (letter === LETTER_S) this.#rule.source = condition;
        else this.#rule.destination = condition;
        return end + 1;
      }
      case LETTER_I:
        this.#rule.in = this.#interface(text.slice(start, end), value, invert, '-i');
        return end + 1;
      case LETTER_O:
        this.#rule.out = this.#interface(text.slice(start, end), value, invert, '-o');
        return end + 1;
      case LETTER_P:
        // What extensions say depends on the protocol: it has to be known when they come.
        if (this.#extensions.length > 0) return NOT_PLAIN;
        this.#protocol(value, invert);
        return end + 1;
      case LETTER_J:
        return invert ? NOT_PLAIN : this.#jump(at, value);
      case LETTER_G:
        return invert || !this.#first(LETTER_J) ? NOT_PLAIN : this.#goto(at, value);
      default:
        return NOT_PLAIN;
    }
  }

  /** Whether the line has had no option of that letter; now it has. */
  #first(letter: number): boolean {
    const bit = 1 << (letter - LETTER_A);
    if ((this.#met & bit) !== 0) return false;
    this.#met |= bit;
    return true;
  }

  #fragment(at: number, invert: boolean): number {
    const { text } = this.#line;
    const ends = at + 2 === text.length || text.charCodeAt(at + 2) === SPACE;
    if (!ends || this.#context.family === 'ipv6' || !this.#first(LETTER_F)) return NOT_PLAIN;
    this.#rule.fragment = { invert };
    return at + 3;
  }

  #interface(part: string, value: string, invert: boolean, option: '-i' | '-o'): Rule['in'] {
    const { interfaces } = this.#chainParts;
    let condition = interfaces.get(part);
    if (condition === undefined) {
      condition = parseInterface({ value, invert, place: NOWHERE }, option, this.#chain);
      keep(interfaces, part, condition);
    }
    return condition;
  }

  #protocol(value: string, invert: boolean): void {
    const { protocols } = this.#chainParts;
    const key = invert ? `! ${value}` : value;
    let part = protocols.get(key);
    if (part === undefined) {
      const number = parseProtocol({ value, invert, place: NOWHERE });
      part = newProtocolPart(number === 0 ? undefined : { value: number, invert });
      protocols.set(key, part);
    }
    this.#protocolPart = part;
    this.#rule.protocol = part.condition;
  }

  #match(at: number): number {
    const end = this.#line.text.charCodeAt(at + 3) === SPACE ? NOT_PLAIN : this.#extensionEnd(at + 3);
    const part = end === NOT_PLAIN ? undefined : this.#extension('match', at, end);
    if (part === undefined) return NOT_PLAIN;
    const { name } = part.extension;
    const match: Match = { name, options: part.options, place: this.#place(at + 3) };
    const rule = this.#rule;
    // Most rules have one match. An array that is pushed to takes room for seventeen.
    rule.matches = rule.matches.length === 0 ? [match] : [...rule.matches, match];
    return end + 1;
  }

  #jump(at: number, name: string): number {
    const rule = this.#rule;
    const table = this.#table as OpenTable;
    if (table.find(name) !== undefined) {
      if (HOOKS.has(name)) return NOT_PLAIN;
      rule.target = { kind: 'jump', chain: name, place: this.#place(at + 3) };
      return at + 3 + name.length + 1;
    }
    if (isVerdict(name)) {
      if (table.name === 'nat' && name === 'DROP') return NOT_PLAIN;
      rule.target = { kind: 'verdict', verdict: name, place: this.#place(at + 3) };
      return at + 3 + name.length + 1;
    }
    const end = this.#extensionEnd(at + 3);
    const part = end === NOT_PLAIN ? undefined : this.#extension('target', at, end);
    if (part === undefined) return NOT_PLAIN;
    rule.target = {
      kind: 'extension',
      name: part.extension.name,
      options: part.options,
      place: this.#place(at + 3),
    };
    return end + 1;
  }

  #goto(at: number, name: string): number {
    if ((this.#table as OpenTable).find(name) === undefined || HOOKS.has(name)) return NOT_PLAIN;
    this.#rule.target = { kind: 'goto', chain: name, place: this.#place(at + 3) };
    return at + 3 + name.length + 1;
  }

  /** Place of the word that begins at `start`. */
  #place(start: number): Place {
    return placeOf(this.#line, start, wordEnd(this.#line.text, start));
  }

  /** Where the words end that can be options of an extension: before an option of one letter, with its `!`. */
  #extensionEnd(start: number): number {
    const { text } = this.#line;
    let from = start;
    while (true) {
      const next = text.indexOf(' -', from);
      const quote = this.#quoted ? text.indexOf('"', from) : -1;
      if (quote >= 0 && (next < 0 || quote < next)) {
        const closing = text.indexOf('"', quote + 1);
        if (closing < 0) return NOT_PLAIN;
        from = closing + 1;
      } else if (next < 0) {
        return text.length;
      } else if (text.charCodeAt(next + 2) === DASH) {
        from = next + 3;
      } else {
        const inverted = text.charCodeAt(next - 1) === BANG && text.charCodeAt(next - 2) === SPACE;
        return inverted ? next - 2 : next;
      }
    }
  }

  /** A match or target with its options; undefined for one that is not known. */
  #extension(kind: 'match' | 'target', start: number, end: number): ExtensionPart | undefined {
    const text = this.#line.text.slice(start, end);
    const { extensions } = this.#protocolPart;
    let part = extensions.get(text);
    if (part === undefined) {
      part = this.#readExtension(kind, text);
      if (part === undefined) return undefined;
      keep(extensions, text, part);
    }
    if (this.#extensions.includes(part.extension)) return undefined;
    this.#extensions.push(part.extension);
    return part;
  }

  #readExtension(kind: 'match' | 'target', text: string): ExtensionPart | undefined {
    const { family, extensions, connlabels } = this.#context;
    const words = splitWords({ file: '', number: 0, text }, 0, this.#words);
    const name = words.text[1];
    // Behind a name in quotes the next word may begin at once.
    if (name === undefined || words.quoted[1] === true) return undefined;
    const extension =
      kind === 'match' ? extensions.findMatch(name, family) : extensions.findTarget(name, family);
    const given = extension === undefined ? undefined : optionsOf(extension, words.text);
    if (extension === undefined || given === undefined) return undefined;
    const { condition } = this.#protocolPart;
    const options = parseOptions(extension, given, NOWHERE, {
      family,
      table: (this.#table as OpenTable).name,
      chain: this.#chain,
      protocol: condition?.value,
      protocolInvert: condition?.invert ?? false,
      connlabels,
    });
    return unmodelled(extension, options) === undefined ? { extension, options } : undefined;
  }
}

/** The options behind `-m NAME`, all of them the extension's own and in full; undefined if they are not. */
function optionsOf(extension: Extension, words: readonly string[]): ParsedOption[] | undefined {
  const holders = [{ extension }];
  const given: ParsedOption[] = [];
  for (let at = 2; at < words.length; ) {
    const invert = words[at] === '!';
    const word = words[invert ? at + 1 : at] ?? '';
    const found = word.startsWith('--') ? findLong(word.slice(2), holders, false) : undefined;
    if (found?.kind !== 'extension') return undefined;
    const { name, arguments: count, invertible = false, repeatable = false } = found.spec;
    at += invert ? 2 : 1;
    const values = words.slice(at, at + count);
    at += count;
    if (values.length < count || values.some((value) => /^[-!]/.test(value))) return undefined;
    if ((invert && !invertible) || (!repeatable && given.some((one) => one.name === name))) return undefined;
    given.push({ name, invert, values });
  }
  return given;
}

function wordEnd(text: string, from: number): number {
  const space = text.indexOf(' ', from);
  return space < 0 ? text.length : space;
}

function newDraft(line: Line): Draft {
  return {
    source: undefined,
    destination: undefined,
    protocol: undefined,
    in: undefined,
    out: undefined,
    fragment: undefined,
    matches: NO_MATCHES,
    target: undefined,
    counters: ZERO,
    place: placeOf(line),
  };
}

function newChainParts(): ChainParts {
  return { interfaces: new Map(), protocols: new Map(), anyProtocol: newProtocolPart(undefined) };
}

function newProtocolPart(condition: Negatable<number> | undefined): ProtocolPart {
  return { condition, extensions: new Map() };
}

/** Remembers what a text was read as; a file may have any number of them. */
function keep<Part>(parts: Map<string, Part>, text: string, part: Part): void {
  if (parts.size >= MAX_KEPT) parts.clear();
  parts.set(text, part);
}
