// Routing by naive look-up: policy rules in order, in each table the longest prefix (fib_lookup, ip6_pol_route).

import type { Interface, Machine, PolicyRule, Route } from '../host/machine.ts';
import type { Address } from '../model/address.ts';
import type { Family } from '../model/ruleset.ts';
import { inPrefix, isLimitedBroadcast, isLinkLocal, isMulticast, isUnspecified } from './address.ts';
import { Lost, type LostReason } from './lost.ts';

/** struct flowi */
export interface Flow {
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly mark: number;
  readonly tos: number;
  /** Where the packet came in; `lo` for what the host sends (LOOPBACK_IFINDEX). */
  readonly in?: Interface | undefined;
  /** flowi_oif: the way out is bound to an interface. */
  readonly out?: Interface | undefined;
  /** IPv6 RT6_LOOKUP_F_IFACE: the route has to be one of this interface. */
  readonly strict?: Interface | undefined;
  readonly protocol?: number | undefined;
  readonly ports?: readonly [number, number] | undefined;
}

const ERRORS: Partial<Record<Route['type'], LostReason>> = {
  blackhole: 'blackhole',
  unreachable: 'unreachable',
  prohibit: 'prohibit',
};

export class Routing {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  interface(index: number): Interface | undefined {
    return this.machine.interfaces.find((one) => one.index === index);
  }

  /** The route of a flow (fib_lookup). Throws Lost: no-route, blackhole, prohibit or unreachable. */
  lookup(flow: Flow): Route {
    const rules = this.machine.policyRules
      .filter((rule) => rule.family === flow.family)
      .sort((a, b) => a.priority - b.priority);
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index] as PolicyRule;
      const { action } = rule;
      if (!this.ruleMatches(rule, flow)) continue;
      if (action.kind === 'nop') continue;
      if (action.kind === 'goto') {
        const target = rules.findIndex((other) => other.priority === action.priority);
        // A goto leads forward only; one without its target goes on with the next rule.
        if (target > index) index = target - 1;
        continue;
      }
      if (action.kind !== 'lookup') throw new Lost(action.kind);
      const route = this.tableLookup(action.table, flow);
      if (route === undefined || route.type === 'throw') continue;
      const suppressed =
        action.suppressPrefixLength !== undefined && route.prefixLength <= action.suppressPrefixLength;
      if (suppressed) continue;
      const error = ERRORS[route.type];
      if (error !== undefined) throw new Lost(error);
      return route;
    }
    throw new Lost('no-route');
  }

  /** fib_table_lookup: the longest prefix; among equals a route for this very TOS first, then the least metric. */
  private tableLookup(table: number, flow: Flow): Route | undefined {
    const candidates = this.machine.routes.filter(
      (route) =>
        route.family === flow.family &&
        route.table === table &&
        inPrefix(flow.destination, route.destination, route.prefixLength) &&
        (route.source === undefined ||
          inPrefix(flow.source, route.source.address, route.source.prefixLength)) &&
        (route.tos === 0 || route.tos === (flow.tos & 0xfc)) &&
        this.usable(route, flow),
    );
    candidates.sort(
      (a, b) =>
        b.prefixLength - a.prefixLength ||
        (b.source?.prefixLength ?? 0) - (a.source?.prefixLength ?? 0) ||
        b.tos - a.tos ||
        a.metric - b.metric ||
        this.onInterface(b, flow) - this.onInterface(a, flow),
    );
    return candidates[0];
  }

  /** rt6_score_route: among IPv6 routes of one metric, one of the asked interface is preferred. */
  private onInterface(route: Route, flow: Flow): number {
    return flow.family === 'ipv6' && flow.in !== undefined && route.out === flow.in.index ? 1 : 0;
  }

  private usable(route: Route, flow: Flow): boolean {
    const bound = flow.strict ?? flow.out;
    if (bound !== undefined && route.out !== 0 && route.out !== bound.index) return false;
    const out = this.interface(route.out);
    return out === undefined || out.up;
  }

  /** fib_rule_match */
  private ruleMatches(rule: PolicyRule, flow: Flow): boolean {
    const matches =
      (rule.in === undefined || rule.in === flow.in?.name) &&
      (rule.out === undefined || rule.out === flow.out?.name) &&
      (rule.mark === undefined || ((flow.mark ^ rule.mark.value) & rule.mark.mask) === 0) &&
      (rule.source === undefined || inPrefix(flow.source, rule.source.address, rule.source.prefixLength)) &&
      (rule.destination === undefined ||
        inPrefix(flow.destination, rule.destination.address, rule.destination.prefixLength)) &&
      (rule.tos === undefined || rule.tos === 0 || rule.tos === (flow.tos & 0xfc)) &&
      (rule.protocol === undefined || rule.protocol === flow.protocol) &&
      inRange(rule.sourcePorts, flow.ports?.[0]) &&
      inRange(rule.destinationPorts, flow.ports?.[1]);
    return matches !== rule.invert;
  }

  /** inet_addr_type(address) == RTN_LOCAL, ipv6_chk_addr: an address of this machine. */
  isLocal(address: Address): boolean {
    const own = this.machine.interfaces.some((one) =>
      one.addresses.some((each) => inPrefix(address, each.address, address.length * 8)),
    );
    return own || this.addressType(address) === 'local';
  }

  /**
   * inet_dev_addr_type: what table local says of an IPv4 address; unicast when it says nothing.
   *
   * @param device only routes of this interface count
   */
  addressType(address: Address, device?: Interface): Route['type'] {
    const family = address.length === 4 ? 'ipv4' : 'ipv6';
    if (family === 'ipv4' && (isUnspecified(address) || isLimitedBroadcast(address))) return 'broadcast';
    if (isMulticast(address)) return 'multicast';
    const found = this.tableLookup(255, { family, source: address, destination: address, mark: 0, tos: 0 });
    if (found === undefined || (device !== undefined && found.out !== device.index)) return 'unicast';
    return found.type;
  }
}

function inRange(range: readonly [number, number] | undefined, port: number | undefined): boolean {
  return range === undefined || (port !== undefined && port >= range[0] && port <= range[1]);
}

/** rt6_need_strict */
export function needsStrict(destination: Address): boolean {
  return isMulticast(destination) || isLinkLocal(destination);
}
