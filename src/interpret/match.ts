// What an evaluator of a match or target is given and answers, and the table of all of them.

import type { Machine } from '../host/machine.ts';
import type { Backend, Rule } from '../model/ruleset.ts';
import type { Result } from './condition.ts';
import type { Conntrack } from './conntrack/conntrack.ts';
import type { Packet } from './packet.ts';
import type { Routing } from './route.ts';

export interface Context {
  readonly backend: Backend;
  readonly machine: Machine;
  readonly routing: Routing;
  readonly rule: Rule;
  readonly conntrack: Conntrack;
  /** Time of the packet. */
  readonly nowNs: bigint;
}

/** xt_match.match: `options` is what the extension of the same name parsed. */
export type MatchEvaluator = (options: never, packet: Packet, context: Context) => Result;

/** xt_target.target: changes the packet and goes on with the next rule, or ends its way. */
export type TargetEvaluator = (options: never, packet: Packet, context: Context) => 'continue' | 'reject';

/** A transport header as a match finds it: where it starts, or why there is none. */
export type TransportHeader = number | 'fragment' | 'short';

/**
 * Offset of a transport header of which the match asks for `bytes` bytes (skb_header_pointer at par->thoff). Later
 * fragments have none; one cut short is for the match to judge. Which of the bytes have to be captured is decided by
 * reading them.
 */
export function transportHeader(packet: Packet, bytes: number): TransportHeader {
  const transport = packet.transport();
  if (transport === undefined) return 'short';
  if (transport.fragmentOffset !== 0) return 'fragment';
  return packet.bytes.has(transport.offset, bytes) ? transport.offset : 'short';
}

/**
 * The same for nftables' own expressions (nft_payload_fast_eval), which take the bytes of a later fragment for the
 * header; in IPv6 those at the start of the packet, as ipv6_find_hdr leaves the offset at 0 there.
 */
export function nativeHeader(packet: Packet, bytes: number): number | undefined {
  const transport = packet.transport();
  if (transport === undefined) return undefined;
  return packet.bytes.has(transport.offset, bytes) ? transport.offset : undefined;
}
