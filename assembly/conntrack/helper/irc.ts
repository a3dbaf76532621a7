// IRC (nf_conntrack_irc.c): a client offers others a connection to itself: `PRIVMSG nick :\1DCC SEND file ADDRESS PORT\1`.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, matched, newExpectation } from '../expect';
import { count } from '../shard';
import { ANY, destinationOf, isAddress, sourceOf } from '../side';
import { digitsEnd, numberOf } from './number';
import { captured, declared, headerBytes, transport } from './payload';
import { CHAT, DCC, isExactly, isWord, MOVE, PRIVMSG, SCHAT, SEND, TSEND } from './word';

const IPPROTO_TCP: u32 = 6;
/** MAX_SEARCH_SIZE */
const MOST: u32 = 4095;
const BLANK: u32 = 32;
const COLON: u32 = 58;
const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
/** What a message needs after the blanks in front, and a command from its ` :` on, at least. */
const LEAST_MESSAGE: usize = 10;
const LEAST_COMMAND: usize = 26;
/** `AAAAAAAA P\1\n` */
const LEAST_ADDRESS: usize = 12;

/** Shown packets of the original direction of an established connection. */
export function irc(lane: usize, shard: usize, p: usize, entry: usize): i32 {
  const header = headerBytes(p, true);
  const all = declared(p, header);
  if (header == 0 || all == 0) return Conntrack.TRACK_ACCEPT;
  const length = captured(p, header);
  if (length < all) count(shard, Conntrack.STAT_HELPER_CUT, 1);
  const start = transport(p) + header;
  const end = start + min(length, MOST);
  let at = start;
  while (at + LEAST_MESSAGE < end && isBlank(load<u8>(at))) at++;
  if (at + LEAST_MESSAGE < end) {
    if (!isWord(at, PRIVMSG, 0, 8)) return Conntrack.TRACK_ACCEPT;
    at += 8;
  }
  while (at + LEAST_COMMAND < end) {
    if (u32(load<u8>(at)) != BLANK || u32(load<u8>(at, 1)) != COLON) {
      at++;
      continue;
    }
    at += 2;
    if (!isExactly(at, DCC, 0, 5)) return Conntrack.TRACK_ACCEPT;
    at += 5;
    for (let i: u32 = 0; i < 5; i++) {
      const bytes: u32 = i < 3 ? 5 : 6;
      if (at + bytes > end || !isExactly(at, command(i), 0, bytes)) continue;
      at += bytes;
      const address = addressAt(at, end);
      if (address == 0) continue;
      const addressEnd = digitsEnd(address, end);
      let port = addressEnd;
      while (port < end && u32(load<u8>(port)) == BLANK) port++;
      const portEnd = digitsEnd(port, end);
      const number = numberOf(port, portEnd) & 0xffff;
      if (number == 0 || !isOwn(shard, entry, numberOf(address, addressEnd))) return Conntrack.TRACK_ACCEPT;
      return expectOffer(lane, shard, p, entry, number, <u32>(address - start), <u32>(portEnd - address));
    }
  }
  return Conntrack.TRACK_ACCEPT;
}

function isBlank(byte: u32): bool {
  return byte == BLANK || byte == RETURN || byte == NEWLINE;
}

function command(i: u32): u64 {
  switch (i) {
    case 0:
      return SEND;
    case 1:
      return CHAT;
    case 2:
      return MOVE;
    case 3:
      return TSEND;
    default:
      return SCHAT;
  }
}

/** Where the address stands, behind one blank, in a line that ends; 0 when it does not. */
function addressAt(at: usize, end: usize): usize {
  if (at >= end) return 0;
  while (u32(load<u8>(at++)) != BLANK) {
    if (at + LEAST_ADDRESS > end) return 0;
  }
  for (let i = at; i < end; i++) {
    if (u32(load<u8>(i)) == NEWLINE) return at;
  }
  return 0;
}

/** The client's own address, before or after translation: any other is forged. */
function isOwn(shard: usize, entry: usize, address: u32): bool {
  const at = shard + Conntrack.SHARD_SCRATCH_ADDRESS;
  store<u64>(at, <u64>address);
  store<u64>(at, 0, 8);
  return (
    isAddress(entry, sourceOf(Conntrack.DIR_ORIGINAL), at) ||
    isAddress(entry, destinationOf(Conntrack.DIR_REPLY), at)
  );
}

function expectOffer(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  port: u32,
  offset: u32,
  length: u32,
): i32 {
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return Conntrack.TRACK_DROP;
  describe(e, 0, ANY, destinationOf(Conntrack.DIR_REPLY), IPPROTO_TCP, ANY, port);
  matched(e, offset, length);
  return expect(lane, shard, p, e, 0) == EXPECTED ? Conntrack.TRACK_ACCEPT : Conntrack.TRACK_DROP;
}
