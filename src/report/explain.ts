// The words of `trace` besides TRACE lines: why rules did not match, and what became of the packet.

import type { Outcome } from '../interpret/interpreter.ts';
import type { Step } from '../interpret/walk.ts';
import type { Backend, Family } from '../model/ruleset.ts';
import { printRule } from '../save/print.ts';
import { epochText } from './text.ts';
import { type TraceFrame, traceLine } from './trace.ts';
import { conntrackLine } from './trace-conntrack.ts';
import { fateText, fragmentLine } from './trace-fragment.ts';

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
 * A packet's path, a line a step: TRACE lines of the rules that matched, lines for reassembly and connection tracking
 * where they have their places, with `explain` the rules that did not match; and what became of the packet.
 */
export function pathLines(
  outcome: Outcome,
  frame: TraceFrame,
  options: { readonly backend: Backend; readonly explain: boolean },
): string[] {
  const { path, tracked = [], reassembled = [], timeNs } = outcome;
  const lines: string[] = [];
  const pass = (place: number): void => {
    for (const step of reassembled) if (step.place === place) lines.push(fragmentLine(step));
    for (const step of tracked) if (step.place === place) lines.push(conntrackLine(step, timeNs));
  };
  path.forEach((step, place) => {
    pass(place);
    if (options.explain) lines.push(...explainStep(step, step.packet.family, options.backend));
    if (step.matched) lines.push(traceLine(step, frame));
  });
  pass(path.length);
  return [...lines, describeOutcome(outcome)];
}

/** `packet 7 at 1700000000.000000000: DROP in INPUT by filter:INPUT:rule:3`. */
function describeOutcome(outcome: Outcome): string {
  const { verdict, table, chain, rule, hook, reason } = outcome;
  let text = `packet ${outcome.number} at ${epochText(outcome.timeNs)}: ${verdict}`;
  const held = verdict === 'FRAGMENT' ? outcome.reassembled?.at(-1)?.held : undefined;
  if (held !== undefined) text += ` (${fateText(held.fate)})`;
  if (reason !== null) text += ` (${reason})`;
  if (hook !== null) text += ` in ${hook}`;
  if (table !== null && chain !== null)
    text += ` by ${table}:${chain}:${rule === 0 ? 'policy' : `rule:${rule}`}`;
  return text;
}
