// A packet's way between the hooks: arrival, routing, delivery, forwarding, sending (net/ipv4/ip_input.c, route.c,
// ip_forward.c, ip_output.c; net/ipv6/ip6_input.c, route.c, ip6_output.c).

import type { Interface, Route } from '../host/machine.ts';
import type { HookName } from '../model/ruleset.ts';
import {
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  multicastScope,
} from './address.ts';
import { joined } from './group.ts';
import { readHopByHop } from './hopbyhop.ts';
import { Lost } from './lost.ts';
import { checkIpv4Options } from './option.ts';
import {
  IPPROTO_HOPOPTS,
  IPPROTO_TCP,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_LOOPBACK,
  PACKET_MULTICAST,
  type Packet,
} from './packet.ts';
import { type Flow, needsStrict, type Routing } from './route.ts';
import { validateSource } from './source.ts';
import * as sysctl from './sysctl.ts';

/** What the path calls: the tables, and reassembly. */
export interface Hooks {
  /** Runs the tables at a hook; throws when they end the packet's way. */
  run(hook: HookName, packet: Packet): void;
  /**
   * ipv4_conntrack_defrag, ipv6_defrag: where connection tracking is on, the datagram that a fragment completes, before
   * PREROUTING and OUTPUT; any other packet as it is. Throws when the fragment is held or dropped.
   */
  gather(packet: Packet, way: 'in' | 'out'): Packet;
  /** ip_defrag: the datagram that this fragment completes; throws when it is held or dropped. */
  defragment(packet: Packet): Packet;
  /** Follows a copy of the packet to its end, which says nothing about the packet itself. */
  aside(follow: () => void): void;
}

/** ipv6_parse_hopopts: what comes in with an option that is not as it should be is dropped. */
export function refuseBadOptions(packet: Packet): void {
  if (packet.family === 'ipv4' || packet.firstProtocol !== IPPROTO_HOPOPTS) return;
  if (readHopByHop(packet.bytes, packet.bytes.u16(4)) === 'bad') throw new Lost('bad-option');
}

export class Path {
  readonly routing: Routing;
  readonly hooks: Hooks;

  constructor(routing: Routing, hooks: Hooks) {
    this.routing = routing;
    this.hooks = hooks;
  }

  /** ip_rcv, ipv6_rcv: from the interface on. */
  receive(arrived: Packet, device: Interface): void {
    arrived.in = device;
    if (!device.up) throw new Lost('interface-down');
    if (arrived.family === 'ipv6') this.#checkArrival6(arrived, device);
    const packet = this.hooks.gather(arrived, 'in');
    this.hooks.run('PREROUTING', packet);
    if (packet.family === 'ipv4') this.#finish4(packet, device);
    else this.#finish6(packet, device);
  }

  /** The guess "a router": everything is forwarded, by the default way out. */
  pass(arrived: Packet, device: Interface | undefined, out: Interface | undefined): void {
    arrived.in = device;
    refuseBadOptions(arrived);
    const packet = this.hooks.gather(arrived, 'in');
    this.hooks.run('PREROUTING', packet);
    if (packet.ttl <= 1) throw new Lost('ttl');
    packet.ttl -= 1;
    packet.out = out;
    this.hooks.run('FORWARD', packet);
    this.hooks.run('POSTROUTING', packet);
  }

  /** ip6_rcv_core after the length checks. */
  #checkArrival6(packet: Packet, device: Interface): void {
    const { source, destination } = packet;
    if (sysctl.disablesIpv6(this.routing.machine, device)) throw new Lost('interface-down');
    if (!device.loopback) {
      if (isLoopback(source)) throw new Lost('martian-source');
      if (isLoopback(destination)) throw new Lost('martian-destination');
      if (isMulticast(destination) && multicastScope(destination) === 1)
        throw new Lost('martian-destination');
    }
    if (!isMulticast(destination)) this.#refuseUnicastInMulticast(packet, device);
    else if (multicastScope(destination) === 0) throw new Lost('martian-destination');
    if (isMulticast(source)) throw new Lost('martian-source');
    refuseBadOptions(packet);
  }

  #refuseUnicastInMulticast(packet: Packet, device: Interface): void {
    const group = packet.packetType === PACKET_BROADCAST || packet.packetType === PACKET_MULTICAST;
    const family = packet.family === 'ipv4' ? 4 : 6;
    if (group && sysctl.dropsUnicastInMulticast(this.routing.machine, family, device))
      throw new Lost('other-host');
  }

  /** ip_rcv_finish_core and dst_input. */
  #finish4(packet: Packet, device: Interface): void {
    const way = this.#routeInput4(packet, device);
    this.#checkOptions4(packet, device);
    if (way !== 'group') this.#refuseUnicastInMulticast(packet, device);
    if (way === 'local' || way === 'group') this.#deliver(packet);
    else this.#forward(packet, way);
  }

  #checkOptions4(packet: Packet, device: Interface): void {
    if (packet.headerBytes === 20) return;
    checkIpv4Options(packet, sysctl.acceptsSourceRoute(this.routing.machine, device));
  }

  #flow(packet: Packet, device: Interface | undefined): Flow {
    const transport = this.#needsTransport() ? packet.transport() : undefined;
    return {
      family: packet.family,
      source: packet.source,
      destination: packet.destination,
      mark: packet.mark,
      tos: packet.tos,
      in: device,
      protocol: transport?.protocol,
      ports: this.#needsPorts() ? packet.ports() : undefined,
    };
  }

  #needsTransport(): boolean {
    return this.#needsPorts() || this.routing.machine.policyRules.some((rule) => rule.protocol !== undefined);
  }

  /** Ports are looked at only where a policy rule asks for them (fib4_rules_early_flow_dissect). */
  #needsPorts(): boolean {
    return this.routing.machine.policyRules.some(
      (rule) => rule.sourcePorts !== undefined || rule.destinationPorts !== undefined,
    );
  }

  /** ip_route_input_rcu, ip_route_input_slow: for this host, for a group or broadcast, or the route onward. */
  #routeInput4(packet: Packet, device: Interface): 'local' | 'group' | Route {
    const { source, destination } = packet;
    const { machine } = this.routing;
    if (isMulticast(destination)) {
      if (!joined(machine, device, destination)) throw new Lost('not-joined');
      this.#checkMulticastSource(packet, device);
      return 'group';
    }
    if (isMulticast(source) || isLimitedBroadcast(source)) throw new Lost('martian-source');
    if (isLimitedBroadcast(destination) || (isUnspecified(source) && isUnspecified(destination))) {
      return this.#broadcast(packet, device);
    }
    if (isUnspecified(source)) throw new Lost('martian-source');
    if (isUnspecified(destination)) throw new Lost('martian-destination');
    if (!sysctl.routesLocalnet(machine, device)) {
      if (isLoopback(destination)) throw new Lost('martian-destination');
      if (isLoopback(source)) throw new Lost('martian-source');
    }
    const route = this.#lookupInput4(packet, device);
    if (route.type === 'broadcast' && !sysctl.forwardsBroadcast(machine, device))
      return this.#broadcast(packet, device);
    if (route.type === 'local') {
      validateSource(this.routing, packet, device, undefined);
      return 'local';
    }
    if (!sysctl.forwards4(machine, device)) throw new Lost('forwarding-off');
    if (route.type !== 'unicast' && route.type !== 'broadcast') throw new Lost('martian-destination');
    validateSource(this.routing, packet, device, this.routing.interface(route.out));
    return route;
  }

  /** A host that does not forward has nothing to say about routes that it lacks (EHOSTUNREACH). */
  #lookupInput4(packet: Packet, device: Interface): Route {
    try {
      return this.routing.lookup(this.#flow(packet, device));
    } catch (error) {
      if (!(error instanceof Lost) || sysctl.forwards4(this.routing.machine, device)) throw error;
      throw new Lost('forwarding-off');
    }
  }

  /** ip_mc_validate_source */
  #checkMulticastSource(packet: Packet, device: Interface): void {
    const { source, destination } = packet;
    if (isMulticast(source) || isLimitedBroadcast(source)) throw new Lost('martian-source');
    if (isLoopback(source) && !sysctl.routesLocalnet(this.routing.machine, device))
      throw new Lost('martian-source');
    if (!isUnspecified(source)) {
      validateSource(this.routing, packet, device, undefined);
      return;
    }
    // Only link-local groups may be addressed by a host without an address (and IGMP, RFC 2236).
    const local = destination[0] === 224 && destination[1] === 0 && destination[2] === 0;
    if (!local && packet.firstProtocol !== 2) throw new Lost('martian-source');
  }

  /** brd_input of ip_route_input_slow. */
  #broadcast(packet: Packet, device: Interface): 'group' {
    if (!isUnspecified(packet.source)) validateSource(this.routing, packet, device, undefined);
    return 'group';
  }

  /** ip_local_deliver, ip6_input */
  #deliver(packet: Packet): void {
    const whole = packet.isFragment ? this.hooks.defragment(packet) : packet;
    this.hooks.run('INPUT', whole);
  }

  /** ip_forward, ip_forward_finish, ip_output */
  #forward(packet: Packet, route: Route): void {
    const out = this.routing.interface(route.out);
    if (packet.packetType !== PACKET_HOST) throw new Lost('other-host');
    if (packet.ttl <= 1) throw new Lost('ttl');
    if (packet.family === 'ipv6') this.#checkScope(packet, out);
    this.#checkLength(packet, route.mtu ?? this.#mtuOf(packet, out));
    packet.ttl -= 1;
    packet.out = out;
    this.hooks.run('FORWARD', packet);
    this.hooks.run('POSTROUTING', packet);
  }

  /** IPv6 may have a smaller one of its own (idev->cnf.mtu6). */
  #mtuOf({ family }: Packet, out: Interface | undefined): number | undefined {
    if (family === 'ipv4' || out === undefined) return out?.mtu;
    return Math.min(out.mtu, sysctl.mtu6(this.routing.machine, out) ?? out.mtu);
  }

  /**
   * ip_exceeds_mtu, ip6_pkt_too_big. What connection tracking put together leaves in fragments no larger than those that
   * came; other TCP longer than the MTU was put together by offload, and is cut again.
   */
  #checkLength(packet: Packet, linkMtu: number | undefined): void {
    if (linkMtu === undefined) return;
    const mtu = packet.family === 'ipv6' ? Math.max(linkMtu, 1280) : linkMtu;
    const mayBeCut = packet.family === 'ipv4' && !packet.dontFragment;
    if (packet.length <= mtu || mayBeCut) return;
    const fits =
      packet.largestFragment > 0
        ? packet.largestFragment <= mtu
        : packet.transport()?.protocol === IPPROTO_TCP;
    if (!fits) throw new Lost('packet-too-big');
  }

  /** ip6_forward: sources that mean nothing beyond their link. */
  #checkScope(packet: Packet, out: Interface | undefined): void {
    // Sent back where it came from, a redirect is thought of instead.
    if (out === packet.in) return;
    const { source } = packet;
    if (isUnspecified(source) || isMulticast(source) || isLoopback(source) || isLinkLocal(source)) {
      throw new Lost('scope');
    }
  }

  /** ip6_rcv_finish, ip6_route_input and dst_input. */
  #finish6(packet: Packet, device: Interface): void {
    const { machine } = this.routing;
    const strict = needsStrict(packet.destination) && machine.routeBack !== false ? device : undefined;
    const route = this.routing.lookup({ ...this.#flow(packet, device), strict });
    // Routes to groups lead to ip6_mc_input.
    if (isMulticast(route.destination)) {
      if (!joined(machine, device, packet.destination)) throw new Lost('not-joined');
      this.#deliver(packet);
      return;
    }
    if (route.type === 'local' || route.type === 'anycast') {
      this.#deliver(packet);
      return;
    }
    if (!sysctl.forwards6(machine, device)) throw new Lost('forwarding-off');
    this.#forward(packet, route);
  }

  /** ip_local_out and what follows: routing, OUTPUT, POSTROUTING, and back in by lo. */
  send(sent: Packet, device: Interface | undefined): void {
    sent.packetType = PACKET_HOST;
    sent.out = this.#routeOutput(sent, device);
    const packet = this.hooks.gather(sent, 'out');
    this.hooks.run('OUTPUT', packet);
    const { out } = packet;
    if (out?.loopback === false && packet.broadcast) {
      this.hooks.aside(() => this.#hearOwnBroadcast(packet.copy(PACKET_LOOPBACK), out));
    }
    this.hooks.run('POSTROUTING', packet);
    if (packet.out?.loopback === true) this.#loop(packet, packet.out);
  }

  /** ip_mc_output, ip_mc_finish_output: a copy of what the host broadcasts comes in again, already routed. */
  #hearOwnBroadcast(copy: Packet, device: Interface): void {
    this.hooks.run('POSTROUTING', copy);
    copy.in = device;
    copy.out = undefined;
    this.hooks.run('PREROUTING', copy);
    this.#deliver(copy);
  }

  /** loopback_xmit: the packet comes in on lo with its route; it is not routed again. */
  #loop(packet: Packet, lo: Interface): void {
    packet.in = lo;
    packet.out = undefined;
    if (packet.family === 'ipv6') this.#checkArrival6(packet, lo);
    this.hooks.run('PREROUTING', packet);
    if (packet.family === 'ipv4') this.#checkOptions4(packet, lo);
    this.#deliver(packet);
  }

  /** ip_route_me_harder, ip6_route_me_harder: the mark changed in mangle's OUTPUT chain. */
  reroute(packet: Packet, device: Interface | undefined): Interface | undefined {
    return this.#routeOutput(packet, device);
  }

  /** ip_route_output_key_hash_rcu, ip6_route_output: the interface by which the host sends. */
  #routeOutput(packet: Packet, device: Interface | undefined): Interface | undefined {
    const { destination, source } = packet;
    const lo = this.#loopback();
    packet.broadcast = packet.family === 'ipv4' && isLimitedBroadcast(destination);
    if (packet.family === 'ipv4' && (isMulticast(source) || isLimitedBroadcast(source))) {
      throw new Lost('martian-source');
    }
    // What was captured on lo was routed there.
    if (device?.loopback === true) return device;
    if (packet.family === 'ipv4' && isUnspecified(destination)) return lo;
    if (packet.family === 'ipv4' && (isMulticast(destination) || isLimitedBroadcast(destination))) {
      const owner = this.#ownerOf(source);
      if (owner !== undefined) return owner;
    }
    const flow = { ...this.#flow(packet, lo), strict: this.#boundTo(packet, device) };
    const route = this.routing.lookup(flow);
    if (route.type === 'local' || route.type === 'anycast') return lo;
    const out = this.routing.interface(route.out);
    this.#refuseLoopbackSource(packet, out);
    packet.broadcast ||= packet.family === 'ipv4' && route.type === 'broadcast';
    return out;
  }

  /** __mkroute_output */
  #refuseLoopbackSource(packet: Packet, out: Interface | undefined): void {
    if (packet.family !== 'ipv4' || !isLoopback(packet.source) || out === undefined || out.loopback) return;
    if (!sysctl.routesLocalnet(this.routing.machine, out)) throw new Lost('martian-source');
  }

  #loopback(): Interface | undefined {
    return this.routing.machine.interfaces.find((one) => one.loopback);
  }

  /** A link-local or multicast destination of IPv6 names its interface by the socket's scope. */
  #boundTo(packet: Packet, device: Interface | undefined): Interface | undefined {
    if (packet.family === 'ipv4' || !needsStrict(packet.destination)) return undefined;
    // Made-up routes say nothing about interfaces.
    if (this.routing.machine.routeBack === false || device?.loopback === true) return undefined;
    return device ?? this.#ownerOf(packet.source);
  }

  /** __ip_dev_find: the interface that has the address. */
  #ownerOf(source: Uint8Array): Interface | undefined {
    return this.routing.machine.interfaces.find((one) =>
      one.addresses.some(
        (each) =>
          each.address.length === source.length &&
          each.address.every((byte, index) => byte === source[index]),
      ),
    );
  }
}
