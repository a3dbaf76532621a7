// What the scanner (src/save/line.ts) makes of a line: the command and its options, values still as words.

import type { Place } from '../error.ts';
import type { ParsedOption } from '../extension/extension.ts';
import type { Counters } from '../model/ruleset.ts';
import type { Extension } from './option.ts';

export type CommandLetter = 'A' | 'C' | 'D' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P';

/** An option's value and whether it was inverted. */
export interface Given {
  readonly value: string;
  readonly invert: boolean;
  readonly place: Place;
}

/** `-m NAME` or `-j NAME` with the options that belong to it. */
export interface LoadedExtension {
  readonly kind: 'match' | 'target';
  readonly name: string;
  readonly place: Place;
  /** undefined: not known; then `words` holds what seems to be its own. */
  readonly extension: Extension | undefined;
  readonly options: ParsedOption[];
  readonly words: string[];
}

/** -s, -d, -p, -i, -o, -f; `-f` has no value. */
interface GivenOptions {
  s: Given | undefined;
  d: Given | undefined;
  p: Given | undefined;
  i: Given | undefined;
  o: Given | undefined;
  f: Given | undefined;
}

export interface ScannedLine {
  command: CommandLetter | undefined;
  commandPlace: Place | undefined;
  chain: string | undefined;
  chainPlace: Place | undefined;
  /** The number after the chain of -I, -R, -D, -Z; -P's policy and -E's new name are `argument`. */
  number: number | undefined;
  argument: Given | undefined;
  readonly given: GivenOptions;
  protocol: number | undefined;
  readonly matches: LoadedExtension[];
  target: LoadedExtension | undefined;
  /** -j or -g to a chain, a verdict, or a name that nobody knows. */
  jump: { readonly name: string; readonly goto: boolean; readonly place: Place } | undefined;
  /** `-c`: packets and bytes. */
  counters: Counters | undefined;
  /** `-4` in an IPv6 file or the reverse: the line is for the other family. */
  otherFamily: boolean;
}

export function newScannedLine(): ScannedLine {
  return {
    command: undefined,
    commandPlace: undefined,
    chain: undefined,
    chainPlace: undefined,
    number: undefined,
    argument: undefined,
    given: { s: undefined, d: undefined, p: undefined, i: undefined, o: undefined, f: undefined },
    protocol: undefined,
    matches: [],
    target: undefined,
    jump: undefined,
    counters: undefined,
    otherFamily: false,
  };
}

const U64_MAX = (1n << 64n) - 1n;

/** Digits to a counter; strtoull(3) stops at the largest. */
export function u64(digits: string): bigint {
  if (digits.length < 16) return BigInt(Number(digits));
  if (digits.replace(/^0+/, '').length > 20) return U64_MAX;
  const value = BigInt(digits);
  return value > U64_MAX ? U64_MAX : value;
}

export const ZERO: Counters = { packets: 0n, bytes: 0n };

/** `[packets:bytes]` at the beginning of a text, and where it ends; undefined if there is no such thing. */
export function readCounters(
  text: string,
): { readonly counters: Counters; readonly end: number } | undefined {
  if (text.startsWith('[0:0]')) return { counters: ZERO, end: 5 };
  const found = /^\[(\d+):(\d+)\]/.exec(text);
  if (found === null) return undefined;
  const [all, packets = '', bytes = ''] = found;
  return { counters: { packets: u64(packets), bytes: u64(bytes) }, end: all.length };
}

/** What libxt_standard knows. */
export function isVerdict(name: string): name is 'ACCEPT' | 'DROP' | 'QUEUE' | 'RETURN' {
  return name === 'ACCEPT' || name === 'DROP' || name === 'QUEUE' || name === 'RETURN';
}

/** A word in a message: long ones cut. */
export function short(word: string): string {
  return word.length > 60 ? `${word.slice(0, 57)}...` : word;
}
