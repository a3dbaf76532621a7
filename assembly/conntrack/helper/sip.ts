// SIP (nf_conntrack_sip.c): requests and responses over UDP, one a packet, and over TCP, told apart by Content-Length.
//
// Of a packet that was cut the lines that are whole are read, and nothing in it makes it be dropped.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { unexpect } from '../expect';
import { count } from '../shard';
import { digitsEnd } from './number';
import { captured, declared, headerBytes, transport } from './payload';
import { refresh } from './refresh';
import { readDescription } from './sip-description';
import {
  beginMessage,
  CONTENT_LENGTH,
  CSEQ,
  getHeader,
  isLineEnd,
  matchAt,
  matchLength,
  readNumber,
} from './sip-header';
import { registerRequest, registerResponse } from './sip-register';
import { ACK, BYE, INVITE, isLetter, isWord, PRACK, REGISTER, SIP_VERSION, UPDATE } from './word';

/** sip_timeout */
const TIMEOUT_NS: u64 = 3_600_000_000_000;
/** `SIP/2.0 200` */
const LEAST_MESSAGE: u32 = 11;
const VERSION_LETTERS: u32 = 8;
const BLANK: u32 = 32;
/** Return, newline, return, newline, the first in the lowest byte. */
const HEAD_END: u32 = 0x0a0d0a0d;

/** Methods, in the order in which they are tried. */
const METHOD_INVITE: u32 = 0;
const METHOD_UPDATE: u32 = 1;
const METHOD_ACK: u32 = 2;
const METHOD_PRACK: u32 = 3;
const METHOD_BYE: u32 = 4;
const METHOD_REGISTER: u32 = 5;
const METHODS: u32 = 6;

export function sip(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  help: usize,
  tcp: bool,
): i32 {
  const header = headerBytes(p, tcp);
  const all = declared(p, header);
  if (header == 0 || all == 0) return Conntrack.TRACK_ACCEPT;
  refresh(p, entry, TIMEOUT_NS);
  if (all < LEAST_MESSAGE) return Conntrack.TRACK_ACCEPT;
  const data = transport(p) + header;
  const length = captured(p, header);
  if (length == all) {
    return tcp
      ? stream(lane, shard, p, entry, direction, help, data, data + length)
      : message(lane, shard, p, entry, direction, help, data, data + length, data);
  }
  count(shard, Conntrack.STAT_HELPER_CUT, 1);
  let end = data + length;
  while (end > data && !isLineEnd(load<u8>(end - 1))) end--;
  if (end >= data + LEAST_MESSAGE) {
    if (tcp) stream(lane, shard, p, entry, direction, help, data, end);
    else message(lane, shard, p, entry, direction, help, data, end, data);
  }
  return Conntrack.TRACK_ACCEPT;
}

/** sip_help_tcp */
function stream(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  help: usize,
  payload: usize,
  end: usize,
): i32 {
  const six = load<u8>(entry, Conntrack.FAMILY) == 6;
  let at = payload;
  while (getHeader(shard, six, at, end, CONTENT_LENGTH) > 0) {
    const body = readNumber(matchAt(shard), end);
    if (body < 0) break;
    let head = digitsEnd(matchAt(shard), end);
    while (head + 4 <= end && load<u32>(head) != HEAD_END) head++;
    if (head + 4 > end) break;
    head += 4;
    if (<u64>body > <u64>(end - head)) break;
    const next = head + <usize>body;
    const result = message(lane, shard, p, entry, direction, help, at, next, payload);
    if (result != Conntrack.TRACK_ACCEPT) return result;
    at = next;
  }
  return Conntrack.TRACK_ACCEPT;
}

/** process_sip_msg: one message in [data, end) of a packet's payload. */
function message(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  help: usize,
  data: usize,
  end: usize,
  payload: usize,
): i32 {
  beginMessage(shard);
  const response = data + VERSION_LETTERS <= end && isWord(data, SIP_VERSION, 0, VERSION_LETTERS);
  if (response && data + LEAST_MESSAGE > end) return Conntrack.TRACK_ACCEPT;
  let code: u32 = 0;
  let method: u32 = METHODS;
  if (response) {
    const number = readNumber(data + VERSION_LETTERS, end);
    if (number <= 0) return Conntrack.TRACK_DROP;
    code = <u32>number;
  } else {
    method = methodOf(data, end, true);
    if (method == METHODS) return Conntrack.TRACK_ACCEPT;
  }
  if (getHeader(shard, load<u8>(entry, Conntrack.FAMILY) == 6, data, end, CSEQ) <= 0)
    return Conntrack.TRACK_DROP;
  const number = readNumber(matchAt(shard), end);
  if (number < 0) return Conntrack.TRACK_DROP;
  const cseq = <u32>number;
  if (response) method = methodOf(matchAt(shard) + matchLength(shard) + 1, end, false);
  if (method == METHOD_REGISTER) {
    return response
      ? registerResponse(shard, p, entry, direction, help, code, cseq, data, end)
      : registerRequest(lane, shard, p, entry, direction, help, cseq, data, end, payload);
  }
  if (response) {
    if (method != METHOD_INVITE && method != METHOD_UPDATE && method != METHOD_PRACK)
      return Conntrack.TRACK_ACCEPT;
    if (code < 100 || code > 299) {
      if (load<u32>(help, Conntrack.SIP_INVITE_CSEQ) == cseq) dropMedia(shard, help);
      return Conntrack.TRACK_ACCEPT;
    }
  } else if (method == METHOD_INVITE || method == METHOD_BYE) dropMedia(shard, help);
  if (method == METHOD_BYE) return Conntrack.TRACK_ACCEPT;
  const result = readDescription(lane, shard, p, entry, direction, data, end, payload);
  if (!response && method == METHOD_INVITE && result == Conntrack.TRACK_ACCEPT) {
    store<u32>(help, cseq, Conntrack.SIP_INVITE_CSEQ);
  }
  return result;
}

/** The method at `at`; METHODS when it is none that is looked at. In a `request` a blank and a letter follow. */
function methodOf(at: usize, end: usize, request: bool): u32 {
  for (let method: u32 = 0; method < METHODS; method++) {
    const letters = lettersOf(method);
    if (at + letters + (request ? 2 : 0) > end || !isWord(at, wordOf(method), 0, letters)) continue;
    if (request && (u32(load<u8>(at + letters)) != BLANK || !isLetter(load<u8>(at + letters, 1)))) continue;
    return method;
  }
  return METHODS;
}

function wordOf(method: u32): u64 {
  switch (method) {
    case METHOD_INVITE:
      return INVITE;
    case METHOD_UPDATE:
      return UPDATE;
    case METHOD_ACK:
      return ACK;
    case METHOD_PRACK:
      return PRACK;
    case METHOD_BYE:
      return BYE;
    default:
      return REGISTER;
  }
}

function lettersOf(method: u32): u32 {
  switch (method) {
    case METHOD_INVITE:
    case METHOD_UPDATE:
      return 6;
    case METHOD_ACK:
    case METHOD_BYE:
      return 3;
    case METHOD_PRACK:
      return 5;
    default:
      return 8;
  }
}

/** flush_expectations: the media of the call. */
function dropMedia(shard: usize, help: usize): void {
  let e = <usize>load<u32>(help, Conntrack.HELP_EXPECTS);
  while (e != 0) {
    const older = <usize>load<u32>(e, Conntrack.EXPECT_OLDER);
    if (load<u8>(e, Conntrack.EXPECT_CLASS) != Conntrack.SIP_SIGNALLING) unexpect(shard, e);
    e = older;
  }
}
