// Segments that are let pass because the entry, not they, may be wrong: SYN and SYN/ACK in a connection, an ACK that
// answers the first SYN. What they say is noted, and believed once the other side confirms it.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { parseOptions } from './tcp-option';
import { sideOf } from './tcp-window';

/** Does a SYN open a connection anew that is in TIME_WAIT or CLOSE: one that was closed, or aborted by the same side? */
export function reopens(entry: usize, direction: u32): bool {
  const flags = load<u8>(entry, Conntrack.TCP_FLAGS) | load<u8>(entry, Conntrack.TCP_FLAGS + 2);
  if (u32(flags) & Conntrack.TCP_FLAG_CLOSE_INIT) return true;
  return (
    u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction &&
    u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX)) == Conntrack.TCP_INDEX_RST
  );
}

/** A SYN/ACK confirms the SYN that was let pass before: the entry takes over what that said. Is it one? */
export function inSyncAgain(entry: usize, direction: u32, index: u32, ack: u32): bool {
  if (index != Conntrack.TCP_INDEX_SYNACK) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX)) != Conntrack.TCP_INDEX_SYN) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction) return false;
  const end = load<u32>(entry, Conntrack.TCP_LAST_END);
  if (ack != end) return false;

  const last = direction ^ 1;
  const opener = sideOf(entry, last);
  store<u32>(opener, end, Conntrack.TCP_END);
  store<u32>(opener, end, Conntrack.TCP_MAXEND);
  store<u32>(opener, max(u32(load<u16>(entry, Conntrack.TCP_LAST_WIN)), 1), Conntrack.TCP_MAXWIN);
  const flags = u32(load<u8>(entry, Conntrack.TCP_LAST_FLAGS)) & ~Conntrack.TCP_FLAG_CHALLENGE_ACK;
  store<u8>(entry, flags, Conntrack.TCP_LAST_FLAGS);
  store<u8>(entry + last * 2, flags, Conntrack.TCP_FLAGS);
  store<u8>(entry + last * 2, load<u8>(entry, Conntrack.TCP_LAST_WSCALE), Conntrack.TCP_SCALE);

  const answerer = sideOf(entry, direction);
  store<u64>(answerer, 0);
  store<u64>(answerer, 0, 8);
  const side = entry + direction * 2;
  store<u8>(side, 0, Conntrack.TCP_SCALE);
  const liberal = u32(load<u8>(side, Conntrack.TCP_FLAGS)) & Conntrack.TCP_FLAG_BE_LIBERAL;
  store<u8>(side, liberal, Conntrack.TCP_FLAGS);
  return true;
}

/** Notes what a segment said that is let pass. */
export function ignore(
  entry: usize,
  direction: u32,
  index: u32,
  state: u32,
  seq: u32,
  ack: u32,
  window: u32,
  end: u32,
): void {
  store<u8>(entry, index, Conntrack.TCP_LAST_INDEX);
  store<u8>(entry, direction, Conntrack.TCP_LAST_DIR);
  store<u32>(entry, seq, Conntrack.TCP_LAST_SEQ);
  store<u32>(entry, end, Conntrack.TCP_LAST_END);
  store<u16>(entry, window, Conntrack.TCP_LAST_WIN);
  if (state == Conntrack.TCP_SYN_SENT && index == Conntrack.TCP_INDEX_ACK && direction == Conntrack.DIR_REPLY)
    store<u32>(entry, ack, Conntrack.TCP_LAST_ACK);
}

/** ... and the options of a SYN. */
export function noteOptions(entry: usize, state: u32, header: usize, bytes: u32, captured: u32): void {
  const options = parseOptions(header, bytes, captured);
  let flags = options & 0xff;
  // A challenge ACK would look as if it acknowledged the FIN.
  if (state == Conntrack.TCP_LAST_ACK_STATE) flags |= Conntrack.TCP_FLAG_CHALLENGE_ACK;
  store<u8>(entry, flags, Conntrack.TCP_LAST_FLAGS);
  store<u8>(entry, options >> 8, Conntrack.TCP_LAST_WSCALE);
}
