// Route look-up: policy rules in order, in each table the longest prefix (layout/host.ts). The results are
// addresses of route records, or one of the codes below; no route record lies that low in memory.

import * as Host from '../../src/layout/host.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';

export const NO_ROUTE: usize = 0;
export const BLACKHOLE: usize = 1;
export const UNREACHABLE: usize = 2;
export const PROHIBIT: usize = 3;
/** This and everything above is a route. */
export const FIRST_ROUTE: usize = 16;

// Whose protocol, ports and TOS a look-up carries.
/** The packet's. */
export const AHEAD: u32 = 0;
/** Those of a packet back to its source: ports are swapped. */
export const BACK: u32 = 1;
/** None: a look-up for an address alone. */
export const BARE: u32 = 2;

/** Why a look-up that found no way drops the packet. */
export function failureReason(code: usize): u32 {
  if (code == BLACKHOLE) return Reason.BLACKHOLE;
  if (code == UNREACHABLE) return Reason.UNREACHABLE;
  if (code == PROHIBIT) return Reason.PROHIBIT;
  return Reason.NO_ROUTE;
}

/** First route of the longest prefix that covers an address: offset, 0 none. */
function longest4(host: usize, table: usize, address: u32): u32 {
  const bucket = <usize>(address >> load<u32>(table, Host.TABLE_SHIFT));
  const index = host + load<u32>(table, Host.TABLE_INDEX) + (bucket << 2);
  const starts = host + load<u32>(table, Host.TABLE_STARTS);
  let low = load<u32>(index);
  let high = load<u32>(index, 4);
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (load<u32>(starts + ((<usize>middle) << 2)) <= address) low = middle;
    else high = middle - 1;
  }
  return load<u32>(host + load<u32>(table, Host.TABLE_ROUTES) + ((<usize>low) << 2));
}

function longest6(host: usize, table: usize, addressHigh: u64, addressLow: u64): u32 {
  const bucket = <usize>(addressHigh >> <u64>load<u32>(table, Host.TABLE_SHIFT));
  const index = host + load<u32>(table, Host.TABLE_INDEX) + (bucket << 2);
  const starts = host + load<u32>(table, Host.TABLE_STARTS);
  let low = load<u32>(index);
  let high = load<u32>(index, 4);
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const start = starts + ((<usize>middle) << 4);
    const startHigh = load<u64>(start);
    if (startHigh < addressHigh || (startHigh == addressHigh && load<u64>(start, 8) <= addressLow))
      low = middle;
    else high = middle - 1;
  }
  return load<u32>(host + load<u32>(table, Host.TABLE_ROUTES) + ((<usize>low) << 2));
}

/** One of the route's next hops leaves by the interface. */
export function leavesBy(host: usize, route: usize, device: u32): bool {
  if (load<u32>(route, Host.ROUTE_OUT) == device) return true;
  const list = load<u32>(route, Host.ROUTE_NEXTHOPS);
  if (list == 0) return false;
  let at = host + list;
  for (let left = load<u32>(at); left > 0; left--) {
    at += 4;
    if (load<u32>(at) == device) return true;
  }
  return false;
}

/**
 * fib_table_lookup(): the route of one IPv4 table, 0 when there is none. Routes of any type are answers, RTN_THROW
 * too. `oif` not 0: routes by another interface are passed over.
 */
export function lookupTable4(host: usize, tableOffset: u32, address: u32, tos: u32, oif: u32): usize {
  if (tableOffset == 0) return 0;
  let offset = longest4(host, host + tableOffset, address);
  while (offset != 0) {
    const route = host + offset;
    const routeTos = load<u32>(route, Host.ROUTE_TOS);
    if (routeTos == 0 || routeTos == (tos & 0x1c)) {
      if (
        oif == 0 ||
        load<u32>(route, Host.ROUTE_TYPE) >= u32(Host.RTN_BLACKHOLE) ||
        leavesBy(host, route, oif)
      ) {
        return route;
      }
    }
    offset = load<u32>(route, Host.ROUTE_NEXT);
  }
  return 0;
}

/**
 * fib6_table_lookup(): the route of one IPv6 table, 0 when there is none. Of routes with the same prefix and metric
 * the one by `device` is taken; with `strict` (link-local and multicast destinations) no other is good.
 */
export function lookupTable6(
  host: usize,
  tableOffset: u32,
  high: u64,
  low: u64,
  sourceHigh: u64,
  sourceLow: u64,
  device: u32,
  strict: bool,
): usize {
  if (tableOffset == 0) return 0;
  let offset = longest6(host, host + tableOffset, high, low);
  let candidate: usize = 0;
  while (offset != 0) {
    const route = host + offset;
    const flags = load<u32>(route, Host.ROUTE_FLAGS);
    if (
      !(flags & Host.ROUTE_HAS_FROM) ||
      ((sourceHigh & load<u64>(route, Host.ROUTE_FROM_MASK)) == load<u64>(route, Host.ROUTE_FROM) &&
        (sourceLow & load<u64>(route, Host.ROUTE_FROM_MASK + 8)) == load<u64>(route, Host.ROUTE_FROM + 8))
    ) {
      if (device == 0 || leavesBy(host, route, device)) return route;
      if (!strict && candidate == 0) candidate = route;
    }
    if (candidate != 0 && !(flags & Host.ROUTE_EQUAL_FOLLOWS)) return candidate;
    offset = load<u32>(route, Host.ROUTE_NEXT);
  }
  return candidate;
}

function covers(prefix: usize, mask: usize, address: usize): bool {
  let high: u64 = 0;
  let low: u64 = 0;
  if (address != 0) {
    high = load<u64>(address);
    low = load<u64>(address, 8);
  }
  return (high & load<u64>(mask)) == load<u64>(prefix) && (low & load<u64>(mask, 8)) == load<u64>(prefix, 8);
}

function inRange(range: u32, port: u32): bool {
  return port >= (range & 0xffff) && port <= range >>> 16;
}

/** fib_rule_match() and the families' own conditions, without the inversion. An address 0 is the unspecified one. */
function conditionsHold(
  rule: usize,
  flags: u32,
  p: usize,
  destination: usize,
  source: usize,
  iif: u32,
  oif: u32,
  mark: u32,
  flow: u32,
): bool {
  const ruleIif = load<u32>(rule, Host.RULE_IIF);
  if (ruleIif != 0 && ruleIif != iif) return false;
  const ruleOif = load<u32>(rule, Host.RULE_OIF);
  if (ruleOif != 0 && ruleOif != oif) return false;
  if (((load<u32>(rule, Host.RULE_MARK) ^ mark) & load<u32>(rule, Host.RULE_MARK_MASK)) != 0) return false;
  let tos: u32 = 0;
  let proto: u32 = 0;
  let sport: u32 = 0;
  let dport: u32 = 0;
  if (flow != BARE) {
    tos = load<u32>(p, Packet.TOS);
    proto = load<u32>(p, Packet.PROTO);
    // Rules of nftables may have read the ports of a packet that has none.
    if ((load<u32>(p, Packet.FLAGS) & Packet.FLAG_PORTS) != 0) {
      sport = flow == BACK ? load<u32>(p, Packet.DPORT) : load<u32>(p, Packet.SPORT);
      dport = flow == BACK ? load<u32>(p, Packet.SPORT) : load<u32>(p, Packet.DPORT);
    }
  }
  if (((load<u32>(rule, Host.RULE_TOS) ^ tos) & load<u32>(rule, Host.RULE_TOS_MASK)) != 0) return false;
  if (!covers(rule + Host.RULE_DST, rule + Host.RULE_DST_MASK, destination)) return false;
  if (!covers(rule + Host.RULE_SRC, rule + Host.RULE_SRC_MASK, source)) return false;
  const ruleProto = load<u32>(rule, Host.RULE_PROTO);
  if (ruleProto != 0 && ruleProto != proto) return false;
  if (flags & Host.RULE_SPORTS && !inRange(load<u32>(rule, Host.RULE_SPORT), sport)) return false;
  return !(flags & Host.RULE_DPORTS) || inRange(load<u32>(rule, Host.RULE_DPORT), dport);
}

/**
 * The same as lookup() for an IPv4 packet's destination, and the short way to it: without policy rules the first
 * route of the one table that has all routes.
 */
export function lookupDestination4(host: usize, p: usize, iif: u32): usize {
  const table = load<u32>(host, Host.PLAIN_TABLE4);
  if (table != 0) {
    const offset = longest4(host, host + table, load<u32>(p, Packet.DST));
    const route = host + offset;
    if (
      offset != 0 &&
      load<u32>(route, Host.ROUTE_TOS) == 0 &&
      load<u32>(route, Host.ROUTE_TYPE) < u32(Host.RTN_BLACKHOLE)
    ) {
      return route;
    }
  }
  return lookup(host, p, p + Packet.DST, p + Packet.SRC, iif, 0, false, load<u32>(p, Packet.MARK), AHEAD);
}

/**
 * fib_lookup() and fib6_rule_lookup(): the route to the address at `destination` (in the form of layout/packet.ts).
 *
 * @param source where the source address stands, for `from` rules and source-specific routes; 0: unspecified
 * @param device IPv4: only routes by this interface. IPv6: it is preferred, or with `strict` the only one. 0: any
 * @param flow AHEAD, BACK or BARE
 */
export function lookup(
  host: usize,
  p: usize,
  destination: usize,
  source: usize,
  iif: u32,
  device: u32,
  strict: bool,
  mark: u32,
  flow: u32,
): usize {
  const six = load<u32>(p, Packet.FAMILY) == 6;
  const rules = host + <usize>(six ? load<u32>(host, Host.RULES6) : load<u32>(host, Host.RULES4));
  const count = six ? load<u32>(host, Host.RULE6_COUNT) : load<u32>(host, Host.RULE4_COUNT);
  for (let index: u32 = 0; index < count; index++) {
    const rule = rules + <usize>index * Host.RULE_BYTES;
    const flags = load<u32>(rule, Host.RULE_FLAGS);
    let holds = true;
    if (flags & Host.RULE_CONDITIONS) {
      // In IPv6's input look-ups the flow has no oif, only the table's search prefers the device.
      const oif = six && iif == device ? 0 : device;
      holds = conditionsHold(rule, flags, p, destination, source, iif, oif, mark, flow);
    }
    if (holds == ((flags & Host.RULE_INVERT) != 0)) continue;
    const action = load<u32>(rule, Host.RULE_ACTION);
    if (action == Host.RULE_LOOKUP) {
      const route = lookupTable(
        host,
        flow == BARE ? 0 : load<u32>(p, Packet.TOS),
        six,
        load<u32>(rule, Host.RULE_ARG),
        destination,
        source,
        device,
        strict,
      );
      if (route == 0) continue;
      const kind = load<u32>(route, Host.ROUTE_TYPE);
      if (kind >= u32(Host.RTN_BLACKHOLE)) {
        if (kind == Host.RTN_THROW) continue;
        return kind == Host.RTN_BLACKHOLE ? BLACKHOLE : kind == Host.RTN_PROHIBIT ? PROHIBIT : UNREACHABLE;
      }
      if (load<u32>(route, Host.ROUTE_PREFIX_LENGTH) < load<u32>(rule, Host.RULE_SUPPRESS)) continue;
      return route;
    }
    if (action == Host.RULE_GOTO) {
      // Targets lie further on (src/host/lower.ts), so that the walk ends.
      index = load<u32>(rule, Host.RULE_ARG) - 1;
    } else if (action != Host.RULE_NOP) {
      return action == Host.RULE_BLACKHOLE
        ? BLACKHOLE
        : action == Host.RULE_PROHIBIT
          ? PROHIBIT
          : UNREACHABLE;
    }
  }
  return NO_ROUTE;
}

function lookupTable(
  host: usize,
  tos: u32,
  six: bool,
  table: u32,
  destination: usize,
  source: usize,
  device: u32,
  strict: bool,
): usize {
  if (!six) return lookupTable4(host, table, load<u32>(destination), tos, device);
  let sourceHigh: u64 = 0;
  let sourceLow: u64 = 0;
  if (source != 0) {
    sourceHigh = load<u64>(source);
    sourceLow = load<u64>(source, 8);
  }
  return lookupTable6(
    host,
    table,
    load<u64>(destination),
    load<u64>(destination, 8),
    sourceHigh,
    sourceLow,
    device,
    strict,
  );
}
