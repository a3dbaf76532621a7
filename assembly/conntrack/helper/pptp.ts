// PPTP (nf_conntrack_pptp.c, RFC 2637): a control connection agrees on the call ids of a GRE tunnel. As in Linux the
// client is the PNS and the server the PAC, there is one call a session, and the first message of a segment counts.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, newExpectation, release, unexpect } from '../expect';
import { count } from '../shard';
import { destinationOf, sourceOf } from '../side';
import { captured, declared, headerBytes, transport } from './payload';
import { addKeymap, dropKeymaps, endCall } from './tunnel';

const IPPROTO_GRE: u32 = 47;
const MAGIC: u32 = 0x1a2b3c4d;
const CONTROL: u32 = 1;
/** Length, type and magic; then the message's type and a reserved word. */
const HEADER: u32 = 12;
/** What is read of a message: ids, and the result. */
const READ: u32 = 5;

const START_REQUEST: u32 = 1;
const START_REPLY: u32 = 2;
const STOP_REQUEST: u32 = 3;
const STOP_REPLY: u32 = 4;
const OUT_REQUEST: u32 = 7;
const OUT_REPLY: u32 = 8;
const IN_REQUEST: u32 = 9;
const IN_REPLY: u32 = 10;
const IN_CONNECT: u32 = 11;
const CLEAR_REQUEST: u32 = 12;
const DISCONNECT: u32 = 13;
/** Result codes: START_OK, STOP_OK, OUTCALL_CONNECT, INCALL_ACCEPT. */
const OK: u32 = 1;

/** Shown packets of an established connection. Never drops one. */
export function pptp(lane: usize, shard: usize, p: usize, entry: usize, direction: u32, help: usize): i32 {
  const header = headerBytes(p, true);
  const all = declared(p, header);
  if (header == 0 || all < HEADER) return Conntrack.TRACK_ACCEPT;
  const length = captured(p, header);
  const data = transport(p) + header;
  if (length < HEADER) return cut(shard);
  if (<u32>bswap<u16>(load<u16>(data, 2)) != CONTROL) return Conntrack.TRACK_ACCEPT;
  if (bswap<u32>(load<u32>(data, 4)) != MAGIC) return Conntrack.TRACK_ACCEPT;
  const message = <u32>bswap<u16>(load<u16>(data, 8));
  const least = leastBytes(message);
  if (all - HEADER < least) return Conntrack.TRACK_ACCEPT;
  if (length - HEADER < min(least, READ)) return cut(shard);
  if (direction == Conntrack.DIR_ORIGINAL) fromClient(message, data + HEADER, help);
  else fromServer(lane, shard, p, entry, message, data + HEADER, help);
  return Conntrack.TRACK_ACCEPT;
}

function cut(shard: usize): i32 {
  count(shard, Conntrack.STAT_HELPER_CUT, 1);
  return Conntrack.TRACK_ACCEPT;
}

/** pptp_msg_size */
function leastBytes(message: u32): u32 {
  switch (message) {
    case START_REQUEST:
    case START_REPLY:
      return 144;
    case STOP_REQUEST:
    case STOP_REPLY:
    case CLEAR_REQUEST:
      return 4;
    case OUT_REQUEST:
      return 156;
    case OUT_REPLY:
      return 20;
    case IN_REQUEST:
      return 208;
    case IN_REPLY:
      return 12;
    case IN_CONNECT:
      return 16;
    case DISCONNECT:
      return 136;
    default:
      return 0;
  }
}

function word(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

function setSession(help: usize, state: u32): void {
  store<u8>(help, u8(state), Conntrack.PPTP_SESSION);
}

function setCall(help: usize, state: u32): void {
  store<u8>(help, u8(state), Conntrack.PPTP_CALL);
}

/** pptp_outbound_pkt */
function fromClient(message: u32, body: usize, help: usize): void {
  const session = u32(load<u8>(help, Conntrack.PPTP_SESSION));
  const call = u32(load<u8>(help, Conntrack.PPTP_CALL));
  switch (message) {
    case START_REQUEST:
      if (session == Conntrack.PPTP_SESSION_NONE) setSession(help, Conntrack.PPTP_SESSION_REQUESTED);
      return;
    case STOP_REQUEST:
      setSession(help, Conntrack.PPTP_SESSION_STOP_REQUEST);
      return;
    case OUT_REQUEST:
      if (session != Conntrack.PPTP_SESSION_CONFIRMED) return;
      setCall(help, Conntrack.PPTP_CALL_OUT_REQUEST);
      store<u16>(help, u16(word(body)), Conntrack.PPTP_PNS_CALL_ID);
      return;
    case IN_REPLY:
      if (call != Conntrack.PPTP_CALL_IN_REQUEST && call != Conntrack.PPTP_CALL_IN_REPLY) return;
      if (u32(load<u16>(help, Conntrack.PPTP_PAC_CALL_ID)) != word(body + 2)) return;
      if (u32(load<u8>(body, 4)) != OK) {
        setCall(help, Conntrack.PPTP_CALL_NONE);
        return;
      }
      setCall(help, Conntrack.PPTP_CALL_IN_REPLY);
      store<u16>(help, u16(word(body)), Conntrack.PPTP_PNS_CALL_ID);
      return;
    case CLEAR_REQUEST:
      if (session == Conntrack.PPTP_SESSION_CONFIRMED) setCall(help, Conntrack.PPTP_CALL_CLEAR_REQUEST);
      return;
    default:
      return;
  }
}

/** pptp_inbound_pkt */
function fromServer(
  lane: usize,
  shard: usize,
  p: usize,
  entry: usize,
  message: u32,
  body: usize,
  help: usize,
): void {
  const session = u32(load<u8>(help, Conntrack.PPTP_SESSION));
  const call = u32(load<u8>(help, Conntrack.PPTP_CALL));
  const confirmed = session == Conntrack.PPTP_SESSION_CONFIRMED;
  const pns = u32(load<u16>(help, Conntrack.PPTP_PNS_CALL_ID));
  switch (message) {
    case START_REPLY:
      if (session < <u32>Conntrack.PPTP_SESSION_REQUESTED) return;
      setSession(
        help,
        u32(load<u8>(body, 2)) == OK ? Conntrack.PPTP_SESSION_CONFIRMED : Conntrack.PPTP_SESSION_ERROR,
      );
      return;
    case STOP_REPLY:
      if (session > <u32>Conntrack.PPTP_SESSION_STOP_REQUEST) return;
      setSession(
        help,
        u32(load<u8>(body)) == OK ? Conntrack.PPTP_SESSION_NONE : Conntrack.PPTP_SESSION_ERROR,
      );
      return;
    case OUT_REPLY:
      if (!confirmed) return;
      if (call != Conntrack.PPTP_CALL_OUT_REQUEST && call != Conntrack.PPTP_CALL_OUT_CONFIRMED) return;
      if (pns != word(body + 2)) return;
      if (u32(load<u8>(body, 4)) != OK) {
        setCall(help, Conntrack.PPTP_CALL_NONE);
        return;
      }
      setCall(help, Conntrack.PPTP_CALL_OUT_CONFIRMED);
      store<u16>(help, u16(word(body)), Conntrack.PPTP_PAC_CALL_ID);
      expectTunnel(lane, shard, p, entry, help);
      return;
    case IN_REQUEST:
      if (!confirmed) return;
      setCall(help, Conntrack.PPTP_CALL_IN_REQUEST);
      store<u16>(help, u16(word(body)), Conntrack.PPTP_PAC_CALL_ID);
      return;
    case IN_CONNECT:
      if (!confirmed) return;
      if (call != Conntrack.PPTP_CALL_IN_REPLY && call != Conntrack.PPTP_CALL_IN_CONFIRMED) return;
      if (pns != word(body)) return;
      setCall(help, Conntrack.PPTP_CALL_IN_CONFIRMED);
      expectTunnel(lane, shard, p, entry, help);
      return;
    case DISCONNECT:
      setCall(help, Conntrack.PPTP_CALL_NONE);
      endCall(lane, shard, p, entry, help);
      return;
    default:
      return;
  }
}

/** exp_gre: GRE in both directions, with the call ids of PAC and PNS. All of it, or none. */
function expectTunnel(lane: usize, shard: usize, p: usize, entry: usize, help: usize): void {
  const pac = u32(load<u16>(help, Conntrack.PPTP_PAC_CALL_ID));
  const pns = u32(load<u16>(help, Conntrack.PPTP_PNS_CALL_ID));
  const up = describeTunnel(lane, shard, entry, Conntrack.DIR_ORIGINAL, pns, pac);
  if (up == 0) return;
  const down = describeTunnel(lane, shard, entry, Conntrack.DIR_REPLY, pac, pns);
  if (down == 0) {
    release(shard, up);
    return;
  }
  if (expect(lane, shard, p, up, 0) != EXPECTED) {
    release(shard, down);
    return;
  }
  if (expect(lane, shard, p, down, 0) != EXPECTED) {
    unexpect(shard, up);
    return;
  }
  if (addKeymap(lane, shard, entry, Conntrack.DIR_ORIGINAL, up, help)) {
    if (addKeymap(lane, shard, entry, Conntrack.DIR_REPLY, down, help)) return;
    dropKeymaps(shard, help);
  }
  unexpect(shard, down);
  unexpect(shard, up);
}

function describeTunnel(
  lane: usize,
  shard: usize,
  entry: usize,
  direction: u32,
  source: u32,
  destination: u32,
): usize {
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return 0;
  describe(e, 0, sourceOf(direction), destinationOf(direction), IPPROTO_GRE, <i32>source, destination);
  store<u8>(e, u8(Conntrack.EXPECT_FN_PPTP), Conntrack.EXPECT_FN);
  return e;
}
