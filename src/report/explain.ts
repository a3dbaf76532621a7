// The words of `trace` besides TRACE lines: why rules did not match, and what became of the packet.

import type { Outcome } from '../interpret/interpreter.ts';
import type { Step } from '../interpret/walk.ts';
import type { Backend, Family } from '../model/ruleset.ts';
import { printRule } from '../save/print.ts';
import { epochText } from './text.ts';
import { type TraceFrame, traceLine } from './trace.ts';
import { conntrackLine } from './trace-conntrack.ts';

/** For a rule that did not match: its text and the first condition that failed. Nothing for the others. */
function explainStep(step: Step, family: Family, backend: Backend): string[] {
  if (step.matched || step.rule === undefined) return [];
  const words = printRule(step.rule, { family, backend });
  return [
    `  ${step.text} did not match: ${step.failed ?? 'unknown'}`,
    `    -A ${step.chain}${words === '' ? '' : ` ${words}`}`,
  ];
}

/**
 * A packet's path, a line a step: TRACE lines of the rules that matched, a line for connection tracking where it has
 * its place, with `explain` the rules that did not match; and what became of the packet.
 */
export function pathLines(
  outcome: Outcome,
  frame: TraceFrame,
  options: { readonly backend: Backend; readonly explain: boolean },
): string[] {
  const { path, tracked = [], timeNs } = outcome;
  const lines: string[] = [];
  const track = (place: number): void => {
    for (const step of tracked) if (step.place === place) lines.push(conntrackLine(step, timeNs));
  };
  path.forEach((step, place) => {
    track(place);
    if (options.explain) lines.push(...explainStep(step, step.packet.family, options.backend));
    if (step.matched) lines.push(traceLine(step, frame));
  });
  track(path.length);
  return [...lines, describeOutcome(outcome)];
}

/** `packet 7 at 1700000000.000000000: DROP in INPUT by filter:INPUT:rule:3`. */
function describeOutcome(outcome: Outcome): string {
  const { verdict, table, chain, rule, hook, reason } = outcome;
  let text = `packet ${outcome.number} at ${epochText(outcome.timeNs)}: ${verdict}`;
  if (reason !== null) text += ` (${reason})`;
  if (hook !== null) text += ` in ${hook}`;
  if (table !== null && chain !== null)
    text += ` by ${table}:${chain}:${rule === 0 ? 'policy' : `rule:${rule}`}`;
  return text;
}
