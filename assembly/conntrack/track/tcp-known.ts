// The segment that nearly every segment is: an acknowledgement, with data or without, within its windows, in an
// established and assured connection. What trackTcp() would do with it, in a straight line; anything else is left to
// that, untouched. test/scan/tracked-way.test.ts holds the two equal.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { before, endOf, sideOf } from './tcp-window';

const HEADER_BYTES: u32 = 20;
/** A header with nothing but a time stamp in its options: two NOPs, kind 8, length 10. */
const TIMESTAMP_BYTES: u32 = 32;
const TIMESTAMP_ONLY: u32 = 0x0a080101;
/** FIN, SYN, RST, ACK and URG, of which only ACK may be set. */
const KIND_BITS: u32 = 0x37;
const ACK_BIT: u32 = 0x10;
const STATUS_BITS: u32 =
  Conntrack.IPS_SEEN_REPLY |
  Conntrack.IPS_ASSURED |
  Conntrack.IPS_CONFIRMED |
  Conntrack.IPS_DYING |
  Conntrack.IPS_FIXED_TIMEOUT;
const STATUS_KNOWN: u32 = Conntrack.IPS_SEEN_REPLY | Conntrack.IPS_ASSURED | Conntrack.IPS_CONFIRMED;
const MAX_ACK_WINDOW: u32 = 66000;

/**
 * Tracks the segment of `length` bytes, all captured, whose header is at `header` and that comes at `time` (ns). False,
 * and nothing is changed, when it has to go to trackTcp(). `lane`'s scan writes no trace.
 */
export function trackKnown(
  config: usize,
  entry: usize,
  header: usize,
  length: u32,
  direction: u32,
  time: u64,
): bool {
  const flags = u32(load<u8>(header, 13));
  const bytes = u32(load<u8>(header, 12) >> 4) << 2;
  const receiverSide = entry + (direction ^ 1) * 2;
  const receiverFlags = u32(load<u8>(receiverSide, Conntrack.TCP_FLAGS));
  const sack = (receiverFlags & Conntrack.TCP_FLAG_SACK_PERM) != 0;
  if (
    u32((flags & KIND_BITS) != ACK_BIT) |
    u32(load<u8>(entry, Conntrack.TCP_STATE) != Conntrack.TCP_ESTABLISHED) |
    u32((load<u32>(entry, Conntrack.STATUS) & STATUS_BITS) != STATUS_KNOWN) |
    u32(bytes < HEADER_BYTES) |
    u32(bytes > length)
  ) {
    return false;
  }
  if (
    sack &&
    bytes != HEADER_BYTES &&
    !(bytes == TIMESTAMP_BYTES && load<u32>(header, 20) == TIMESTAMP_ONLY)
  ) {
    return false;
  }
  const sender = sideOf(entry, direction);
  const receiver = sideOf(entry, direction ^ 1);
  const senderSide = entry + direction * 2;
  const seq = bswap<u32>(load<u32>(header, 4));
  const ack = bswap<u32>(load<u32>(header, 8));
  const end = endOf(seq, bytes, length, flags);
  const windowRaw = u32(bswap<u16>(load<u16>(header, 14)));
  const window = windowRaw << u32(load<u8>(senderSide, Conntrack.TCP_SCALE));
  const senderEnd = load<u32>(sender, Conntrack.TCP_END);
  const senderMaxend = load<u32>(sender, Conntrack.TCP_MAXEND);
  const senderMaxwin = load<u32>(sender, Conntrack.TCP_MAXWIN);
  const receiverEnd = load<u32>(receiver, Conntrack.TCP_END);
  const receiverMaxend = load<u32>(receiver, Conntrack.TCP_MAXEND);
  const receiverMaxwin = load<u32>(receiver, Conntrack.TCP_MAXWIN);
  // All bounds in one decision: they nearly always hold. A side that is not known yet has no largest window.
  if (
    u32(senderMaxwin == 0) |
    u32(receiverMaxwin == 0) |
    u32(!before(seq, senderMaxend + 1)) |
    u32(!before(ack, receiverEnd + 1)) |
    u32(!before(senderEnd - receiverMaxwin - 1, end)) |
    u32(!before(receiverEnd - max(senderMaxwin, MAX_ACK_WINDOW) - 1, ack))
  ) {
    return false;
  }
  store<u32>(sender, max(senderMaxwin, window), Conntrack.TCP_MAXWIN);
  let senderFlags = u32(load<u8>(senderSide, Conntrack.TCP_FLAGS));
  if (before(senderEnd, end)) {
    store<u32>(sender, end, Conntrack.TCP_END);
    senderFlags |= Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED;
  }
  // Without branches where segments differ: one in two of them would be mispredicted.
  const maxack = load<u32>(sender, Conntrack.TCP_MAXACK);
  const newest = u32((senderFlags & Conntrack.TCP_FLAG_MAXACK_SET) == 0) | u32(before(maxack, ack));
  store<u32>(sender, select<u32>(ack, maxack, newest), Conntrack.TCP_MAXACK);
  senderFlags |= Conntrack.TCP_FLAG_MAXACK_SET;
  store<u8>(senderSide, u8(senderFlags), Conntrack.TCP_FLAGS);
  if (before(senderMaxend, end))
    store<u32>(receiver, receiverMaxwin + (end - senderMaxend), Conntrack.TCP_MAXWIN);
  const allowed = ack + window;
  if (before(receiverMaxend - 1, allowed))
    store<u32>(receiver, allowed + u32(window == 0), Conntrack.TCP_MAXEND);
  let unacknowledged = receiverFlags;
  if (ack == receiverEnd) {
    unacknowledged &= ~Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED;
    store<u8>(receiverSide, u8(unacknowledged), Conntrack.TCP_FLAGS);
  }
  const retransmissions = countSame(entry, direction, seq, ack, end, windowRaw);
  store<u8>(entry, u8(Conntrack.TCP_INDEX_ACK), Conntrack.TCP_LAST_INDEX);
  store<u8>(entry, u8(direction), Conntrack.TCP_LAST_DIR);
  const waits = ((senderFlags | unacknowledged) & Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED) != 0;
  store<u64>(entry, time + timeoutOf(config, retransmissions, waits, windowRaw == 0), Conntrack.DEADLINE);
  return true;
}

/** Is it the segment that came before? Answers how often it has been sent again. */
function countSame(entry: usize, direction: u32, seq: u32, ack: u32, end: u32, window: u32): u32 {
  const same =
    u32(load<u32>(entry, Conntrack.TCP_LAST_SEQ) == seq) &
    u32(load<u32>(entry, Conntrack.TCP_LAST_ACK) == ack) &
    u32(load<u32>(entry, Conntrack.TCP_LAST_END) == end) &
    u32(u32(load<u16>(entry, Conntrack.TCP_LAST_WIN)) == window) &
    u32(u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction);
  const count = ((u32(load<u8>(entry, Conntrack.TCP_RETRANS)) + 1) & 255) * same;
  store<u8>(entry, u8(count), Conntrack.TCP_RETRANS);
  store<u32>(entry, seq, Conntrack.TCP_LAST_SEQ);
  store<u32>(entry, ack, Conntrack.TCP_LAST_ACK);
  store<u32>(entry, end, Conntrack.TCP_LAST_END);
  store<u16>(entry, u16(window), Conntrack.TCP_LAST_WIN);
  return count;
}

/** The timeout of an established connection, or a shorter one where something is amiss. */
function timeoutOf(config: usize, retransmissions: u32, waits: bool, closed: bool): u64 {
  const timeout = load<u64>(config, Conntrack.TIMEOUT_TCP + 8 * Conntrack.TCP_ESTABLISHED);
  const retransmission = load<u64>(config, Conntrack.TIMEOUT_TCP_RETRANS);
  if (retransmissions >= load<u32>(config, Conntrack.TCP_MAX_RETRANS) && timeout > retransmission) {
    return retransmission;
  }
  if (waits) {
    const unacknowledged = load<u64>(config, Conntrack.TIMEOUT_TCP_UNACK);
    if (timeout > unacknowledged) return unacknowledged;
  }
  return closed && timeout > retransmission ? retransmission : timeout;
}
