// Connections that are reset, and segments that end one but do not fit.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { configuration, event, note, refresh } from './entry';
import { before, sideOf } from './tcp-window';

/** The RST is INVALID. */
export const NO: u32 = 0xff;
/** Added to a state: the segment need not fit into the window. */
export const SKIP_WINDOW: u32 = 16;

const SKIP_TO_CLOSE: u32 = Conntrack.TCP_CLOSE | SKIP_WINDOW;
/** What is left of a timeout when a second FIN or RST that does not fit is not to shorten it any more. */
const SHORT_ENOUGH_NS: u64 = 120_000_000_000;

/** What a RST makes of an entry in state `old`: a state, with SKIP_WINDOW or without, or NO. */
export function resetState(config: usize, entry: usize, direction: u32, old: u32, seq: u32, ack: u32): u32 {
  // A connection that is closing: the tuple may be in use again, all that was learnt be out of date.
  if (isClosing(old)) return SKIP_TO_CLOSE;
  const lastIndex = u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX));
  const lastDirection = u32(load<u8>(entry, Conntrack.TCP_LAST_DIR));
  const lastEnd = load<u32>(entry, Conntrack.TCP_LAST_END);
  const status = load<u32>(entry, Conntrack.STATUS);
  const peer = u32(load<u8>(entry + (direction ^ 1) * 2, Conntrack.TCP_FLAGS));
  let state: u32 = Conntrack.TCP_CLOSE;
  // The peer's acknowledgement is out of date when a SYN was let pass.
  if (peer & Conntrack.TCP_FLAG_MAXACK_SET && lastIndex != Conntrack.TCP_INDEX_SYN) {
    const maxack = load<u32>(sideOf(entry, direction ^ 1), Conntrack.TCP_MAXACK);
    const established = old == Conntrack.TCP_ESTABLISHED && (status & Conntrack.IPS_ASSURED) != 0;
    // Most likely the answer to a SYN that was let pass.
    if (seq == 0 && !established) return state;
    if (before(seq, maxack) && !(load<u32>(config, Conntrack.FLAGS) & Conntrack.TCP_IGNORE_INVALID_RST))
      return NO;
    if (!established || seq == maxack) return state;
    // Right behind the same side's data.
    if (lastIndex == Conntrack.TCP_INDEX_ACK && lastDirection == direction && seq == lastEnd) return state;
    // Not exact: there may be a challenge ACK (RFC 5961), the connection lives until then.
    state = old;
  }
  // It answers the other side's SYN, or an ACK, that was let pass.
  const answersSyn =
    (status & Conntrack.IPS_SEEN_REPLY) != 0 &&
    lastIndex == Conntrack.TCP_INDEX_SYN &&
    lastDirection != direction;
  const answersAck = !(status & Conntrack.IPS_ASSURED) && lastIndex == Conntrack.TCP_INDEX_ACK;
  if ((answersSyn || answersAck) && ack == lastEnd) return state | SKIP_WINDOW;
  // It answers a challenge ACK that was let pass.
  if (
    old == Conntrack.TCP_SYN_SENT &&
    lastIndex == Conntrack.TCP_INDEX_ACK &&
    lastDirection == Conntrack.DIR_REPLY &&
    seq == load<u32>(entry, Conntrack.TCP_LAST_ACK)
  )
    return state | SKIP_WINDOW;
  return state;
}

/** tcp_can_early_drop(): states in which an entry may be dropped for another when the table is full. */
export function isClosing(state: u32): bool {
  return state >= u32(Conntrack.TCP_FIN_WAIT) && state <= u32(Conntrack.TCP_CLOSE);
}

/**
 * nf_tcp_handle_invalid(): a FIN or RST that does not fit, then one of the other side that does not either: the
 * connection is over, whatever the entry thinks, and does not have days to live.
 */
export function handleOutside(config: usize, entry: usize, p: usize, direction: u32, index: u32): void {
  const status = load<u32>(entry, Conntrack.STATUS);
  if (!(status & Conntrack.IPS_ASSURED) || status & Conntrack.IPS_FIXED_TIMEOUT) return;
  if (!ends(index)) return;
  const lastDirection = u32(load<u8>(entry, Conntrack.TCP_LAST_DIR));
  if (lastDirection == direction || !ends(u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX)))) {
    store<u8>(entry, index, Conntrack.TCP_LAST_INDEX);
    store<u8>(entry, direction, Conntrack.TCP_LAST_DIR);
    return;
  }
  const now = load<u64>(p, Packet.TIME);
  const deadline = load<u64>(entry, Conntrack.DEADLINE);
  const left = deadline > now ? deadline - now : 0;
  const timeout = load<u64>(config, Conntrack.TIMEOUT_TCP_UNACK);
  if (left < SHORT_ENOUGH_NS || left <= timeout) return;
  note(config, p, Invalid.TCP_LOWER_TIMEOUT);
  store<u64>(entry, now + timeout, Conntrack.DEADLINE);
}

function ends(index: u32): bool {
  return index == Conntrack.TCP_INDEX_RST || index == Conntrack.TCP_INDEX_FIN;
}

/** nf_conntrack_tcp_set_closing(): `-j REJECT --reject-with tcp-reset` has answered packet `p` of a confirmed entry. */
export function tcpSetClosing(lane: usize, entry: usize, p: usize): void {
  const status = load<u32>(entry, Conntrack.STATUS);
  if (!(status & Conntrack.IPS_CONFIRMED)) return;
  const old = u32(load<u8>(entry, Conntrack.TCP_STATE));
  store<u8>(entry, Conntrack.TCP_CLOSE, Conntrack.TCP_STATE);
  if (old == Conntrack.TCP_CLOSE || status & Conntrack.IPS_FIXED_TIMEOUT) return;
  const config = configuration(lane);
  refresh(entry, p, load<u64>(config, Conntrack.TIMEOUT_TCP + 8 * Conntrack.TCP_CLOSE));
  event(p, Conntrack.IPCT_PROTOINFO);
}
