// The SCTP tracker (nf_conntrack_sctp_packet() in nf_conntrack_proto_sctp.c): states by chunks, and the verification
// tags that packets have to carry.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { assure, configuration, event, invalid, noteStates, refresh, transport } from './entry';
import * as Chunk from './sctp-table';

const HEADER_BYTES: u32 = 12;
const CHUNK_BYTES: u32 = 4;
/** Chunk header and fixed part of INIT and INIT ACK. */
const INIT_BYTES: u32 = 20;
/** The tag that the sender of a packet with flag T knows is its peer's. */
const FLAG_T: u32 = 1;

const OUT_OF_THE_BLUE: u32 = (1 << Chunk.ABORT) | (1 << Chunk.SHUTDOWN_COMPLETE) | (1 << Chunk.COOKIE_ACK);
/** Packets with one of these have rules of their own about the tag. */
const OWN_TAG_RULES: u32 =
  (1 << Chunk.INIT) |
  (1 << Chunk.SHUTDOWN_COMPLETE) |
  (1 << Chunk.COOKIE_ECHO) |
  (1 << Chunk.ABORT) |
  (1 << Chunk.SHUTDOWN_ACK) |
  (1 << Chunk.HEARTBEAT) |
  (1 << Chunk.HEARTBEAT_ACK);
const ALONE: u32 = (1 << Chunk.INIT) | (1 << Chunk.INIT_ACK) | (1 << Chunk.SHUTDOWN_COMPLETE);
const FIRST: u32 = (1 << Chunk.COOKIE_ACK) | (1 << Chunk.COOKIE_ECHO);

// chunkTypes(): no set of types, which has bit 31 (no type is that) clear.
const MALFORMED: u32 = 0x80000001;
const NOT_CAPTURED: u32 = 0x80000002;

// checkTag()
const RIGHT: u32 = 0;
const WRONG: u32 = 1;
/** The chunk is let pass and changes nothing. */
const PASSES: u32 = 2;

export function trackSctp(lane: usize, entry: usize, p: usize, direction: u32, fresh: bool): i32 {
  const config = configuration(lane);
  const length = load<u32>(p, Packet.L4_LEN);
  const captured = load<u32>(p, Packet.L4_CAP);
  if (length < HEADER_BYTES) return invalid(config, p, Invalid.SCTP_SHORT);
  if (captured < HEADER_BYTES) return Conntrack.TRACK_UNKNOWN;
  const header = transport(p);
  const types = chunkTypes(header, length, captured);
  if (types == NOT_CAPTURED) return Conntrack.TRACK_UNKNOWN;
  if (types == MALFORMED) return invalid(config, p, Invalid.SCTP_CHUNKS);
  const old = u32(load<u8>(entry, Conntrack.SCTP_STATE));
  noteStates(config, p, old, old);

  const tag = bswap<u32>(load<u32>(header, 4));
  if (fresh) {
    const begins = begin(entry, header, length, captured, types, tag);
    if (begins != Conntrack.TRACK_ACCEPT)
      return begins == Conntrack.TRACK_UNKNOWN ? begins : invalid(config, p, Invalid.SCTP_NEW);
  }
  if ((types & OWN_TAG_RULES) == 0 && tag != tagOf(entry, direction))
    return invalid(config, p, Invalid.SCTP_VTAG);

  const answer = followChunks(config, entry, p, header, direction, types, tag, fresh);
  noteStates(config, p, old, u32(load<u8>(entry, Conntrack.SCTP_STATE)));
  return answer;
}

/**
 * The types below 31 of the packet's chunks, a bit each (do_basic_checks()); MALFORMED; or NOT_CAPTURED. A chunk header
 * that the packet has no room for ends the walk.
 */
function chunkTypes(header: usize, length: u32, captured: u32): u32 {
  let types: u32 = 0;
  let count: u32 = 0;
  let at = HEADER_BYTES;
  while (at + CHUNK_BYTES <= length) {
    if (at + CHUNK_BYTES > captured) return NOT_CAPTURED;
    const type = u32(load<u8>(header + at));
    const size = u32(bswap<u16>(load<u16>(header + at, 2)));
    const bit: u32 = type < 31 ? 1 << type : 0;
    types |= bit;
    if (size == 0 || (count != 0 && (bit & FIRST || types & ALONE))) return MALFORMED;
    at += (size + 3) & ~3;
    count++;
  }
  return count == 0 ? MALFORMED : types;
}

function tagOf(entry: usize, direction: u32): u32 {
  return load<u32>(entry + direction * 4, Conntrack.SCTP_VTAG);
}

function setTag(entry: usize, direction: u32, tag: u32): void {
  store<u32>(entry + direction * 4, tag, Conntrack.SCTP_VTAG);
}

/** sctp_new(): a fresh entry by its first packet. TRACK_ACCEPT, INVALID or UNKNOWN. */
function begin(entry: usize, header: usize, length: u32, captured: u32, types: u32, tag: u32): i32 {
  if (types & OUT_OF_THE_BLUE) return Conntrack.TRACK_INVALID;
  // INIT is alone in its packet.
  if (types & (1 << Chunk.INIT)) {
    if (tag != 0 || HEADER_BYTES + INIT_BYTES > length) return Conntrack.TRACK_INVALID;
    if (HEADER_BYTES + 8 > captured) return Conntrack.TRACK_UNKNOWN;
  }
  memory.fill(entry + Conntrack.TRACK, 0, Conntrack.HELPER - Conntrack.TRACK);
  let at = HEADER_BYTES;
  while (at + CHUNK_BYTES <= length) {
    const type = u32(load<u8>(header + at));
    if (Chunk.transition(Conntrack.DIR_ORIGINAL, type, Conntrack.SCTP_NONE) == Conntrack.SCTP_NONE)
      return Conntrack.TRACK_INVALID;
    if (type == Chunk.INIT) setTag(entry, Conntrack.DIR_REPLY, initTag(header + at));
    else if (type == Chunk.HEARTBEAT) setTag(entry, Conntrack.DIR_ORIGINAL, tag);
    else if (type == Chunk.SHUTDOWN_ACK) setTag(entry, Conntrack.DIR_REPLY, tag);
    at += (u32(bswap<u16>(load<u16>(header + at, 2))) + 3) & ~3;
  }
  return Conntrack.TRACK_ACCEPT;
}

/** Initiate tag of an INIT or INIT ACK chunk: what the peer's packets will carry. */
function initTag(chunk: usize): u32 {
  return bswap<u32>(load<u32>(chunk, 4));
}

/** State by state through the chunks; a chunk that is wrong makes the packet INVALID, what was before it stays learnt. */
function followChunks(
  config: usize,
  entry: usize,
  p: usize,
  header: usize,
  direction: u32,
  types: u32,
  tag: u32,
  fresh: bool,
): i32 {
  const length = load<u32>(p, Packet.L4_LEN);
  const captured = load<u32>(p, Packet.L4_CAP);
  let passes = false;
  let state: u32 = Conntrack.SCTP_NONE;
  let at = HEADER_BYTES;
  while (at + CHUNK_BYTES <= length) {
    const chunk = header + at;
    const type = u32(load<u8>(chunk));
    const room = length - at;
    at += (u32(bswap<u16>(load<u16>(chunk, 2))) + 3) & ~3;
    const check = checkTag(entry, chunk, direction, types, type, tag, passes);
    if (check == WRONG) return invalid(config, p, Invalid.SCTP_VTAG);
    if (check == PASSES) {
      passes = true;
      continue;
    }
    const old = u32(load<u8>(entry, Conntrack.SCTP_STATE));
    state = Chunk.transition(direction, type, old);
    if (state == Chunk.INVALID) return invalid(config, p, Invalid.SCTP_STATE);
    if (type == Chunk.INIT || type == Chunk.INIT_ACK) {
      if (room < INIT_BYTES) return invalid(config, p, Invalid.SCTP_INIT);
      // It is the only chunk.
      if (captured < HEADER_BYTES + 8) return Conntrack.TRACK_UNKNOWN;
      if (type == Chunk.INIT) {
        noteInit(entry, direction, initTag(chunk), fresh);
        // Who repeats INIT does not keep an entry alive by it.
        if (state == Conntrack.SCTP_CLOSED && old == Conntrack.SCTP_CLOSED && !fresh) passes = true;
      } else if (!noteInitAck(entry, direction, initTag(chunk))) return invalid(config, p, Invalid.SCTP_VTAG);
    }
    store<u8>(entry, state, Conntrack.SCTP_STATE);
    if (state != old) {
      event(p, Conntrack.IPCT_PROTOINFO);
      if (state == Conntrack.SCTP_ESTABLISHED) assure(entry, p);
    }
  }
  if (!passes) refresh(entry, p, load<u64>(config + state * 8, Conntrack.TIMEOUT_SCTP));
  return Conntrack.TRACK_ACCEPT;
}

/** The rules about the verification tag that single chunks have (RFC 9260, 8.5.1): RIGHT, WRONG or PASSES. */
function checkTag(
  entry: usize,
  chunk: usize,
  direction: u32,
  types: u32,
  type: u32,
  tag: u32,
  passed: bool,
): u32 {
  switch (type) {
    case Chunk.INIT:
      return tag == 0 ? RIGHT : WRONG;
    case Chunk.ABORT:
    case Chunk.SHUTDOWN_COMPLETE: {
      const reflected = u32(load<u8>(chunk, 1)) & FLAG_T;
      return tag == tagOf(entry, direction ^ reflected) ? RIGHT : WRONG;
    }
    case Chunk.COOKIE_ECHO:
      return tag == tagOf(entry, direction) ? RIGHT : WRONG;
    case Chunk.COOKIE_ACK:
      store<u16>(entry, 0, Conntrack.SCTP_INIT);
      return RIGHT;
    case Chunk.HEARTBEAT:
    case Chunk.HEARTBEAT_ACK:
      return checkHeartbeat(entry, direction, types, type, tag, passed);
    default:
      return RIGHT;
  }
}

/**
 * Heartbeats of multi-homed endpoints: the first tag of a direction is taken as it is; another tag than that is let pass
 * in a HEARTBEAT, and taken over when the other side answers it.
 */
function checkHeartbeat(entry: usize, direction: u32, types: u32, type: u32, tag: u32, passed: bool): u32 {
  const known = tagOf(entry, direction);
  const flags = u32(load<u8>(entry, Conntrack.SCTP_FLAGS));
  if (known == 0) {
    setTag(entry, direction, tag);
    return RIGHT;
  }
  if (known == tag) {
    store<u8>(entry, flags & ~Conntrack.SCTP_FLAG_HEARTBEAT_VTAG_FAILED, Conntrack.SCTP_FLAGS);
    return RIGHT;
  }
  if (types & (1 << Chunk.DATA) || passed) return WRONG;
  if (type == Chunk.HEARTBEAT) {
    store<u8>(entry, flags | Conntrack.SCTP_FLAG_HEARTBEAT_VTAG_FAILED, Conntrack.SCTP_FLAGS);
    store<u8>(entry, direction, Conntrack.SCTP_LAST_DIR);
    return PASSES;
  }
  if (!(flags & Conntrack.SCTP_FLAG_HEARTBEAT_VTAG_FAILED)) return WRONG;
  if (u32(load<u8>(entry, Conntrack.SCTP_LAST_DIR)) == direction) return WRONG;
  store<u8>(entry, flags & ~Conntrack.SCTP_FLAG_HEARTBEAT_VTAG_FAILED, Conntrack.SCTP_FLAGS);
  setTag(entry, direction, tag);
  setTag(entry, direction ^ 1, 0);
  return RIGHT;
}

/**
 * An INIT. When INITs of both sides have crossed, the last one's side is the one that counts; one that is repeated says
 * nothing new.
 */
function noteInit(entry: usize, direction: u32, tag: u32, fresh: bool): void {
  if (!fresh && tagOf(entry, direction ^ 1) == tag) return;
  const other = entry + (direction ^ 1);
  if (load<u8>(entry + direction, Conntrack.SCTP_INIT) && load<u8>(other, Conntrack.SCTP_INIT))
    store<u8>(other, 0, Conntrack.SCTP_INIT);
  store<u8>(entry + direction, 1, Conntrack.SCTP_INIT);
  setTag(entry, direction ^ 1, tag);
}

/** False: it answers no INIT that was seen. */
function noteInitAck(entry: usize, direction: u32, tag: u32): bool {
  const known = tagOf(entry, direction ^ 1);
  const otherInit = load<u8>(entry + (direction ^ 1), Conntrack.SCTP_INIT) != 0;
  if (known != tag) {
    if (!otherInit && known != 0) return false;
    // INITs have crossed.
    if (otherInit && load<u8>(entry + direction, Conntrack.SCTP_INIT)) return false;
  }
  setTag(entry, direction ^ 1, tag);
  return true;
}
