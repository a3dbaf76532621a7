// Which way a frame goes and by which interface it came: what the capture says, else MACs, else addresses.

import type { Interface, Machine } from '../host/machine.ts';
import type { Address } from '../model/address.ts';
import type { Link, VlanTag } from './link.ts';
import { Lost } from './lost.ts';
import {
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  PACKET_OUTGOING,
} from './packet.ts';
import type { Routing } from './route.ts';

/** What the capture says about a frame besides its bytes. */
export interface Origin {
  readonly interfaceIndex?: number | undefined;
  readonly direction?: 'in' | 'out' | undefined;
}

export interface Placed {
  readonly sent: boolean;
  /** The interface of the frame; undefined when nothing says one. */
  readonly device: Interface | undefined;
}

function sameMac(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.every((byte, index) => byte === b[index]);
}

/** The interface with this MAC; a VLAN device shares the one of the device below it, which comes first. */
function withMac(machine: Machine, mac: Uint8Array): Interface | undefined {
  const found = machine.interfaces.filter((one) => !one.loopback && sameMac(mac, one.mac));
  return found.find((one) => one.vlan === undefined) ?? found[0];
}

export function place(routing: Routing, origin: Origin, link: Link, source: Address): Placed {
  const { machine } = routing;
  const named = origin.interfaceIndex === undefined ? undefined : routing.interface(origin.interfaceIndex);
  // What is on lo was sent by the host, whatever flag it carries.
  if (named?.loopback === true) return { sent: true, device: named };
  const mac = machine.useMac ? link.mac : undefined;
  const sender = mac === undefined ? undefined : withMac(machine, mac.source);
  const receiver = mac === undefined ? undefined : withMac(machine, mac.destination);
  const sent = machine.routed && direction(routing, origin, link, sender, receiver, source) === 'out';
  if (sent) return { sent, device: named ?? sender };
  return { sent, device: named ?? receiver ?? routeBack(routing, source) ?? fallback(machine) };
}

function direction(
  routing: Routing,
  origin: Origin,
  link: Link,
  sender: Interface | undefined,
  receiver: Interface | undefined,
  source: Address,
): 'in' | 'out' {
  if (origin.direction !== undefined) return origin.direction;
  if (link.cooked !== undefined) return link.cooked === PACKET_OUTGOING ? 'out' : 'in';
  if (sender !== undefined) return 'out';
  if (receiver !== undefined) return 'in';
  return routing.isLocal(source) ? 'out' : 'in';
}

/** The interface by which the source would be reached. */
function routeBack(routing: Routing, source: Address): Interface | undefined {
  if (!routing.machine.routed || routing.machine.routeBack === false) return undefined;
  const family = source.length === 4 ? 'ipv4' : 'ipv6';
  try {
    const route = routing.lookup({ family, source, destination: source, mark: 0, tos: 0 });
    return route.type === 'unicast' ? routing.interface(route.out) : undefined;
  } catch (error) {
    if (error instanceof Lost) return undefined;
    throw error;
  }
}

/** `--in`, else the first interface that is not lo. */
function fallback(machine: Machine): Interface | undefined {
  return (
    machine.interfaces.find((one) => one.index === machine.defaultIn) ??
    machine.interfaces.find((one) => !one.loopback)
  );
}

/**
 * __netif_receive_skb_core: the device whose IP layer gets the frame. VLAN devices take the tags, outermost first (tag 0
 * only carries a priority); bridges and bonds take what no VLAN device of their ports does.
 *
 * @param named the capture says that the frame was on `base`, so that all its tags are for devices above
 */
export function receivingDevice(
  machine: Machine,
  base: Interface,
  tags: readonly VlanTag[],
  named: boolean,
): Interface {
  const left = machine.useVlan ? tags.filter((tag) => tag.id !== 0) : [];
  const last = left.at(-1);
  // The route back to the source led to the VLAN device itself.
  if (!named && last !== undefined && base.vlan?.id === last.id && base.vlan.protocol === last.tpid)
    left.length = 0;
  let device = base;
  for (;;) {
    const [tag] = left;
    const vlan = tag === undefined ? undefined : vlanDevice(machine, device, tag);
    if (vlan !== undefined) left.shift();
    const next = vlan ?? machine.interfaces.find((one) => one.index === device.upper);
    if (next === undefined) break;
    device = next;
  }
  if (left.length > 0) throw new Lost('no-vlan-device');
  return device;
}

function vlanDevice(machine: Machine, below: Interface, tag: VlanTag): Interface | undefined {
  return machine.interfaces.find(
    ({ vlan }) => vlan?.link === below.index && vlan.id === tag.id && vlan.protocol === tag.tpid,
  );
}

/** eth_type_trans: whom the link layer addressed. */
export function packetType(machine: Machine, link: Link, device: Interface | undefined): number {
  if (link.cooked !== undefined) {
    const other = link.cooked === PACKET_OTHERHOST && !machine.useMac;
    return other || link.cooked === PACKET_OUTGOING ? PACKET_HOST : link.cooked;
  }
  if (link.mac === undefined) return PACKET_HOST;
  const to = link.mac.destination;
  if (to.every((byte) => byte === 255)) return PACKET_BROADCAST;
  if (((to[0] as number) & 1) === 1) return PACKET_MULTICAST;
  if (!machine.useMac || device?.mac === undefined) return PACKET_HOST;
  return sameMac(to, device.mac) ? PACKET_HOST : PACKET_OTHERHOST;
}
