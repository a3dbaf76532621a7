// Segments that are let pass because the entry, not they, may be wrong: SYN and SYN/ACK in a connection, an ACK that
// answers the first SYN. What they say is noted, and believed once the other side confirms it.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { parseOptions } from './tcp-option';
import { endOf, sideOf, windowOf } from './tcp-window';

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
export function inSyncAgain(entry: usize, header: usize, direction: u32, index: u32): bool {
  if (index != Conntrack.TCP_INDEX_SYNACK) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_INDEX)) != Conntrack.TCP_INDEX_SYN) return false;
  if (u32(load<u8>(entry, Conntrack.TCP_LAST_DIR)) == direction) return false;
  const end = load<u32>(entry, Conntrack.TCP_LAST_END);
  if (bswap<u32>(load<u32>(header, 8)) != end) return false;

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

/** Lets a segment pass and notes what it said. */
export function ignore(
  entry: usize,
  header: usize,
  direction: u32,
  index: u32,
  state: u32,
  bytes: u32,
  length: u32,
  captured: u32,
  flags: u32,
): void {
  store<u8>(entry, index, Conntrack.TCP_LAST_INDEX);
  store<u8>(entry, direction, Conntrack.TCP_LAST_DIR);
  store<u32>(entry, bswap<u32>(load<u32>(header, 4)), Conntrack.TCP_LAST_SEQ);
  store<u32>(entry, endOf(header, bytes, length, flags), Conntrack.TCP_LAST_END);
  store<u16>(entry, windowOf(header), Conntrack.TCP_LAST_WIN);
  if (index == Conntrack.TCP_INDEX_SYN && direction == Conntrack.DIR_ORIGINAL) {
    const options = parseOptions(header, bytes, captured);
    let last = options & 0xff;
    // A challenge ACK would look as if it acknowledged the FIN.
    if (state == Conntrack.TCP_LAST_ACK_STATE) last |= Conntrack.TCP_FLAG_CHALLENGE_ACK;
    store<u8>(entry, last, Conntrack.TCP_LAST_FLAGS);
    store<u8>(entry, options >> 8, Conntrack.TCP_LAST_WSCALE);
  }
  if (state == Conntrack.TCP_SYN_SENT && index == Conntrack.TCP_INDEX_ACK && direction == Conntrack.DIR_REPLY)
    store<u32>(entry, bswap<u32>(load<u32>(header, 8)), Conntrack.TCP_LAST_ACK);
}
