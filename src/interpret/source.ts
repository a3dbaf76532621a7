// Is a source address one that may come in by this interface? fib_validate_source (net/ipv4/fib_frontend.c).

import type { Interface, Route } from '../host/machine.ts';
import { Lost } from './lost.ts';
import type { Packet } from './packet.ts';
import type { Flow, Routing } from './route.ts';
import * as sysctl from './sysctl.ts';

/** @param out where the packet would be forwarded to; undefined when it is for this host */
export function validateSource(
  routing: Routing,
  packet: Packet,
  device: Interface,
  out: Interface | undefined,
): void {
  const { machine } = routing;
  const strictness = sysctl.reversePathFilter(machine, device);
  const redirecting = out?.index === device.index && sysctl.sendsRedirects(machine, device);
  if (strictness === 0 && !redirecting) {
    if (sysctl.acceptsLocal(machine, device)) return;
    if (!hasCustomRules(routing)) {
      if (routing.isLocal(packet.source)) throw new Lost('martian-source');
      return;
    }
  }
  checkReverse(routing, packet, device, out, strictness);
}

/** fib4_has_custom_rules: a policy rule beyond the three that are always there. */
function hasCustomRules(routing: Routing): boolean {
  return routing.machine.policyRules.some(
    (rule) => rule.family === 'ipv4' && ![0, 32766, 32767].includes(rule.priority),
  );
}

/** __fib_validate_source */
function checkReverse(
  routing: Routing,
  packet: Packet,
  device: Interface,
  out: Interface | undefined,
  strictness: number,
): void {
  const { machine } = routing;
  const reverse: Flow = {
    family: 'ipv4',
    source: packet.destination,
    destination: packet.source,
    mark: sysctl.sourceValidMark(machine, device) ? packet.mark : 0,
    tos: packet.tos,
    in: out ?? machine.interfaces.find((one) => one.loopback),
  };
  const back = tryLookup(routing, reverse);
  if (back === undefined) {
    filterUnlessOff(strictness);
    return;
  }
  if (back.type !== 'unicast' && !(back.type === 'local' && sysctl.acceptsLocal(machine, device))) {
    throw new Lost('martian-source');
  }
  const usesDevice = (back.nextHops ?? [back.out]).includes(device.index);
  if (usesDevice || (back.type === 'local' && device.loopback)) return;
  if (!device.addresses.some((each) => each.address.length === 4)) filterUnlessOff(strictness);
  else if (strictness === 1) throw new Lost('reverse-path');
}

/** last_resort of __fib_validate_source. */
function filterUnlessOff(strictness: number): void {
  if (strictness !== 0) throw new Lost('reverse-path');
}

function tryLookup(routing: Routing, flow: Flow): Route | undefined {
  try {
    return routing.lookup(flow);
  } catch (error) {
    if (error instanceof Lost) return undefined;
    throw error;
  }
}
