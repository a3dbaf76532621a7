// TCP window tracking (tcp_in_window() in nf_conntrack_proto_tcp.c; Guido van Rooij, "Real Stateful TCP Packet
// Filtering in IP Filter"). Of each side the entry knows
//
//   TCP_END     the highest sequence number that it sent, and one
//   TCP_MAXEND  how far the other side would let it send
//   TCP_MAXWIN  the largest window that it offered
//   TCP_MAXACK  the highest acknowledgement that it sent
//
// and a segment fits when it begins before the sender's MAXEND, ends behind the sender's END less the receiver's
// window, and acknowledges what the receiver sent, and not long ago.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import { note } from './entry';
import { highestSack, takeOptions } from './tcp-option';
import { ACK_BIT, FIN_BIT, RST_BIT, SYN_BIT } from './tcp-table';

/** The entry learnt from the segment, or is liberal. */
export const FITS: i32 = 0;
/** Let pass, nothing learnt. */
export const PASSES: i32 = 1;
export const OUTSIDE: i32 = 2;

/** An acknowledgement may be this old, or as old as the sender's window is large. */
const MAX_ACK_WINDOW: u32 = 66000;

/** Address of what an entry knows of the side that sends in `direction`. */
export function sideOf(entry: usize, direction: u32): usize {
  return entry + Conntrack.TCP_SEEN + direction * Conntrack.TCP_SEEN_BYTES;
}

/** The sequence number behind a segment of `length` bytes in all, of which the header is `bytes`. */
export function endOf(seq: u32, bytes: u32, length: u32, flags: u32): u32 {
  return seq + (length - bytes) + ((flags >> 1) & 1) + (flags & FIN_BIT);
}

/** Is `a` before `b`? */
export function before(a: u32, b: u32): bool {
  return i32(a - b) < 0;
}

/**
 * Does a segment fit into the windows of the entry, which learns from it when it does? FITS, PASSES or OUTSIDE.
 * `index` is its kind; `bytes` its header's length; then its flags, sequence, acknowledgement and (unscaled) window,
 * its declared and its captured length.
 */
export function inWindow(
  config: usize,
  entry: usize,
  p: usize,
  header: usize,
  direction: u32,
  index: u32,
  bytes: u32,
  flags: u32,
  seq: u32,
  ack: u32,
  windowRaw: u32,
  length: u32,
  captured: u32,
): i32 {
  const sender = sideOf(entry, direction);
  const receiver = sideOf(entry, direction ^ 1);
  const senderSide = entry + direction * 2;
  const receiverSide = entry + (direction ^ 1) * 2;
  let window = windowRaw;
  let end = endOf(seq, bytes, length, flags);
  let sack = ack;
  if (bytes != 20 && u32(load<u8>(receiverSide, Conntrack.TCP_FLAGS)) & Conntrack.TCP_FLAG_SACK_PERM)
    sack = highestSack(header, bytes, captured, ack);

  let senderMaxwin = load<u32>(sender, Conntrack.TCP_MAXWIN);
  if (senderMaxwin == 0 || (flags & (SYN_BIT | RST_BIT | ACK_BIT)) != ACK_BIT) {
    if (senderMaxwin == 0 && !(flags & SYN_BIT)) {
      pickUpSide(sender, receiver, end, sack, window << u32(load<u8>(senderSide, Conntrack.TCP_SCALE)));
    } else if (flags & SYN_BIT && begins(entry, sender, senderMaxwin, end)) {
      beginSide(entry, direction, header, bytes, captured, end, window);
      // Simultaneous open.
      if (!(flags & ACK_BIT) && (senderMaxwin == 0 || direction == Conntrack.DIR_REPLY)) return FITS;
    }
    senderMaxwin = load<u32>(sender, Conntrack.TCP_MAXWIN);
    // Without ACK, and in the RST of some stacks, the field says nothing: taken as right.
    if (!(flags & ACK_BIT) || (flags & RST_BIT && ack == 0))
      ack = sack = load<u32>(receiver, Conntrack.TCP_END);
    // The RST that answers a SYN.
    if (flags & RST_BIT && seq == 0 && u32(load<u8>(entry, Conntrack.TCP_STATE)) == Conntrack.TCP_SYN_SENT)
      seq = end = load<u32>(sender, Conntrack.TCP_END);
  }

  const receiverEnd = load<u32>(receiver, Conntrack.TCP_END);
  const senderEnd = load<u32>(sender, Conntrack.TCP_END);
  const senderMaxend = load<u32>(sender, Conntrack.TCP_MAXEND);
  const receiverMaxwin = load<u32>(receiver, Conntrack.TCP_MAXWIN);
  const oldestAck = receiverEnd - max(senderMaxwin, MAX_ACK_WINDOW) - 1;
  const endFits = before(senderEnd - receiverMaxwin - 1, end);
  if (!before(seq, senderMaxend + 1)) {
    const overshot = end - senderMaxend + 1;
    if (
      receiverMaxwin != 0 &&
      endFits &&
      before(oldestAck, sack) &&
      overshot <= receiverMaxwin &&
      before(sack, receiverEnd + 1)
    ) {
      // More than the window allows. It passes, and its acknowledgement has to be believed.
      store<u32>(sender, end, Conntrack.TCP_END);
      addFlags(senderSide, Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED);
      return unlessLiberal(config, senderSide, p, PASSES, Invalid.TCP_OVERSHOT);
    }
    return unlessLiberal(config, senderSide, p, OUTSIDE, Invalid.TCP_SEQ_OVER);
  }
  if (!before(sack, receiverEnd + 1))
    return unlessLiberal(config, senderSide, p, OUTSIDE, Invalid.TCP_ACK_OVER);
  if (receiverMaxwin != 0 && !endFits)
    return unlessLiberal(config, senderSide, p, PASSES, Invalid.TCP_SEQ_UNDER);
  if (!before(oldestAck, sack)) return unlessLiberal(config, senderSide, p, PASSES, Invalid.TCP_ACK_UNDER);

  if (!(flags & SYN_BIT)) window <<= u32(load<u8>(senderSide, Conntrack.TCP_SCALE));

  // The sender.
  senderMaxwin = max(senderMaxwin, window + (sack - ack));
  store<u32>(sender, senderMaxwin, Conntrack.TCP_MAXWIN);
  let senderFlags = u32(load<u8>(senderSide, Conntrack.TCP_FLAGS));
  if (before(senderEnd, end)) {
    store<u32>(sender, end, Conntrack.TCP_END);
    senderFlags |= Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED;
  }
  if (flags & ACK_BIT) {
    if (
      !(senderFlags & Conntrack.TCP_FLAG_MAXACK_SET) ||
      before(load<u32>(sender, Conntrack.TCP_MAXACK), ack)
    )
      store<u32>(sender, ack, Conntrack.TCP_MAXACK);
    senderFlags |= Conntrack.TCP_FLAG_MAXACK_SET;
  }
  store<u8>(senderSide, senderFlags, Conntrack.TCP_FLAGS);

  // The receiver.
  if (receiverMaxwin != 0 && before(senderMaxend, end))
    store<u32>(receiver, receiverMaxwin + (end - senderMaxend), Conntrack.TCP_MAXWIN);
  const allowed = sack + window;
  if (before(load<u32>(receiver, Conntrack.TCP_MAXEND) - 1, allowed))
    store<u32>(receiver, allowed + u32(window == 0), Conntrack.TCP_MAXEND);
  if (ack == receiverEnd) {
    const receiverFlags = u32(load<u8>(receiverSide, Conntrack.TCP_FLAGS));
    store<u8>(receiverSide, receiverFlags & ~Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED, Conntrack.TCP_FLAGS);
  }

  if (index == Conntrack.TCP_INDEX_ACK) countRetransmission(entry, direction, seq, ack, end, windowRaw);
  return FITS;
}

/** Is it the segment that came before? */
function countRetransmission(entry: usize, direction: u32, seq: u32, ack: u32, end: u32, window: u32): void {
  if (
    load<u32>(entry, Conntrack.TCP_LAST_SEQ) == seq &&
    load<u32>(entry, Conntrack.TCP_LAST_ACK) == ack &&
    load<u32>(entry, Conntrack.TCP_LAST_END) == end &&
    u32(load<u16>(entry, Conntrack.TCP_LAST_WIN)) == window &&
    u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction
  ) {
    store<u8>(entry, load<u8>(entry, Conntrack.TCP_RETRANS) + 1, Conntrack.TCP_RETRANS);
    return;
  }
  store<u8>(entry, direction, Conntrack.TCP_LAST_DIR);
  store<u32>(entry, seq, Conntrack.TCP_LAST_SEQ);
  store<u32>(entry, ack, Conntrack.TCP_LAST_ACK);
  store<u32>(entry, end, Conntrack.TCP_LAST_END);
  store<u16>(entry, window, Conntrack.TCP_LAST_WIN);
  store<u8>(entry, 0, Conntrack.TCP_RETRANS);
}

/** Does a SYN begin its side: for the first time, or, before the handshake is done, anew with a higher number? */
export function begins(entry: usize, sender: usize, senderMaxwin: u32, end: u32): bool {
  if (senderMaxwin == 0) return true;
  if (!before(load<u32>(sender, Conntrack.TCP_END), end)) return false;
  const state = u32(load<u8>(entry, Conntrack.TCP_STATE));
  return state == Conntrack.TCP_SYN_SENT || state == Conntrack.TCP_SYN_RECV;
}

/** tcp_init_sender(): a side is known by its SYN. */
function beginSide(
  entry: usize,
  direction: u32,
  header: usize,
  bytes: u32,
  captured: u32,
  end: u32,
  window: u32,
): void {
  const sender = sideOf(entry, direction);
  store<u32>(sender, end, Conntrack.TCP_END);
  store<u32>(sender, end, Conntrack.TCP_MAXEND);
  store<u32>(sender, max(window, 1), Conntrack.TCP_MAXWIN);
  takeOptions(entry, direction, header, bytes, captured);
  if (direction != Conntrack.DIR_REPLY) return;
  // Windows are scaled only when both sides said so (RFC 7323).
  const both = load<u8>(entry, Conntrack.TCP_FLAGS) & load<u8>(entry, Conntrack.TCP_FLAGS + 2);
  if (u32(both) & Conntrack.TCP_FLAG_WINDOW_SCALE) return;
  store<u8>(entry, 0, Conntrack.TCP_SCALE);
  store<u8>(entry, 0, Conntrack.TCP_SCALE + 2);
}

/** A side is first heard of in the middle of its connection; `window` is scaled. */
function pickUpSide(sender: usize, receiver: usize, end: u32, sack: u32, window: u32): void {
  const offered = max(window, 1);
  store<u32>(sender, end, Conntrack.TCP_END);
  store<u32>(sender, offered, Conntrack.TCP_MAXWIN);
  store<u32>(sender, end + offered, Conntrack.TCP_MAXEND);
  if (load<u32>(receiver, Conntrack.TCP_MAXWIN) == 0) {
    // Nothing is known of the other side either: it sent what is acknowledged.
    store<u32>(receiver, sack, Conntrack.TCP_END);
    store<u32>(receiver, sack, Conntrack.TCP_MAXEND);
  } else if (sack == load<u32>(receiver, Conntrack.TCP_END) + 1) {
    // Likely the answer to a keep-alive.
    store<u32>(receiver, sack, Conntrack.TCP_END);
  }
}

function addFlags(side: usize, flags: u32): void {
  store<u8>(side, u32(load<u8>(side, Conntrack.TCP_FLAGS)) | flags, Conntrack.TCP_FLAGS);
}

/** `answer` with its reason, but FITS where the sender's side or the machine (tcp_be_liberal) is liberal. */
function unlessLiberal(config: usize, senderSide: usize, p: usize, answer: i32, reason: u32): i32 {
  if (u32(load<u8>(senderSide, Conntrack.TCP_FLAGS)) & Conntrack.TCP_FLAG_BE_LIBERAL) return FITS;
  if (load<u32>(config, Conntrack.FLAGS) & Conntrack.TCP_LIBERAL) return FITS;
  note(config, p, reason);
  return answer;
}
