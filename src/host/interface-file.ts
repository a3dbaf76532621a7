// addr.json: `ip -json [-details] address`; maddr.json: `ip -json maddress`.

import { WasmtablesError } from '../error.ts';
import * as Image from '../layout/image.ts';
import { type Address, parseIpv4, parseIpv6 } from '../model/address.ts';
import type { Entry } from './json.ts';
import type { Group, Interface, InterfaceAddress } from './machine.ts';

const MTU_MAX = 0xffffffff;
const PROTOCOLS: Readonly<Record<string, number>> = { '802.1Q': 0x8100, '802.1ad': 0x88a8 };

/** Interfaces in the order of the file, with indexes from 1. */
export function readInterfaces(entries: readonly Entry[], file: string): Interface[] {
  if (entries.length >= Image.INTERFACES) {
    throw new WasmtablesError(
      'HOST',
      `${file}: ${entries.length} interfaces, at most ${Image.INTERFACES - 1} are possible`,
    );
  }
  const indexes = new Map<string, number>();
  const kinds = new Map<string, string | undefined>();
  entries.forEach((entry, place) => {
    const name = entry.string('ifname') ?? entry.fail('there is no "ifname"');
    if (indexes.has(name)) entry.fail(`interface "${name}" is listed twice`);
    indexes.set(name, place + 1);
    kinds.set(name, entry.entry('linkinfo')?.string('info_kind'));
  });
  return entries.map((entry, place) => readInterface(entry, place + 1, indexes, kinds));
}

function readInterface(
  entry: Entry,
  index: number,
  indexes: ReadonlyMap<string, number>,
  kinds: ReadonlyMap<string, string | undefined>,
): Interface {
  const name = entry.string('ifname') as string;
  const flags = entry.strings('flags');
  const loopback = flags.includes('LOOPBACK');
  const ethernet = entry.string('link_type') === 'ether';
  const master = entry.string('master');
  if (master !== undefined && kinds.get(master) === 'vrf') {
    entry.fail(`"${name}" belongs to the VRF "${master}", and VRFs are not modelled`);
  }
  return {
    name,
    index,
    loopback,
    ethernet,
    up: flags.includes('UP'),
    mac: ethernet ? readMac(entry.string('address')) : undefined,
    mtu: entry.number('mtu', MTU_MAX) ?? (loopback ? 65536 : 1500),
    addresses: entry.entries('addr_info').flatMap(readAddress),
    upper: master === undefined ? undefined : indexes.get(master),
    vlan: readVlan(entry, name, indexes),
  };
}

function readMac(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}

function readVlan(entry: Entry, name: string, indexes: ReadonlyMap<string, number>): Interface['vlan'] {
  const link = indexes.get(entry.string('link') ?? '');
  const info = entry.entry('linkinfo');
  if (info !== undefined) {
    if (info.string('info_kind') !== 'vlan') return undefined;
    const data = info.entry('info_data');
    const id = data?.number('id', 4095);
    const protocol = PROTOCOLS[data?.string('protocol') ?? '802.1Q'];
    if (id === undefined || protocol === undefined) return entry.fail('a VLAN device without id or protocol');
    return link === undefined ? undefined : { id, protocol, link };
  }
  // Without -details only the name tells: eth0.100 above eth0.
  const match = /\.(\d{1,4})$/.exec(name);
  const id = Number(match?.[1] ?? 4096);
  return link === undefined || id > 4095 ? undefined : { id, protocol: 0x8100, link };
}

function readAddress(entry: Entry): InterfaceAddress[] {
  const family = entry.string('family');
  if (family !== 'inet' && family !== 'inet6') return [];
  // An address that is still being probed, or found taken, is not yet the host's.
  const probing = entry.has('tentative') && !entry.has('optimistic');
  if (probing || entry.has('dadfailed')) return [];
  const parse = family === 'inet' ? parseIpv4 : parseIpv6;
  const read = (name: string): Address | undefined => {
    const text = entry.string(name);
    return text === undefined
      ? undefined
      : (parse(text) ?? entry.fail(`"${name}" is not an address: "${text}"`));
  };
  const address = read('local') ?? entry.fail('there is no "local" address');
  const bits = family === 'inet' ? 32 : 128;
  return [
    {
      address,
      prefixLength: entry.number('prefixlen', bits) ?? bits,
      broadcast: read('broadcast'),
      peer: read('address'),
    },
  ];
}

/** Joined groups by interface. */
export function readGroups(entries: readonly Entry[], interfaces: readonly Interface[]): Group[] {
  return entries.flatMap((entry) => {
    const one = interfaces.find(({ name }) => name === entry.string('ifname'));
    if (one === undefined) return [];
    return entry.entries('maddr').flatMap((group): Group[] => {
      const text = group.string('address');
      if (text === undefined) return [];
      const address =
        parseIpv4(text) ?? parseIpv6(text) ?? group.fail(`"address" is not an address: "${text}"`);
      return [{ interfaceIndex: one.index, address }];
    });
  });
}
