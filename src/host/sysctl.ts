// Sysctls of the modelled machine: those of the file, else the kernel's defaults. An interface's name stands in a
// key with its dots as slashes (sysctl(8)); `default` is what an interface gets that the file does not name.

import type { Machine } from './machine.ts';

/** net/ipv4/devinet.c: ipv4_devconf, ipv4_devconf_dflt; net/ipv6/addrconf.c. [all, default] */
const DEFAULTS: Readonly<Record<string, readonly [number, number]>> = {
  'ipv4.send_redirects': [1, 1],
  'ipv4.accept_source_route': [0, 1],
};

export type Version = 'ipv4' | 'ipv6';

/** A number, 0 when the sysctl is not known and has no other default. */
export function sysctl(machine: Machine, key: string, fallback = 0): number {
  const text = machine.sysctls.get(key);
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isInteger(value) ? value : fallback;
}

/** net.VERSION.conf.all.NAME. */
export function configAll(machine: Machine, version: Version, name: string): number {
  const [all = 0] = DEFAULTS[`${version}.${name}`] ?? [];
  const general =
    name !== 'forwarding' ? all : version === 'ipv4' ? sysctl(machine, 'net.ipv4.ip_forward') : 0;
  return sysctl(machine, `net.${version}.conf.all.${name}`, general);
}

/** net.VERSION.conf.INTERFACE.NAME; `undefined` is an interface that nobody knows. */
export function config(machine: Machine, version: Version, name: string, device: string | undefined): number {
  const [, initial = 0] = DEFAULTS[`${version}.${name}`] ?? [];
  // Writing ip_forward or conf.all.forwarding sets every interface.
  const general =
    name === 'forwarding'
      ? configAll(machine, version, name)
      : sysctl(machine, `net.${version}.conf.default.${name}`, initial);
  if (device === undefined) {
    return name === 'forwarding' ? sysctl(machine, `net.${version}.conf.default.${name}`, general) : general;
  }
  return sysctl(machine, `net.${version}.conf.${device.replaceAll('.', '/')}.${name}`, general);
}
