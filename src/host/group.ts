// Multicast groups that a host has joined: as listed, else those that the kernel joins by itself.

import { type Address, parseAddress } from '../model/address.ts';
import type { Group, Interface, Machine } from './machine.ts';
import { config } from './sysctl.ts';

/** interfaceIndex 0: on every interface. */
export function joinedGroups(machine: Machine): readonly Group[] {
  const everywhere = ['224.0.0.1', 'ff02::1', 'ff01::1'].map((text) => group(0, text));
  if (machine.groups !== undefined) return [...everywhere, ...machine.groups];
  const own = machine.interfaces.flatMap((one) => ownGroups(machine, one));
  // Where the interfaces are made up, the capture may name another one.
  return [
    ...everywhere,
    ...(machine.routeBack === false ? own.map(({ address }) => ({ address, interfaceIndex: 0 })) : own),
  ];
}

function group(interfaceIndex: number, text: string): Group {
  return { interfaceIndex, address: parseAddress(text) as Address };
}

/** addrconf.c: the solicited-node group of each address; a router's groups and its subnet-router anycast's. */
function ownGroups(machine: Machine, one: Interface): Group[] {
  const groups: Group[] = [];
  const router = config(machine, 'ipv6', 'forwarding', one.name) !== 0 && !one.loopback;
  for (const { address, prefixLength } of one.addresses) {
    if (address.length !== 16 || one.loopback) continue;
    groups.push({ interfaceIndex: one.index, address: solicitedNode(address) });
    if (router && prefixLength < 127) {
      groups.push({ interfaceIndex: one.index, address: solicitedNode(subnetRouter(address, prefixLength)) });
    }
  }
  if (router) for (const text of ['ff02::2', 'ff01::2', 'ff05::2']) groups.push(group(one.index, text));
  return groups;
}

/** RFC 4291, 2.7.1. */
function solicitedNode(address: Address): Address {
  const solicited = Uint8Array.from(parseAddress('ff02::1:ff00:0') as Address);
  solicited.set(address.subarray(13), 13);
  return solicited;
}

/** RFC 4291, 2.6.1: the prefix with zeros behind it. */
export function subnetRouter(address: Address, prefixLength: number): Address {
  return address.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * index))));
}
