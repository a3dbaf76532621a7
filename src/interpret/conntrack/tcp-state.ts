// The states of a TCP connection as its middle sees them, and what moves it from one to the next (nf_conntrack_tcp.h,
// nf_conntrack_proto_tcp.c).

import * as Ct from '../../layout/conntrack.ts';

/** enum tcp_conntrack */
export const NONE = Ct.TCP_NONE;
export const SYN_SENT = Ct.TCP_SYN_SENT;
export const SYN_RECV = Ct.TCP_SYN_RECV;
export const ESTABLISHED = Ct.TCP_ESTABLISHED;
export const FIN_WAIT = Ct.TCP_FIN_WAIT;
export const CLOSE_WAIT = Ct.TCP_CLOSE_WAIT;
export const LAST_ACK = Ct.TCP_LAST_ACK_STATE;
export const TIME_WAIT = Ct.TCP_TIME_WAIT;
export const CLOSE = Ct.TCP_CLOSE;
export const SYN_SENT2 = Ct.TCP_SYN_SENT2;

/** What a segment is by its flags; RST weighs most (enum tcp_bit_set). */
export type Kind = 'syn' | 'synack' | 'fin' | 'ack' | 'rst' | 'none';

/** A next state, or that there is none: the segment is let through and noted down, or it is INVALID. */
export type Next = number | 'ignore' | 'invalid';

const LETTERS: Readonly<Record<string, Next>> = {
  '-': 'invalid',
  '*': 'ignore',
  s: SYN_SENT,
  '2': SYN_SENT2,
  r: SYN_RECV,
  e: ESTABLISHED,
  f: FIN_WAIT,
  c: CLOSE_WAIT,
  l: LAST_ACK,
  t: TIME_WAIT,
  x: CLOSE,
};

/** One letter a state that the connection is in: none, s, r, e, f, c, l, t, x, 2. */
const TRANSITIONS: readonly [
  original: Readonly<Record<Kind, string>>,
  reply: Readonly<Record<Kind, string>>,
] = [
  {
    syn: 'ss*****ss2',
    synack: '--r------r',
    fin: '--ffllltx-',
    ack: 'e-eeccttx-',
    rst: '-xxxxxxxxx',
    none: '----------',
  },
  {
    syn: '-2-----s-2',
    synack: '-r*******r',
    fin: '--ffllltx-',
    ack: '-*reccttx*',
    rst: '-xxxxxxxxx',
    none: '----------',
  },
];

export function nextState(direction: 0 | 1, kind: Kind, state: number): Next {
  return LETTERS[TRANSITIONS[direction][kind].charAt(state)] as Next;
}

/** What is known of what one side has sent (struct ip_ct_tcp_state). Sequence numbers are 32 bits, unsigned. */
export interface Sender {
  /** Highest sequence number sent, and one. */
  end: number;
  /** Highest one that the other side's window allowed, and one. */
  maxEnd: number;
  /** Largest window announced. */
  maxWindow: number;
  /** Highest acknowledgement sent; FLAG_MAXACK_SET says that there is one. */
  maxAck: number;
  /** Shift of its windows. */
  scale: number;
  /** IP_CT_TCP_FLAG_* */
  flags: number;
}

export const FLAG_WINDOW_SCALE = 0x01;
export const FLAG_SACK_PERMITTED = 0x02;
/** It sent the first FIN. */
export const FLAG_CLOSE_INIT = 0x04;
export const FLAG_LIBERAL = 0x08;
export const FLAG_UNACKNOWLEDGED = 0x10;
export const FLAG_MAXACK_SET = 0x20;
/** Of TcpState.lastFlags: an ACK may be an answer to a stray SYN (RFC 5961); both sides have sent a SYN. */
export const FLAG_CHALLENGE_ACK = 0x40;
export const FLAG_SIMULTANEOUS_OPEN = 0x80;

/** struct ip_ct_tcp */
export interface TcpState {
  state: number;
  readonly seen: readonly [original: Sender, reply: Sender];
  /** Of the last segment that counted, or that was let through unjudged. */
  lastDirection: 0 | 1;
  lastKind: Kind;
  lastSeq: number;
  lastAck: number;
  lastEnd: number;
  lastWindow: number;
  /** Of a SYN that was let through: what its sender's window scale and flags will be if it is answered. */
  lastScale: number;
  lastFlags: number;
  /** How often the last ACK was sent again; 8 bits. */
  retransmissions: number;
}

function newSender(): Sender {
  return { end: 0, maxEnd: 0, maxWindow: 0, maxAck: 0, scale: 0, flags: 0 };
}

export function newTcpState(): TcpState {
  return {
    state: NONE,
    seen: [newSender(), newSender()],
    lastDirection: 0,
    lastKind: 'none',
    lastSeq: 0,
    lastAck: 0,
    lastEnd: 0,
    lastWindow: 0,
    lastScale: 0,
    lastFlags: 0,
    retransmissions: 0,
  };
}

/** nf_ct_tcp_state_reset */
export function resetSender(sender: Sender): void {
  Object.assign(sender, newSender(), { flags: sender.flags & FLAG_LIBERAL });
}

/** tcp_can_early_drop */
export function isClosing({ state }: TcpState): boolean {
  return [FIN_WAIT, LAST_ACK, TIME_WAIT, CLOSE, CLOSE_WAIT].includes(state);
}
