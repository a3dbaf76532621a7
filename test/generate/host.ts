// Machines from lines of text, as `ip` would say them:
//
//   eth0 192.0.2.1/24 2001:db8::1/64 mac 02:00:00:00:00:01 mtu 1500
//   eth0.10 10.0.10.1/24 vlan 10 on eth0
//   route 203.0.113.0/24 dev eth1 metric 5 table 100 tos 0x10
//   route blackhole 198.18.0.0/15
//   rule 100 fwmark 0x1/0xff from 10.0.0.0/8 lookup 100
//   sysctl net.ipv4.ip_forward=1
//   hook INPUT | router | in eth0 | out eth1 | macs ignored
//
// lo, the routes that the kernel makes of addresses, and the three policy rules that are always there are added.

import type { Interface, Machine, PolicyRule, Route, RouteType } from '../../src/host/machine.ts';
import { type Address, prefixMask } from '../../src/model/address.ts';
import { type Family, HOOK_ORDER, type HookName } from '../../src/model/ruleset.ts';
import { address } from './frame.ts';

const LOCAL = 255;
const MAIN = 254;
const ROUTE_TYPES: readonly string[] = [
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'local',
  'broadcast',
];

interface Prefix {
  readonly address: Address;
  readonly prefixLength: number;
}

function familyOf(bytes: Address): Family {
  return bytes.length === 4 ? 'ipv4' : 'ipv6';
}

function prefix(text: string): Prefix {
  const [base = '', length] = text.split('/');
  const bytes = address(base);
  return { address: bytes, prefixLength: length === undefined ? bytes.length * 8 : Number(length) };
}

function network({ address: bytes, prefixLength }: Prefix): Address {
  const mask = prefixMask(prefixLength, bytes.length as 4 | 16);
  return bytes.map((byte, index) => byte & (mask[index] as number));
}

export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':').map((part) => Number.parseInt(part, 16)));
}

/** The words after each keyword: `dev eth0 metric 5` is { dev: 'eth0', metric: '5' }. */
function keywords(words: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) found.set(words[at] as string, words[at + 1] ?? '');
  return found;
}

class Builder {
  readonly interfaces: Interface[] = [];
  readonly routes: Route[] = [];
  readonly policyRules: PolicyRule[] = [];
  readonly sysctls = new Map<string, string>();
  readonly words = new Map<string, string>();

  device(name: string): Interface {
    const found = this.interfaces.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no interface ${name}`);
    return found;
  }

  addInterface(name: string, rest: readonly string[]): void {
    const isAddress = (word: string): boolean => word.includes('/');
    const options = keywords(rest.filter((word) => !isAddress(word) && word !== 'down'));
    const index = this.interfaces.length + 1;
    const loopback = name === 'lo';
    const tag = options.get('vlan');
    const one: Interface = {
      name,
      index,
      loopback,
      ethernet: !loopback,
      up: !rest.includes('down'),
      mac: mac(options.get('mac') ?? (loopback ? '0:0:0:0:0:0' : `2:0:0:0:0:${index.toString(16)}`)),
      mtu: Number(options.get('mtu') ?? (loopback ? 65536 : 1500)),
      addresses: rest.filter(isAddress).map(prefix),
      vlan:
        tag === undefined
          ? undefined
          : { id: Number(tag), protocol: 0x8100, link: this.device(options.get('on') ?? '').index },
    };
    this.interfaces.push(one);
    for (const each of one.addresses) this.addKernelRoutes(one, each);
    if (!loopback) this.addMulticastRoute(one);
  }

  /** addrconf_add_mroute */
  addMulticastRoute(one: Interface): void {
    this.routes.push({
      family: 'ipv6',
      type: 'multicast',
      destination: address('ff00::'),
      prefixLength: 8,
      table: LOCAL,
      out: one.index,
      metric: 256,
      tos: 0,
    });
  }

  /** fib_add_ifaddr, addrconf_add_linklocal and the like. */
  addKernelRoutes(one: Interface, each: Prefix): void {
    const family = familyOf(each.address);
    const add = (type: RouteType, destination: Address, prefixLength: number, table: number): void => {
      this.routes.push({
        family,
        type,
        destination,
        prefixLength,
        table,
        out: one.index,
        metric: family === 'ipv6' ? 256 : 0,
        tos: 0,
      });
    };
    const full = each.address.length * 8;
    add('local', each.address, full, LOCAL);
    if (one.loopback && family === 'ipv4') add('local', network(each), each.prefixLength, LOCAL);
    if (each.prefixLength < full && !one.loopback) add('unicast', network(each), each.prefixLength, MAIN);
    if (family === 'ipv4' && each.prefixLength < 31) {
      const mask = prefixMask(each.prefixLength, 4);
      add(
        'broadcast',
        each.address.map((byte, index) => byte | (~(mask[index] as number) & 255)),
        full,
        LOCAL,
      );
    }
  }

  addRoute(given: readonly string[]): void {
    const type = ROUTE_TYPES.includes(given[0] ?? '') ? (given[0] as RouteType) : 'unicast';
    const [to = '', ...rest] = type === 'unicast' ? given : given.slice(1);
    const options = keywords(rest);
    const destination = prefix(to === 'default' ? '0.0.0.0/0' : to === 'default6' ? '::/0' : to);
    const out = options.get('dev');
    this.routes.push({
      family: familyOf(destination.address),
      type,
      destination: network(destination),
      prefixLength: destination.prefixLength,
      table: Number(options.get('table') ?? MAIN),
      out: out === undefined ? 0 : this.device(out).index,
      gateway: options.has('via') ? address(options.get('via') as string) : undefined,
      metric: Number(options.get('metric') ?? 0),
      tos: Number(options.get('tos') ?? 0),
    });
  }

  addPolicyRule(given: readonly string[]): void {
    const [priority = '', ...rest] = given;
    const invert = rest[0] === 'not';
    const options = keywords(invert ? rest.slice(1) : rest);
    const [value, mask] = (options.get('fwmark') ?? '').split('/');
    const side = (name: string): Prefix | undefined =>
      options.has(name) ? prefix(options.get(name) as string) : undefined;
    const source = side('from');
    const destination = side('to');
    const base = source?.address ?? destination?.address;
    const one: Omit<PolicyRule, 'family'> = {
      priority: Number(priority),
      invert,
      source,
      destination,
      in: options.get('iif'),
      out: options.get('oif'),
      mark: value === '' ? undefined : { value: Number(value), mask: Number(mask ?? 0xffffffff) },
      tos: options.has('tos') ? Number(options.get('tos')) : undefined,
      action: action(options),
    };
    const families: Family[] = base === undefined ? ['ipv4', 'ipv6'] : [familyOf(base)];
    for (const family of families) this.policyRules.push({ ...one, family });
  }

  machine(): Machine {
    const index = (key: string): number =>
      this.words.has(key) ? this.device(this.words.get(key) as string).index : 0;
    const hook = this.words.get('hook');
    return {
      interfaces: this.interfaces,
      routes: this.routes,
      policyRules: this.policyRules,
      sysctls: this.sysctls,
      placement:
        hook === undefined ? { kind: 'host' } : { kind: 'hook', hook: HOOK_ORDER.indexOf(hook as HookName) },
      defaultIn: index('in'),
      defaultOut: index('out'),
      useMac: this.words.get('macs') !== 'ignored',
      useVlan: this.words.get('vlans') !== 'ignored',
      routed: !this.words.has('router') && hook === undefined,
    };
  }
}

function action(options: ReadonlyMap<string, string>): PolicyRule['action'] {
  const verb = ['blackhole', 'unreachable', 'prohibit', 'nop'].find((word) => options.has(word));
  if (verb !== undefined) return { kind: verb as 'blackhole' };
  if (options.has('goto')) return { kind: 'goto', priority: Number(options.get('goto')) };
  const suppress = options.get('suppress');
  return {
    kind: 'lookup',
    table: Number(options.get('lookup')),
    ...(suppress === undefined ? {} : { suppressPrefixLength: Number(suppress) }),
  };
}

/** A machine from lines of text, as the head of this file shows them. */
export function machineFromText(text: string): Machine {
  const builder = new Builder();
  builder.addInterface('lo', ['127.0.0.1/8', '::1/128']);
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/).filter(Boolean);
    const [first = '', ...rest] = words;
    if (first === '' || first.startsWith('#')) continue;
    if (first === 'route') builder.addRoute(rest);
    else if (first === 'rule') builder.addPolicyRule(rest);
    else if (first === 'sysctl') builder.sysctls.set(...(rest.join('').split('=') as [string, string]));
    else if (['hook', 'router', 'in', 'out', 'macs', 'vlans'].includes(first))
      builder.words.set(first, rest[0] ?? '');
    else builder.addInterface(first, rest);
  }
  for (const [priority, table] of [
    [0, LOCAL],
    [32766, MAIN],
    [32767, 253],
  ]) {
    builder.addPolicyRule([`${priority}`, 'lookup', `${table}`]);
  }
  return builder.machine();
}
