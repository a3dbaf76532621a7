// The words of a line, as iptables-restore's own tokenizer cuts them (xshared.c, add_param_to_argv): blanks and tabs
// part words; double quotes keep blanks, a backslash escapes inside quotes only; a closing quote ends the word.

import type { Place } from '../error.ts';
import { WasmtablesError } from '../error.ts';

/** The words of one line in parallel arrays; `start` and `end` are offsets into the line, quotes included. */
export interface Words {
  readonly text: string[];
  readonly start: number[];
  readonly end: number[];
  readonly quoted: boolean[];
}

/** One line of a rule file: where errors of it are placed. */
export interface Line {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  /** Without its line ending. */
  readonly text: string;
}

/** struct xt_param_buf holds 1,024 bytes with the closing zero. */
const MAX_WORD_BYTES = 1023;
/** MAX_ARGC 255 less the end marker, the program's name and `-t TABLE`. */
const MAX_WORDS = 251;

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Place of the half-open range of a line. */
export function placeOf(line: Line, start = 0, end = line.text.length): Place {
  return {
    file: line.file,
    line: line.number,
    column: start + 1,
    length: Math.max(1, end - start),
    text: line.text,
  };
}

export function newWords(): Words {
  return { text: [], start: [], end: [], quoted: [] };
}

/**
 * Cuts `line` into words from offset `from` on. `words` is overwritten: a reader has one for all of its lines.
 * Errors: SYNTAX (open quote), LIMIT (word too long, too many).
 */
export function splitWords(line: Line, from: number, words: Words): Words {
  const source = line.text;
  words.text.length = 0;
  words.start.length = 0;
  words.end.length = 0;
  words.quoted.length = 0;
  let at = from;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === SPACE || code === TAB) {
      at++;
      continue;
    }
    const start = at;
    // A word without quotes is the common case: one slice.
    while (at < source.length && !isSpecial(source.charCodeAt(at))) at++;
    let text = source.slice(start, at);
    let quoted = false;
    if (source.charCodeAt(at) === QUOTE) {
      quoted = true;
      const open = at;
      at++;
      let piece = at;
      for (;;) {
        if (at >= source.length) {
          throw new WasmtablesError('SYNTAX', 'this quote is never closed', {
            place: placeOf(line, open, open + 1),
            hint: 'end it with ", and write a quote inside as \\"',
          });
        }
        const inner = source.charCodeAt(at);
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) {
          text += source.slice(piece, at);
          piece = at + 1;
          at += 2;
        } else at++;
      }
      text += source.slice(piece, at);
      at++;
    }
    checkWord(line, text, start, at, words.text.length);
    words.text.push(text);
    words.start.push(start);
    words.end.push(at);
    words.quoted.push(quoted);
  }
  return words;
}

function isSpecial(code: number): boolean {
  return code === SPACE || code === TAB || code === QUOTE;
}

function checkWord(line: Line, text: string, start: number, end: number, count: number): void {
  if (text.length > MAX_WORD_BYTES / 4 && Buffer.byteLength(text) > MAX_WORD_BYTES) {
    throw new WasmtablesError(
      'LIMIT',
      `this word is longer than ${MAX_WORD_BYTES} bytes, which iptables-restore refuses`,
      {
        place: { ...placeOf(line, start, end), length: 1 },
        hint: 'split the rule in two',
      },
    );
  }
  if (count >= MAX_WORDS) {
    throw new WasmtablesError(
      'LIMIT',
      `this line has more than ${MAX_WORDS} words, which iptables-restore refuses`,
      {
        place: placeOf(line, start, end),
      },
    );
  }
}
