// The conditions of a rule that need no extension: addresses, interfaces, protocol, -f (ip_packet_match,
// ip6_packet_match).

import type { Interface } from '../host/machine.ts';
import type { Address } from '../model/address.ts';
import type { AddressMask, Backend, Negatable, Rule } from '../model/ruleset.ts';
import type { Packet } from './packet.ts';

/**
 * What asking a packet one question can answer. Bytes that are not captured throw NotCaptured instead. `hotdrop-yes`:
 * the match holds (its answer was turned round) and drops the packet all the same.
 */
export type Result = 'yes' | 'no' | 'hotdrop' | 'hotdrop-yes';

export function result(holds: boolean): Result {
  return holds ? 'yes' : 'no';
}

/** The first condition that does not hold, as its option, and whether it drops the packet; undefined: all hold. */
export interface Failure {
  readonly condition: string;
  readonly hotdrop: boolean;
}

function failure(condition: string, invert: boolean): Failure {
  return { condition: `${invert ? '! ' : ''}${condition}`, hotdrop: false };
}

export function checkConditions(rule: Rule, packet: Packet, backend: Backend): Failure | undefined {
  const { source, destination, fragment } = rule;
  if (source !== undefined && !addressMatches(source, packet.source)) return failure('-s', source.invert);
  if (destination !== undefined && !addressMatches(destination, packet.destination)) {
    return failure('-d', destination.invert);
  }
  if (rule.in !== undefined && !interfaceMatches(rule.in, packet.in)) return failure('-i', rule.in.invert);
  if (rule.out !== undefined && !interfaceMatches(rule.out, packet.out))
    return failure('-o', rule.out.invert);
  const protocol = checkProtocol(rule, packet, backend);
  if (protocol !== undefined) return protocol;
  if (fragment !== undefined && (packet.fragmentOffset !== 0) === fragment.invert) {
    return failure('-f', fragment.invert);
  }
  return undefined;
}

function addressMatches({ value, invert }: Negatable<AddressMask>, address: Address): boolean {
  const equal = value.address.every(
    (byte, index) => byte === ((address[index] as number) & (value.mask[index] as number)),
  );
  return equal !== invert;
}

/** A packet without an interface has the empty name: `! -i eth0` holds for it, `-i +` too. */
function interfaceMatches({ value, invert }: Negatable<string>, device: Interface | undefined): boolean {
  const name = device?.name ?? '';
  const matches = value.endsWith('+') ? name.startsWith(value.slice(0, -1)) : name === value;
  return matches !== invert;
}

function checkProtocol(rule: Rule, packet: Packet, backend: Backend): Failure | undefined {
  if (rule.protocol === undefined) return undefined;
  const { value, invert } = rule.protocol;
  const transport = packet.transport(backend === 'nft');
  // IPv6 headers that cannot be followed: ip6_packet_match drops, `meta l4proto` of nftables does not match.
  if (transport === undefined) return { condition: '-p', hotdrop: backend === 'legacy' };
  return (transport.protocol === value) !== invert ? undefined : failure('-p', invert);
}
