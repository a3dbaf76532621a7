// SIP's headers (nf_conntrack_sip.c): they begin lines, may go on in lines that begin with a blank, may have a short name,
// and several of a kind mean what one with commas means. What is found is noted in the shard's scratch.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { ANY_END, readIpv4, readIpv6 } from './address';
import { digitsEnd } from './number';
import {
  COMMA,
  CONTACT as CONTACT_WORD,
  CONTENT_LENGTH_END,
  CONTENT_LENGTH as CONTENT_LENGTH_WORD,
  CSEQ as CSEQ_WORD,
  EXPIRES as EXPIRES_WORD,
  isDigit,
  isLetter,
  isWord,
  lower,
  SIP_URI,
} from './word';

// Headers that are looked for.
export const CSEQ: u32 = 0;
export const EXPIRES: u32 = 1;
export const CONTENT_LENGTH: u32 = 2;
export const CONTACT: u32 = 3;

const TAB: u32 = 9;
const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const BLANK: u32 = 32;
const COLON: u32 = 58;
const AT: u32 = 64;
const OPEN: u32 = 91;
const CLOSE: u32 = 93;

const SIP_PORT: u32 = 5060;
const LEAST_PORT: u32 = 1024;

// The scratch: where what was found stands and its length; of an address the port and what is behind it.
const MATCH: usize = Conntrack.SHARD_SCRATCH;
const LENGTH: usize = Conntrack.SHARD_SCRATCH + 4;
const PORT: usize = Conntrack.SHARD_SCRATCH + 8;
const BEHIND: usize = Conntrack.SHARD_SCRATCH + 12;
// The user's end that was found last, from where on, and the length of the address behind it: a list of many URIs with
// one end would else be looked through again and again.
const USER_FROM: usize = Conntrack.SHARD_SCRATCH + 16;
const USER_END: usize = Conntrack.SHARD_SCRATCH + 20;
const USER_LENGTH: usize = Conntrack.SHARD_SCRATCH + 24;

export function matchAt(shard: usize): usize {
  return load<u32>(shard + MATCH);
}

export function matchLength(shard: usize): u32 {
  return load<u32>(shard + LENGTH);
}

export function matchPort(shard: usize): u32 {
  return load<u32>(shard + PORT);
}

export function behindMatch(shard: usize): usize {
  return load<u32>(shard + BEHIND);
}

export function noteMatch(shard: usize, at: usize, length: u32): void {
  store<u32>(shard + MATCH, <u32>at);
  store<u32>(shard + LENGTH, length);
}

export function isLineEnd(byte: u32): bool {
  return byte == RETURN || byte == NEWLINE;
}

function isBlank(byte: u32): bool {
  return byte == BLANK || byte == TAB;
}

/** Behind the line end at `at`; 0 when there is nothing. */
export function nextLine(at: usize, limit: usize): usize {
  at++;
  if (at < limit && u32(load<u8>(at - 1)) == RETURN && u32(load<u8>(at)) == NEWLINE) at++;
  return at < limit ? at : 0;
}

/** sip_follow_continuation: behind the blanks of the line that goes on with this one; 0 when none does. */
function follow(at: usize, limit: usize): usize {
  at = nextLine(at, limit);
  if (at == 0 || !isBlank(load<u8>(at))) return 0;
  while (at < limit && isBlank(load<u8>(at))) at++;
  return at;
}

/** sip_skip_whitespace */
function skipBlanks(at: usize, limit: usize): usize {
  while (at < limit && isBlank(load<u8>(at))) at++;
  return at < limit && isLineEnd(load<u8>(at)) ? follow(at, limit) : at;
}

/** ct_sip_header_search: where a word stands in a header's value, its last letter before `limit`'s; 0 nowhere. */
export function search(at: usize, limit: usize, low: u64, high: u64, letters: u32): usize {
  limit -= letters;
  for (; at < limit; at++) {
    if (isLineEnd(load<u8>(at))) {
      // What comes first in the line that goes on is passed over.
      at = follow(at, limit);
      if (at == 0) return 0;
    } else if (isWord(at, low, high, letters)) return at;
  }
  return 0;
}

/** Behind the header's name at `at`; 0 when it is another. */
function nameEnd(at: usize, limit: usize, kind: u32): usize {
  let low = CSEQ_WORD;
  let high: u64 = 0;
  let letters: u32 = 4;
  let short: u32 = 0;
  if (kind == CONTACT) {
    low = CONTACT_WORD;
    letters = 7;
    short = 109; // m
  } else if (kind == EXPIRES) {
    low = EXPIRES_WORD;
    letters = 7;
  } else if (kind == CONTENT_LENGTH) {
    low = CONTENT_LENGTH_WORD;
    high = CONTENT_LENGTH_END;
    letters = 14;
    short = 108; // l
  }
  if (at + letters <= limit && isWord(at, low, high, letters)) return at + letters;
  if (short == 0 || at + 2 > limit || lower(load<u8>(at)) != short || isLetter(load<u8>(at, 1))) return 0;
  return at + 1;
}

/** ct_sip_get_header: 1 and a match, -1 when the header's value is none, 0 without such a header in [at, limit). */
export function getHeader(shard: usize, six: bool, at: usize, limit: usize, kind: u32): i32 {
  for (; at < limit; at++) {
    if (!isLineEnd(load<u8>(at))) continue;
    at = nextLine(at, limit);
    if (at == 0) return 0;
    if (isBlank(load<u8>(at))) continue;
    const named = nameEnd(at, limit, kind);
    if (named == 0) continue;
    at = skipBlanks(named, limit);
    if (at == 0 || at >= limit || u32(load<u8>(at)) != COLON) return 0;
    if (++at >= limit) return 0;
    at = skipBlanks(at, limit);
    return at == 0 ? 0 : readValue(shard, six, at, limit, kind);
  }
  return 0;
}

function readValue(shard: usize, six: bool, at: usize, limit: usize, kind: u32): i32 {
  noteMatch(shard, at, 0);
  if (kind != CONTACT) {
    const length = <u32>(digitsEnd(at, limit) - at);
    noteMatch(shard, at, length);
    return length == 0 ? -1 : 1;
  }
  const uri = search(at, limit, SIP_URI, 0, 4);
  return uri == 0 ? -1 : readUser(shard, six, uri + 4, limit);
}

/** skp_epaddr_len: the address of a URI, behind its user if there is one. */
function readUser(shard: usize, six: bool, at: usize, limit: usize): i32 {
  let end = <usize>load<u32>(shard + USER_END);
  if (at > end || at < <usize>load<u32>(shard + USER_FROM)) {
    end = at;
    while (end < limit && u32(load<u8>(end)) != AT && !isLineEnd(load<u8>(end))) end++;
    store<u32>(shard + USER_FROM, <u32>at);
    store<u32>(shard + USER_END, <u32>end);
    const user = end < limit && u32(load<u8>(end)) == AT;
    store<u32>(shard + USER_LENGTH, user ? addressLength(shard, six, end + 1, limit) : 0);
  }
  let length = load<u32>(shard + USER_LENGTH);
  if (end < limit && u32(load<u8>(end)) == AT) at = end + 1;
  else length = addressLength(shard, six, at, limit);
  if (length == 0) return -1;
  noteMatch(shard, at, length);
  return 1;
}

/** epaddr_len: of an address with its port if it has one; 0 when it is none. */
function addressLength(shard: usize, six: bool, at: usize, limit: usize): u32 {
  const end = readAddress(shard, six, at, limit);
  if (end == 0) return 0;
  const behind = readPort(shard, end, limit);
  return behind == 0 ? 0 : <u32>(behind - at);
}

/** sip_parse_addr: into the scratch; answers what is behind it, 0 when it is none. */
function readAddress(shard: usize, six: bool, at: usize, limit: usize): usize {
  const to = shard + Conntrack.SHARD_SCRATCH_ADDRESS;
  if (!six) {
    store<u64>(to, 0);
    store<u64>(to, 0, 8);
    return readIpv4(at, limit, ANY_END, to);
  }
  if (at >= limit || u32(load<u8>(at)) != OPEN) return 0;
  at = readIpv6(at + 1, limit, ANY_END, to);
  return at == 0 || at >= limit || u32(load<u8>(at)) != CLOSE ? 0 : at + 1;
}

/** sip_parse_port: PORT and BEHIND; answers the latter, 0 when it is none that may be. */
function readPort(shard: usize, at: usize, limit: usize): usize {
  if (at >= limit) return 0;
  let port = SIP_PORT;
  if (u32(load<u8>(at)) == COLON) {
    const start = ++at;
    port = 0;
    while (at < limit && isDigit(load<u8>(at))) {
      port = port * 10 + load<u8>(at++) - 48;
      if (at - start > 5) return 0;
    }
    // The packet may not end in it.
    if (at >= limit || port < LEAST_PORT || port > 0xffff) return 0;
  }
  store<u32>(shard + PORT, port);
  store<u32>(shard + BEHIND, <u32>at);
  return at;
}

/** Before the first header of a message is read: nothing is known of its users. */
export function beginMessage(shard: usize): void {
  store<u32>(shard + USER_FROM, 0xffffffff);
  store<u32>(shard + USER_END, 0);
}

/**
 * ct_sip_parse_header_uri: the next Contact from `at` on, `listed`: in the list that `at` stands in first. 1: address, port
 * and what is behind them are in the scratch; 0: there is none.
 */
export function nextContact(shard: usize, six: bool, at: usize, limit: usize, listed: bool): i32 {
  let found: i32 = 0;
  if (listed) {
    let from = at;
    do {
      found = nextListed(shard, six, from, limit);
      from = matchAt(shard);
    } while (found < 0);
  }
  if (found == 0) {
    do {
      found = getHeader(shard, six, at, limit, CONTACT);
      at = matchAt(shard);
    } while (found < 0);
  }
  if (found == 0) return 0;
  // Once more for the address and the port alone: the users' ends are noted, they are not.
  return addressLength(shard, six, matchAt(shard), limit) == 0 ? -1 : 1;
}

/** ct_sip_next_header */
function nextListed(shard: usize, six: bool, at: usize, limit: usize): i32 {
  const comma = search(at, limit, COMMA, 0, 1);
  if (comma == 0) return 0;
  const uri = search(comma, limit, SIP_URI, 0, 4);
  if (uri == 0) return 0;
  noteMatch(shard, uri + 4, 0);
  return readUser(shard, six, uri + 4, limit);
}

/** A parameter's value, up to the next comma; 0 when it is not given. */
export function parameter(at: usize, limit: usize, low: u64, high: u64, letters: u32): usize {
  const found = search(at, parameterLimit(at, limit), low, high, letters);
  return found == 0 ? 0 : found + letters;
}

export function parameterLimit(at: usize, limit: usize): usize {
  const comma = search(at, limit, COMMA, 0, 1);
  return comma == 0 ? limit : comma;
}

/** sip_strtouint: a number of at most eleven digits that fits 32 bits; -1 when it is none. */
export function readNumber(at: usize, limit: usize): i64 {
  let number: i64 = 0;
  const start = at;
  while (at < limit && isDigit(load<u8>(at))) {
    if (at - start == 11) return -1;
    number = number * 10 + <i64>load<u8>(at++) - 48;
    if (number > 0xffffffff) return -1;
  }
  return at == start ? -1 : number;
}
