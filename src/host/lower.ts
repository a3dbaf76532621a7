// The machine to the flat tables of layout/host.ts.

import { WasmtablesError } from '../error.ts';
import * as Host from '../layout/host.ts';
import * as Image from '../layout/image.ts';
import { type Address, prefixMask } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';
import { compare, lowerTable } from './fib.ts';
import { joinedGroups } from './group.ts';
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from './kernel-route.ts';
import type { Interface, Machine, PolicyRule, Route } from './machine.ts';
import { config, configAll } from './sysctl.ts';
import { Writer } from './writer.ts';

/**
 * Lowers a machine for the kernel.
 *
 * @returns the tables of src/layout/host.ts, position independent; copy them into the shared memory at a 16-byte
 *   aligned address and let Lane.HOST point there.
 * @throws WasmtablesError('LIMIT') when there are more interfaces than Image.INTERFACES - 1.
 */
export function lowerMachine(machine: Machine): Uint8Array {
  const writer = new Writer();
  writer.reserve(Host.HEADER_BYTES);
  writer.u32(Host.MAGIC, Host.MAGIC_VALUE);
  writer.u32(Host.DEFAULT_IN, machine.defaultIn);
  writer.u32(Host.DEFAULT_OUT, machine.defaultOut);
  writer.u32(Host.PLACEMENT, placement(machine));
  if (machine.placement.kind === 'hook') writer.u32(Host.HOOK, machine.placement.hook);
  writer.u32(Host.ALL_FORWARDING6, configAll(machine, 'ipv6', 'forwarding') === 0 ? 0 : 1);
  lowerInterfaces(writer, machine);
  lowerMacs(writer, machine.interfaces);
  lowerVlans(writer, machine.interfaces);
  lowerLocals(writer, machine.interfaces, 4);
  lowerLocals(writer, machine.interfaces, 16);
  lowerGroups(writer, machine);
  lowerBroadcasts(writer, machine.interfaces);
  let flags = 0;
  if (machine.useMac) flags |= Host.USE_MAC;
  if (machine.useVlan) flags |= Host.USE_VLAN;
  if (machine.routeBack !== false) flags |= Host.ROUTE_BACK;
  flags |= lowerRouting(writer, machine, 'ipv4');
  flags |= lowerRouting(writer, machine, 'ipv6');
  writer.u32(Host.FLAGS, flags);
  const bytes = writer.finish();
  new DataView(bytes.buffer).setUint32(Host.HOST_BYTES, bytes.length, true);
  return bytes;
}

function placement(machine: Machine): number {
  if (machine.placement.kind === 'hook') return Host.PLACEMENT_HOOK;
  return machine.routed ? Host.PLACEMENT_HOST : Host.PLACEMENT_ROUTER;
}

function lowerInterfaces(writer: Writer, machine: Machine): void {
  const { interfaces } = machine;
  if (interfaces.length >= Image.INTERFACES) {
    throw new WasmtablesError(
      'LIMIT',
      `${interfaces.length} interfaces: at most ${Image.INTERFACES - 1} are possible`,
    );
  }
  const records = writer.reserve(Host.INTERFACE_BYTES * Image.INTERFACES);
  writer.u32(Host.INTERFACES, records);
  writer.u32(Host.INTERFACE_COUNT, interfaces.length + 1);
  writer.u32(Host.FIRST_INTERFACE, (interfaces.find((one) => !one.loopback) ?? interfaces[0])?.index ?? 0);
  writer.u32(Host.LOOPBACK, interfaces.find((one) => one.loopback)?.index ?? 0);
  const unknown = interfaceFlags(machine, undefined);
  const byIndex = new Map(interfaces.map((one) => [one.index, one]));
  for (let index = 0; index < Image.INTERFACES; index++) {
    const at = records + Host.INTERFACE_BYTES * index;
    const one = byIndex.get(index);
    const rpFilter = Math.max(
      configAll(machine, 'ipv4', 'rp_filter'),
      config(machine, 'ipv4', 'rp_filter', one?.name),
    );
    writer.u32(at + Host.IF_FLAGS, one === undefined ? unknown : interfaceFlags(machine, one));
    writer.u32(at + Host.IF_RP_FILTER, rpFilter);
    writer.u32(at + Host.IF_MTU, one?.mtu ?? 1500);
    writer.u32(at + Host.IF_MTU6, mtu6(machine, one));
    writer.u32(at + Host.IF_UPPER, one?.upper ?? index);
    if (one?.mac !== undefined) writer.u64(at + Host.IF_MAC, macNumber(one.mac));
  }
}

/** net.ipv6.conf.IF.mtu counts where it is smaller than the interface's own. */
function mtu6(machine: Machine, one: Interface | undefined): number {
  const mtu = one?.mtu ?? 1500;
  const own = one === undefined ? 0 : config(machine, 'ipv6', 'mtu', one.name);
  return own >= 1280 && own < mtu ? own : mtu;
}

/** `one` undefined: an interface that only the capture names. */
function interfaceFlags(machine: Machine, one: Interface | undefined): number {
  const name = one?.name;
  const all = (version: 'ipv4' | 'ipv6', key: string): boolean => configAll(machine, version, key) !== 0;
  const own = (version: 'ipv4' | 'ipv6', key: string): boolean => config(machine, version, key, name) !== 0;
  // IN_DEV_ORCONF and IN_DEV_ANDCONF (linux/inetdevice.h).
  const either = (key: string): boolean => all('ipv4', key) || own('ipv4', key);
  const both = (key: string): boolean => all('ipv4', key) && own('ipv4', key);
  const facts: [boolean, number][] = [
    [one?.loopback ?? false, Host.IF_LOOPBACK],
    [one?.ethernet ?? true, Host.IF_ETHERNET],
    [one?.up ?? true, Host.IF_UP],
    [one?.mac !== undefined && one.ethernet, Host.IF_HAS_MAC],
    [one?.addresses.some(({ address }) => address.length === 4) ?? false, Host.IF_HAS_ADDRESS4],
    [own('ipv4', 'forwarding'), Host.IF_FORWARDING4],
    [either('accept_local'), Host.IF_ACCEPT_LOCAL],
    [either('route_localnet'), Host.IF_ROUTE_LOCALNET],
    [both('accept_source_route'), Host.IF_SOURCE_ROUTE],
    [either('send_redirects'), Host.IF_SEND_REDIRECTS],
    [both('bc_forwarding'), Host.IF_BC_FORWARDING],
    [either('src_valid_mark'), Host.IF_SRC_VALID_MARK],
    [either('drop_unicast_in_l2_multicast'), Host.IF_DROP_L2_4],
    [own('ipv6', 'drop_unicast_in_l2_multicast'), Host.IF_DROP_L2_6],
    [own('ipv6', 'disable_ipv6'), Host.IF_DISABLE_IPV6],
    [own('ipv6', 'force_forwarding'), Host.IF_FORCE_FORWARDING6],
  ];
  return facts.reduce((flags, [holds, bit]) => (holds ? flags | bit : flags), 0);
}

function lowerBroadcasts(writer: Writer, interfaces: readonly Interface[]): void {
  const own = interfaces.flatMap(({ index, addresses }) =>
    addresses.flatMap(({ address, broadcast, prefixLength }) =>
      address.length === 4 && broadcast !== undefined ? [{ index, broadcast, prefixLength }] : [],
    ),
  );
  const at = writer.reserve(Host.BROADCAST4_FIRST + Host.BROADCAST4_BYTES * own.length);
  writer.u32(Host.BROADCASTS4, at);
  writer.u32(at, own.length);
  own.forEach(({ index, broadcast, prefixLength }, place) => {
    const entry = at + Host.BROADCAST4_FIRST + Host.BROADCAST4_BYTES * place;
    writer.u32(entry + Host.BROADCAST4_INTERFACE, index);
    writer.address(entry + Host.BROADCAST4_ADDRESS, broadcast);
    writer.address(entry + Host.BROADCAST4_MASK, prefixMask(prefixLength, 4));
  });
}

function macNumber(mac: Uint8Array): bigint {
  return mac.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The slot where a search for a MAC begins; assembly/path/arrive.ts does the same. */
function macHash(mac: bigint): number {
  return Math.imul(Number((mac >> 16n) & 0xffffffffn), 0x9e3779b1) >>> 16;
}

function lowerMacs(writer: Writer, interfaces: readonly Interface[]): void {
  // Devices stacked on another often share its MAC; the frame comes in on the one below.
  const known = interfaces
    .filter((one) => one.mac !== undefined && one.ethernet)
    .toSorted((a, b) => stackHeight(a, interfaces) - stackHeight(b, interfaces));
  const slots = tableSize(known.length);
  const at = writer.reserve(16 * slots);
  writer.u32(Host.MACS, at);
  writer.u32(Host.MAC_MASK, slots - 1);
  const taken = new Map<number, bigint>();
  for (const one of known) {
    const mac = macNumber(one.mac as Uint8Array);
    let slot = macHash(mac) & (slots - 1);
    while (taken.has(slot) && taken.get(slot) !== mac) slot = (slot + 1) & (slots - 1);
    if (taken.has(slot)) continue;
    taken.set(slot, mac);
    writer.u64(at + 16 * slot, mac);
    writer.u32(at + 16 * slot + 8, one.index);
  }
}

function stackHeight(one: Interface, interfaces: readonly Interface[]): number {
  if (one.vlan !== undefined) return 2;
  return interfaces.some((other) => other.upper === one.index) ? 1 : 0;
}

/** A power of two, at most half full. */
function tableSize(entries: number): number {
  let slots = 4;
  while (slots < 2 * entries) slots *= 2;
  return slots;
}

function lowerVlans(writer: Writer, interfaces: readonly Interface[]): void {
  const devices = interfaces.filter((one) => one.vlan !== undefined);
  const at = writer.reserve(Host.VLAN_BYTES * devices.length);
  writer.u32(Host.VLANS, at);
  writer.u32(Host.VLAN_COUNT, devices.length);
  devices.forEach(({ index, vlan }, place) => {
    const record = at + Host.VLAN_BYTES * place;
    writer.u32(record + Host.VLAN_LINK, vlan?.link ?? 0);
    writer.u32(record + Host.VLAN_TAG, ((vlan?.protocol ?? 0) << 16) | (vlan?.id ?? 0));
    writer.u32(record + Host.VLAN_DEVICE, index);
  });
}

/** The slot where a search for an address begins; assembly/path/local.ts does the same. */
function addressHash(address: Address): number {
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  let value = 0;
  for (let at = 0; at < address.length; at += 4) value = Math.imul(value ^ view.getUint32(at), 0x9e3779b1);
  return value >>> 16;
}

function lowerLocals(writer: Writer, interfaces: readonly Interface[], bytes: 4 | 16): void {
  const known = interfaces.flatMap((one) =>
    one.addresses
      .filter(({ address }) => address.length === bytes)
      .map(({ address }) => ({ address, index: one.index })),
  );
  const slots = tableSize(known.length);
  const entry = bytes === 4 ? Host.LOCAL4_BYTES : Host.LOCAL6_BYTES;
  const device = bytes === 4 ? Host.LOCAL4_INTERFACE : Host.LOCAL6_INTERFACE;
  const at = writer.reserve(entry * slots);
  writer.u32(bytes === 4 ? Host.LOCALS4 : Host.LOCALS6, at);
  writer.u32(bytes === 4 ? Host.LOCAL4_MASK : Host.LOCAL6_MASK, slots - 1);
  const taken = new Set<number>();
  // The same address on several interfaces (link-local ones) has several entries.
  for (const { address, index } of known) {
    let slot = addressHash(address) & (slots - 1);
    while (taken.has(slot)) slot = (slot + 1) & (slots - 1);
    taken.add(slot);
    writer.address(at + entry * slot, address);
    writer.u32(at + entry * slot + device, index);
  }
}

function lowerGroups(writer: Writer, machine: Machine): void {
  const groups = joinedGroups(machine).toSorted(
    (a, b) => a.interfaceIndex - b.interfaceIndex || compare(a.address, b.address),
  );
  for (const bytes of [4, 16] as const) {
    const own = groups.filter(({ address }) => address.length === bytes);
    const entry = bytes === 4 ? Host.GROUP4_BYTES : Host.GROUP6_BYTES;
    const at = writer.reserve(entry * own.length);
    writer.u32(bytes === 4 ? Host.GROUPS4 : Host.GROUPS6, at);
    writer.u32(bytes === 4 ? Host.GROUP4_COUNT : Host.GROUP6_COUNT, own.length);
    own.forEach(({ address, interfaceIndex }, place) => {
      writer.address(at + entry * place, address);
      writer.u32(at + entry * place + bytes, interfaceIndex);
    });
  }
}

/** Tables and rules of a family; answers its Host.FLAGS bits. */
function lowerRouting(writer: Writer, machine: Machine, family: Family): number {
  const bytes = family === 'ipv4' ? 4 : 16;
  const routes = machine.routes.filter((route) => route.family === family);
  const byTable = new Map<number, Route[]>();
  for (const route of routes) {
    const own = byTable.get(route.table);
    if (own === undefined) byTable.set(route.table, [route]);
    else own.push(route);
  }
  const rules = machine.policyRules
    .filter((rule) => rule.family === family)
    .toSorted((a, b) => a.priority - b.priority);
  const plain = family === 'ipv4' && !hasCustomRules(rules);
  if (plain) {
    // Until a policy rule is added, IPv4 keeps local and main table in one trie (fib_trie.c, fib_unmerge()).
    const merged = [...(byTable.get(TABLE_LOCAL) ?? []), ...(byTable.get(TABLE_MAIN) ?? [])];
    byTable.set(TABLE_LOCAL, merged);
    byTable.set(TABLE_MAIN, merged);
  }
  const offsets = new Map<readonly unknown[], number>();
  const offsetOf = (table: number): number => {
    const own = byTable.get(table);
    if (own === undefined) return 0;
    const offset = offsets.get(own) ?? lowerTable(writer, own, bytes);
    offsets.set(own, offset);
    return offset;
  };
  // With one trie, looking up 254 after 255 would ask the same table twice.
  const lowered = plain ? rules.filter(({ priority }) => priority !== 0) : rules;
  const at = writer.reserve(Host.RULE_BYTES * lowered.length);
  lowered.forEach((rule, place) => {
    lowerRule(writer, at + Host.RULE_BYTES * place, rule, lowered, machine, offsetOf);
  });
  writer.u32(family === 'ipv4' ? Host.RULES4 : Host.RULES6, at);
  writer.u32(family === 'ipv4' ? Host.RULE4_COUNT : Host.RULE6_COUNT, lowered.length);
  writer.u32(family === 'ipv4' ? Host.LOCAL_TABLE4 : Host.LOCAL_TABLE6, offsetOf(TABLE_LOCAL));
  if (plain) writer.u32(Host.PLAIN_TABLE4, offsetOf(TABLE_LOCAL));
  const ports = rules.some(
    (rule) =>
      rule.protocol !== undefined || rule.sourcePorts !== undefined || rule.destinationPorts !== undefined,
  );
  const customLocals = routes.some((route) => route.type === 'local' && route.custom === true);
  let flags = 0;
  if (ports) flags |= family === 'ipv4' ? Host.RULES4_PORTS : Host.RULES6_PORTS;
  if (family === 'ipv4' && (!plain || customLocals)) flags |= Host.FULL_SOURCE_CHECK;
  return flags;
}

/** fib4_has_custom_rules(): anything but the three that the kernel begins with. */
function hasCustomRules(rules: readonly PolicyRule[]): boolean {
  const initial = [
    [0, TABLE_LOCAL],
    [32766, TABLE_MAIN],
    [32767, TABLE_DEFAULT],
  ] as const;
  if (rules.length !== initial.length) return true;
  return rules.some((rule, place) => {
    const [priority, table] = initial[place] as readonly [number, number];
    return (
      rule.priority !== priority ||
      rule.action.kind !== 'lookup' ||
      rule.action.table !== table ||
      hasConditions(rule) ||
      rule.invert
    );
  });
}

function hasConditions(rule: PolicyRule): boolean {
  return (
    rule.source !== undefined ||
    rule.destination !== undefined ||
    rule.in !== undefined ||
    rule.out !== undefined ||
    rule.mark !== undefined ||
    rule.tos !== undefined ||
    rule.protocol !== undefined ||
    rule.sourcePorts !== undefined ||
    rule.destinationPorts !== undefined
  );
}

const ACTIONS = {
  nop: Host.RULE_NOP,
  blackhole: Host.RULE_BLACKHOLE,
  unreachable: Host.RULE_UNREACHABLE,
  prohibit: Host.RULE_PROHIBIT,
} as const;

function lowerRule(
  writer: Writer,
  at: number,
  rule: PolicyRule,
  rules: readonly PolicyRule[],
  machine: Machine,
  offsetOf: (table: number) => number,
): void {
  const { action } = rule;
  const device = (name: string | undefined): number =>
    name === undefined
      ? 0
      : (machine.interfaces.find((one) => one.name === name)?.index ?? Host.RULE_NO_INTERFACE);
  let flags = rule.invert ? Host.RULE_INVERT : 0;
  if (hasConditions(rule)) flags |= Host.RULE_CONDITIONS;
  if (rule.sourcePorts !== undefined) {
    flags |= Host.RULE_SPORTS;
    writer.u32(at + Host.RULE_SPORT, rule.sourcePorts[0] | (rule.sourcePorts[1] << 16));
  }
  if (rule.destinationPorts !== undefined) {
    flags |= Host.RULE_DPORTS;
    writer.u32(at + Host.RULE_DPORT, rule.destinationPorts[0] | (rule.destinationPorts[1] << 16));
  }
  writer.u32(at + Host.RULE_FLAGS, flags);
  writer.u32(at + Host.RULE_IIF, device(rule.in));
  writer.u32(at + Host.RULE_OIF, device(rule.out));
  if (rule.mark !== undefined) {
    writer.u32(at + Host.RULE_MARK, rule.mark.value);
    writer.u32(at + Host.RULE_MARK_MASK, rule.mark.mask);
  }
  if (rule.tos !== undefined) {
    writer.u32(at + Host.RULE_TOS, rule.tos);
    writer.u32(at + Host.RULE_TOS_MASK, rule.family === 'ipv4' ? TOS_MASK4 : TOS_MASK6);
  }
  writer.u32(at + Host.RULE_PROTO, rule.protocol ?? 0);
  if (rule.source !== undefined) writer.prefix(at + Host.RULE_SRC, at + Host.RULE_SRC_MASK, rule.source);
  if (rule.destination !== undefined) {
    writer.prefix(at + Host.RULE_DST, at + Host.RULE_DST_MASK, rule.destination);
  }
  switch (action.kind) {
    case 'lookup':
      writer.u32(at + Host.RULE_ACTION, Host.RULE_LOOKUP);
      writer.u32(at + Host.RULE_ARG, offsetOf(action.table));
      writer.u32(
        at + Host.RULE_SUPPRESS,
        action.suppressPrefixLength === undefined ? 0 : action.suppressPrefixLength + 1,
      );
      break;
    case 'goto': {
      // The first rule with that priority. The kernel takes only targets further on; one that is gone is skipped.
      const place = rules.findIndex((other) => other.priority === action.priority);
      const known = place > rules.indexOf(rule);
      writer.u32(at + Host.RULE_ACTION, known ? Host.RULE_GOTO : Host.RULE_NOP);
      writer.u32(at + Host.RULE_ARG, known ? place : 0);
      break;
    }
    default:
      writer.u32(at + Host.RULE_ACTION, ACTIONS[action.kind]);
  }
}

/** The bits of the TOS byte that routing looks at (INET_DSCP_LEGACY_TOS_MASK, INET_DSCP_MASK). */
const TOS_MASK4 = 0x1c;
const TOS_MASK6 = 0xfc;
