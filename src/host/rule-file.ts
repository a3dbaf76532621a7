// rule.json and rule6.json: `ip -json [-6] rule`.

import { type Address, parseIpv4, parseIpv6 } from '../model/address.ts';
import { protocolNumber } from '../model/protocol.ts';
import type { Family } from '../model/ruleset.ts';
import type { Entry } from './json.ts';
import type { PolicyRule } from './machine.ts';
import { dsfield, type TableNames } from './name.ts';

const MAX32 = 0xffffffff;

/** The policy rules of a family, by priority. */
export function readPolicyRules(entries: readonly Entry[], family: Family, tables: TableNames): PolicyRule[] {
  return entries
    .filter(matchesForwardedPackets)
    .map((entry) => readRule(entry, family, tables))
    .sort((a, b) => a.priority - b.priority);
}

/** Rules for users' sockets, tunnels and VRFs: what is routed on the way in has user 0, no tunnel and no VRF. */
function matchesForwardedPackets(entry: Entry): boolean {
  if (entry.has('l3mdev')) return false;
  if ((entry.number('tun_id', Number.MAX_SAFE_INTEGER) ?? 0) !== 0) return false;
  return (entry.number('uid_start', MAX32) ?? 0) === 0;
}

function readRule(entry: Entry, family: Family, tables: TableNames): PolicyRule {
  if (entry.has('suppress_ifgroup')) entry.fail('"suppress_ifgroup" is not modelled');
  const fwmark = entry.number('fwmark', MAX32);
  const proto = entry.string('ipproto');
  const protocol = proto === undefined ? undefined : protocolNumber(proto.replace(/^ipproto-/, ''));
  if (proto !== undefined && protocol === undefined) entry.fail(`"ipproto" is not a protocol: "${proto}"`);
  return {
    family,
    priority: entry.number('priority', MAX32) ?? 0,
    invert: entry.has('not'),
    source: readSelector(entry, 'src', family),
    destination: readSelector(entry, 'dst', family),
    in: entry.string('iif'),
    out: entry.string('oif'),
    mark: fwmark === undefined ? undefined : { value: fwmark, mask: entry.number('fwmask', MAX32) ?? MAX32 },
    tos: dsfield(entry, entry.has('dsfield') ? 'dsfield' : 'tos'),
    protocol,
    sourcePorts: readPorts(entry, 'sport'),
    destinationPorts: readPorts(entry, 'dport'),
    action: readAction(entry, tables),
  };
}

function readSelector(entry: Entry, name: string, family: Family): PolicyRule['source'] {
  const text = entry.string(name);
  if (text === undefined || text === 'all') return undefined;
  const address: Address | undefined = (family === 'ipv4' ? parseIpv4 : parseIpv6)(text);
  if (address === undefined) return entry.fail(`"${name}" is not an address: "${text}"`);
  const bits = 8 * address.length;
  return { address, prefixLength: entry.number(`${name}len`, bits) ?? bits };
}

function readPorts(entry: Entry, name: string): readonly [number, number] | undefined {
  const single = entry.number(name, 65535);
  if (single !== undefined) return [single, single];
  const low = entry.number(`${name}_start`, 65535);
  return low === undefined ? undefined : [low, entry.number(`${name}_end`, 65535) ?? low];
}

function readAction(entry: Entry, tables: TableNames): PolicyRule['action'] {
  const target = entry.number('goto', MAX32);
  if (target !== undefined) return { kind: 'goto', priority: target };
  if (entry.has('nop')) return { kind: 'nop' };
  const action = entry.string('action');
  switch (action) {
    case undefined:
    case 'lookup':
      break;
    case 'nop':
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return { kind: action };
    default:
      entry.fail(`action "${action}" is not modelled`);
  }
  const table = entry.string('table') ?? entry.fail('there is neither "table" nor "action"');
  return {
    kind: 'lookup',
    table: tables.number(table),
    suppressPrefixLength:
      entry.number('suppress_prefixlen', 128) ?? entry.number('suppress_prefixlength', 128),
  };
}
