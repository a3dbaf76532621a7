// Registrations in SIP: whoever registers is to be called by the registrar.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { describe, EXPECTED, expect, isOver, matched, newExpectation, unexpect } from '../expect';
import { ANY, destinationOf, isAddress, sameAddress, sourceOf } from '../side';
import { deadline } from '../time';
import {
  behindMatch,
  EXPIRES,
  getHeader,
  matchAt,
  matchLength,
  matchPort,
  nextContact,
  parameter,
  parameterLimit,
  readNumber,
} from './sip-header';
import { EXPIRES_PARAMETER, isWord, TCP, TRANSPORT_PARAMETER, TRANSPORT_PARAMETER_END, UDP } from './word';

const SECOND: u64 = 1_000_000_000;
const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;

/** process_register_request; TRACK_DROP where Linux drops it. */
export function registerRequest(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  help: usize,
  cseq: u32,
  data: usize,
  end: usize,
  payload: usize,
): i32 {
  const accept: i32 = Conntrack.TRACK_ACCEPT;
  // Who was called cannot register again.
  if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_EXPECTED) != 0) return accept;
  const six = load<u8>(entry, Conntrack.FAMILY) == 6;
  const general = expiresHeader(shard, six, data, end);
  const contact = nextContact(shard, six, data, end, false);
  if (contact < 0) return Conntrack.TRACK_DROP;
  if (contact == 0) return accept;
  // For oneself only.
  if (!isAddress(entry, sourceOf(direction), shard + Conntrack.SHARD_SCRATCH_ADDRESS)) return accept;
  const at = matchAt(shard);
  const behind = at + matchLength(shard);
  const port = matchPort(shard);
  const proto = transportOf(entry, behind, end);
  if (proto == 0) return accept;
  const expires = expiresParameter(behind, end, general);
  if (expires < 0) return Conntrack.TRACK_DROP;
  if (expires != 0) {
    const e = newExpectation(lane, shard, entry);
    if (e == 0) return Conntrack.TRACK_DROP;
    // From the registrar alone (sip_direct_signalling).
    describe(e, Conntrack.SIP_SIGNALLING, sourceOf(direction ^ 1), sourceOf(direction), proto, ANY, port);
    store<u8>(e, u8(Conntrack.EXPECT_PERMANENT | Conntrack.EXPECT_INACTIVE), Conntrack.EXPECT_FLAGS);
    store<u8>(e, load<u8>(entry, Conntrack.HELPER), Conntrack.EXPECT_HELPER);
    matched(e, <u32>(at - payload), <u32>(behind - at));
    if (expect(lane, shard, p, e, 0) != EXPECTED) return Conntrack.TRACK_DROP;
  }
  store<u32>(help, cseq, Conntrack.SIP_REGISTER_CSEQ);
  return accept;
}

/** process_register_response: the registrar says how long. */
export function registerResponse(
  shard: usize,
  p: usize,
  entry: usize,
  direction: u32,
  help: usize,
  code: u32,
  cseq: u32,
  data: usize,
  end: usize,
): i32 {
  const accept: i32 = Conntrack.TRACK_ACCEPT;
  if (load<u32>(help, Conntrack.SIP_REGISTER_CSEQ) != cseq) return accept;
  if (code >= 100 && code <= 199) return accept;
  if (code >= 200 && code <= 299) {
    const six = load<u8>(entry, Conntrack.FAMILY) == 6;
    const general = expiresHeader(shard, six, data, end);
    let at = data;
    let listed = false;
    while (true) {
      const contact = nextContact(shard, six, at, end, listed);
      if (contact < 0) return Conntrack.TRACK_DROP;
      if (contact == 0) break;
      listed = true;
      at = behindMatch(shard);
      const behind = matchAt(shard) + matchLength(shard);
      if (!isAddress(entry, destinationOf(direction), shard + Conntrack.SHARD_SCRATCH_ADDRESS)) continue;
      const proto = transportOf(entry, behind, end);
      if (proto == 0) continue;
      const expires = expiresParameter(behind, end, general);
      if (expires < 0) return Conntrack.TRACK_DROP;
      if (expires == 0) break;
      if (activate(shard, p, help, proto, matchPort(shard), <u64>expires)) return accept;
    }
  }
  dropSignalling(shard, help);
  return accept;
}

function expiresHeader(shard: usize, six: bool, data: usize, end: usize): i64 {
  if (getHeader(shard, six, data, end, EXPIRES) <= 0) return 0;
  const expires = readNumber(matchAt(shard), end);
  return expires < 0 ? 0 : expires;
}

/** Seconds that a contact's parameters say, `general` when they do not; -1 when that is no number. */
function expiresParameter(at: usize, end: usize, general: i64): i64 {
  const value = parameter(at, end, EXPIRES_PARAMETER, 0, 8);
  return value == 0 ? general : readNumber(value, parameterLimit(at, end));
}

/** ct_sip_parse_transport: the protocol, which has to be the connection's; 0 when it is not. */
function transportOf(entry: usize, at: usize, end: usize): u32 {
  const proto = u32(load<u8>(entry, Conntrack.PROTO));
  const value = parameter(at, end, TRANSPORT_PARAMETER, TRANSPORT_PARAMETER_END, 10);
  if (value == 0) return proto;
  if (value + 3 > end) return 0;
  if (isWord(value, TCP, 0, 3)) return proto == IPPROTO_TCP ? proto : 0;
  if (isWord(value, UDP, 0, 3)) return proto == IPPROTO_UDP ? proto : 0;
  return 0;
}

/** refresh_signalling_expectation, for the address in the scratch: false when it was not asked for. */
function activate(shard: usize, p: usize, help: usize, proto: u32, port: u32, seconds: u64): bool {
  const now = load<u64>(p, Packet.TIME);
  let e = <usize>load<u32>(help, Conntrack.HELP_EXPECTS);
  while (e != 0) {
    if (
      load<u8>(e, Conntrack.EXPECT_CLASS) == Conntrack.SIP_SIGNALLING &&
      !isOver(e, now) &&
      u32(load<u8>(e, Conntrack.EXPECT_PROTO)) == proto &&
      load<u32>(e, Conntrack.EXPECT_PORTS) >>> 16 == port &&
      sameAddress(e + Conntrack.EXPECT_DST, shard + Conntrack.SHARD_SCRATCH_ADDRESS)
    ) {
      store<u64>(e, deadline(now, seconds * SECOND), Conntrack.EXPECT_DEADLINE);
      store<u8>(
        e,
        load<u8>(e, Conntrack.EXPECT_FLAGS) & u8(~Conntrack.EXPECT_INACTIVE),
        Conntrack.EXPECT_FLAGS,
      );
      return true;
    }
    e = <usize>load<u32>(e, Conntrack.EXPECT_OLDER);
  }
  return false;
}

/** flush_expectations: the newest registration. */
function dropSignalling(shard: usize, help: usize): void {
  let e = <usize>load<u32>(help, Conntrack.HELP_EXPECTS);
  while (e != 0) {
    if (load<u8>(e, Conntrack.EXPECT_CLASS) == Conntrack.SIP_SIGNALLING) {
      unexpect(shard, e);
      return;
    }
    e = <usize>load<u32>(e, Conntrack.EXPECT_OLDER);
  }
}
