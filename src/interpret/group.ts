// Multicast groups that a host is in without being asked to (net/ipv4/igmp.c, net/ipv6/mcast.c, addrconf.c).

import type { Interface, Machine } from '../host/machine.ts';
import { type Address, parseAddress } from '../model/address.ts';
import { equalAddress } from './address.ts';
import * as sysctl from './sysctl.ts';

const EVERYBODY = ['224.0.0.1', 'ff01::1', 'ff02::1'].map(parse);
const ROUTERS = ['ff01::2', 'ff02::2', 'ff05::2'].map(parse);

function parse(text: string): Address {
  return parseAddress(text) as Address;
}

/** ip_check_mc_rcu, ipv6_chk_mcast_addr: whether this interface takes packets for the group. */
export function joined(machine: Machine, device: Interface, group: Address): boolean {
  if (EVERYBODY.some((one) => equalAddress(one, group))) return true;
  if (machine.groups !== undefined) {
    return machine.groups.some(
      (one) =>
        (one.interfaceIndex === 0 || one.interfaceIndex === device.index) && equalAddress(one.address, group),
    );
  }
  const routers = !device.loopback && sysctl.forwards6(machine, device) ? ROUTERS : [];
  const solicited = device.addresses
    .filter((each) => each.address.length === 16)
    .map((each) => solicitedNode(each.address));
  return [...routers, ...solicited].some((one) => equalAddress(one, group));
}

/** RFC 4291, 2.7.1 */
function solicitedNode(address: Address): Address {
  const group = Uint8Array.from(parse('ff02::1:ff00:0'));
  group.set(address.subarray(13), 13);
  return group;
}
