// The line of a trace about connection tracking, between the tables raw and mangle: the packet's state, the connection
// it belongs to, how that changed, and why it belongs to none.

import type { ConntrackEntry } from '../conntrack/entry.ts';
import { entryText } from '../conntrack/text.ts';
import type { HookName } from '../model/ruleset.ts';

/** What connection tracking made of a packet. */
export interface ConntrackStep {
  readonly hook: HookName;
  readonly ctstate: 'INVALID' | 'NEW' | 'ESTABLISHED' | 'RELATED' | 'UNTRACKED';
  /** The connection as the packet left it, and the direction in which the packet goes. */
  readonly entry?: ConntrackEntry | undefined;
  readonly direction?: 'original' | 'reply' | undefined;
  /** The state of the protocol before the packet; undefined when it is the connection's first, or it has none. */
  readonly before?: string | undefined;
  /** Why it is INVALID (src/report/invalid.ts). */
  readonly why?: string | undefined;
}

/** `CONNTRACK: PREROUTING ESTABLISHED reply SYN_SENT->SYN_RECV: ipv4     2 tcp ...`, without a line feed. */
export function conntrackLine(step: ConntrackStep, nowNs: bigint): string {
  const { hook, ctstate, entry, direction, before, why } = step;
  let line = `CONNTRACK: ${hook} ${ctstate}`;
  if (entry === undefined) return why === undefined || why === '' ? line : `${line}: ${why}`;
  if (direction !== undefined) line += ` ${direction}`;
  if (entry.state !== undefined) line += ` ${before === undefined ? '' : `${before}->`}${entry.state}`;
  return `${line}: ${entryText(entry, nowNs)}`;
}
