// A routing table as sorted intervals of the address space, the form of layout/host.ts. Prefixes nest or are
// disjoint, so one sweep in order of (start, length) with a stack of the open prefixes finds where each begins and
// where its cover goes on.

import * as Host from '../layout/host.ts';
import type { Address } from '../model/address.ts';
import type { Route, RouteType } from './machine.ts';
import type { Writer } from './writer.ts';

const TYPES: Readonly<Record<RouteType, number>> = {
  unicast: Host.RTN_UNICAST,
  local: Host.RTN_LOCAL,
  broadcast: Host.RTN_BROADCAST,
  anycast: Host.RTN_ANYCAST,
  multicast: Host.RTN_MULTICAST,
  blackhole: Host.RTN_BLACKHOLE,
  unreachable: Host.RTN_UNREACHABLE,
  prohibit: Host.RTN_PROHIBIT,
  throw: Host.RTN_THROW,
};

interface Prefix {
  /** First and last address. */
  readonly first: Address;
  readonly last: Address;
  readonly length: number;
  readonly routes: Route[];
  /** Offset of its first route record. */
  offset: number;
}

/** The routes of one table (for IPv4 without policy rules: of two, merged) to a FIB table; answers its offset. */
export function lowerTable(writer: Writer, routes: readonly Route[], bytes: 4 | 16): number {
  const prefixes = collectPrefixes(routes);
  if (prefixes.length === 0) return 0;
  const starts: Address[] = [new Uint8Array(bytes)];
  const owners: number[] = [0];
  const open: Prefix[] = [];
  const boundary = (start: Address, owner: number): void => {
    if (compare(start, starts[starts.length - 1] as Address) === 0) owners[owners.length - 1] = owner;
    else if (owner !== owners[owners.length - 1]) {
      starts.push(start);
      owners.push(owner);
    }
  };
  const close = (): void => {
    const closed = open.pop() as Prefix;
    const after = successor(closed.last);
    if (after !== undefined) boundary(after, open.at(-1)?.offset ?? 0);
  };
  for (const prefix of prefixes) {
    for (let top = open.at(-1); top !== undefined && compare(top.last, prefix.first) < 0; top = open.at(-1)) {
      close();
    }
    writeRoutes(writer, prefix, open.at(-1)?.offset ?? 0, bytes);
    open.push(prefix);
    boundary(prefix.first, prefix.offset);
  }
  while (open.length > 0) close();
  return writeTable(writer, starts, owners, bytes);
}

function writeTable(
  writer: Writer,
  starts: readonly Address[],
  owners: readonly number[],
  bytes: 4 | 16,
): number {
  // About four buckets an interval: most look-ups then compare once or twice.
  const bits = Math.min(16, Math.ceil(Math.log2(starts.length)) + 2);
  const table = writer.reserve(Host.TABLE_BYTES);
  const index = writer.reserve(4 * (2 ** bits + 1));
  const startsAt = writer.reserve(bytes * starts.length);
  const routesAt = writer.reserve(4 * starts.length);
  writer.u32(table + Host.TABLE_SHIFT, (bytes === 4 ? 32 : 64) - bits);
  writer.u32(table + Host.TABLE_INDEX, index);
  writer.u32(table + Host.TABLE_STARTS, startsAt);
  writer.u32(table + Host.TABLE_ROUTES, routesAt);
  let bucket = 0;
  starts.forEach((start, interval) => {
    writer.address(startsAt + bytes * interval, start);
    writer.u32(routesAt + 4 * interval, owners[interval] as number);
    // Buckets that begin before this interval begin in the one before.
    const [a = 0, b = 0, c = 0, d = 0] = start;
    const top = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    const rest = (top & (2 ** (32 - bits) - 1)) !== 0 || start.subarray(4).some((byte) => byte !== 0);
    const through = (top >>> (32 - bits)) + (rest ? 1 : 0);
    for (; bucket < through; bucket++) writer.u32(index + 4 * bucket, interval - 1);
  });
  for (; bucket <= 2 ** bits; bucket++) writer.u32(index + 4 * bucket, starts.length - 1);
  return table;
}

function writeRoutes(writer: Writer, prefix: Prefix, cover: number, bytes: 4 | 16): void {
  const { routes } = prefix;
  if (bytes === 4) {
    // fib_insert_alias(): a table's routes by TOS, then by priority.
    routes.sort((a, b) => b.table - a.table || b.tos - a.tos || a.metric - b.metric);
  } else {
    routes.sort((a, b) => fromLength(b) - fromLength(a) || a.metric - b.metric);
  }
  prefix.offset = writer.reserve(Host.ROUTE_BYTES * routes.length);
  routes.forEach((route, place) => {
    const at = prefix.offset + Host.ROUTE_BYTES * place;
    const following = routes[place + 1];
    let flags = route.gateway === undefined ? 0 : Host.ROUTE_GATEWAY;
    if (route.source !== undefined && route.source.prefixLength > 0) {
      flags |= Host.ROUTE_HAS_FROM;
      writer.prefix(at + Host.ROUTE_FROM, at + Host.ROUTE_FROM_MASK, route.source);
    }
    if (
      bytes === 16 &&
      following !== undefined &&
      following.metric === route.metric &&
      sameSource(following, route)
    ) {
      flags |= Host.ROUTE_EQUAL_FOLLOWS;
    }
    writer.u32(at + Host.ROUTE_TYPE, TYPES[route.type]);
    writer.u32(at + Host.ROUTE_OUT, route.out);
    writer.u32(at + Host.ROUTE_NEXT, following === undefined ? cover : at + Host.ROUTE_BYTES);
    writer.u32(at + Host.ROUTE_PREFIX_LENGTH, prefix.length);
    writer.u32(at + Host.ROUTE_FLAGS, flags);
    writer.u32(at + Host.ROUTE_TOS, route.tos);
    writer.u32(at + Host.ROUTE_MTU, route.mtu ?? 0);
    const hops = route.nextHops;
    if (hops !== undefined && hops.length > 1) {
      const list = writer.reserve(4 * (hops.length + 1));
      writer.u32(list, hops.length);
      hops.forEach((hop, which) => {
        writer.u32(list + 4 * (which + 1), hop);
      });
      writer.u32(at + Host.ROUTE_NEXTHOPS, list);
    }
  });
}

function collectPrefixes(routes: readonly Route[]): Prefix[] {
  const sorted = routes.map((route) => {
    const [first, last] = bounds(route.destination, route.prefixLength);
    return { first, last, route };
  });
  sorted.sort((a, b) => compare(a.first, b.first) || a.route.prefixLength - b.route.prefixLength);
  const prefixes: Prefix[] = [];
  for (const { first, last, route } of sorted) {
    const previous = prefixes.at(-1);
    if (previous?.length === route.prefixLength && compare(previous.first, first) === 0) {
      previous.routes.push(route);
    } else {
      prefixes.push({ first, last, length: route.prefixLength, routes: [route], offset: 0 });
    }
  }
  return prefixes;
}

function fromLength(route: Route): number {
  return route.source?.prefixLength ?? 0;
}

function sameSource(a: Route, b: Route): boolean {
  if (fromLength(a) !== fromLength(b)) return false;
  if (a.source === undefined || b.source === undefined) return true;
  const length = a.source.prefixLength;
  return compare(bounds(a.source.address, length)[0], bounds(b.source.address, length)[0]) === 0;
}

/** First and last address of a prefix. */
export function bounds(address: Address, prefixLength: number): [Address, Address] {
  const first = Uint8Array.from(address);
  const last = Uint8Array.from(address);
  for (let index = 0; index < address.length; index++) {
    const host = 0xff >> Math.min(8, Math.max(0, prefixLength - 8 * index));
    first[index] = (address[index] as number) & ~host;
    last[index] = (address[index] as number) | host;
  }
  return [first, last];
}

export function compare(a: Address, b: Address): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The next address; undefined after the last one. */
function successor(address: Address): Address | undefined {
  const next = Uint8Array.from(address);
  for (let index = next.length - 1; index >= 0; index--) {
    const byte = next[index] as number;
    next[index] = byte + 1;
    if (byte !== 255) return next;
  }
  return undefined;
}
