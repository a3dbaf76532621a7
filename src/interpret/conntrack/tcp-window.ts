// Whether a TCP segment is within the windows of its connection (tcp_in_window, after van Rooij's "Real Stateful TCP
// Packet Filtering in IP Filter").
//
//     I    seq <= maxEnd of its sender
//     II   end >= end of its sender - maxWindow of the receiver
//     III  ack <= end of the receiver
//     IV   ack >= end of the receiver - 66000 (or the sender's maxWindow)
//
// where ack is the highest SACK edge, if the receiver said that it knows SACK.

import { after, before, highestSack, type TcpHeader, takeOptions, u32 } from './tcp-segment.ts';
import {
  FLAG_LIBERAL,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERMITTED,
  FLAG_UNACKNOWLEDGED,
  FLAG_WINDOW_SCALE,
  type Sender,
  SYN_RECV,
  SYN_SENT,
  type TcpState,
} from './tcp-state.ts';

/** NFCT_TCP_ACCEPT; IGNORE: let through, changing nothing; INVALID for its sequence number or what it acknowledges. */
export type InWindow = 'accept' | 'ignore' | 'seq-over' | 'ack-over';

const MAX_ACK_WINDOW = 66_000;

/** What is judged: the header's numbers, as far as they are taken at their word. */
interface Judged {
  seq: number;
  end: number;
  ack: number;
  sack: number;
}

/** @param liberal nf_conntrack_tcp_be_liberal */
export function checkWindow(tcp: TcpState, direction: 0 | 1, header: TcpHeader, liberal: boolean): InWindow {
  const sender = tcp.seen[direction];
  const receiver = tcp.seen[direction === 0 ? 1 : 0];
  const { seq, end, ack } = header;
  const knowsSack = (receiver.flags & FLAG_SACK_PERMITTED) !== 0;
  const judged: Judged = { seq, end, ack, sack: knowsSack ? highestSack(header, ack) : ack };
  if (isUnknown(sender)) {
    if (meetSender(sender, receiver, header, direction, judged) === 'simultaneous') return 'accept';
  } else if (header.hasSyn && after(end, sender.end) && [SYN_SENT, SYN_RECV].includes(tcp.state)) {
    // A new attempt, with a sequence number of its own.
    beginSender(sender, receiver, header, direction);
    if (direction === 1 && !header.hasAck) return 'accept';
  }
  excuse(tcp, sender, receiver, header, judged);
  const verdict = judge(sender, receiver, judged);
  const forgiven = liberal || (sender.flags & FLAG_LIBERAL) !== 0;
  if (verdict !== 'accept') return forgiven ? 'accept' : verdict;
  update(tcp, direction, header, judged);
  return 'accept';
}

/** Nothing of this side has been seen yet. */
function isUnknown({ maxWindow }: Sender): boolean {
  return maxWindow === 0;
}

function meetSender(
  sender: Sender,
  receiver: Sender,
  header: TcpHeader,
  direction: 0 | 1,
  { end, sack }: Judged,
): 'simultaneous' | 'met' {
  if (header.hasSyn) {
    beginSender(sender, receiver, header, direction);
    return header.hasAck ? 'met' : 'simultaneous';
  }
  // In the middle of a connection: its history is what this segment says.
  sender.end = end;
  sender.maxWindow = atLeastOne(u32(header.window << sender.scale));
  sender.maxEnd = u32(end + sender.maxWindow);
  if (isUnknown(receiver)) {
    receiver.end = sack;
    receiver.maxEnd = sack;
  } else if (sack === u32(receiver.end + 1)) {
    // The answer to a keep-alive.
    receiver.end = sack;
  }
  return 'met';
}

function atLeastOne(window: number): number {
  return window === 0 ? 1 : window;
}

/** tcp_init_sender: by a SYN. Windows are scaled only where both sides say so. */
function beginSender(sender: Sender, receiver: Sender, header: TcpHeader, direction: 0 | 1): void {
  sender.end = header.end;
  sender.maxEnd = header.end;
  sender.maxWindow = atLeastOne(header.window);
  takeOptions(sender, header);
  if (direction === 1 && (sender.flags & receiver.flags & FLAG_WINDOW_SCALE) === 0) {
    sender.scale = 0;
    receiver.scale = 0;
  }
}

/** Numbers that are not meant. */
function excuse(tcp: TcpState, sender: Sender, receiver: Sender, header: TcpHeader, judged: Judged): void {
  // No acknowledgement; or one of 0 in a reset, as broken stacks have it.
  if (!header.hasAck || (header.hasRst && judged.ack === 0)) {
    judged.ack = receiver.end;
    judged.sack = receiver.end;
  }
  // A reset that answers a SYN.
  if (header.hasRst && judged.seq === 0 && tcp.state === SYN_SENT) {
    judged.seq = sender.end;
    judged.end = sender.end;
  }
}

function judge(sender: Sender, receiver: Sender, { seq, end, sack }: Judged): InWindow {
  const inReceiveWindow = after(end, sender.end - receiver.maxWindow - 1);
  const ackIsRecent = after(sack, receiver.end - Math.max(sender.maxWindow, MAX_ACK_WINDOW) - 1);
  const ackIsOfSentData = before(sack, receiver.end + 1);
  if (!before(seq, sender.maxEnd + 1)) {
    const overshoot = u32(end - sender.maxEnd + 1);
    const known = !isUnknown(receiver);
    if (known && inReceiveWindow && ackIsRecent && overshoot <= receiver.maxWindow && ackIsOfSentData) {
      // Somewhat more than the window allowed: the other side may take it and acknowledge it.
      sender.end = end;
      sender.flags |= FLAG_UNACKNOWLEDGED;
      return 'ignore';
    }
    return 'seq-over';
  }
  if (!ackIsOfSentData) return 'ack-over';
  if (!isUnknown(receiver) && !inReceiveWindow) return 'ignore';
  return ackIsRecent ? 'accept' : 'ignore';
}

/** What a segment within the windows tells of both sides. */
function update(tcp: TcpState, direction: 0 | 1, header: TcpHeader, { seq, end, ack, sack }: Judged): void {
  const sender = tcp.seen[direction];
  const receiver = tcp.seen[direction === 0 ? 1 : 0];
  const window = header.hasSyn ? header.window : u32(header.window << sender.scale);
  sender.maxWindow = Math.max(sender.maxWindow, u32(window + (sack - ack)));
  if (after(end, sender.end)) {
    sender.end = end;
    sender.flags |= FLAG_UNACKNOWLEDGED;
  }
  if (header.hasAck) noteAck(sender, ack);
  if (!isUnknown(receiver) && after(end, sender.maxEnd)) {
    receiver.maxWindow = u32(receiver.maxWindow + end - sender.maxEnd);
  }
  if (after(sack + window, receiver.maxEnd - 1)) {
    receiver.maxEnd = u32(sack + window + (window === 0 ? 1 : 0));
  }
  if (ack === receiver.end) receiver.flags &= ~FLAG_UNACKNOWLEDGED;
  if (header.kind === 'ack') countRetransmission(tcp, direction, header.window, { seq, end, ack, sack });
}

function noteAck(sender: Sender, ack: number): void {
  if ((sender.flags & FLAG_MAXACK_SET) !== 0 && !after(ack, sender.maxAck)) return;
  sender.maxAck = ack;
  sender.flags |= FLAG_MAXACK_SET;
}

/** The same ACK again counts; another one is noted down. */
function countRetransmission(
  tcp: TcpState,
  direction: 0 | 1,
  window: number,
  { seq, end, ack }: Judged,
): void {
  const again =
    tcp.lastDirection === direction &&
    tcp.lastSeq === seq &&
    tcp.lastAck === ack &&
    tcp.lastEnd === end &&
    tcp.lastWindow === window;
  if (again) {
    tcp.retransmissions = (tcp.retransmissions + 1) & 0xff;
    return;
  }
  tcp.lastDirection = direction;
  tcp.lastSeq = seq;
  tcp.lastAck = ack;
  tcp.lastEnd = end;
  tcp.lastWindow = window;
  tcp.retransmissions = 0;
}
