// SCTP's transitions (sctp_conntracks in nf_conntrack_proto_sctp.c): direction, type of chunk, state -> next state.
//
// A row is a number of nine hexadecimal digits, the state NONE's the last one: the digit is the next state
// (Conntrack.SCTP_*), or A: INVALID.

import * as Conntrack from '../../../src/layout/conntrack.ts';

export const INVALID: u32 = 10;

export const DATA: u32 = 0;
export const INIT: u32 = 1;
export const INIT_ACK: u32 = 2;
export const HEARTBEAT: u32 = 4;
export const HEARTBEAT_ACK: u32 = 5;
export const ABORT: u32 = 6;
export const SHUTDOWN: u32 = 7;
export const SHUTDOWN_ACK: u32 = 8;
export const ERROR_CHUNK: u32 = 9;
export const COOKIE_ECHO: u32 = 10;
export const COOKIE_ACK: u32 = 11;
export const SHUTDOWN_COMPLETE: u32 = 14;

/** The state that a chunk of `type` leads to from `state`; INVALID. DATA, SACK and others change none. */
export function transition(direction: u32, type: u32, state: u32): u32 {
  const row = direction == Conntrack.DIR_ORIGINAL ? originalRow(type) : replyRow(type);
  return row == 0 ? state : u32(row >> u64(state * 4)) & 15;
}

// Digits from the left: HEARTBEAT_SENT SHUTDOWN_ACK_SENT SHUTDOWN_RECD SHUTDOWN_SENT ESTABLISHED COOKIE_ECHOED
// COOKIE_WAIT CLOSED NONE.
function originalRow(type: u32): u64 {
  switch (type) {
    case INIT:
      return 0x271143211;
    case INIT_ACK:
    case ERROR_CHUNK:
      return 0x176543211;
    case ABORT:
      return 0x111111111;
    case SHUTDOWN:
      return 0x176553211;
    case SHUTDOWN_ACK:
      return 0x777743217;
    case COOKIE_ECHO:
      return 0x176543311;
    case COOKIE_ACK:
      return 0x176544211;
    case SHUTDOWN_COMPLETE:
      return 0x116543211;
    case HEARTBEAT:
      return 0x876543218;
    case HEARTBEAT_ACK:
      return 0x876543211;
    default:
      return 0;
  }
}

function replyRow(type: u32): u64 {
  switch (type) {
    case INIT:
      return 0xa7654321a;
    case INIT_ACK:
      return 0xa7654322a;
    case ABORT:
      return 0xa1111111a;
    case SHUTDOWN:
      return 0xa7656321a;
    case SHUTDOWN_ACK:
      return 0xa7774321a;
    case ERROR_CHUNK:
      return 0xa7654121a;
    case COOKIE_ECHO:
      return 0xa7654331a;
    case COOKIE_ACK:
      return 0xa7654421a;
    case SHUTDOWN_COMPLETE:
      return 0xa1654321a;
    case HEARTBEAT:
      return 0x87654321a;
    case HEARTBEAT_ACK:
      return 0x47654321a;
    default:
      return 0;
  }
}
