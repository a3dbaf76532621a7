// __nf_ct_refresh_acct: a tracked packet gives its connection new time and is counted.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { familyWords } from './shard';

/** Sets the deadline `timeout` ns from the packet's time on, unless it is fixed, and counts the packet. */
export function refresh(lane: usize, entry: usize, p: usize, direction: u32, timeout: u64): void {
  if ((load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_FIXED_TIMEOUT) == 0) {
    store<u64>(entry, load<u64>(p, Packet.TIME) + timeout, Conntrack.DEADLINE);
  }
  account(lane, entry, p, direction);
}

/** nf_ct_acct_update: bytes are those of the IP packet. */
export function account(lane: usize, entry: usize, p: usize, direction: u32): void {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const offset = <usize>load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.ACCT4);
  if (offset == 0) return;
  const at = entry + offset + <usize>direction * Conntrack.ACCT_REPLY;
  store<u64>(at, load<u64>(at, Conntrack.ACCT_PACKETS) + 1, Conntrack.ACCT_PACKETS);
  store<u64>(
    at,
    load<u64>(at, Conntrack.ACCT_BYTES) + <u64>load<u32>(p, Packet.LENGTH),
    Conntrack.ACCT_BYTES,
  );
}
