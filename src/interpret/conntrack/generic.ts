// Protocols without a tracker of their own, which have no ports either (generic_packet). DCCP is one of them: Linux has
// had no tracker for it since 6.17.

import type { Connection } from './connection.ts';
import { refresh, type Segment, type Tracked } from './tracker.ts';

export function trackGeneric(connection: Connection, segment: Segment): Tracked {
  refresh(connection, segment, segment.sysctls.timeoutNs('generic_timeout'));
  return 'accept';
}
