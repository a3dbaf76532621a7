// The same captures through the reference interpreter and through the kernel: every verdict, every counter, and
// the connections that are known at the end.

import { FrameReader } from '../../src/cli/frames.ts';
import type { UnknownPolicy } from '../../src/compile/compile.ts';
import type { ConntrackEntry } from '../../src/conntrack/entry.ts';
import { entryText } from '../../src/conntrack/text.ts';
import type { Machine } from '../../src/host/machine.ts';
import { Interpreter, type Outcome } from '../../src/interpret/interpreter.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
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
  /** How much is remembered of the ways of packets. */
  readonly trailKeys?: number | undefined;
  readonly trailLists?: number | undefined;
  /** Default: verdict. */
  readonly unknown?: Exclude<UnknownPolicy, 'refuse'> | undefined;
  readonly verifyChecksums?: boolean | undefined;
  /** Connections that there are at the start. */
  readonly conntrackFrom?: readonly ConntrackEntry[] | undefined;
}

/** What one evaluator says: a line a packet, the rule sets with counters, the table as conntrack -L lists it, sorted. */
export interface Answers {
  readonly lines: readonly string[];
  /** Verdicts as the kernel's scan writes them. */
  readonly text?: string | undefined;
  readonly counters: string;
  readonly table: string;
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
      verifyChecksums: comparison.verifyChecksums,
    });
    const { conntrackFrom = [] } = comparison;
    let nowNs = 0n;
    const outcomes = [...reader.frames()].map((frame) => {
      if (nowNs === 0n) interpreter.startConntrack(conntrackFrom, frame.timeNs);
      if (frame.timeNs > nowNs) nowNs = frame.timeNs;
      return interpreter.evaluate(frame);
    });
    const { ipv4, ipv6 } = interpreter.countersOf();
    const entries = interpreter.conntrackEntries(nowNs).map((entry) => entryText(entry, nowNs));
    return {
      lines: outcomes.map(outcomeLine),
      counters: counterText(ipv4, ipv6, backend),
      table: sorted(entries),
    };
  } finally {
    reader.close();
  }
}

function sorted(lines: readonly string[]): string {
  return [...lines].sort().join('\n');
}

class Collector {
  readonly name = 'collected';
  readonly #chunks: Uint8Array[] = [];

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk.slice());
  }

  get lines(): string[] {
    const text = this.text;
    return text === '' ? [] : text.split('\n');
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString().trimEnd();
  }
}

/** By the kernel: with a number of workers by a pool, else by one lane on this thread. */
export async function scanned(comparison: Comparison): Promise<Answers> {
  const verdicts = new Collector();
  const answers = await counted(comparison, { verdicts });
  return {
    ...answers,
    lines: verdicts.lines.map((line) => outcomeLine(JSON.parse(line))),
    text: verdicts.text,
  };
}

/** A scan that writes nothing packet by packet: ordinary packets may take a shorter way then. No lines. */
export async function counted(
  comparison: Comparison,
  writes: Pick<ScanOptions, 'verdicts'> = {},
): Promise<Answers> {
  const { unknown = 'verdict', backend, captures, workers } = comparison;
  const streams = captures.some((name) => name.endsWith('.gz'));
  const run = workers === undefined && !streams ? scanOnOneLane : scan;
  const conntrack = new Collector();
  const result = await run({ ...comparison, unknown, ...writes, conntrack });
  return {
    lines: [],
    counters: counterText(result.rules4, result.rules6, backend),
    table: sorted(conntrack.lines),
  };
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

/** The first packets, counters and connections that differ, as text; empty when all agree. */
export function differences(expected: Answers, got: Answers): string[] {
  const lines = pairs(expected.lines, got.lines);
  return [...lines.slice(0, 5), ...unlike(expected, got)];
}

/** Without the lines. */
export function unlike(expected: Answers, got: Answers): string[] {
  const counters = pairs(expected.counters.split('\n'), got.counters.split('\n'));
  const table = pairs(expected.table.split('\n'), got.table.split('\n'));
  return [...counters.slice(0, 5), ...table.slice(0, 5)];
}

function pairs(expected: readonly string[], got: readonly string[]): string[] {
  const length = Math.max(expected.length, got.length);
  return Array.from({ length }, (_, index) => [expected[index], got[index]])
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => `reference ${one}\n   kernel ${other}`);
}
