// TCP's transitions (tcp_conntracks in nf_conntrack_proto_tcp.c): direction, kind of segment, state -> next state.
//
// A row is a number of ten hexadecimal digits, the state NONE's the last one: the digit is the next state
// (Conntrack.TCP_*), or A: the packet is INVALID there, or B: it is let pass and nothing is learnt of it.

import * as Conntrack from '../../../src/layout/conntrack.ts';

export const INVALID: u32 = 10;
export const IGNORE: u32 = 11;

// Digits from the left: SYN_SENT2 CLOSE TIME_WAIT LAST_ACK CLOSE_WAIT FIN_WAIT ESTABLISHED SYN_RECV SYN_SENT NONE.
const ORIGINAL_SYN: u64 = 0x911bbbbb11;
const ORIGINAL_SYNACK: u64 = 0x2aaaaaa2aa;
const ORIGINAL_ACK: u64 = 0xa8775533a3;
const REPLY_SYN: u64 = 0x9a1aaaaa9a;
const REPLY_SYNACK: u64 = 0x2bbbbbbb2a;
const REPLY_ACK: u64 = 0xb8775532ba;
// The same for both directions.
const FIN: u64 = 0xa8766644aa;
const RST: u64 = 0x888888888a;

/** The state that a segment of kind `index` (Conntrack.TCP_INDEX_*) leads to from `state`; INVALID or IGNORE. */
export function transition(direction: u32, index: u32, state: u32): u32 {
  return u32(row(direction, index) >> u64(state * 4)) & 15;
}

function row(direction: u32, index: u32): u64 {
  switch (index) {
    case Conntrack.TCP_INDEX_SYN:
      return direction == 0 ? ORIGINAL_SYN : REPLY_SYN;
    case Conntrack.TCP_INDEX_SYNACK:
      return direction == 0 ? ORIGINAL_SYNACK : REPLY_SYNACK;
    case Conntrack.TCP_INDEX_FIN:
      return FIN;
    case Conntrack.TCP_INDEX_ACK:
      return direction == 0 ? ORIGINAL_ACK : REPLY_ACK;
    default:
      return RST;
  }
}

// Byte 13 of the header.
export const FIN_BIT: u32 = 1;
export const SYN_BIT: u32 = 2;
export const RST_BIT: u32 = 4;
export const ACK_BIT: u32 = 16;

/** All but PSH, ECE and CWR, which may always be there. */
export const TELLING_BITS: u32 = 0x37;
/**
 * The combinations of FIN, SYN, RST, ACK and URG that may be: SYN, SYN+URG, SYN+ACK, RST, RST+ACK, FIN+ACK,
 * FIN+ACK+URG, ACK, ACK+URG.
 */
const VALID: u64 = 0x3000400170014;

/** Is it a combination of flags that TCP sends? */
export function flagsAreValid(flags: u32): bool {
  return ((VALID >> u64(flags & TELLING_BITS)) & 1) != 0;
}

/** get_conntrack_index(): the kind of segment, of flags that are valid. */
export function indexOf(flags: u32): u32 {
  if (flags & RST_BIT) return Conntrack.TCP_INDEX_RST;
  if (flags & SYN_BIT) return flags & ACK_BIT ? Conntrack.TCP_INDEX_SYNACK : Conntrack.TCP_INDEX_SYN;
  return flags & FIN_BIT ? Conntrack.TCP_INDEX_FIN : Conntrack.TCP_INDEX_ACK;
}
