// One line of rules, as getopt_long(3) and iptables' do_parse() walk it: the command, the options of iptables itself
// with their places, and the options of every loaded extension, still as words.

import { type Place, WasmtablesError } from '../error.ts';
import type { OptionSpec } from '../extension/extension.ts';
import { parseNumber } from '../model/mask.ts';
import { protocolName } from '../model/protocol.ts';
import type { Family } from '../model/ruleset.ts';
import { adviseOption, adviseWord } from './advice.ts';
import { type BuiltinOption, builtinByLetter, type Extension, findLong } from './option.ts';
import type { ExtensionTable } from './registry.ts';
import {
  type CommandLetter,
  type Given,
  isVerdict,
  type LoadedExtension,
  newScannedLine,
  type ScannedLine,
  short,
  u64,
} from './scanned.ts';
import { type Line, placeOf, type Words } from './word.ts';

export interface LineContext {
  line: Line;
  readonly family: Family;
  readonly extensions: ExtensionTable;
  isChain(name: string): boolean;
  /** Number of a protocol that `-p` names; throws. */
  protocol(given: Given): number;
}

/** xtables_find_match()'s own aliases. */
const MATCH_ALIASES: Readonly<Record<string, string>> = { icmpv6: 'icmp6', 'ipv6-icmp': 'icmp6' };

/** Options that `!` may stand before. */
const INVERTIBLE = 'sdpiof';

interface Holder {
  readonly extension: Extension;
  readonly loaded: LoadedExtension;
}

/** Walks the words of rule lines, one line at a time. */
export class Scanner {
  readonly #words: Words;
  readonly #context: LineContext;
  #result: ScannedLine = newScannedLine();
  /** Extensions whose options getopt knows, in the order of their first loading. */
  readonly #holders: Holder[] = [];
  #unknown: LoadedExtension | undefined;
  #protocolLoaded = false;
  #invert = false;
  #invertPlace: Place | undefined;
  #at = 0;

  constructor(words: Words, context: LineContext) {
    this.#words = words;
    this.#context = context;
  }

  /** The line of the words that stand in the scanner's buffer. Throws at the first thing that iptables refuses. */
  scan(): ScannedLine {
    const { text, quoted } = this.#words;
    this.#result = newScannedLine();
    this.#holders.length = 0;
    this.#unknown = undefined;
    this.#protocolLoaded = false;
    this.#invert = false;
    this.#at = 0;
    while (this.#at < text.length && !this.#result.otherFamily) {
      const word = text[this.#at] as string;
      if (word === '!') {
        this.#bang();
      } else if (word === '--' && !quoted[this.#at]) {
        this.#at++;
        if (this.#at < text.length) this.#fail('SYNTAX', 'words after `--`', this.#placeOf(this.#at));
      } else if (word.startsWith('--')) {
        this.#long(word);
      } else if (word.length > 1 && word.startsWith('-')) {
        this.#short(word);
      } else {
        this.#stray(word);
      }
    }
    if (this.#result.otherFamily) return this.#result;
    if (this.#invert) this.#fail('SYNTAX', 'nothing follows this `!`', this.#invertPlace);
    return this.#result;
  }

  #placeOf(index: number, skip = 0): Place {
    const start = this.#words.start[index] as number;
    const end = this.#words.end[index] as number;
    return placeOf(this.#context.line, Math.min(start + skip, end - 1), end);
  }

  #fail(
    code: 'SYNTAX' | 'UNKNOWN_OPTION' | 'BAD_VALUE',
    message: string,
    place?: Place,
    hint?: string,
  ): never {
    throw new WasmtablesError(code, message, { place, hint });
  }

  #bang(): void {
    const place = this.#placeOf(this.#at);
    if (this.#invert) this.#fail('SYNTAX', 'two `!` in a row', place);
    this.#invert = true;
    this.#invertPlace = place;
    this.#at++;
  }

  #stray(word: string): never {
    const place = this.#placeOf(this.#at);
    const hint = adviseWord(word, this.#at === 0);
    this.#fail('SYNTAX', `unexpected word \`${short(word)}\``, place, hint);
  }

  /** A word follows that is no option and no `!` (xs_has_arg). */
  #hasArgument(): boolean {
    const next = this.#words.text[this.#at];
    return next !== undefined && next[0] !== '-' && next[0] !== '!';
  }

  #short(word: string): void {
    const index = this.#at;
    for (let offset = 1; offset < word.length; offset++) {
      const letter = word[offset] as string;
      const option = builtinByLetter(letter);
      if (option === undefined) {
        this.#shortOfExtension(index, word, offset);
        return;
      }
      if (option.argument === 0) {
        if (offset === 1) this.#at++;
        this.#builtin(option, undefined, this.#placeOf(index));
        continue;
      }
      const attached = word.slice(offset + 1);
      if (offset === 1) this.#at++;
      this.#withArgument(option, `-${letter}`, index, attached === '' ? undefined : attached, offset + 1);
      return;
    }
  }

  #shortOfExtension(index: number, word: string, offset: number): void {
    const letter = word[offset] as string;
    for (let at = this.#holders.length - 1; at >= 0; at--) {
      const holder = this.#holders[at] as Holder;
      const spec = holder.extension.options.find((one) => one.short === letter);
      if (spec !== undefined && offset === 1) {
        this.#at++;
        const attached = word.slice(2);
        this.#extensionOption(holder, spec, `-${letter}`, index, attached === '' ? undefined : attached, 2);
        return;
      }
    }
    if (this.#unknown !== undefined && offset === 1) {
      this.#unknownOption();
      return;
    }
    this.#fail(
      'UNKNOWN_OPTION',
      `unknown option \`-${letter}\``,
      this.#placeOf(index),
      word.length > 2 ? `long options have two dashes: -${word}` : undefined,
    );
  }

  #withArgument(
    option: BuiltinOption,
    shown: string,
    index: number,
    attached: string | undefined,
    skip: number,
  ): void {
    const place = this.#placeOf(index);
    if (attached !== undefined || option.argument === 2) {
      this.#builtin(option, attached, attached === undefined ? place : this.#placeOf(index, skip));
      return;
    }
    const value = this.#words.text[this.#at];
    if (value === undefined) this.#fail('SYNTAX', `\`${shown}\` needs a value`, place);
    const valuePlace = this.#placeOf(this.#at);
    this.#at++;
    this.#builtin(option, value, valuePlace, place);
  }

  #long(word: string): void {
    const index = this.#at;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    let found = findLong(name, this.#holders, this.#unknown === undefined);
    if (found === undefined || found.kind === 'ambiguous') {
      if (this.#loadProtocol(name, index)) found = findLong(name, this.#holders, this.#unknown === undefined);
    }
    if (found === undefined && this.#unknown !== undefined) {
      this.#unknownOption();
      return;
    }
    if (found === undefined) this.#unknownLong(name, index);
    if (found.kind === 'ambiguous') {
      this.#fail(
        'UNKNOWN_OPTION',
        `\`--${short(name)}\` can be ${found.names.map((one) => `--${one}`).join(' or ')}`,
        this.#placeOf(index),
      );
    }
    const shown = `--${found.kind === 'builtin' ? found.option.name : found.spec.name}`;
    this.#at++;
    if (found.kind === 'extension') {
      this.#extensionOption(found.holder, found.spec, shown, index, attached, equals + 1);
      return;
    }
    const { option } = found;
    if (option.argument === 0) {
      if (attached !== undefined) this.#fail('SYNTAX', `\`${shown}\` takes no value`, this.#placeOf(index));
      this.#builtin(option, undefined, this.#placeOf(index));
    } else this.#withArgument(option, shown, index, attached, equals + 1);
  }

  #unknownLong(name: string, index: number): never {
    const place = this.#placeOf(index);
    const loaded = this.#holders.map((holder) => holder.extension);
    const hint = adviseOption(name, loaded, this.#context);
    this.#fail('UNKNOWN_OPTION', `unknown option \`--${short(name)}\``, place, hint);
  }

  /**
   * `-p tcp --dport 80` without `-m tcp`: iptables loads the match that is called as the protocol, once, when it
   * meets an option that nobody knows. Here only if the option is that match's.
   */
  #loadProtocol(name: string, index: number): boolean {
    const protocol = this.#result.given.p;
    if (this.#protocolLoaded || protocol === undefined) return false;
    const number = parseNumber(protocol.value, 255);
    const matchName = number === undefined ? protocol.value.toLowerCase() : protocolName(number);
    if (matchName === undefined) return false;
    const extension = this.#findMatch(matchName);
    if (extension === undefined) return false;
    const holder = { extension };
    if (findLong(name, [holder], this.#unknown === undefined)?.kind !== 'extension') return false;
    this.#protocolLoaded = true;
    this.#load(extension.name, extension, this.#placeOf(index));
    return true;
  }

  #findMatch(name: string): Extension | undefined {
    return this.#context.extensions.findMatch(MATCH_ALIASES[name] ?? name, this.#context.family);
  }

  #load(name: string, extension: Extension | undefined, place: Place): void {
    const loaded: LoadedExtension = { kind: 'match', name, place, extension, options: [], words: [] };
    this.#result.matches.push(loaded);
    this.#hold(loaded);
  }

  /** A second `-m tcp` is a clone: getopt keeps the first one's place, the options go to the last. */
  #hold(loaded: LoadedExtension): void {
    const { extension } = loaded;
    if (extension === undefined) {
      this.#unknown = loaded;
      return;
    }
    const holder = { extension, loaded };
    const clone = this.#holders.findIndex((one) => one.extension === extension);
    if (clone < 0) this.#holders.push(holder);
    else this.#holders[clone] = holder;
  }

  /** An option of an extension that is not known: its words up to the next option are its own. */
  #unknownOption(): void {
    const { words } = this.#unknown as LoadedExtension;
    if (this.#invert) words.push('!');
    this.#invert = false;
    const { text, quoted } = this.#words;
    do {
      words.push(text[this.#at] as string);
      this.#at++;
    } while (
      this.#at < text.length &&
      (quoted[this.#at] === true || (text[this.#at] !== '!' && !(text[this.#at] as string).startsWith('-')))
    );
  }

  #extensionOption(
    holder: Holder,
    spec: OptionSpec,
    shown: string,
    index: number,
    attached: string | undefined,
    skip: number,
  ): void {
    const place = this.#placeOf(index);
    const values: string[] = [];
    const valuePlaces: Place[] = [];
    if (spec.arguments === 0 && attached !== undefined)
      this.#fail('SYNTAX', `\`${shown}\` takes no value`, place);
    if (attached !== undefined) {
      values.push(attached);
      valuePlaces.push(this.#placeOf(index, skip));
    }
    let { text } = this.#words;
    // The old spelling `--dport ! 22`; an option that cannot be inverted may well have the value "!".
    if (values.length === 0 && spec.arguments > 0 && spec.invertible === true && text[this.#at] === '!') {
      if (text.length > this.#at + 1) this.#bang();
    }
    text = this.#words.text;
    while (values.length < spec.arguments) {
      const value = text[this.#at];
      // getopt takes the first value whatever it looks like; the second is the extension's own look-ahead.
      if (value === undefined || (values.length > 0 && (value[0] === '-' || value[0] === '!'))) {
        this.#fail('SYNTAX', `\`${shown}\` needs ${spec.arguments === 1 ? 'a value' : 'two values'}`, place);
      }
      values.push(value);
      valuePlaces.push(this.#placeOf(this.#at));
      this.#at++;
    }
    const invert = this.#takeInvert();
    if (invert && spec.invertible !== true)
      this.#fail('SYNTAX', `\`!\` cannot stand before \`${shown}\``, place);
    const { options } = holder.loaded;
    if (spec.repeatable !== true && options.some((one) => one.name === spec.name)) {
      this.#fail('SYNTAX', `\`${shown}\` is given twice`, place, 'an option is allowed once for each -m');
    }
    options.push({ name: spec.name, invert, values, place, valuePlaces });
  }

  #takeInvert(): boolean {
    const invert = this.#invert;
    this.#invert = false;
    return invert;
  }

  /** What do_parse() does for one option of its own. `place` is the value's if there is one. */
  #builtin(option: BuiltinOption, value: string | undefined, place: Place, optionPlace: Place = place): void {
    const { letter } = option;
    const result = this.#result;
    if ('ACDIRLSFZNXEP'.includes(letter)) {
      this.#command(letter as CommandLetter, value, place, optionPlace);
      return;
    }
    if (INVERTIBLE.includes(letter) && value === '!' && this.#at < this.#words.text.length) {
      // The old spelling `-p ! tcp`.
      if (this.#invert) this.#fail('SYNTAX', 'two `!` for one option', place);
      this.#invert = true;
      value = this.#words.text[this.#at] as string;
      place = this.#placeOf(this.#at);
      this.#at++;
    }
    const invert = this.#takeInvert();
    if (invert && !INVERTIBLE.includes(letter)) {
      this.#fail('SYNTAX', `\`!\` cannot stand before \`${shownName(option)}\``, optionPlace);
    }
    switch (letter) {
      case 'm':
        this.#match(value as string, place);
        return;
      case 'j':
      case 'g':
        this.#jump(option, value as string, place, optionPlace);
        return;
      case 'c':
        this.#counters(value as string, place);
        return;
      case '4':
      case '6':
        if ((letter === '4') !== (this.#context.family === 'ipv4')) result.otherFamily = true;
        return;
      case 'v':
      case 'n':
      case 'x':
      case '0':
      case 'M':
        return;
      case 't':
        this.#fail(
          'SYNTAX',
          '`-t` cannot stand in a rule file',
          optionPlace,
          'the line `*TABLE` says the table',
        );
        break;
      case 'w':
      case 'W':
      case 'V':
      case 'h':
        this.#fail('SYNTAX', `\`${shownName(option)}\` cannot stand in a rule file`, optionPlace);
        break;
      case 'f':
        if (this.#context.family === 'ipv6') {
          this.#fail('UNKNOWN_OPTION', '`-f` is not there in IPv6', optionPlace, 'use `-m frag`');
        }
        break;
      default:
    }
    if (result.given[letter as 's'] !== undefined) {
      this.#fail('SYNTAX', `\`${shownName(option)}\` is given twice`, optionPlace);
    }
    const given: Given = { value: value ?? '', invert, place };
    result.given[letter as 's'] = given;
    if (letter === 'p') result.protocol = this.#context.protocol(given);
  }

  #command(letter: CommandLetter, value: string | undefined, place: Place, optionPlace: Place): void {
    const result = this.#result;
    if (this.#invert) this.#fail('SYNTAX', '`!` before a command', this.#invertPlace);
    if (result.command !== undefined) {
      this.#fail('SYNTAX', `\`-${letter}\` cannot stand beside \`-${result.command}\``, optionPlace);
    }
    result.command = letter;
    result.commandPlace = optionPlace;
    result.chain = value;
    result.chainPlace = place;
    if (value === undefined && this.#hasArgument()) {
      result.chain = this.#words.text[this.#at];
      result.chainPlace = this.#placeOf(this.#at);
      this.#at++;
    }
    const takes = { P: 'a chain and a policy', E: 'the old name and the new one', R: 'a rule number' }[
      letter as 'P'
    ];
    if (takes !== undefined && !this.#hasArgument()) {
      this.#fail('SYNTAX', `\`-${letter}\` needs ${takes}`, optionPlace);
    }
    if (letter === 'P' || letter === 'E') {
      result.argument = {
        value: this.#words.text[this.#at] as string,
        invert: false,
        place: this.#placeOf(this.#at),
      };
      this.#at++;
    } else if ('RIDLSZ'.includes(letter) && result.chain !== undefined && this.#hasArgument()) {
      const text = this.#words.text[this.#at] as string;
      result.number = parseNumber(text, 0x7fffffff);
      if (result.number === undefined || result.number === 0) {
        this.#fail(
          'BAD_VALUE',
          `\`${short(text)}\` is no rule number`,
          this.#placeOf(this.#at),
          'they count from 1',
        );
      }
      this.#at++;
    }
  }

  #match(name: string, place: Place): void {
    if (Buffer.byteLength(name) > 28)
      this.#fail('SYNTAX', 'the name of a match has at most 28 characters', place);
    this.#load(name, this.#findMatch(name), place);
  }

  #jump(option: BuiltinOption, name: string, place: Place, optionPlace: Place): void {
    const result = this.#result;
    if (result.jump !== undefined || result.target !== undefined) {
      this.#fail('SYNTAX', 'a rule has one target: `-j` or `-g`, once', optionPlace);
    }
    if (name === '') this.#fail('SYNTAX', 'the target has no name', place);
    if (Buffer.byteLength(name) > 28) {
      this.#fail('SYNTAX', 'the name of a chain or target has at most 28 characters', place);
    }
    const goto = option.letter === 'g';
    const { extensions, family } = this.#context;
    if (goto || this.#context.isChain(name) || isVerdict(name) || name === 'CONTINUE') {
      result.jump = { name, goto, place };
      return;
    }
    const extension = extensions.findTarget(name, family);
    result.target = { kind: 'target', name, place, extension, options: [], words: [] };
    this.#hold(result.target);
  }

  #counters(value: string, place: Place): void {
    if (this.#result.counters !== undefined) this.#fail('SYNTAX', '`-c` is given twice', place);
    const comma = value.indexOf(',');
    const packets = comma < 0 ? value : value.slice(0, comma);
    let bytes: string | undefined;
    if (comma >= 0) bytes = value.slice(comma + 1);
    else if (this.#hasArgument()) bytes = this.#words.text[this.#at++];
    if (bytes === undefined || !/^[0-9]+$/.test(packets) || !/^[0-9]+$/.test(bytes)) {
      this.#fail('BAD_VALUE', '`-c` needs two numbers, packets and bytes', place);
    }
    this.#result.counters = { packets: u64(packets), bytes: u64(bytes) };
  }
}

function shownName(option: BuiltinOption): string {
  return option.letter === '0' ? `--${option.name}` : `-${option.letter}`;
}
