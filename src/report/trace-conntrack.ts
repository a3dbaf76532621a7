// The line of a trace about connection tracking, between the tables raw and mangle: the packet's state, the connection
// it belongs to, how that changed, and why it belongs to none.

import { entryText } from '../conntrack/text.ts';
import type { ConntrackStep } from '../interpret/conntrack/step.ts';
import * as Invalid from '../layout/invalid.ts';
import { INVALID_TEXTS } from './invalid.ts';

/** `CONNTRACK: PREROUTING ESTABLISHED reply SYN_SENT->SYN_RECV: ipv4     2 tcp ...`, without a line feed. */
export function conntrackLine(step: ConntrackStep, nowNs: bigint): string {
  const { hook, ctstate, entry, direction, before, why } = step;
  let line = `CONNTRACK: ${hook} ${ctstate}`;
  if (entry === undefined) {
    const text = INVALID_TEXTS[why ?? Invalid.NONE] ?? '';
    return text === '' ? line : `${line}: ${text}`;
  }
  if (direction !== undefined) line += ` ${direction}`;
  if (entry.state !== undefined) line += ` ${before === undefined ? '' : `${before}->`}${entry.state}`;
  return `${line}: ${entryText(entry, nowNs)}`;
}
