// FTP (nf_conntrack_ftp.c): PORT and EPRT of the client, 227 and 229 of the server, at the start of a line. Where lines
// start is told by where earlier segments of the same direction ended with a newline.
//
// What is not captured: of a segment that was cut its end is taken for the end of a line, as nearly all are, so that the
// lines behind it are found.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, matched, newExpectation } from '../expect';
import { count } from '../shard';
import { ANY, copyAddress, destinationOf, isAddress, sourceOf } from '../side';
import { readIpv6 } from './address';
import { readNumbers } from './number';
import { captured, declared, headerBytes, transport } from './payload';
import { EPRT, isDigit, isWord, PORT, REPLY_227, REPLY_229 } from './word';

const IPPROTO_TCP: u32 = 6;
const WORD: u32 = 4;
const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const BLANK: u32 = 32;
const OPEN: u32 = 40;
const COMMA: u32 = 44;
const FULL_STOP: u32 = 46;

/** Answers of look(): no, yes with the port and where it stood, or the beginning of it only. */
const NO: u64 = 0;
const PARTIAL: u64 = u64.MAX_VALUE;

export function ftp(lane: usize, shard: usize, p: usize, entry: usize, direction: u32, help: usize): i32 {
  const header = headerBytes(p, true);
  const all = declared(p, header);
  if (header == 0 || all == 0) return Conntrack.TRACK_ACCEPT;
  const length = captured(p, header);
  const data = transport(p) + header;
  const cut = length < all;
  if (cut) count(shard, Conntrack.STAT_HELPER_CUT, 1);
  const sequence = bswap<u32>(load<u32>(transport(p), 4));
  const ends = cut || u32(load<u8>(data + length - 1)) == NEWLINE;
  let result: i32 = Conntrack.TRACK_ACCEPT;
  if (startsLine(help, direction, sequence) && length != 0) {
    const found = look(shard, entry, data, length, direction);
    if (found == PARTIAL) {
      // Linux drops what it sees half of, lest the rest be missed.
      if (!cut) return Conntrack.TRACK_DROP;
    } else if (found != NO) {
      result = expectData(lane, shard, p, entry, direction, found);
    }
  }
  if (ends) rememberLine(help, direction, sequence + all);
  return result;
}

/** find_nl_seq. */
function startsLine(help: usize, direction: u32, sequence: u32): bool {
  const lines = u32(load<u8>(help + direction, Conntrack.FTP_LINE_COUNT));
  const at = help + Conntrack.FTP_LINES + (direction << 3);
  if (lines > 0 && load<u32>(at) == sequence) return true;
  if (lines > 1 && load<u32>(at, 4) == sequence) return true;
  if (load<u8>(help + direction, Conntrack.FTP_PICKUP) == 0) return false;
  store<u8>(help + direction, 0, Conntrack.FTP_PICKUP);
  return true;
}

/** update_nl_seq: the two newest of them. */
function rememberLine(help: usize, direction: u32, sequence: u32): void {
  const lines = u32(load<u8>(help + direction, Conntrack.FTP_LINE_COUNT));
  const at = help + Conntrack.FTP_LINES + (direction << 3);
  if ((lines > 0 && load<u32>(at) == sequence) || (lines > 1 && load<u32>(at, 4) == sequence)) return;
  if (lines < 2) {
    store<u32>(at + (lines << 2), sequence);
    store<u8>(help + direction, u8(lines + 1), Conntrack.FTP_LINE_COUNT);
    return;
  }
  const oldest = at + (<i32>(load<u32>(at) - load<u32>(at, 4)) < 0 ? 0 : 4);
  if (<i32>(sequence - load<u32>(oldest)) > 0) store<u32>(oldest, sequence);
}

/** Port | offset << 16 | length << 40 of what a line says; the address in the shard's scratch. NO, PARTIAL. */
function look(shard: usize, entry: usize, data: usize, length: u32, direction: u32): u64 {
  const first = direction == Conntrack.DIR_ORIGINAL ? PORT : REPLY_227;
  const second = direction == Conntrack.DIR_ORIGINAL ? EPRT : REPLY_229;
  if (length <= WORD) {
    return isWord(data, first, 0, length) || isWord(data, second, 0, length) ? PARTIAL : NO;
  }
  // What is not said is the speaker's address.
  copyAddress(entry, sourceOf(direction), shard + Conntrack.SHARD_SCRATCH_ADDRESS);
  if (isWord(data, first, 0, WORD)) {
    return direction == Conntrack.DIR_ORIGINAL ? port(shard, data, length) : passive(shard, data, length);
  }
  if (!isWord(data, second, 0, WORD)) return NO;
  const at = behind(data, length, direction == Conntrack.DIR_ORIGINAL ? BLANK : OPEN);
  if (at == 0) return PARTIAL;
  return direction == Conntrack.DIR_ORIGINAL
    ? extendedPort(shard, entry, data, at, length)
    : extendedPassive(data, at, length);
}

/** Offset behind the first `skip` after the word; 0 when there is none. */
function behind(data: usize, length: u32, skip: u32): u32 {
  for (let i = WORD; i < length; i++) {
    if (u32(load<u8>(data + i)) == skip) return i + 1;
  }
  return 0;
}

function answer(port: u32, offset: u32, length: u32): u64 {
  return length == 0 ? PARTIAL : <u64>(port & 0xffff) | ((<u64>offset) << 16) | ((<u64>length) << 40);
}

function port(shard: usize, data: usize, length: u32): u64 {
  const at = behind(data, length, BLANK);
  return at == 0 ? PARTIAL : sixNumbers(shard, data, at, length, RETURN);
}

/** RFC 1123: whatever stands before the first digit. */
function passive(shard: usize, data: usize, length: u32): u64 {
  let at = WORD;
  while (at < length && !isDigit(load<u8>(data + at))) at++;
  return sixNumbers(shard, data, at, length, 0);
}

/** 192,168,1,1,5,6 */
function sixNumbers(shard: usize, data: usize, at: u32, length: u32, terminator: u32): u64 {
  const numbers = shard + Conntrack.SHARD_SCRATCH;
  const bytes = readNumbers(data + at, data + length, 6, COMMA, terminator, numbers);
  if (bytes == 0) return PARTIAL;
  storeIpv4(shard, numbers);
  return answer((load<u32>(numbers, 16) << 8) | load<u32>(numbers, 20), at, bytes);
}

/** Four numbers as an address. Over IPv6 it is part of one, as in Linux: not the speaker's in any case. */
function storeIpv4(shard: usize, n: usize): void {
  const address = (load<u32>(n) << 24) | (load<u32>(n, 4) << 16) | (load<u32>(n, 8) << 8) | load<u32>(n, 12);
  store<u32>(shard, address, Conntrack.SHARD_SCRATCH_ADDRESS);
}

/** |1|132.235.1.2|6275| or |2|3ffe::1|6275| */
function extendedPort(shard: usize, entry: usize, data: usize, at: u32, length: u32): u64 {
  if (length - at <= 3) return PARTIAL;
  const start = data + at;
  const delimiter = delimiterAt(start);
  if (delimiter == 0 || u32(load<u8>(start, 2)) != delimiter) return PARTIAL;
  const six = load<u8>(entry, Conntrack.FAMILY) == 6;
  if (u32(load<u8>(start, 1)) != (six ? 50 : 49)) return PARTIAL;
  const end = data + length;
  let bytes: u32 = 0;
  if (six) {
    const after = readIpv6(start + 3, end, <i32>delimiter, shard + Conntrack.SHARD_SCRATCH_ADDRESS);
    if (after != 0) bytes = <u32>(after - start) - 3;
  } else {
    const numbers = shard + Conntrack.SHARD_SCRATCH;
    bytes = readNumbers(start + 3, end, 4, FULL_STOP, delimiter, numbers);
    if (bytes != 0) storeIpv4(shard, numbers);
  }
  return bytes == 0 ? PARTIAL : lastPort(data, at, at + bytes + 4, length, delimiter);
}

/** |||6446| */
function extendedPassive(data: usize, at: u32, length: u32): u64 {
  if (length - at <= 3) return PARTIAL;
  const start = data + at;
  const delimiter = delimiterAt(start);
  if (delimiter == 0) return PARTIAL;
  if (u32(load<u8>(start, 1)) != delimiter || u32(load<u8>(start, 2)) != delimiter) return PARTIAL;
  return lastPort(data, at, at + 3, length, delimiter);
}

/** A delimiter may be any visible character but a digit. */
function delimiterAt(at: usize): u32 {
  const byte = u32(load<u8>(at));
  return isDigit(byte) || byte < 33 || byte > 126 ? 0 : byte;
}

/** get_port: digits, modulo 2^16 and not 0, up to the delimiter. */
function lastPort(data: usize, at: u32, from: u32, length: u32, delimiter: u32): u64 {
  let port: u32 = 0;
  for (let i = from; i < length; i++) {
    const byte = u32(load<u8>(data + i));
    if (byte == delimiter) return port == 0 ? PARTIAL : answer(port, at, i + 1 - at);
    if (!isDigit(byte)) return PARTIAL;
    port = (port * 10 + byte - 48) & 0xffff;
  }
  return PARTIAL;
}

/** Only what the speaker says of itself (the module's parameter `loose` is off). */
function expectData(lane: usize, shard: usize, p: usize, entry: usize, direction: u32, found: u64): i32 {
  if (!isAddress(entry, sourceOf(direction), shard + Conntrack.SHARD_SCRATCH_ADDRESS)) {
    return Conntrack.TRACK_ACCEPT;
  }
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return Conntrack.TRACK_DROP;
  const other = direction ^ 1;
  describe(e, 0, sourceOf(other), destinationOf(other), IPPROTO_TCP, ANY, <u32>found & 0xffff);
  matched(e, <u32>(found >> 16) & 0xffffff, <u32>(found >> 40));
  return expect(lane, shard, p, e, 0) == EXPECTED ? Conntrack.TRACK_ACCEPT : Conntrack.TRACK_DROP;
}
