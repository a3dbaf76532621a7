// The text of SIP messages (nf_conntrack_sip.c): headers, which may go on in lines that begin with a blank, URIs,
// parameters and numbers.

import type { Address } from '../../../model/address.ts';
import type { Family } from '../../../model/ruleset.ts';
import { type Found, readIpv4, readIpv6 } from './address.ts';

export type HeaderName = 'CSeq' | 'Expires' | 'Content-Length' | 'Contact';

/** The letter that may stand for a name. */
const SHORT: Partial<Record<HeaderName, string>> = { 'Content-Length': 'l', Contact: 'm' };

/** A line's end and the first character behind it. What comes first in a line cannot end it. */
const LINE_START = /(?:\r\n?|\n)[\s\S]/g;
const CONTINUATION = /^(?:\r\n?|\n)[ \t]+/;

/** Where lines start behind `from`. */
export function* lineStarts(text: string, from: number): Generator<number> {
  const pattern = new RegExp(LINE_START);
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text))
    yield pattern.lastIndex - 1;
}

/** Where `word` stands in a header's value that starts at `from`; -1: nowhere. */
export function seek(text: string, from: number, word: string): number {
  const end = text.length - word.length;
  for (let at = from; at < end; at++) {
    if (text[at] === '\r' || text[at] === '\n') {
      const continuation = CONTINUATION.exec(text.slice(at, end));
      if (continuation === null) return -1;
      at += continuation[0].length;
    } else if (text.slice(at, at + word.length).toLowerCase() === word) return at;
  }
  return -1;
}

/** Behind blanks, and a line's end if the next goes on with it; undefined when it does not. */
function skipBlanks(text: string, at: number): number | undefined {
  const blanks = (/^[ \t]*/.exec(text.slice(at)) as RegExpExecArray)[0].length;
  const rest = text.slice(at + blanks);
  if (!/^[\r\n]/.test(rest)) return at + blanks;
  const continuation = CONTINUATION.exec(rest);
  return continuation === null ? undefined : at + blanks + continuation[0].length;
}

/** Where the value of the next header of that name begins, from `from` on. */
function headerValue(text: string, from: number, name: HeaderName): number | undefined {
  for (const start of lineStarts(text, from)) {
    const line = text.slice(start, start + name.length);
    const short = SHORT[name];
    let at: number | undefined;
    if (line.toLowerCase() === name.toLowerCase()) at = start + name.length;
    else if (
      short !== undefined &&
      line.charAt(0).toLowerCase() === short &&
      /^.[^a-zÀ-ÖØ-öø-ÿ]/is.test(line)
    )
      at = start + 1;
    else continue;
    at = skipBlanks(text, at);
    if (at === undefined || text[at] !== ':' || at + 1 >= text.length) return undefined;
    return skipBlanks(text, at + 1);
  }
  return undefined;
}

/** A header's value, which is a number. `digits` is where its digits end. */
export interface HeaderNumber {
  /** Undefined: no number of 32 bits. */
  readonly value: number | undefined;
  readonly digits: number;
}

/** Undefined when there is no such header or it does not begin with a digit. */
export function headerNumber(text: string, name: HeaderName): HeaderNumber | undefined {
  const at = headerValue(text, 0, name);
  if (at === undefined) return undefined;
  const length = (/^\d*/.exec(text.slice(at)) as RegExpExecArray)[0].length;
  return length === 0 ? undefined : { value: readNumber(text.slice(at)), digits: at + length };
}

/** sip_strtouint */
export function readNumber(text: string): number | undefined {
  const digits = (/^\d*/.exec(text) as RegExpExecArray)[0];
  if (digits === '' || digits.length > 11) return undefined;
  const value = Number(digits);
  return value > 0xffffffff ? undefined : value;
}

export interface Contact {
  readonly address: Address;
  readonly port: number;
  /** Offset of the address, and behind it and its port. */
  readonly from: number;
  readonly to: number;
}

/** The Contacts of a message in order, those that are no address passed over. */
export function* contacts(text: string, family: Family): Generator<Contact> {
  let from = 0;
  while (true) {
    const value = headerValue(text, from, 'Contact');
    if (value === undefined) return;
    from = value;
    // The first URI of a header has to be right, or the next header is looked for.
    const uri = seek(text, value, 'sip:');
    const first = uri < 0 ? undefined : readUri(text, uri + 4, family);
    if (first === undefined) continue;
    yield first;
    from = first.to;
    while (true) {
      const comma = seek(text, from, ',');
      const next = comma < 0 ? -1 : seek(text, comma, 'sip:');
      if (next < 0) break;
      from = next + 4;
      const contact = readUri(text, from, family);
      if (contact === undefined) continue;
      yield contact;
      from = contact.to;
    }
    // A header that ended in what was no address does not take anything away from the search for the next.
  }
}

/** The address and port behind the user. */
function readUri(text: string, at: number, family: Family): Contact | undefined {
  const user = /^[^@\r\n]*@/.exec(text.slice(at));
  const from = at + (user?.[0].length ?? 0);
  const found = family === 'ipv4' ? readIpv4(text.slice(from)) : bracketed(text.slice(from));
  if (found === undefined || from + found.length >= text.length) return undefined;
  const rest = text.slice(from + found.length);
  if (!rest.startsWith(':')) return { address: found.address, port: 5060, from, to: from + found.length };
  const digits = (/^:(\d*)/.exec(rest) as RegExpExecArray)[1] as string;
  const port = Number(digits);
  const to = from + found.length + 1 + digits.length;
  if (digits.length > 5 || port < 1024 || port > 65535 || to >= text.length) return undefined;
  return { address: found.address, port, from, to };
}

function bracketed(text: string): Found | undefined {
  const found = text.startsWith('[') ? readIpv6(text.slice(1)) : undefined;
  if (found === undefined || text[found.length + 1] !== ']') return undefined;
  return { address: found.address, length: found.length + 2 };
}

/** What is behind `name` among the parameters that begin at `at`, up to the next comma; undefined when it is not given. */
export function parameter(text: string, at: number, name: string): string | undefined {
  const comma = seek(text, at, ',');
  const part = comma < 0 ? text : text.slice(0, comma);
  const found = seek(part, at, name);
  return found < 0 ? undefined : part.slice(found + name.length);
}
