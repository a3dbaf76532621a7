// TCP options as connection tracking reads them: window scale and "SACK permitted" of a SYN, the highest right edge of
// a SACK. What is malformed ends the list.
//
// `captured` may be less than the header: a walk ends at the first byte that is not there. Whether that can have
// changed its answer, optionsAreTold() says beforehand.

import * as Conntrack from '../../../src/layout/conntrack.ts';

const HEADER_BYTES: u32 = 20;

const END: u32 = 0;
const NOP: u32 = 1;
const WINDOW_SCALE: u32 = 3;
const SACK_PERMITTED: u32 = 4;
const SACK: u32 = 5;

const MAX_SCALE: u32 = 14;
/** The shortest option with a SACK block, and the shortest that a SYN is read for. */
const SACK_BYTES: u32 = 10;
const SACK_PERMITTED_BYTES: u32 = 2;
/** NOP, NOP, timestamp, 10 as four bytes of memory: what is before the only option of most segments. */
const TIMESTAMP_ONLY: u32 = 0x0a080101;

/**
 * Flags (Conntrack.TCP_FLAG_WINDOW_SCALE, _SACK_PERM) | window scale << 8 of the options of the header at `header`,
 * which is `bytes` long.
 */
export function parseOptions(header: usize, bytes: u32, captured: u32): u32 {
  const end = min(bytes, captured);
  let flags: u32 = 0;
  let scale: u32 = 0;
  let at = HEADER_BYTES;
  while (at < end) {
    const kind = u32(load<u8>(header + at));
    if (kind == END) break;
    if (kind == NOP) {
      at++;
      continue;
    }
    if (at + 2 > end) break;
    const size = u32(load<u8>(header + at, 1));
    if (size < 2 || at + size > bytes) break;
    if (kind == SACK_PERMITTED && size == 2) flags |= Conntrack.TCP_FLAG_SACK_PERM;
    else if (kind == WINDOW_SCALE && size == 3 && at + 3 <= end) {
      flags |= Conntrack.TCP_FLAG_WINDOW_SCALE;
      scale = min(u32(load<u8>(header + at, 2)), MAX_SCALE);
    }
    at += size;
  }
  return flags | (scale << 8);
}

/**
 * Takes a SYN's options for its sender (tcp_options()): flags and scale of `direction` are replaced, but for
 * BE_LIBERAL. A header without options changes nothing.
 */
export function takeOptions(entry: usize, direction: u32, header: usize, bytes: u32, captured: u32): void {
  if (bytes == HEADER_BYTES) return;
  const parsed = parseOptions(header, bytes, captured);
  const sender = entry + direction * 2;
  const kept = u32(load<u8>(sender, Conntrack.TCP_FLAGS)) & Conntrack.TCP_FLAG_BE_LIBERAL;
  store<u8>(sender, kept | (parsed & 0xff), Conntrack.TCP_FLAGS);
  store<u8>(sender, parsed >> 8, Conntrack.TCP_SCALE);
}

/** The highest of `ack` and the right edges of the first SACK option (tcp_sack()). */
export function highestSack(header: usize, bytes: u32, captured: u32, ack: u32): u32 {
  if (bytes == 32 && captured >= 32 && load<u32>(header, HEADER_BYTES) == TIMESTAMP_ONLY) return ack;
  const end = min(bytes, captured);
  let at = HEADER_BYTES;
  while (at < end) {
    const kind = u32(load<u8>(header + at));
    if (kind == END) break;
    if (kind == NOP) {
      at++;
      continue;
    }
    if (at + 2 > end) break;
    const size = u32(load<u8>(header + at, 1));
    if (size < 2 || at + size > bytes) break;
    if (kind == SACK && isSack(size)) return highestEdge(header + at, at + size <= end ? size : 0, ack);
    at += size;
  }
  return ack;
}

function isSack(size: u32): bool {
  return size >= SACK_BYTES && ((size - 2) & 7) == 0;
}

function highestEdge(option: usize, size: u32, ack: u32): u32 {
  let highest = ack;
  for (let at: u32 = 6; at < size; at += 8) {
    const edge = bswap<u32>(load<u32>(option + at));
    if (i32(highest - edge) < 0) highest = edge;
  }
  return highest;
}

/** Do the captured bytes tell what the walk for a SYN's options, or for a SACK, would find in all of them? */
export function optionsAreTold(header: usize, bytes: u32, captured: u32, syn: bool): bool {
  if (captured >= bytes) return true;
  const shortest = syn ? SACK_PERMITTED_BYTES : SACK_BYTES;
  let at = HEADER_BYTES;
  while (at + shortest <= bytes) {
    if (at + 2 > captured) return at < captured && load<u8>(header + at) == END;
    const kind = u32(load<u8>(header + at));
    if (kind == END) return true;
    if (kind == NOP) {
      at++;
      continue;
    }
    const size = u32(load<u8>(header + at, 1));
    if (size < 2 || at + size > bytes) return true;
    if (!syn && kind == SACK && isSack(size)) return at + size <= captured;
    if (syn && kind == WINDOW_SCALE && size == 3 && at + 3 > captured) return false;
    at += size;
  }
  return true;
}
