// Sysctls that decide about a packet's way, with the kernel's defaults.

import type { Interface, Machine } from '../host/machine.ts';

function read(machine: Machine, name: string): number | undefined {
  const text = machine.sysctls.get(name);
  return text === undefined ? undefined : Number(text);
}

/** `sysctl -a` writes a dot within an interface's name as a slash. */
function ofInterface(machine: Machine, family: 4 | 6, device: string, key: string): number | undefined {
  return read(machine, `net.ipv${family}.conf.${device.replaceAll('.', '/')}.${key}`);
}

/** IN_DEV_FORWARD */
export function forwards4(machine: Machine, device: Interface): boolean {
  return (
    (ofInterface(machine, 4, device.name, 'forwarding') ?? read(machine, 'net.ipv4.ip_forward') ?? 0) !== 0
  );
}

/** devconf_all->forwarding, or force_forwarding of the interface (since Linux 6.17). */
export function forwards6(machine: Machine, device: Interface): boolean {
  const all = ofInterface(machine, 6, 'all', 'forwarding') ?? 0;
  return all !== 0 || (ofInterface(machine, 6, device.name, 'force_forwarding') ?? 0) !== 0;
}

/** IN_DEV_RPFILTER: the greater of `all` and the interface's own. */
export function reversePathFilter(machine: Machine, device: Interface): number {
  const own =
    ofInterface(machine, 4, device.name, 'rp_filter') ?? ofInterface(machine, 4, 'default', 'rp_filter');
  return Math.max(ofInterface(machine, 4, 'all', 'rp_filter') ?? 0, own ?? 0);
}

/** IN_DEV_ORCONF: set for the interface or for all. */
function either(machine: Machine, device: Interface, key: string): boolean {
  return (
    (ofInterface(machine, 4, 'all', key) ?? 0) !== 0 || (ofInterface(machine, 4, device.name, key) ?? 0) !== 0
  );
}

/** IN_DEV_ACCEPT_LOCAL */
export function acceptsLocal(machine: Machine, device: Interface): boolean {
  return either(machine, device, 'accept_local');
}

/** IN_DEV_ROUTE_LOCALNET */
export function routesLocalnet(machine: Machine, device: Interface): boolean {
  return either(machine, device, 'route_localnet');
}

/** IN_DEV_SRC_VMARK */
export function sourceValidMark(machine: Machine, device: Interface): boolean {
  return either(machine, device, 'src_valid_mark');
}

/** IN_DEV_TX_REDIRECTS: off for all and for the interface switches it off (both default to 1). */
export function sendsRedirects(machine: Machine, device: Interface): boolean {
  const all = ofInterface(machine, 4, 'all', 'send_redirects') ?? 1;
  const own = ofInterface(machine, 4, device.name, 'send_redirects') ?? 1;
  return all !== 0 || own !== 0;
}

/** IN_DEV_SOURCE_ROUTE: needs both (IN_DEV_ANDCONF; the interface's default is 1, that of `all` 0). */
export function acceptsSourceRoute(machine: Machine, device: Interface): boolean {
  const all = ofInterface(machine, 4, 'all', 'accept_source_route') ?? 0;
  const own = ofInterface(machine, 4, device.name, 'accept_source_route') ?? 1;
  return all !== 0 && own !== 0;
}

/** IN_DEV_BFORWARD: directed broadcasts are routed (IN_DEV_ANDCONF). */
export function forwardsBroadcast(machine: Machine, device: Interface): boolean {
  const all = ofInterface(machine, 4, 'all', 'bc_forwarding') ?? 0;
  const own = ofInterface(machine, 4, device.name, 'bc_forwarding') ?? 0;
  return all !== 0 && own !== 0;
}

/** drop_unicast_in_l2_multicast (IN_DEV_ORCONF; IPv6: the interface's own). */
export function dropsUnicastInMulticast(machine: Machine, family: 4 | 6, device: Interface): boolean {
  const own = ofInterface(machine, family, device.name, 'drop_unicast_in_l2_multicast') ?? 0;
  const all = ofInterface(machine, family, 'all', 'drop_unicast_in_l2_multicast') ?? 0;
  return own !== 0 || (family === 4 && all !== 0);
}

/** IPv6's own MTU of the interface. */
export function mtu6(machine: Machine, device: Interface): number | undefined {
  return ofInterface(machine, 6, device.name, 'mtu');
}

export function disablesIpv6(machine: Machine, device: Interface): boolean {
  return (ofInterface(machine, 6, device.name, 'disable_ipv6') ?? 0) !== 0;
}

/** How long a datagram may stay incomplete, and how much memory they may all take. */
export function fragmentLimits(machine: Machine): { readonly seconds: number; readonly threshold: number } {
  return {
    seconds: read(machine, 'net.ipv4.ipfrag_time') ?? 30,
    threshold: read(machine, 'net.ipv4.ipfrag_high_thresh') ?? FRAGMENT_THRESHOLD,
  };
}

/** The same of connection tracking's IPv6 datagrams. */
export function fragmentLimits6(machine: Machine): { readonly seconds: number; readonly threshold: number } {
  return {
    seconds: read(machine, 'net.netfilter.nf_conntrack_frag6_timeout') ?? 60,
    threshold: read(machine, 'net.netfilter.nf_conntrack_frag6_high_thresh') ?? FRAGMENT_THRESHOLD,
  };
}

const FRAGMENT_THRESHOLD = 4 * 1024 * 1024;

/** How many fragments of other datagrams of one source may come between two of a datagram; 0: any number. */
export function fragmentDistance(machine: Machine): number {
  return read(machine, 'net.ipv4.ipfrag_max_dist') ?? 64;
}
