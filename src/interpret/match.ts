// What an evaluator of a match or target is given and answers, and the table of all of them.

import type { Machine } from '../host/machine.ts';
import type { Backend, Rule } from '../model/ruleset.ts';
import type { Result } from './condition.ts';
import type { Packet } from './packet.ts';
import type { Routing } from './route.ts';

export interface Context {
  readonly backend: Backend;
  readonly machine: Machine;
  readonly routing: Routing;
  readonly rule: Rule;
}

/** xt_match.match: `options` is what the extension of the same name parsed. */
export type MatchEvaluator = (options: never, packet: Packet, context: Context) => Result;

/** xt_target.target: changes the packet and goes on with the next rule, or ends its way. */
export type TargetEvaluator = (options: never, packet: Packet, context: Context) => 'continue' | 'reject';

/**
 * Offset of a transport header of which `bytes` bytes are needed (skb_header_pointer at par->thoff). Later fragments
 * have none; one cut short is for the match to judge. NotCaptured when the packet has it and the capture has not.
 */
export function transportHeader(packet: Packet, bytes: number): number | 'fragment' | 'short' {
  const transport = packet.transport();
  if (transport === undefined) return 'short';
  if (transport.fragmentOffset !== 0) return 'fragment';
  if (!packet.bytes.has(transport.offset, bytes)) return 'short';
  packet.bytes.need(transport.offset, bytes);
  return transport.offset;
}
