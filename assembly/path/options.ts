// IPv4 header options, which Linux reads after input routing (ip_rcv_options(), __ip_options_compile()).

import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';

const END: u32 = 0;
const NOOP: u32 = 1;
const RECORD_ROUTE: u32 = 7;
const TIMESTAMP: u32 = 68;
const LOOSE_SOURCE_ROUTE: u32 = 131;
const COMMERCIAL_SECURITY: u32 = 134;
const STRICT_SOURCE_ROUTE: u32 = 137;
const ROUTER_ALERT: u32 = 148;

/**
 * Why the packet's options drop it: 0, BAD_OPTION or SOURCE_ROUTE. Bytes beyond the snap length are taken as good. A
 * source route that `allowed` lets pass is not followed: it counts as SOURCE_ROUTE unless it is used up.
 */
export function optionsReason(p: usize, allowed: bool): u32 {
  const l3 = load<usize>(p, Packet.L3);
  const captured = load<u32>(p, Packet.L3_CAP);
  const end = load<u32>(p, Packet.L4_OFFSET);
  let at: u32 = 20;
  let route = false;
  let seen: u32 = 0;
  while (at < end && at < captured) {
    const kind = u32(load<u8>(l3 + at));
    if (kind == END) break;
    if (kind == NOOP) {
      at++;
      continue;
    }
    if (at + 2 > end) return Reason.BAD_OPTION;
    if (at + 2 > captured) break;
    const size = u32(load<u8>(l3 + at, 1));
    if (size < 2 || at + size > end) return Reason.BAD_OPTION;
    if (at + size > captured) break;
    if (kind == LOOSE_SOURCE_ROUTE || kind == STRICT_SOURCE_ROUTE) {
      if (size < 3) return Reason.BAD_OPTION;
      const pointer = u32(load<u8>(l3 + at, 2));
      if (pointer < 4 || route) return Reason.BAD_OPTION;
      if (!allowed || pointer <= size) return Reason.SOURCE_ROUTE;
      route = true;
    } else if (kind == RECORD_ROUTE || kind == TIMESTAMP) {
      const bit: u32 = kind == RECORD_ROUTE ? 1 : 2;
      if (seen & bit) return Reason.BAD_OPTION;
      seen |= bit;
      if (badRecord(l3 + at, kind, size)) return Reason.BAD_OPTION;
    } else if (kind == ROUTER_ALERT) {
      if (size < 4) return Reason.BAD_OPTION;
    } else if (kind == COMMERCIAL_SECURITY) {
      // cipso_v4_validate() refuses a label of a domain that no one configured.
      return Reason.BAD_OPTION;
    }
    at += size;
  }
  return 0;
}

/** RFC 791's record route and timestamp: where the pointer stands, and room for what is to be entered there. */
function badRecord(option: usize, kind: u32, size: u32): bool {
  if (size < (kind == RECORD_ROUTE ? 3 : 4)) return true;
  const pointer = u32(load<u8>(option, 2));
  if (kind == RECORD_ROUTE) return pointer < 4 || (pointer <= size && pointer + 3 > size);
  if (pointer < 5) return true;
  const flag = u32(load<u8>(option, 3)) & 15;
  const overflow = u32(load<u8>(option, 3)) >>> 4;
  if (pointer > size) return flag != 3 && overflow == 15;
  if (pointer + 3 > size) return true;
  return (flag == 1 || flag == 3) && pointer + 7 > size;
}
