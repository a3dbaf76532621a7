// The tracker of all other protocols (generic_packet()): addresses and a timeout.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { configuration, refresh } from './entry';

export function trackGeneric(lane: usize, entry: usize, p: usize): i32 {
  refresh(entry, p, load<u64>(configuration(lane), Conntrack.TIMEOUT_GENERIC));
  return Conntrack.TRACK_ACCEPT;
}
