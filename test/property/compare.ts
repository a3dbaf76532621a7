// The same captures through the reference interpreter and through the kernel: every verdict and every counter.

import { FrameReader } from '../../src/cli/frames.ts';
import type { UnknownPolicy } from '../../src/compile/compile.ts';
import type { Machine } from '../../src/host/machine.ts';
import { Interpreter, type Outcome } from '../../src/interpret/interpreter.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { scan } from '../../src/scan/scan.ts';
import { scanOnOneLane } from './one-lane.ts';

export interface Comparison {
  readonly captures: readonly string[];
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  /** Without one both take the same guess. */
  readonly machine?: Machine | undefined;
  readonly backend: Backend;
  readonly linear?: boolean | undefined;
  readonly workers?: number | undefined;
  readonly batchBytes?: number | undefined;
  /** Default: verdict. */
  readonly unknown?: Exclude<UnknownPolicy, 'refuse'> | undefined;
}

/** What one evaluator says: a line a packet, and the rule sets with counters. */
export interface Answers {
  readonly lines: readonly string[];
  /** Verdicts as the kernel's scan writes them. */
  readonly text?: string | undefined;
  readonly counters: string;
}

export async function interpreted(comparison: Comparison): Promise<Answers> {
  const { rules4, rules6, backend } = comparison;
  const reader = await FrameReader.open(comparison);
  try {
    const interpreter = new Interpreter({
      rules4,
      rules6,
      machine: reader.machine,
      backend,
      unknown: comparison.unknown ?? 'verdict',
    });
    const outcomes = [...reader.frames()].map((frame) => interpreter.evaluate(frame));
    const { ipv4, ipv6 } = interpreter.countersOf();
    return { lines: outcomes.map(outcomeLine), counters: counterText(ipv4, ipv6, backend) };
  } finally {
    reader.close();
  }
}

/** By the kernel: with a number of workers by a pool, else by one lane on this thread. */
export async function scanned(comparison: Comparison): Promise<Answers> {
  const chunks: Uint8Array[] = [];
  const streams = comparison.captures.some((name) => name.endsWith('.gz'));
  const run = comparison.workers === undefined && !streams ? scanOnOneLane : scan;
  const result = await run({
    ...comparison,
    unknown: comparison.unknown ?? 'verdict',
    verdicts: {
      name: 'verdicts',
      async write(chunk) {
        chunks.push(chunk);
      },
    },
  });
  const text = Buffer.concat(chunks).toString().trimEnd();
  return {
    lines: text === '' ? [] : text.split('\n').map((line) => outcomeLine(JSON.parse(line))),
    text,
    counters: counterText(result.rules4, result.rules6, comparison.backend),
  };
}

/** The counters of a scan that writes nothing packet by packet: ordinary packets may take a shorter way then. */
export async function counted(comparison: Comparison): Promise<string> {
  const { unknown = 'verdict', backend } = comparison;
  const result = await scanOnOneLane({ ...comparison, unknown });
  return counterText(result.rules4, result.rules6, backend);
}

type Said = Omit<Outcome, 'timeNs' | 'path'>;

/**
 * What both have to agree on. Left out: reasons of SKIP, which the interpreter does not name; where a LOST or UNKNOWN
 * packet stood in interfaces and rules.
 */
function outcomeLine(said: Said): string {
  const { number, family, hook, verdict, mark, ctstate, reason } = said;
  const decided = !['LOST', 'UNKNOWN', 'SKIP'].includes(verdict);
  return JSON.stringify({
    number,
    family,
    hook,
    verdict,
    mark,
    ctstate: ctstate ?? null,
    reason: verdict === 'SKIP' ? null : reason,
    datagram: said.datagram ?? null,
    ...(decided && { table: said.table, chain: said.chain, rule: said.rule, in: said.in, out: said.out }),
  });
}

function counterText(rules4: RuleSet | undefined, rules6: RuleSet | undefined, backend: Backend): string {
  return [rules4, rules6]
    .filter((rules) => rules !== undefined)
    .map((rules) => printRules(rules, { backend, counters: true }))
    .join('');
}

/** The first packets and counters that differ, as text; empty when all agree. */
export function differences(expected: Answers, got: Answers): string[] {
  const lines = pairs(expected.lines, got.lines);
  const counters = pairs(expected.counters.split('\n'), got.counters.split('\n'));
  return [...lines.slice(0, 5), ...counters.slice(0, 5)];
}

function pairs(expected: readonly string[], got: readonly string[]): string[] {
  const length = Math.max(expected.length, got.length);
  return Array.from({ length }, (_, index) => [expected[index], got[index]])
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => `reference ${one}\n   kernel ${other}`);
}
