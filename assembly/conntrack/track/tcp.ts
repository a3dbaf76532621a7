// The TCP tracker (nf_conntrack_tcp_packet() in nf_conntrack_proto_tcp.c).

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Invalid from '../../../src/layout/invalid.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { assure, configuration, event, invalid, note, noteStates, refresh, transport } from './entry';
import { handleOutside, NO, resetState, SKIP_WINDOW } from './tcp-close';
import { ignore, inSyncAgain, noteOptions, reopens } from './tcp-ignore';
import { begin } from './tcp-new';
import { optionsAreTold } from './tcp-option';
import {
  ACK_BIT,
  flagsAreValid,
  IGNORE,
  INVALID,
  indexOf,
  SYN_BIT,
  TELLING_BITS,
  transition,
} from './tcp-table';
import { begins, endOf, FITS, inWindow, PASSES, sideOf } from './tcp-window';

const HEADER_BYTES: u32 = 20;

/**
 * Tracks a segment. An entry that a RST ends before a reply was seen is marked IPS_DYING: it is the packet's still, and
 * to be removed behind it.
 */
export function trackTcp(lane: usize, entry: usize, p: usize, direction: u32, fresh: bool): i32 {
  const config = configuration(lane);
  const length = load<u32>(p, Packet.L4_LEN);
  const captured = load<u32>(p, Packet.L4_CAP);
  if (captured < HEADER_BYTES)
    return length < HEADER_BYTES ? invalid(config, p, Invalid.TCP_SHORT) : Conntrack.TRACK_UNKNOWN;
  const header = transport(p);
  // Sequence, acknowledgement, and data offset << 28 | flags << 16 | window, in host order.
  const words = i8x16.shuffle(
    v128.load(header, 4),
    i32x4.splat(0),
    3,
    2,
    1,
    0,
    7,
    6,
    5,
    4,
    11,
    10,
    9,
    8,
    16,
    16,
    16,
    16,
  );
  const word = u32(i32x4.extract_lane(words, 2));
  const bytes = (word >> 28) * 4;
  if (bytes < HEADER_BYTES || length < bytes) return invalid(config, p, Invalid.TCP_TRUNCATED);
  const flags = (word >> 16) & 0xff;
  const seq = u32(i32x4.extract_lane(words, 0));
  const ack = u32(i32x4.extract_lane(words, 1));
  const window = word & 0xffff;

  const old = u32(load<u8>(entry, Conntrack.TCP_STATE));
  // An acknowledgement in an established connection needs no more than to fit.
  if ((flags & TELLING_BITS) == ACK_BIT && old == Conntrack.TCP_ESTABLISHED && captured >= bytes && !fresh) {
    const index: u32 = Conntrack.TCP_INDEX_ACK;
    const fits = inWindow(
      config,
      entry,
      p,
      header,
      direction,
      index,
      bytes,
      flags,
      seq,
      ack,
      window,
      length,
      captured,
    );
    if (fits != FITS) return unfit(config, entry, p, direction, index, old, fits);
    return learn(config, entry, p, direction, index, old, old);
  }
  if (!flagsAreValid(flags)) return invalid(config, p, Invalid.TCP_FLAGS);
  return follow(
    config,
    entry,
    p,
    header,
    direction,
    bytes,
    flags,
    seq,
    ack,
    window,
    length,
    captured,
    fresh,
    old,
  );
}

/** All but the usual: any segment that may be, in any state. */
function follow(
  config: usize,
  entry: usize,
  p: usize,
  header: usize,
  direction: u32,
  bytes: u32,
  flags: u32,
  seq: u32,
  ack: u32,
  window: u32,
  length: u32,
  captured: u32,
  fresh: bool,
  before: u32,
): i32 {
  const index = indexOf(flags);
  let old = before;
  let state = transition(direction, index, old);
  if (state == INVALID) return refused(config, p, fresh, old);
  const end = endOf(seq, bytes, length, flags);
  if (captured < bytes) {
    const side = sideOf(entry, direction);
    const anew = begins(entry, side, load<u32>(side, Conntrack.TCP_MAXWIN), end);
    const began = (flags & SYN_BIT) != 0 && (fresh || state == IGNORE || anew);
    if (!told(entry, header, bytes, captured, direction, began, fresh)) return Conntrack.TRACK_UNKNOWN;
  }
  if (fresh && !begin(config, entry, p, header, bytes, captured, index, end, window))
    return invalid(config, p, Invalid.TCP_NOT_LOOSE);

  let skip = false;
  if (state == Conntrack.TCP_SYN_SENT && old >= u32(Conntrack.TCP_TIME_WAIT)) {
    if (reopens(entry, direction)) return Conntrack.TRACK_REPEAT;
    state = IGNORE;
  }
  if (state == IGNORE) {
    if (!inSyncAgain(entry, direction, index, ack)) {
      ignore(entry, direction, index, old, seq, ack, window, end);
      if (index == Conntrack.TCP_INDEX_SYN && direction == Conntrack.DIR_ORIGINAL)
        noteOptions(entry, old, header, bytes, captured);
      return passed(config, p, Invalid.TCP_IGNORED, old);
    }
    old = Conntrack.TCP_SYN_SENT;
    state = Conntrack.TCP_SYN_RECV;
  } else if (state == Conntrack.TCP_TIME_WAIT) {
    if (isChallengeAck(entry, direction, index, old))
      return passed(config, p, Invalid.TCP_CHALLENGE_ACK, old);
  } else if (state == Conntrack.TCP_SYN_SENT2) {
    const last = u32(load<u8>(entry, Conntrack.TCP_LAST_FLAGS));
    store<u8>(entry, last | Conntrack.TCP_FLAG_SIMULTANEOUS_OPEN, Conntrack.TCP_LAST_FLAGS);
  } else if (state == Conntrack.TCP_SYN_RECV) {
    if (direction == Conntrack.DIR_REPLY && index == Conntrack.TCP_INDEX_ACK && wasSimultaneous(entry))
      state = Conntrack.TCP_ESTABLISHED;
  } else if (state == Conntrack.TCP_CLOSE && index == Conntrack.TCP_INDEX_RST) {
    const reset = resetState(config, entry, direction, old, seq, ack);
    if (reset == NO) {
      noteStates(config, p, old, old);
      return invalid(config, p, Invalid.TCP_RST);
    }
    skip = (reset & SKIP_WINDOW) != 0;
    state = u32(reset & 15);
  }

  if (!skip) {
    const fits = inWindow(
      config,
      entry,
      p,
      header,
      direction,
      index,
      bytes,
      flags,
      seq,
      ack,
      window,
      length,
      captured,
    );
    if (fits != FITS) return unfit(config, entry, p, direction, index, old, fits);
  }
  return learn(config, entry, p, direction, index, old, state);
}

/** The segment is let pass, and says nothing about the connection. */
function passed(config: usize, p: usize, reason: u32, state: u32): i32 {
  note(config, p, reason);
  noteStates(config, p, state, state);
  return Conntrack.TRACK_ACCEPT;
}

/** The segment does not fit into the window: PASSES or OUTSIDE. */
function unfit(
  config: usize,
  entry: usize,
  p: usize,
  direction: u32,
  index: u32,
  state: u32,
  fits: i32,
): i32 {
  noteStates(config, p, state, state);
  if (fits == PASSES) return Conntrack.TRACK_ACCEPT;
  handleOutside(config, entry, p, direction, index);
  return Conntrack.TRACK_INVALID;
}

function refused(config: usize, p: usize, fresh: bool, state: u32): i32 {
  noteStates(config, p, state, state);
  return invalid(config, p, fresh ? Invalid.TCP_NEW : Invalid.TCP_STATE);
}

/** Is all captured of the options that tell? `began`: by those of a SYN its sender begins. */
function told(
  entry: usize,
  header: usize,
  bytes: u32,
  captured: u32,
  direction: u32,
  began: bool,
  fresh: bool,
): bool {
  if (began && !optionsAreTold(header, bytes, captured, true)) return false;
  // What the receiver's SYN said; a flow that is picked up is taken to have SACK.
  const sack = u32(load<u8>(entry + (direction ^ 1) * 2, Conntrack.TCP_FLAGS)) & Conntrack.TCP_FLAG_SACK_PERM;
  const pickedUp = fresh && !began;
  return (sack == 0 && !pickedUp) || optionsAreTold(header, bytes, captured, false);
}

/** An ACK that answers a SYN which was let pass in LAST_ACK (RFC 5961) does not acknowledge the FIN. */
function isChallengeAck(entry: usize, direction: u32, index: u32, old: u32): bool {
  if (old != Conntrack.TCP_LAST_ACK_STATE || index != Conntrack.TCP_INDEX_ACK) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX)) != Conntrack.TCP_INDEX_SYN) return false;
  const last = u32(load<u8>(entry, Conntrack.TCP_LAST_FLAGS));
  if (!(last & Conntrack.TCP_FLAG_CHALLENGE_ACK)) return false;
  store<u8>(entry, last & ~Conntrack.TCP_FLAG_CHALLENGE_ACK, Conntrack.TCP_LAST_FLAGS);
  return true;
}

function wasSimultaneous(entry: usize): bool {
  return (u32(load<u8>(entry, Conntrack.TCP_LAST_FLAGS)) & Conntrack.TCP_FLAG_SIMULTANEOUS_OPEN) != 0;
}

/** The segment is one of the connection's: its new state, timeout, and whether it is ASSURED. */
function learn(config: usize, entry: usize, p: usize, direction: u32, index: u32, old: u32, state: u32): i32 {
  store<u8>(entry, index, Conntrack.TCP_LAST_INDEX);
  store<u8>(entry, direction, Conntrack.TCP_LAST_DIR);
  if (old != state) {
    store<u8>(entry, state, Conntrack.TCP_STATE);
    if (state == Conntrack.TCP_FIN_WAIT) {
      const side = entry + direction * 2;
      store<u8>(
        side,
        u32(load<u8>(side, Conntrack.TCP_FLAGS)) | Conntrack.TCP_FLAG_CLOSE_INIT,
        Conntrack.TCP_FLAGS,
      );
    }
    event(p, Conntrack.IPCT_PROTOINFO);
  }
  noteStates(config, p, old, state);

  let timeout = timeoutOf(config, entry, index, state);
  const status = load<u32>(entry, Conntrack.STATUS);
  if (!(status & Conntrack.IPS_SEEN_REPLY)) {
    if (index == Conntrack.TCP_INDEX_RST) {
      store<u32>(entry, status | Conntrack.IPS_DYING, Conntrack.STATUS);
      return Conntrack.TRACK_ACCEPT;
    }
    // Who repeats SYNs does not keep an entry alive by them.
    if (index == Conntrack.TCP_INDEX_SYN && old == Conntrack.TCP_SYN_SENT) return Conntrack.TRACK_ACCEPT;
    if (state == Conntrack.TCP_ESTABLISHED)
      timeout = min(timeout, load<u64>(config, Conntrack.TIMEOUT_TCP_UNACK));
  } else if (!(status & Conntrack.IPS_ASSURED)) {
    if (
      state == Conntrack.TCP_ESTABLISHED &&
      (old == Conntrack.TCP_SYN_RECV || old == Conntrack.TCP_ESTABLISHED)
    )
      assure(entry, p);
  }
  refresh(entry, p, timeout);
  return Conntrack.TRACK_ACCEPT;
}

/** The state's timeout, or a shorter one where something is amiss. */
function timeoutOf(config: usize, entry: usize, index: u32, state: u32): u64 {
  const timeout = load<u64>(config + state * 8, Conntrack.TIMEOUT_TCP);
  const retransmission = load<u64>(config, Conntrack.TIMEOUT_TCP_RETRANS);
  if (
    u32(load<u8>(entry, Conntrack.TCP_RETRANS)) >= load<u32>(config, Conntrack.TCP_MAX_RETRANS) &&
    timeout > retransmission
  )
    return retransmission;
  if (index == Conntrack.TCP_INDEX_RST)
    return load<u64>(config, Conntrack.TIMEOUT_TCP + 8 * Conntrack.TCP_CLOSE);
  const flags = load<u8>(entry, Conntrack.TCP_FLAGS) | load<u8>(entry, Conntrack.TCP_FLAGS + 2);
  if (u32(flags) & Conntrack.TCP_FLAG_DATA_UNACKNOWLEDGED) {
    const unacknowledged = load<u64>(config, Conntrack.TIMEOUT_TCP_UNACK);
    if (timeout > unacknowledged) return unacknowledged;
  }
  if (load<u16>(entry, Conntrack.TCP_LAST_WIN) == 0 && timeout > retransmission) return retransmission;
  return timeout;
}
