// What all trackers do to an entry, and what they tell about a packet.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Lane from '../../../src/layout/lane.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { familyWords } from '../shard';
import { deadline } from '../time';

/** The configuration of connection tracking (layout/conntrack.ts). */
export function configuration(lane: usize): usize {
  return load<usize>(lane, Lane.CONNTRACK);
}

/** Address of the packet's transport header; how much of it is there, the caller has to ask. */
export function transport(p: usize): usize {
  return load<usize>(p, Packet.L3) + load<u32>(p, Packet.L4_OFFSET);
}

/** nf_ct_refresh_acct(): the entry expires `timeout` ns after the packet, which is counted. */
export function refresh(entry: usize, p: usize, timeout: u64): void {
  account(entry, p);
  if (load<u32>(entry, Conntrack.STATUS) & Conntrack.IPS_FIXED_TIMEOUT) return;
  store<u64>(entry, deadline(load<u64>(p, Packet.TIME), timeout), Conntrack.DEADLINE);
}

/** nf_ct_acct_update(), where accounting is on. */
export function account(entry: usize, p: usize): void {
  const config = <usize>load<u32>(<usize>load<u32>(p, Packet.CT_SHARD), Conntrack.SHARD_CONFIG);
  const direction = u32(load<u32>(p, Packet.CTINFO) >= <u32>Conntrack.INFO_REPLY);
  accountFor(config, entry, direction, load<u32>(p, Packet.LENGTH));
}

/** The same of an IP packet of `length` bytes. */
export function accountFor(config: usize, entry: usize, direction: u32, length: u32): void {
  const offset = <usize>load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.ACCT4);
  if (offset == 0) return;
  const at = entry + offset + direction * Conntrack.ACCT_REPLY;
  store<u64>(at, load<u64>(at, Conntrack.ACCT_PACKETS) + 1, Conntrack.ACCT_PACKETS);
  store<u64>(at, load<u64>(at, Conntrack.ACCT_BYTES) + length, Conntrack.ACCT_BYTES);
}

/** Notes an event of the packet's entry: Conntrack.IPCT_*. */
export function event(p: usize, which: u32): void {
  store<u32>(p, load<u32>(p, Packet.CT_EVENTS) | (1 << which), Packet.CT_EVENTS);
}

/** Sets IPS_ASSURED, with its event when it was not set. */
export function assure(entry: usize, p: usize): void {
  const status = load<u32>(entry, Conntrack.STATUS);
  if (status & Conntrack.IPS_ASSURED) return;
  store<u32>(entry, status | Conntrack.IPS_ASSURED, Conntrack.STATUS);
  event(p, Conntrack.IPCT_ASSURED);
}

/** In a trace: what Linux would log of the packet (layout/invalid.ts). */
export function note(config: usize, p: usize, reason: u32): void {
  if (load<u32>(config, Conntrack.FLAGS) & Conntrack.TRACE) store<u32>(p, reason, Packet.CT_REASON);
}

/** TRACK_INVALID, with its reason. */
export function invalid(config: usize, p: usize, reason: u32): i32 {
  note(config, p, reason);
  return Conntrack.TRACK_INVALID;
}

/** In a trace: the tracker's states before and after the packet. */
export function noteStates(config: usize, p: usize, before: u32, after: u32): void {
  if (load<u32>(config, Conntrack.FLAGS) & Conntrack.TRACE)
    store<u32>(p, before | (after << 8), Packet.CT_STATES);
}
