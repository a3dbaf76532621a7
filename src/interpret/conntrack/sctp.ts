// SCTP: nf_conntrack_proto_sctp.c. Paragraphs are those of RFC 4960.

import * as Ct from '../../layout/conntrack.ts';
import * as Invalid from '../../layout/invalid.ts';
import type { Bytes } from '../bytes.ts';
import { isSctpSumRight } from './checksum.ts';
import { type Connection, type Direction, directionOf } from './connection.ts';
import { invalid } from './invalid.ts';
import type { ConntrackSysctls, TimeoutName } from './sysctl.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

export interface SctpState {
  /** A place in STATES. */
  state: number;
  /** Verification tag of each direction's packets; 0 is not known. */
  readonly tags: [original: number, reply: number];
  /** Who has sent an INIT that no COOKIE ACK has followed. */
  readonly init: [original: boolean, reply: boolean];
  /** A HEARTBEAT with another tag was seen, from this direction. */
  strayHeartbeat: boolean;
  lastDirection: Direction;
}

/** enum sctp_conntrack, and each one's timeout. */
const STATES: readonly (readonly [name: string, timeout: TimeoutName])[] = [
  ['none', 'sctp_timeout_closed'],
  ['closed', 'sctp_timeout_closed'],
  ['cookie-wait', 'sctp_timeout_cookie_wait'],
  ['cookie-echoed', 'sctp_timeout_cookie_echoed'],
  ['established', 'sctp_timeout_established'],
  ['shutdown-sent', 'sctp_timeout_shutdown_sent'],
  ['shutdown-received', 'sctp_timeout_shutdown_recd'],
  ['shutdown-ack-sent', 'sctp_timeout_shutdown_ack_sent'],
  ['heartbeat-sent', 'sctp_timeout_heartbeat_sent'],
];
const NONE = 0;
const CLOSED = 1;
const ESTABLISHED = 4;

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const HEARTBEAT = 4;
const HEARTBEAT_ACK = 5;
const ABORT = 6;
const SHUTDOWN = 7;
const SHUTDOWN_ACK = 8;
const ERROR = 9;
const COOKIE_ECHO = 10;
const COOKIE_ACK = 11;
const SHUTDOWN_COMPLETE = 14;

/** By chunk type, a digit for each state that the association is in: the next one; `-` is INVALID. */
const TRANSITIONS: readonly [Readonly<Record<number, string>>, Readonly<Record<number, string>>] = [
  {
    [INIT]: '112341172',
    [INIT_ACK]: '112345671',
    [ABORT]: '111111111',
    [SHUTDOWN]: '112355671',
    [SHUTDOWN_ACK]: '712347777',
    [ERROR]: '112345671',
    [COOKIE_ECHO]: '113345671',
    [COOKIE_ACK]: '112445671',
    [SHUTDOWN_COMPLETE]: '112345611',
    [HEARTBEAT]: '812345678',
    [HEARTBEAT_ACK]: '112345678',
  },
  {
    [INIT]: '-1234567-',
    [INIT_ACK]: '-2234567-',
    [ABORT]: '-1111111-',
    [SHUTDOWN]: '-1236567-',
    [SHUTDOWN_ACK]: '-1234777-',
    [ERROR]: '-1214567-',
    [COOKIE_ECHO]: '-1334567-',
    [COOKIE_ACK]: '-1244567-',
    [SHUTDOWN_COMPLETE]: '-1234561-',
    [HEARTBEAT]: '-12345678',
    [HEARTBEAT_ACK]: '-12345674',
  },
];

/** sctp_new_state; undefined is INVALID. DATA, SACK and the like change nothing. */
function nextState(direction: Direction, state: number, type: number): number | undefined {
  const digit = TRANSITIONS[direction][type]?.charAt(state) ?? String(state);
  return digit === '-' ? undefined : Number(digit);
}

interface Chunk {
  readonly type: number;
  readonly flags: number;
  /** Initiate tag of an INIT or INIT ACK; undefined when the chunk's fixed part is not there. */
  readonly initiateTag: number | undefined;
}

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 4;
const INIT_BYTES = 16;

/** Chunks as far as they can be followed; undefined when they cannot stand together (do_basic_checks). */
function readChunks(bytes: Bytes, first: number): readonly Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let at = first;
  let alone = false;
  while (at < bytes.length && bytes.has(at, CHUNK_HEADER_BYTES)) {
    const type = bytes.u8(at);
    const length = bytes.u16(at + 2);
    alone ||= type === INIT || type === INIT_ACK || type === SHUTDOWN_COMPLETE;
    const leads = type === COOKIE_ACK || type === COOKIE_ECHO;
    if (length === 0 || ((leads || alone) && chunks.length > 0)) return undefined;
    const fixed = at + CHUNK_HEADER_BYTES;
    const hasTag = (type === INIT || type === INIT_ACK) && bytes.has(fixed, INIT_BYTES);
    chunks.push({ type, flags: bytes.u8(at + 1), initiateTag: hasTag ? bytes.u32(fixed) : undefined });
    at += (length + 3) & ~3;
  }
  return chunks.length > 0 ? chunks : undefined;
}

export function trackSctp(connection: Connection, segment: Segment): Tracked {
  const { bytes, offset, packet, verify, sysctls } = segment;
  if (!bytes.has(offset, HEADER_BYTES)) return invalid(packet, Invalid.SCTP_SHORT);
  if (verify && !isSctpSumRight(packet, offset)) return invalid(packet, Invalid.SCTP_CHECKSUM);
  bytes.need(offset, HEADER_BYTES);
  const tag = bytes.u32(offset + 4);
  const chunks = readChunks(bytes, offset + HEADER_BYTES);
  if (chunks === undefined) return invalid(packet, Invalid.SCTP_CHUNKS);
  if (!connection.confirmed) {
    const fresh = beginAssociation(chunks, tag);
    if (fresh === undefined) return invalid(packet, Invalid.SCTP_NEW);
    connection.sctp = fresh;
  }
  const sctp = connection.sctp as SctpState;
  const direction = directionOf(segment.ctinfo);
  if (!tagMayDiffer(chunks) && tag !== sctp.tags[direction]) {
    return invalid(packet, Invalid.SCTP_VTAG);
  }
  const passed = passChunks(connection, sctp, direction, chunks, tag);
  if (passed === undefined) return invalid(packet, Invalid.SCTP_STATE);
  if (!passed.ignored) refresh(connection, segment, timeoutOf(passed.state, sysctls));
  return 'accept';
}

function timeoutOf(state: number, sysctls: ConntrackSysctls): bigint {
  const [, name] = STATES[state] as (typeof STATES)[number];
  return sysctls.timeoutNs(name);
}

/** Out of the blue (8.4): these get no association. */
const NEVER_NEW = new Set([ABORT, SHUTDOWN_COMPLETE, COOKIE_ACK]);

export function newAssociation(): SctpState {
  return { state: NONE, tags: [0, 0], init: [false, false], strayHeartbeat: false, lastDirection: 0 };
}

/** sctp_new */
function beginAssociation(chunks: readonly Chunk[], tag: number): SctpState | undefined {
  if (chunks.some(({ type }) => NEVER_NEW.has(type))) return undefined;
  const sctp = newAssociation();
  for (const { type, initiateTag } of chunks) {
    if (!nextState(0, NONE, type)) return undefined;
    if (type === INIT) {
      if (tag !== 0 || initiateTag === undefined) return undefined;
      sctp.tags[1] = initiateTag;
    } else if (type === HEARTBEAT) {
      // Another path of an association.
      sctp.tags[0] = tag;
    } else if (type === SHUTDOWN_ACK) {
      sctp.tags[1] = tag;
    }
  }
  return sctp;
}

/** Chunks that have rules of their own about the tag (8.5.1). */
const OWN_TAG_RULES = new Set([
  INIT,
  SHUTDOWN_COMPLETE,
  COOKIE_ECHO,
  ABORT,
  SHUTDOWN_ACK,
  HEARTBEAT,
  HEARTBEAT_ACK,
]);

function tagMayDiffer(chunks: readonly Chunk[]): boolean {
  return chunks.some(({ type }) => OWN_TAG_RULES.has(type));
}

interface Passed {
  readonly state: number;
  /** Accepted, but the connection gets no new time. */
  readonly ignored: boolean;
}

/** Takes the association from chunk to chunk; undefined when one is INVALID. */
function passChunks(
  connection: Connection,
  sctp: SctpState,
  direction: Direction,
  chunks: readonly Chunk[],
  tag: number,
): Passed | undefined {
  const hasData = chunks.some(({ type }) => type === DATA);
  let ignored = false;
  let state = NONE;
  for (const chunk of chunks) {
    const judged = judgeTag(sctp, direction, chunk, tag, hasData || ignored);
    if (judged === 'wrong') return undefined;
    if (judged === 'stray') {
      ignored = true;
      continue;
    }
    const before = sctp.state;
    const next = nextState(direction, before, chunk.type);
    if (next === undefined) return undefined;
    state = next;
    if (chunk.type === INIT) {
      if (!noteInit(sctp, direction, chunk)) return undefined;
      // An INIT sent again does not prolong its life.
      if (next === CLOSED && before === CLOSED && connection.confirmed) ignored = true;
    } else if (chunk.type === INIT_ACK && !noteInitAck(sctp, direction, chunk)) return undefined;
    enter(connection, sctp, before, next);
  }
  return { state, ignored };
}

function enter(connection: Connection, sctp: SctpState, before: number, next: number): void {
  sctp.state = next;
  if (before === next) return;
  connection.tell(Ct.IPCT_PROTOINFO);
  if (next === ESTABLISHED && connection.set(Ct.IPS_ASSURED)) connection.tell(Ct.IPCT_ASSURED);
}

const FLAG_T = 1;

/**
 * The tag of one chunk (8.5.1). `stray`: a heartbeat with a tag of its own, which may be that of a restarted peer.
 *
 * @param strict such a heartbeat is wrong here
 */
function judgeTag(
  sctp: SctpState,
  direction: Direction,
  { type, flags }: Chunk,
  tag: number,
  strict: boolean,
): 'right' | 'wrong' | 'stray' {
  const { tags } = sctp;
  const other = direction === 0 ? 1 : 0;
  switch (type) {
    case INIT:
      return tag === 0 ? 'right' : 'wrong';
    case ABORT:
    case SHUTDOWN_COMPLETE:
      // The sender reflects the tag when it has no association.
      return tag === tags[(flags & FLAG_T) === 0 ? direction : other] ? 'right' : 'wrong';
    case COOKIE_ECHO:
      return tag === tags[direction] ? 'right' : 'wrong';
    case COOKIE_ACK:
      sctp.init[0] = false;
      sctp.init[1] = false;
      return 'right';
    case HEARTBEAT:
    case HEARTBEAT_ACK:
      return judgeHeartbeat(sctp, direction, type, tag, strict);
    default:
      return 'right';
  }
}

function judgeHeartbeat(
  sctp: SctpState,
  direction: Direction,
  type: number,
  tag: number,
  strict: boolean,
): 'right' | 'wrong' | 'stray' {
  const { tags } = sctp;
  if (tags[direction] === 0) {
    tags[direction] = tag;
    return 'right';
  }
  if (tag === tags[direction]) {
    sctp.strayHeartbeat = false;
    return 'right';
  }
  if (strict) return 'wrong';
  if (type === HEARTBEAT) {
    sctp.strayHeartbeat = true;
    sctp.lastDirection = direction;
    return 'stray';
  }
  // The answer to a stray heartbeat tells what the tags are now.
  if (!sctp.strayHeartbeat || sctp.lastDirection === direction) return 'wrong';
  sctp.strayHeartbeat = false;
  tags[direction] = tag;
  tags[direction === 0 ? 1 : 0] = 0;
  return 'right';
}

function noteInit(sctp: SctpState, direction: Direction, { initiateTag }: Chunk): boolean {
  if (initiateTag === undefined) return false;
  const other = direction === 0 ? 1 : 0;
  if (sctp.init[direction]) sctp.init[other] = false;
  sctp.init[direction] = true;
  sctp.tags[other] = initiateTag;
  return true;
}

function noteInitAck(sctp: SctpState, direction: Direction, { initiateTag }: Chunk): boolean {
  if (initiateTag === undefined) return false;
  const other = direction === 0 ? 1 : 0;
  const known = sctp.tags[other];
  const differs = known !== initiateTag;
  if (!sctp.init[other] && known !== 0 && differs) return false;
  // Both sides have sent an INIT.
  if (sctp.init[direction] && sctp.init[other] && differs) return false;
  sctp.tags[other] = initiateTag;
  return true;
}
