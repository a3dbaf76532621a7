// The readable summary of a scan.

import type { Family, Rule, RuleSet, Table } from '../model/ruleset.ts';
import { conntrackLines } from './conntrack.ts';
import { chainHit, type ExtensionFinder, tableLines } from './listing.ts';
import { REASON_TEXT, type ReasonName } from './reason.ts';
import type { ScanResult } from './result.ts';
import { blocks, bytesText, columns, counted, durationText, epochText, grouped, rateText } from './text.ts';
import { VERDICT_NAMES, type VerdictName } from './verdict.ts';

/** How headings look; identity where colours are off. */
export interface Style {
  heading(text: string): string;
  faint(text: string): string;
}

export interface SummaryOptions {
  readonly backend4: 'legacy' | 'nft';
  readonly backend6: 'legacy' | 'nft';
  readonly extensions: ExtensionFinder;
  /** Every rule, not only those that were hit. */
  readonly all: boolean;
  readonly style: Style;
}

/** More rules of a table are no summary: those with most packets are listed. */
const MOST_RULES = 1000;

const VERDICT_TEXT: Readonly<Record<VerdictName, string>> = {
  ACCEPT: 'let through',
  DROP: 'dropped by a rule or policy',
  REJECT: 'rejected by a rule',
  QUEUE: 'handed to a queue',
  LOST: 'gone outside the rules',
  FRAGMENT: 'held for reassembly',
  UNKNOWN: 'cannot be decided',
  SKIP: 'not IP',
};

/** Reasons that stand under another verdict's heading than LOST. */
const NOT_LOST: ReadonlySet<ReasonName> = new Set([
  'none',
  'not-captured',
  'extension',
  'link-type',
  'ethertype',
  'truncated-frame',
]);

/** The whole summary, with a line feed at its end. */
export function summaryText(result: ScanResult, options: SummaryOptions): string {
  const { style } = options;
  const sections: string[][] = [headLines(result)];
  sections.push([style.heading('Verdicts'), ...verdictLines(result)]);
  const reasons = reasonSections(result, style);
  if (reasons.length > 0) sections.push(...reasons);
  if (result.conntrack !== undefined) {
    sections.push([style.heading('Connection tracking'), ...conntrackLines(result.conntrack)]);
  }
  const notes = noteLines(result);
  if (notes.length > 0) sections.push([style.heading('Notes'), ...notes.map((note) => `  ${note}`)]);
  for (const ruleSet of [result.rules4, result.rules6]) {
    if (ruleSet === undefined) continue;
    sections.push(...ruleSetSections(ruleSet, options));
  }
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headLines(result: ScanResult): string[] {
  const { packets, bytes, elapsedSeconds, firstTimeNs, lastTimeNs, families } = result;
  const rate = elapsedSeconds > 0 ? packets / elapsedSeconds : 0;
  const lines = [
    `${counted(packets, 'packet')}, ${counted(bytes, 'byte')}${bytes >= 1000 ? ` (${bytesText(bytes)})` : ''}` +
      ` in ${durationText(elapsedSeconds)}: ${rateText(rate)} packets/s${result.interrupted ? ' (interrupted)' : ''}`,
  ];
  if (firstTimeNs !== undefined && lastTimeNs !== undefined) {
    const span = Number(lastTimeNs - firstTimeNs) / 1e9;
    lines.push(`captured in ${durationText(Math.max(0, span))}, from ${dateText(firstTimeNs)} on`);
  }
  const parts = (
    [
      ['IPv4', families.ipv4],
      ['IPv6', families.ipv6],
      ['not IP', families.other],
    ] as const
  ).filter(([, count]) => count > 0);
  if (parts.length > 0) lines.push(parts.map(([name, count]) => `${name} ${grouped(count)}`).join(', '));
  return lines;
}

/** ISO 8601 in UTC; the number of seconds when the clock of the capture is beyond what a Date holds. */
function dateText(timeNs: bigint): string {
  const date = new Date(Number(timeNs / 1_000_000n));
  return Number.isNaN(date.getTime()) ? epochText(timeNs) : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function verdictLines(result: ScanResult): string[] {
  const rows = VERDICT_NAMES.filter((name) => result.verdicts[name].packets > 0).map((name) => {
    const { packets, bytes } = result.verdicts[name];
    return [`  ${name}`, grouped(packets), 'packets', grouped(bytes), `bytes  ${VERDICT_TEXT[name]}`];
  });
  return rows.length === 0 ? ['  no packets'] : columns(rows, [false, true, false, true]);
}

function reasonSections(result: ScanResult, style: Style): string[][] {
  const byCount = [...result.reasons].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  const rows = (reasons: typeof byCount) =>
    columns(
      reasons.map(([name, count]) => [`  ${name}`, grouped(count), REASON_TEXT[name]]),
      [false, true],
    );
  const sections: string[][] = [];
  const lost = byCount.filter(([name]) => !NOT_LOST.has(name));
  if (lost.length > 0) sections.push([style.heading('Dropped outside the rules'), ...rows(lost)]);
  const unknown = byCount.filter(([name]) => name === 'not-captured' || name === 'extension');
  if (unknown.length > 0) sections.push([style.heading('Unknown'), ...rows(unknown)]);
  const skipped = [...result.skipped].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  if (skipped.length > 0) {
    const lines = columns(
      skipped.map(([name, count]) => [`  ${name}`, grouped(count)]),
      [false, true],
    );
    sections.push([style.heading('Not IP, by type'), ...lines]);
  }
  return sections;
}

function noteLines(result: ScanResult): string[] {
  const notes: string[] = [];
  const family = (name: string, count: number, rules: RuleSet | undefined) => {
    if (count > 0 && rules === undefined) {
      notes.push(
        `${name} has no rules: its ${counted(count, 'packet')} were routed and met only open policies.`,
      );
    }
  };
  family('IPv4', result.families.ipv4, result.rules4);
  family('IPv6', result.families.ipv6, result.rules6);
  if (result.answersNotMade > 0) {
    const answers = counted(result.answersNotMade, 'answer');
    notes.push(
      `${answers} of the host (REJECT's replies, ICMP errors) were not made and not counted in OUTPUT.`,
    );
  }
  if (result.assumed > 0) {
    notes.push(
      `${counted(result.assumed, 'packet')} met a match or target whose answer was assumed (--unknown).`,
    );
  }
  return notes;
}

function ruleSetSections(ruleSet: RuleSet, options: SummaryOptions): string[][] {
  const backend = ruleSet.family === 'ipv4' ? options.backend4 : options.backend6;
  const command = ruleSet.family === 'ipv4' ? 'iptables' : 'ip6tables';
  const { style, all } = options;
  return ruleSet.tables.map((table) => {
    const hits = all ? undefined : hitsOf(table);
    const lists = hits && busiest(hits);
    const lines = [
      style.heading(`${command} -t ${table.name} -L -v -n -x --line-numbers`),
      ...blocks(tableLines(ruleSet, table, { backend, extensions: options.extensions, lists })),
    ];
    if (hits !== undefined) lines.push(...leftOut(table, hits.length).map(style.faint));
    return lines;
  });
}

/** Packets of the rules that saw any. */
function hitsOf({ chains }: Table): BigUint64Array {
  const hits: bigint[] = [];
  for (const { rules } of chains) {
    for (const { counters } of rules) if (counters.packets > 0n) hits.push(counters.packets);
  }
  return BigUint64Array.from(hits);
}

/** Is a rule, asked in order, one of the MOST_RULES that saw most packets? Of equal ones the first are. */
function busiest(hits: BigUint64Array): (rule: Rule) => boolean {
  if (hits.length <= MOST_RULES) return ({ counters }) => counters.packets > 0n;
  const sorted = hits.slice().sort();
  const least = sorted[sorted.length - MOST_RULES] as bigint;
  let equals = MOST_RULES - (sorted.length - 1 - sorted.lastIndexOf(least));
  return ({ counters: { packets } }) => packets > least || (packets === least && equals-- > 0);
}

/** What a listing does not have. */
function leftOut({ chains }: Table, hits: number): string[] {
  const rules = chains.reduce((sum, chain) => sum + chain.rules.length, 0);
  const silent = chains.filter((chain) => !chainHit(chain)).length;
  const parts: string[] = [];
  if (hits < rules) parts.push(`${grouped(rules - hits)} of ${counted(rules, 'rule')}`);
  if (silent > 0) parts.push(`${grouped(silent)} of ${counted(chains.length, 'chain')}`);
  const lines: string[] = [];
  if (hits > MOST_RULES) {
    lines.push(
      `(the ${grouped(MOST_RULES)} with most packets of ${grouped(hits)} rules that saw any; --all lists them all)`,
    );
  }
  if (parts.length > 0) lines.push(`(${parts.join(' and ')} saw no packet; --all lists them too)`);
  return lines;
}

/** `IPv4`, `IPv6`. */
export function familyText(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
