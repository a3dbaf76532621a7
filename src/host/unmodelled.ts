// What a host folder says that the model leaves out and that changes a packet's way: said once, never passed over.

import type { Family } from '../model/ruleset.ts';
import type { Machine } from './machine.ts';

const BRIDGE_CALLS: Readonly<Record<Family, string>> = {
  ipv4: 'net.bridge.bridge-nf-call-iptables',
  ipv6: 'net.bridge.bridge-nf-call-ip6tables',
};

/** A line for stderr each. `families` are those that have rules. */
export function unmodelledFacts(machine: Machine, families: readonly Family[]): string[] {
  const lines: string[] = [];
  if (machine.interfaces.some(({ upper }) => upper !== undefined)) {
    // br_netfilter: what a bridge passes from port to port crosses PREROUTING, FORWARD and POSTROUTING.
    const names = families.map((family) => BRIDGE_CALLS[family]);
    const called = names.filter((name) => machine.sysctls.get(name) === '1');
    if (called.length > 0) {
      lines.push(
        `the host takes bridged frames through iptables (${called.join(', ')} = 1), which is not modelled: ` +
          'frames that a bridge passes on are lost as other-host',
      );
    }
  }
  return lines;
}
