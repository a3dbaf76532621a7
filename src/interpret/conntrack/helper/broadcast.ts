// NetBIOS name service and SNMP (nf_conntrack_broadcast.c): what the host asks a network by broadcast anybody in it may
// answer, from the helper's port.

import { policyOf } from './policy.ts';
import type { Context, HelperVerdict, Segment } from './segment.ts';

const PORTS = { 'netbios-ns': 137, snmp: 161 } as const;

export function broadcast({ master, expectations }: Context, segment: Segment): HelperVerdict {
  const { broadcastMask, direction, nowNs } = segment;
  if (broadcastMask === undefined || direction === 'reply') return 'accept';
  const { source, destination, destinationPort } = master.reply;
  const request = {
    family: master.family,
    protocol: 17,
    source,
    sourceMask: broadcastMask,
    sourcePort: PORTS[master.helper as keyof typeof PORTS],
    destination,
    destinationPort: destinationPort ?? 0,
    class: 0,
    permanent: true,
  };
  expectations.expect(master, request, nowNs);
  master.refresh(nowNs, policyOf(master.helper, 0).timeoutNs);
  return 'accept';
}
