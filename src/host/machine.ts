// The modelled machine: what decides a packet's way besides the rules.

import type { Address } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';

export interface Interface {
  readonly name: string;
  /** Place in the interface table: 1 and up, the order of `ip address`; 0 is "no interface". */
  readonly index: number;
  readonly loopback: boolean;
  /** Ethernet-like (ARPHRD_ETHER): `-m mac` looks at no other. */
  readonly ethernet: boolean;
  readonly up: boolean;
  readonly mac?: Uint8Array | undefined;
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
  /** Index of the bridge, bond or team whose IP layer gets what comes in here; undefined: its own. */
  readonly upper?: number | undefined;
  /** VLAN device: its tag, protocol (0x8100, 0x88a8) and the index of the device below. */
  readonly vlan?: { readonly id: number; readonly protocol: number; readonly link: number } | undefined;
}

export interface InterfaceAddress {
  readonly address: Address;
  readonly prefixLength: number;
  readonly broadcast?: Address | undefined;
  readonly peer?: Address | undefined;
}

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw';

export interface Route {
  readonly family: Family;
  readonly type: RouteType;
  readonly destination: Address;
  readonly prefixLength: number;
  readonly table: number;
  /** Interface index; 0 for types without one. */
  readonly out: number;
  readonly gateway?: Address | undefined;
  readonly metric: number;
  readonly tos: number;
  readonly preferredSource?: Address | undefined;
  /** Interfaces of all next hops, `out` being the first; undefined when there is one. */
  readonly nextHops?: readonly number[] | undefined;
  /** IPv6 source-specific routing (`from`). */
  readonly source?: { readonly address: Address; readonly prefixLength: number } | undefined;
  /** The route's own MTU. */
  readonly mtu?: number | undefined;
  /** Not made by the kernel itself (`protocol` is not `kernel`). */
  readonly custom?: boolean | undefined;
}

/** A multicast group that the host has joined. */
export interface Group {
  readonly interfaceIndex: number;
  readonly address: Address;
}

export interface PolicyRule {
  readonly family: Family;
  readonly priority: number;
  readonly invert: boolean;
  readonly source?: { readonly address: Address; readonly prefixLength: number } | undefined;
  readonly destination?: { readonly address: Address; readonly prefixLength: number } | undefined;
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly mark?: { readonly value: number; readonly mask: number } | undefined;
  readonly tos?: number | undefined;
  readonly protocol?: number | undefined;
  readonly sourcePorts?: readonly [number, number] | undefined;
  readonly destinationPorts?: readonly [number, number] | undefined;
  readonly action:
    | { readonly kind: 'lookup'; readonly table: number; readonly suppressPrefixLength?: number | undefined }
    | { readonly kind: 'goto'; readonly priority: number }
    | { readonly kind: 'nop' | 'blackhole' | 'unreachable' | 'prohibit' };
}

/** How packets get a direction and an interface. */
export type Placement =
  /** A host folder or --local: the machine's addresses, MACs and routes say. */
  | { readonly kind: 'host' }
  /** `--hook HOOK`: every packet passes that hook's tables only. */
  | { readonly kind: 'hook'; readonly hook: number };

export interface Machine {
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly policyRules: readonly PolicyRule[];
  readonly sysctls: ReadonlyMap<string, string>;
  readonly placement: Placement;
  /** `--in`, `--out`: interface indexes to take when nothing else says; 0 none. */
  readonly defaultIn: number;
  readonly defaultOut: number;
  /** Frames for another station's MAC are dropped (other-host). */
  readonly useMac: boolean;
  /** Tagged frames belong to the host's VLAN devices; else tags are ignored. */
  readonly useVlan: boolean;
  /** True when addresses and routes are really known; false for the guess "a router": everything is forwarded. */
  readonly routed: boolean;
  /** False: interfaces and routes are made up, and say nothing about where a packet came in. */
  readonly routeBack?: boolean | undefined;
  /** Joined groups; undefined: those that the kernel joins by itself. */
  readonly groups?: readonly Group[] | undefined;
}

/** Whether these are all interfaces that there are: a host folder's. Then a capture's other names are not its own. */
export function hasAllInterfaces(machine: Machine): boolean {
  return machine.placement.kind === 'host' && machine.routed && machine.routeBack !== false;
}
