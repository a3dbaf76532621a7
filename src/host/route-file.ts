// route.json and route6.json: `ip -json [-6] route show table all`.

import { type Address, parseIpv4, parseIpv6 } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';
import type { Entry } from './json.ts';
import type { Interface, Route, RouteType } from './machine.ts';
import { dsfield, type TableNames } from './name.ts';

const TYPES: readonly string[] = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
] satisfies RouteType[];

const MAX32 = 0xffffffff;

/** The routes of one family; `ip route` without a family prints both, told apart by what only one of them has. */
export function readRoutes(
  entries: readonly Entry[],
  family: Family,
  interfaces: readonly Interface[],
  tables: TableNames,
): Route[] {
  const indexes = new Map(interfaces.map((one) => [one.name, one.index]));
  return entries
    .filter((entry) => familyOf(entry) === undefined || familyOf(entry) === family)
    .filter((entry) => !entry.strings('flags').includes('dead'))
    .map((entry) => readRoute(entry, family, indexes, tables));
}

/** Undefined: either (a default route without a gateway). */
export function familyOf(entry: Entry): Family | undefined {
  for (const name of ['dst', 'gateway', 'prefsrc', 'from']) {
    const text = entry.string(name);
    if (text?.includes(':')) return 'ipv6';
    if (text?.includes('.')) return 'ipv4';
  }
  return entry.has('pref') ? 'ipv6' : undefined;
}

function readRoute(
  entry: Entry,
  family: Family,
  indexes: ReadonlyMap<string, number>,
  tables: TableNames,
): Route {
  const type = entry.string('type') ?? 'unicast';
  if (!TYPES.includes(type)) entry.fail(`a route of type "${type}" is not modelled`);
  const destination = readPrefix(entry, 'dst', family) ?? entry.fail('there is no "dst"');
  const hops = entry.entries('nexthops');
  const alive = hops.filter((hop) => !hop.strings('flags').includes('dead'));
  const nextHops = alive.map((hop) => device(hop, indexes)).filter((index) => index !== 0);
  const [firstHop] = alive;
  const gateway =
    entry.string('gateway') ?? entry.entry('via')?.string('host') ?? firstHop?.string('gateway') ?? undefined;
  const source = readPrefix(entry, 'from', family);
  const own = device(entry, indexes);
  return {
    family,
    type: type as RouteType,
    destination: destination.address,
    prefixLength: destination.prefixLength,
    table: tables.number(entry.string('table') ?? 'main'),
    // IPv6 prints "dev lo" for routes that are errors.
    out: own !== 0 ? own : (nextHops[0] ?? 0),
    gateway: gateway === undefined ? undefined : (parseIpv4(gateway) ?? parseIpv6(gateway)),
    metric: entry.number('metric', MAX32) ?? 0,
    tos: dsfield(entry, 'tos') ?? 0,
    nextHops: nextHops.length > 1 ? nextHops : undefined,
    source: source !== undefined && source.prefixLength > 0 ? source : undefined,
    mtu: entry
      .entries('metrics')
      .map((metric) => metric.number('mtu', MAX32))
      .find((mtu) => mtu !== undefined),
    custom: entry.string('protocol') !== 'kernel',
  };
}

function device(entry: Entry, indexes: ReadonlyMap<string, number>): number {
  const name = entry.string('dev');
  if (name === undefined) return 0;
  return indexes.get(name) ?? entry.fail(`interface "${name}" is not in addr.json`);
}

function readPrefix(
  entry: Entry,
  name: string,
  family: Family,
): { address: Address; prefixLength: number } | undefined {
  const text = entry.string(name);
  if (text === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  if (text === 'default' || text === 'all') return { address: new Uint8Array(bits / 8), prefixLength: 0 };
  const [addressText = '', lengthText, rest] = text.split('/');
  const address = (family === 'ipv4' ? parseIpv4 : parseIpv6)(addressText);
  const length = lengthText === undefined ? bits : Number(lengthText);
  const good =
    Number.isInteger(length) && length >= 0 && length <= bits && lengthText !== '' && rest === undefined;
  if (address === undefined || !good) return entry.fail(`"${name}" is not a prefix: "${text}"`);
  return { address, prefixLength: length };
}
