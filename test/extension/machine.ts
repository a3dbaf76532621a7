// The machine of the recorded cases.

import type { Machine } from '../../src/host/machine.ts';

/** One Ethernet interface; every packet passes PREROUTING alone. */
export const MACHINE: Machine = {
  interfaces: [
    { name: 'eth0', index: 1, loopback: false, ethernet: true, up: true, mtu: 1500, addresses: [] },
  ],
  routes: [],
  policyRules: [],
  sysctls: new Map(),
  placement: { kind: 'hook', hook: 0 },
  defaultIn: 1,
  defaultOut: 0,
  useMac: false,
  useVlan: false,
  routed: false,
};
