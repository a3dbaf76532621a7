// TCP: nf_conntrack_proto_tcp.c.

import * as Ct from '../../layout/conntrack.ts';
import * as Invalid from '../../layout/invalid.ts';
import { IPPROTO_TCP } from '../packet.ts';
import { isSumRight } from './checksum.ts';
import { type Connection, directionOf } from './connection.ts';
import { invalid } from './invalid.ts';
import type { ConntrackSysctls, TimeoutName } from './sysctl.ts';
import { before, hasValidFlags, readTcp, type TcpHeader, takeOptions } from './tcp-segment.ts';
import * as State from './tcp-state.ts';
import { newTcpState, type TcpState } from './tcp-state.ts';
import { checkWindow } from './tcp-window.ts';
import { account, refresh, type Segment, type Tracked } from './tracker.ts';

/** What the state table's answer comes to when the circumstances are looked at. */
type Step =
  /** The windows are checked, then this is the state. */
  | { readonly kind: 'check'; readonly from: number; readonly to: number }
  /** This is the state, whatever the windows say. */
  | { readonly kind: 'take'; readonly to: number }
  /** The segment is let through and leaves the state as it is. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'invalid'; readonly why: number }
  /** A new connection takes this one's place. */
  | { readonly kind: 'reopen' };

export function trackTcp(connection: Connection, segment: Segment): Tracked {
  const { packet } = segment;
  const header = readTcp(segment.bytes, segment.offset);
  if (header === undefined) return invalid(packet, Invalid.TCP_TRUNCATED);
  const wrong = tcpError(segment);
  if (wrong !== Invalid.NONE) return invalid(packet, wrong);
  if (!connection.confirmed) {
    const fresh = newConnection(header, segment.sysctls);
    if (typeof fresh === 'number') return invalid(packet, fresh);
    connection.tcp = fresh;
  }
  const tcp = connection.tcp as TcpState;
  const direction = directionOf(segment.ctinfo);
  const oldState = tcp.state;
  const step = nextStep(connection, tcp, direction, header, segment.sysctls);
  switch (step.kind) {
    case 'pass':
      return 'accept';
    case 'invalid':
      return invalid(packet, step.why);
    case 'reopen':
      return segment.kill(connection) ? 'repeat' : invalid(packet, Invalid.NONE);
    case 'take':
      return settle(connection, tcp, direction, header, segment, oldState, step.to);
    case 'check':
      switch (checkWindow(tcp, direction, header, segment.sysctls.tcpBeLiberal)) {
        case 'ignore':
          return 'accept';
        case 'seq-over':
          shorten(connection, tcp, direction, header, segment);
          return invalid(packet, Invalid.TCP_SEQ_OVER);
        case 'ack-over':
          shorten(connection, tcp, direction, header, segment);
          return invalid(packet, Invalid.TCP_ACK_OVER);
        case 'accept':
          return settle(connection, tcp, direction, header, segment, step.from, step.to);
      }
  }
}

/** What tcp_error finds behind the header's length (src/layout/invalid.ts), NONE where nothing is wrong. */
function tcpError({ packet, bytes, offset, verify }: Segment): number {
  if (verify && !isSumRight(packet, offset, IPPROTO_TCP)) return Invalid.TCP_CHECKSUM;
  return hasValidFlags(bytes, offset) ? Invalid.NONE : Invalid.TCP_FLAGS;
}

/** tcp_new, or why there is none: a SYN begins a connection; an ACK is taken for one of a connection that began unseen, if tcp_loose says so. */
function newConnection(header: TcpHeader, sysctls: ConntrackSysctls): TcpState | number {
  const state = State.nextState(0, header.kind, State.NONE);
  if (typeof state !== 'number') return Invalid.TCP_NEW;
  const tcp = newTcpState();
  const [sender, receiver] = tcp.seen;
  sender.end = header.end;
  sender.maxWindow = header.window === 0 ? 1 : header.window;
  sender.maxEnd = header.end;
  if (state === State.SYN_SENT) {
    takeOptions(sender, header);
    return tcp;
  }
  if (!sysctls.tcpLoose) return Invalid.TCP_NOT_LOOSE;
  sender.maxEnd = (header.end + sender.maxWindow) >>> 0;
  // Window scale and SACK were agreed on unseen.
  sender.flags = State.FLAG_SACK_PERMITTED | State.FLAG_LIBERAL;
  receiver.flags = sender.flags;
  return tcp;
}

function nextStep(
  connection: Connection,
  tcp: TcpState,
  direction: 0 | 1,
  header: TcpHeader,
  sysctls: ConntrackSysctls,
): Step {
  const from = tcp.state;
  const next = State.nextState(direction, header.kind, from);
  if (next === 'invalid') return { kind: 'invalid', why: Invalid.TCP_STATE };
  if (next === 'ignore') return letThrough(tcp, direction, header);
  const check: Step = { kind: 'check', from, to: next };
  switch (next) {
    case State.SYN_SENT:
      if (from < State.TIME_WAIT) return check;
      return isOver(tcp, direction) ? { kind: 'reopen' } : letThrough(tcp, direction, header);
    case State.TIME_WAIT:
      return isChallengeAck(tcp, direction, header) ? { kind: 'pass' } : check;
    case State.SYN_SENT2:
      tcp.lastFlags |= State.FLAG_SIMULTANEOUS_OPEN;
      return check;
    case State.SYN_RECV: {
      const both = (tcp.lastFlags & State.FLAG_SIMULTANEOUS_OPEN) !== 0;
      return direction === 1 && header.kind === 'ack' && both ? { ...check, to: State.ESTABLISHED } : check;
    }
    case State.CLOSE:
      return header.kind === 'rst' ? reset(connection, tcp, direction, header, sysctls) : check;
    default:
      return check;
  }
}

/** A SYN in TIME_WAIT or CLOSE begins anew where the connection was closed, or its sender aborted it. */
function isOver({ seen, lastDirection, lastKind }: TcpState, direction: 0 | 1): boolean {
  if (((seen[0].flags | seen[1].flags) & State.FLAG_CLOSE_INIT) !== 0) return true;
  return lastDirection === direction && lastKind === 'rst';
}

/**
 * Segments that may be right although they do not fit what is known: they are noted down, and what answers them says
 * more.
 */
function letThrough(tcp: TcpState, direction: 0 | 1, header: TcpHeader): Step {
  const { state } = tcp;
  const answersSyn =
    header.kind === 'synack' &&
    tcp.lastKind === 'syn' &&
    tcp.lastDirection !== direction &&
    header.ack === tcp.lastEnd;
  if (answersSyn) {
    // Both sides agree: it is this connection's state that was wrong.
    agreeOnSyn(tcp, direction);
    return { kind: 'check', from: State.SYN_SENT, to: State.SYN_RECV };
  }
  tcp.lastKind = header.kind;
  tcp.lastDirection = direction;
  tcp.lastSeq = header.seq;
  tcp.lastEnd = header.end;
  tcp.lastWindow = header.window;
  if (header.kind === 'syn' && direction === 0) noteSyn(tcp, header);
  // An ACK in answer to a SYN may be a challenge.
  if (state === State.SYN_SENT && header.kind === 'ack' && direction === 1) tcp.lastAck = header.ack;
  return { kind: 'pass' };
}

function agreeOnSyn(tcp: TcpState, direction: 0 | 1): void {
  const opener = tcp.seen[tcp.lastDirection];
  tcp.lastFlags &= ~State.FLAG_CHALLENGE_ACK;
  opener.end = tcp.lastEnd;
  opener.maxEnd = tcp.lastEnd;
  opener.maxWindow = tcp.lastWindow === 0 ? 1 : tcp.lastWindow;
  opener.scale = tcp.lastScale;
  opener.flags = tcp.lastFlags;
  State.resetSender(tcp.seen[direction]);
}

/** What the sender of a SYN will be, if it is answered. */
function noteSyn(tcp: TcpState, header: TcpHeader): void {
  const sender = newTcpState().seen[0];
  takeOptions(sender, header);
  const scaled = (sender.flags & State.FLAG_WINDOW_SCALE) !== 0;
  tcp.lastScale = scaled ? sender.scale : 0;
  tcp.lastFlags = sender.flags & (State.FLAG_WINDOW_SCALE | State.FLAG_SACK_PERMITTED);
  if (tcp.state === State.LAST_ACK) tcp.lastFlags |= State.FLAG_CHALLENGE_ACK;
}

/** In LAST_ACK an ACK is not that of the last FIN when it answers a stray SYN. */
function isChallengeAck(tcp: TcpState, direction: 0 | 1, header: TcpHeader): boolean {
  const challenge =
    tcp.state === State.LAST_ACK &&
    header.kind === 'ack' &&
    tcp.lastDirection !== direction &&
    tcp.lastKind === 'syn' &&
    (tcp.lastFlags & State.FLAG_CHALLENGE_ACK) !== 0;
  if (challenge) tcp.lastFlags &= ~State.FLAG_CHALLENGE_ACK;
  return challenge;
}

/** Both sides are known to be there (nf_conntrack_tcp_established). */
function isEstablished(connection: Connection, tcp: TcpState): boolean {
  return tcp.state === State.ESTABLISHED && connection.has(Ct.IPS_ASSURED);
}

/** A reset has to have the sequence number that the other side waits for, or it ends nothing. */
function reset(
  connection: Connection,
  tcp: TcpState,
  direction: 0 | 1,
  header: TcpHeader,
  sysctls: ConntrackSysctls,
): Step {
  const closed: Step = { kind: 'check', from: tcp.state, to: State.CLOSE };
  // What is known may be that of an earlier connection.
  if (State.isClosing(tcp)) return { kind: 'take', to: State.CLOSE };
  let to: number = State.CLOSE;
  const receiver = tcp.seen[direction === 0 ? 1 : 0];
  if ((receiver.flags & State.FLAG_MAXACK_SET) !== 0 && tcp.lastKind !== 'syn') {
    const established = isEstablished(connection, tcp);
    if (header.seq === 0 && !established) return closed;
    if (before(header.seq, receiver.maxAck) && !sysctls.tcpIgnoreInvalidRst) {
      return { kind: 'invalid', why: Invalid.TCP_RST };
    }
    if (!established || header.seq === receiver.maxAck) return closed;
    const follows = tcp.lastKind === 'ack' && tcp.lastDirection === direction && header.seq === tcp.lastEnd;
    if (follows) return closed;
    // Not exact: the other side may challenge it.
    to = tcp.state;
  }
  if (answersUnjudged(connection, tcp, direction, header)) return { kind: 'take', to };
  const answersChallenge =
    tcp.state === State.SYN_SENT &&
    tcp.lastKind === 'ack' &&
    tcp.lastDirection === 1 &&
    header.seq === tcp.lastAck;
  return answersChallenge ? { kind: 'take', to } : { ...closed, to };
}

/** A reset in answer to a SYN or ACK that was let through. Only the SYN has to be the other side's (since Linux 6.18). */
function answersUnjudged(
  connection: Connection,
  tcp: TcpState,
  direction: 0 | 1,
  header: TcpHeader,
): boolean {
  const toSyn =
    connection.has(Ct.IPS_SEEN_REPLY) && tcp.lastKind === 'syn' && tcp.lastDirection !== direction;
  const toAck = !connection.has(Ct.IPS_ASSURED) && tcp.lastKind === 'ack';
  return (toSyn || toAck) && header.ack === tcp.lastEnd;
}

/** in_window: the segment counts. */
function settle(
  connection: Connection,
  tcp: TcpState,
  direction: 0 | 1,
  header: TcpHeader,
  segment: Segment,
  from: number,
  to: number,
): Tracked {
  tcp.lastKind = header.kind;
  tcp.lastDirection = direction;
  tcp.state = to;
  if (from !== to && to === State.FIN_WAIT) tcp.seen[direction].flags |= State.FLAG_CLOSE_INIT;
  let timeoutNs = chooseTimeout(tcp, header, segment.sysctls);
  if (from !== to) connection.tell(Ct.IPCT_PROTOINFO);
  if (!connection.has(Ct.IPS_SEEN_REPLY)) {
    if (header.hasRst) {
      // Nobody was there: nothing to remember.
      account(connection, segment);
      segment.kill(connection);
      return 'accept';
    }
    // A SYN sent again does not prolong its life.
    if (header.kind === 'syn' && from === State.SYN_SENT) return 'accept';
    const most = segment.sysctls.timeoutNs('tcp_timeout_unacknowledged');
    if (to === State.ESTABLISHED && timeoutNs > most) timeoutNs = most;
  } else if (to === State.ESTABLISHED && [State.SYN_RECV, State.ESTABLISHED].includes(from)) {
    if (connection.set(Ct.IPS_ASSURED)) connection.tell(Ct.IPCT_ASSURED);
  }
  refresh(connection, segment, timeoutNs);
  return 'accept';
}

const TIMEOUTS: Readonly<Record<number, TimeoutName>> = {
  [State.NONE]: 'tcp_timeout_syn_sent',
  [State.SYN_SENT]: 'tcp_timeout_syn_sent',
  [State.SYN_RECV]: 'tcp_timeout_syn_recv',
  [State.ESTABLISHED]: 'tcp_timeout_established',
  [State.FIN_WAIT]: 'tcp_timeout_fin_wait',
  [State.CLOSE_WAIT]: 'tcp_timeout_close_wait',
  [State.LAST_ACK]: 'tcp_timeout_last_ack',
  [State.TIME_WAIT]: 'tcp_timeout_time_wait',
  [State.CLOSE]: 'tcp_timeout_close',
};

/** SYN_SENT2 has no sysctl. */
const SYN_SENT2_NS = 120_000_000_000n;

function stateTimeout(state: number, sysctls: ConntrackSysctls): bigint {
  const name = TIMEOUTS[state];
  return name === undefined ? SYN_SENT2_NS : sysctls.timeoutNs(name);
}

function chooseTimeout(tcp: TcpState, header: TcpHeader, sysctls: ConntrackSysctls): bigint {
  const usual = stateTimeout(tcp.state, sysctls);
  const retrans = sysctls.timeoutNs('tcp_timeout_max_retrans');
  const unacknowledged = sysctls.timeoutNs('tcp_timeout_unacknowledged');
  const inFlight = ((tcp.seen[0].flags | tcp.seen[1].flags) & State.FLAG_UNACKNOWLEDGED) !== 0;
  if (tcp.retransmissions >= sysctls.tcpMaxRetrans && usual > retrans) return retrans;
  if (header.kind === 'rst') return sysctls.timeoutNs('tcp_timeout_close');
  if (inFlight && usual > unacknowledged) return unacknowledged;
  if (tcp.lastWindow === 0 && usual > retrans) return retrans;
  return usual;
}

const LONG_NS = 120_000_000_000n;

/** nf_tcp_handle_invalid: FIN or RST out of the windows from both sides: the connection is likely to be over. */
function shorten(
  connection: Connection,
  tcp: TcpState,
  direction: 0 | 1,
  { kind }: TcpHeader,
  { nowNs, sysctls }: Segment,
): void {
  if (!connection.has(Ct.IPS_ASSURED) || connection.has(Ct.IPS_FIXED_TIMEOUT)) return;
  if (kind !== 'rst' && kind !== 'fin') return;
  if (tcp.lastDirection !== direction && (tcp.lastKind === 'fin' || tcp.lastKind === 'rst')) {
    const left = connection.timeoutNs - nowNs;
    const most = sysctls.timeoutNs('tcp_timeout_unacknowledged');
    if (left >= LONG_NS && left > most) connection.timeoutNs = nowNs + most;
    return;
  }
  tcp.lastKind = kind;
  tcp.lastDirection = direction;
}

/** nf_conntrack_tcp_set_closing: the connection was answered with a reset. */
export function setClosing(connection: Connection, nowNs: bigint, sysctls: ConntrackSysctls): void {
  const { tcp } = connection;
  if (tcp === undefined || !connection.confirmed) return;
  const old = tcp.state;
  tcp.state = State.CLOSE;
  if (old === State.CLOSE || connection.has(Ct.IPS_FIXED_TIMEOUT)) return;
  connection.timeoutNs = nowNs + sysctls.timeoutNs('tcp_timeout_close');
  connection.tell(Ct.IPCT_PROTOINFO);
}
