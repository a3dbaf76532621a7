// GRE: nf_conntrack_proto_gre.c. The keys of PPTP's calls are known by its helper (helper/keymap.ts).

import * as Ct from '../../layout/conntrack.ts';
import type { Connection } from './connection.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

export function trackGre(connection: Connection, segment: Segment): Tracked {
  const { sysctls } = segment;
  if (!connection.confirmed || connection.gre === undefined) {
    connection.gre = {
      timeoutNs: sysctls.timeoutNs('gre_timeout'),
      streamTimeoutNs: sysctls.timeoutNs('gre_timeout_stream'),
    };
  }
  const { timeoutNs, streamTimeoutNs } = connection.gre;
  if (!connection.has(Ct.IPS_SEEN_REPLY)) {
    refresh(connection, segment, timeoutNs);
    return 'accept';
  }
  refresh(connection, segment, streamTimeoutNs);
  if (connection.set(Ct.IPS_ASSURED)) connection.tell(Ct.IPCT_ASSURED);
  return 'accept';
}
