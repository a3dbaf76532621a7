// The machine when nothing is said about it: from the first packets of the capture.

import { type Address, formatAddress } from '../model/address.ts';
import type { Machine } from './machine.ts';
import { machineFromOptions } from './options.ts';

/** What the guess looks at of a packet. */
export interface PacketFact {
  readonly source: Address;
  readonly destination: Address;
  readonly sourceMac?: Uint8Array | undefined;
  readonly destinationMac?: Uint8Array | undefined;
  /** pcapng if_name. */
  readonly interfaceName?: string | undefined;
  /** The capture's direction flag or cooked packet type. */
  readonly direction?: 'in' | 'out' | undefined;
}

export interface Guess {
  readonly machine: Machine;
  /** One line for stderr. */
  readonly explanation: string;
}

/**
 * Guesses the machine from the first packets of a capture.
 *
 * In each family the address that ends every flow (source or destination of every unicast packet) is the host's. Two
 * addresses that do so are one flow: the host is the one that direction flags say, else the one that the first packet
 * goes to. If one family has packets and no such address, the machine is a router that forwards everything between
 * `--in` and `--out`. Link-local addresses sent from the host's MAC are its own too.
 */
export function guessMachine(
  facts: readonly PacketFact[],
  options: { readonly in?: string | undefined; readonly out?: string | undefined } = {},
): Guess {
  const names = [...new Set(facts.map((fact) => fact.interfaceName).filter((name) => name !== undefined))];
  const [firstName, secondName] = names.filter(
    (name) => name.length <= 15 && !/[/:\s]|^\.{0,2}$|^lo$/.test(name),
  );
  const inName = options.in ?? firstName;
  const unicast = facts.filter(({ source, destination }) => isGlobal(source) && isGlobal(destination));
  const families = [4, 16]
    .map((length) => unicast.filter(({ source }) => source.length === length))
    .filter((packets) => packets.length > 0);
  const hosts = families.map(commonAddress);
  const found = hosts.filter((address) => address !== undefined);
  if (found.length === 0 || found.length < hosts.length) {
    const outName = options.out ?? (secondName !== inName ? secondName : undefined);
    const machine = machineFromOptions({ in: inName, out: outName });
    const [enters, leaves] = [machine.defaultIn, machine.defaultOut].map(
      (index) => machine.interfaces[index - 1]?.name ?? '',
    );
    const reason = facts.length === 0 ? 'the capture has no packets to tell' : 'no address ends every flow';
    return {
      machine,
      explanation: `no host is given, and ${reason}: taken as a router from ${enters} to ${leaves}; --host, --local or --hook say otherwise`,
    };
  }
  const addresses = [...found, ...linkLocals(facts, found)].map(formatAddress);
  const machine = machineFromOptions({ local: addresses.join(','), in: inName, out: options.out });
  return {
    machine,
    explanation: `no host is given: ${addresses.join(', ')} ${addresses.length > 1 ? 'end' : 'ends'} every flow and ${
      addresses.length > 1 ? 'are' : 'is'
    } taken as the host's; --host, --local or --hook say otherwise`,
  };
}

/** Neither multicast, broadcast, loopback, link-local nor unspecified. */
function isGlobal(address: Address): boolean {
  const [first = 0, second = 0] = address;
  if (address.length === 4) {
    return first !== 0 && first !== 127 && first < 224 && !(first === 169 && second === 254);
  }
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)) return false;
  return address.subarray(0, 15).some((byte) => byte !== 0);
}

/** The address at one end of each of the packets, if there is one. */
function commonAddress(packets: readonly PacketFact[]): Address | undefined {
  const [first] = packets;
  if (first === undefined) return undefined;
  const candidates = [first.destination, first.source].filter((address) =>
    packets.every(({ source, destination }) => same(source, address) || same(destination, address)),
  );
  const [destination, source] = candidates;
  if (destination === undefined || source === undefined) return destination;
  const flagged = packets.find(({ direction }) => direction !== undefined);
  if (flagged === undefined) return destination;
  return flagged.direction === 'in' ? flagged.destination : flagged.source;
}

function linkLocals(facts: readonly PacketFact[], hosts: readonly Address[]): Address[] {
  const mac = facts.find(
    (fact) => hosts.some((host) => same(host, fact.source)) && fact.sourceMac,
  )?.sourceMac;
  if (mac === undefined) return [];
  const own = new Map<string, Address>();
  for (const { source, sourceMac } of facts) {
    const linkLocal = source.length === 16 && source[0] === 0xfe && ((source[1] as number) & 0xc0) === 0x80;
    if (linkLocal && sourceMac !== undefined && same(sourceMac, mac)) own.set(formatAddress(source), source);
  }
  return [...own.values()].slice(0, 8);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/**
 * `--mac auto`: whether MACs can be relied on.
 *
 * @param facts the first 1,000 frames
 * @returns false when none of them carries a MAC of the machine (then stderr says that MACs are ignored), true when
 *   one does, and when there is no MAC on either side to compare
 */
export function macsAreKnown(machine: Machine, facts: readonly PacketFact[]): boolean {
  const own = machine.interfaces.map(({ mac }) => mac).filter((mac) => mac !== undefined);
  const framed = facts.filter((fact) => fact.sourceMac !== undefined || fact.destinationMac !== undefined);
  if (framed.length === 0) return true;
  return framed.some(({ sourceMac, destinationMac }) =>
    own.some(
      (mac) =>
        (sourceMac !== undefined && same(mac, sourceMac)) ||
        (destinationMac !== undefined && same(mac, destinationMac)),
    ),
  );
}
