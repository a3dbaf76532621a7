// What a trace shows of connection tracking, between the tables raw and mangle.

import type { ConntrackEntry } from '../../conntrack/entry.ts';
import type { HookName } from '../../model/ruleset.ts';
import type { Packet } from '../packet.ts';
import { directionOf } from './connection.ts';
import { entryOf } from './entry.ts';
import { type CtState, ctStateOf } from './state.ts';

/** What connection tracking made of a packet. */
export interface ConntrackStep {
  /** Steps of the packet's path (Outcome.path) before it. */
  readonly place: number;
  readonly hook: HookName;
  readonly ctstate: CtState;
  /** The connection as the packet left it, and the direction in which the packet goes. */
  readonly entry?: ConntrackEntry | undefined;
  readonly direction?: 'original' | 'reply' | undefined;
  /** The state of the protocol before the packet; undefined when it is the connection's first, or it has none. */
  readonly before?: string | undefined;
  /** Why it is INVALID: src/layout/invalid.ts. */
  readonly why?: number | undefined;
}

/** The step of a packet that connection tracking has just had its say about. */
export function conntrackStep(packet: Packet, hook: HookName, place: number, nowNs: bigint): ConntrackStep {
  const { connection, ctinfo, stateBefore, invalid } = packet;
  const ctstate = ctStateOf(packet) ?? 'INVALID';
  if (connection === undefined)
    return { place, hook, ctstate, why: ctstate === 'INVALID' ? invalid : undefined };
  return {
    place,
    hook,
    ctstate,
    entry: entryOf(connection, nowNs),
    direction: directionOf(ctinfo) === 0 ? 'original' : 'reply',
    before: stateBefore,
  };
}
