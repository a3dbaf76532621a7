// What the summary and the JSON say of connection tracking.

import { describe, expect, it } from 'vitest';
import { conntrackLines } from '../../src/report/conntrack.ts';
import { summaryJson } from '../../src/report/json.ts';
import type { ConntrackResult, ScanResult } from '../../src/report/result.ts';
import { summaryText } from '../../src/report/summary.ts';
import { perVerdict } from '../../src/report/verdict.ts';

const quiet: ConntrackResult = {
  created: 1,
  live: 0,
  limit: 262_144,
  expired: 1,
  pickedUp: 0,
  oneWay: 0,
  reopened: 0,
  invalid: 0,
  untracked: 0,
  wrongChecksums: 0,
  checksums: 'trust',
  strayErrors: 0,
  earlyDrops: 0,
  tableFull: 0,
  clashes: 0,
  cutForHelpers: 0,
  eventsLost: 0,
  expectations: { made: 0, met: 0, refused: 0 },
};

const busy: ConntrackResult = {
  ...quiet,
  created: 1_234_567,
  live: 1000,
  pickedUp: 12,
  oneWay: 345,
  invalid: 6789,
  untracked: 4,
  wrongChecksums: 1500,
  checksums: 'verify',
  earlyDrops: 3,
  expectations: { made: 7, met: 5, refused: 1 },
};

const result: ScanResult = {
  packets: 0,
  bytes: 0,
  elapsedSeconds: 1,
  verdicts: perVerdict(() => ({ packets: 0, bytes: 0 })),
  reasons: new Map(),
  families: { ipv4: 0, ipv6: 0, other: 0 },
  skipped: new Map(),
  warnings: [],
  broken: [],
  interrupted: false,
  assumed: 0,
  answersNotMade: 0,
};

const options = { backend4: 'legacy', backend6: 'legacy' } as const;

describe('the summary', () => {
  it('says what there was, and always what was invalid and whether checksums were verified', () => {
    expect(conntrackLines(quiet)).toEqual([
      '  1 entry made, 0 alive at the end',
      '  invalid          0  packets that belong to no connection and begin none',
      '  wrong checksums  0  of TCP, UDP or ICMP, trusted: such packets are taken as any other (--checksums)',
    ]);
    expect(conntrackLines(busy)).toEqual([
      '  1,234,567 entries made, 1,000 alive at the end',
      '  invalid          6,789  packets that belong to no connection and begin none',
      '  untracked            4  packets that are not tracked (-j CT --notrack, neighbour discovery)',
      '  wrong checksums  1,500  of TCP, UDP or ICMP, verified: such packets are invalid',
      '  picked up           12  TCP connections whose beginning is not in the captures',
      '  one-way            345  flows of which only one direction was seen',
      '  early drops          3  entries that made room for others (nf_conntrack_max)',
      '  expected             7  connections announced to a helper; 5 of them came',
      '  not expected         1  announced connections that were too many (nf_conntrack_expect_max)',
    ]);
  });

  it('has the block where connection tracking was on', () => {
    const style = { heading: (text: string) => text, faint: (text: string) => text };
    const text = (conntrack?: ConntrackResult) =>
      summaryText({ ...result, conntrack }, { ...options, style, all: false, extensions: {} as never });
    expect(text(quiet)).toContain('\n\nConnection tracking\n  1 entry made');
    expect(text()).not.toContain('Connection tracking');
  });
});

describe('the JSON', () => {
  const document = (conntrack?: ConntrackResult) =>
    JSON.parse(summaryJson({ ...result, conntrack }, { ...options, ruleText: () => '' })).conntrack;

  it('has stable names', () => {
    expect(document(busy)).toEqual({
      entries: {
        created: 1_234_567,
        live: 1000,
        limit: 262_144,
        expired: 1,
        pickedUp: 12,
        oneWay: 345,
        reopened: 0,
      },
      packets: {
        invalid: 6789,
        untracked: 4,
        wrongChecksums: 1500,
        checksums: 'verify',
        strayErrors: 0,
        cutForHelpers: 0,
      },
      full: { earlyDrops: 3, tableFull: 0, clashes: 0, eventsLost: 0 },
      expectations: { made: 7, met: 5, refused: 1 },
    });
  });

  it('has null where connection tracking was off', () => {
    expect(document()).toBeNull();
  });
});
