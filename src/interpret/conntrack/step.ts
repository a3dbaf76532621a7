// What a trace shows of connection tracking, between the tables raw and mangle.

import type { ConntrackEntry } from '../../conntrack/entry.ts';
import type { HookName } from '../../model/ruleset.ts';

/** What connection tracking made of a packet. */
export interface ConntrackStep {
  /** Steps of the packet's path (Outcome.path) before it. */
  readonly place: number;
  readonly hook: HookName;
  readonly ctstate: 'INVALID' | 'NEW' | 'ESTABLISHED' | 'RELATED' | 'UNTRACKED';
  /** The connection as the packet left it, and the direction in which the packet goes. */
  readonly entry?: ConntrackEntry | undefined;
  readonly direction?: 'original' | 'reply' | undefined;
  /** The state of the protocol before the packet; undefined when it is the connection's first, or it has none. */
  readonly before?: string | undefined;
  /** Why it is INVALID: Linux's own words (src/report/invalid.ts). */
  readonly why?: string | undefined;
}
