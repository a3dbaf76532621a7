// --json: the summary as one document. Its shape is a promise: fields may be added, `version` changes with any other
// change.

import type { Backend, Counters, Rule, RuleSet } from '../model/ruleset.ts';
import type { ConntrackResult, ScanResult } from './result.ts';
import { epochText } from './text.ts';

export const JSON_VERSION = 1;

export interface JsonOptions {
  readonly backend4: Backend;
  readonly backend6: Backend;
  /** A rule as a line of iptables-save (`-A INPUT -p tcp -j ACCEPT`). */
  readonly ruleText: (rule: Rule, chain: string, backend: Backend, ruleSet: RuleSet) => string;
}

/** The document, with a line feed at its end. Counters are integers of any size. */
export function summaryJson(result: ScanResult, options: JsonOptions): string {
  const { firstTimeNs, lastTimeNs, elapsedSeconds } = result;
  const document = {
    version: JSON_VERSION,
    packets: result.packets,
    bytes: result.bytes,
    capture: {
      first: firstTimeNs === undefined ? null : epochText(firstTimeNs),
      last: lastTimeNs === undefined ? null : epochText(lastTimeNs),
    },
    scan: {
      seconds: elapsedSeconds,
      packetsPerSecond: elapsedSeconds > 0 ? Math.round(result.packets / elapsedSeconds) : 0,
      interrupted: result.interrupted,
    },
    families: { ipv4: result.families.ipv4, ipv6: result.families.ipv6, other: result.families.other },
    verdicts: result.verdicts,
    reasons: sorted(result.reasons),
    skipped: sorted(result.skipped),
    assumed: result.assumed,
    answersNotMade: result.answersNotMade,
    conntrack: conntrackDocument(result.conntrack),
    warnings: result.warnings,
    broken: result.broken,
    rules: [
      ...ruleSetDocument(result.rules4, options.backend4, options),
      ...ruleSetDocument(result.rules6, options.backend6, options),
    ],
  };
  return `${stringify(document)}\n`;
}

/** null when connection tracking was off. */
function conntrackDocument(conntrack: ConntrackResult | undefined): unknown {
  if (conntrack === undefined) return null;
  const { created, live, limit, expired, pickedUp, oneWay, reopened } = conntrack;
  const { invalid, untracked, wrongChecksums, checksums, strayErrors, cutForHelpers } = conntrack;
  const { earlyDrops, tableFull, clashes, eventsLost, expectations } = conntrack;
  return {
    entries: { created, live, limit, expired, pickedUp, oneWay, reopened },
    packets: { invalid, untracked, wrongChecksums, checksums, strayErrors, cutForHelpers },
    full: { earlyDrops, tableFull, clashes, eventsLost },
    expectations: { made: expectations.made, met: expectations.met, refused: expectations.refused },
  };
}

/** By count, the largest first; equal ones by name. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  const entries = [...counts].filter(([, count]) => count > 0);
  entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return Object.fromEntries(entries);
}

function ruleSetDocument(ruleSet: RuleSet | undefined, backend: Backend, options: JsonOptions): unknown[] {
  if (ruleSet === undefined) return [];
  const counters = ({ packets, bytes }: Counters) => ({ packets, bytes });
  const tables = ruleSet.tables.map((table) => ({
    table: table.name,
    chains: table.chains.map((chain) => ({
      chain: chain.name,
      policy: chain.policy === undefined ? null : { verdict: chain.policy, ...counters(chain.counters) },
      rules: chain.rules.map((rule, index) => ({
        rule: index + 1,
        ...counters(rule.counters),
        text: options.ruleText(rule, chain.name, backend, ruleSet),
      })),
    })),
  }));
  return [{ family: ruleSet.family, backend, tables }];
}

/** JSON.stringify, with bigints as plain integers: a counter may be larger than 2^53. */
function stringify(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => (typeof value === 'bigint' ? `\u0000${value}\u0000` : value),
    2,
  );
  return text.replace(/"\\u0000(\d+)\\u0000"/g, '$1');
}
