// What the kernel makes by itself: policy rules of a new network namespace, routes of addresses.

import { type Address, parseAddress } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';
import { compare } from './fib.ts';
import { subnetRouter } from './group.ts';
import type { Interface, InterfaceAddress, PolicyRule, Route, RouteType } from './machine.ts';

export const TABLE_LOCAL = 255;
export const TABLE_MAIN = 254;
export const TABLE_DEFAULT = 253;

/** Rules 0, 32766 and (IPv4) 32767. */
export function defaultPolicyRules(families: readonly Family[] = ['ipv4', 'ipv6']): PolicyRule[] {
  return families.flatMap((family) => {
    const tables: [number, number][] = [
      [0, TABLE_LOCAL],
      [32766, TABLE_MAIN],
    ];
    if (family === 'ipv4') tables.push([32767, TABLE_DEFAULT]);
    return tables.map(
      ([priority, table]): PolicyRule => ({
        family,
        priority,
        invert: false,
        action: { kind: 'lookup', table },
      }),
    );
  });
}

/**
 * The local, broadcast, connected, link-local and multicast routes of the interfaces that are up (fib_add_ifaddr() in
 * net/ipv4/fib_frontend.c; net/ipv6/addrconf.c). `forwards6`: IPv6 forwarding is on there.
 */
export function kernelRoutes(
  interfaces: readonly Interface[],
  forwards6: (one: Interface) => boolean,
  families: readonly Family[] = ['ipv4', 'ipv6'],
): Route[] {
  const up = interfaces.filter((one) => one.up);
  const routes: Route[] = [];
  if (families.includes('ipv4')) for (const one of up) routes.push(...routes4(one));
  if (families.includes('ipv6')) for (const one of up) routes.push(...routes6(one, forwards6(one)));
  return routes;
}

function route(
  one: Interface,
  type: RouteType,
  destination: Address,
  prefixLength: number,
  table: number,
  metric = 0,
): Route {
  const family = destination.length === 4 ? 'ipv4' : 'ipv6';
  const base = subnetRouter(destination, prefixLength);
  return { family, type, destination: base, prefixLength, table, out: one.index, metric, tos: 0 };
}

function routes4(one: Interface): Route[] {
  const routes: Route[] = [];
  const seen: InterfaceAddress[] = [];
  for (const own of one.addresses.filter(({ address }) => address.length === 4)) {
    const { address, prefixLength, broadcast, peer } = own;
    routes.push(route(one, 'local', address, 32, TABLE_LOCAL));
    const network = peer ?? address;
    // Later addresses of the same network are secondary: their network's route is there already.
    const secondary = seen.some(
      (other) =>
        other.prefixLength === prefixLength &&
        compare(
          subnetRouter(other.peer ?? other.address, prefixLength),
          subnetRouter(network, prefixLength),
        ) === 0,
    );
    seen.push(own);
    if (broadcast !== undefined && broadcast.length === 4 && broadcast.some((byte) => byte !== 255)) {
      routes.push(route(one, 'broadcast', broadcast, 32, TABLE_LOCAL));
    }
    if (secondary || network[0] === 0) continue;
    if (prefixLength < 32 || peer !== undefined) {
      const table = one.loopback ? TABLE_LOCAL : TABLE_MAIN;
      routes.push(route(one, one.loopback ? 'local' : 'unicast', network, prefixLength, table));
    }
    if (prefixLength < 31) {
      const last = network.map(
        (byte, index) => byte | (0xff >> Math.min(8, Math.max(0, prefixLength - 8 * index))),
      );
      routes.push(route(one, 'broadcast', last, 32, TABLE_LOCAL));
    }
  }
  return routes;
}

function routes6(one: Interface, forwards: boolean): Route[] {
  const routes: Route[] = [];
  for (const { address, prefixLength, peer } of one.addresses.filter((own) => own.address.length === 16)) {
    routes.push(route(one, 'local', address, 128, TABLE_LOCAL));
    if (one.loopback) continue;
    if (peer !== undefined) routes.push(route(one, 'unicast', peer, prefixLength, TABLE_MAIN, 256));
    else if (prefixLength < 128) routes.push(route(one, 'unicast', address, prefixLength, TABLE_MAIN, 256));
    if (forwards && prefixLength < 127) {
      routes.push(route(one, 'anycast', subnetRouter(address, prefixLength), 128, TABLE_LOCAL));
    }
  }
  if (!one.loopback)
    routes.push(route(one, 'multicast', parseAddress('ff00::') as Address, 8, TABLE_LOCAL, 256));
  return routes;
}
