import { describe, expect, it } from 'vitest';
import * as Batch from '../../src/layout/batch.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { VerdictFormatter, type VerdictNames } from '../../src/report/verdicts.ts';

interface Result {
  verdict: number;
  reason?: number;
  hook?: number;
  family?: number;
  decision?: number;
  iif?: number;
  oif?: number;
  mark?: number;
  time?: bigint;
  datagram?: bigint;
}

function records(results: readonly Result[]): ArrayBuffer {
  const buffer = new ArrayBuffer(results.length * Batch.RESULT_BYTES);
  results.forEach((result, index) => {
    const view = new DataView(buffer, index * Batch.RESULT_BYTES);
    view.setUint8(Batch.RESULT_VERDICT, result.verdict);
    view.setUint8(Batch.RESULT_REASON, result.reason ?? 0);
    view.setUint8(Batch.RESULT_HOOK, result.hook ?? Hook.NONE);
    view.setUint8(Batch.RESULT_FAMILY, result.family ?? 0);
    view.setUint32(Batch.RESULT_DECISION, result.decision ?? Packet.NO_RULE, true);
    view.setUint16(Batch.RESULT_IIF, result.iif ?? 0, true);
    view.setUint16(Batch.RESULT_OIF, result.oif ?? 0, true);
    view.setUint32(Batch.RESULT_MARK, result.mark ?? 0, true);
    view.setBigUint64(Batch.RESULT_TIME, result.time ?? 0n, true);
    view.setBigUint64(Batch.RESULT_DATAGRAM, result.datagram ?? 0n, true);
  });
  return buffer;
}

const names: VerdictNames = {
  rules4: [
    { table: 'filter', chain: 'INPUT', rule: 3 },
    { table: 'filter', chain: 'INPUT', rule: 0 },
  ],
  rules6: [{ table: 'filter', chain: 'größer"', rule: 1 }],
  interfaces: (index) => [undefined, 'lo', 'eth0'][index],
  extensions4: ['recent'],
  extensions6: [],
};

function lines(results: readonly Result[], firstNumber = 1): string[] {
  const text = Buffer.from(
    new VerdictFormatter(names).format(records(results), 0, results.length, firstNumber),
  ).toString();
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('verdict lines', () => {
  it('a packet that a rule dropped: the example of the contract', () => {
    const dropped: Result = {
      verdict: Verdict.DROP,
      hook: Hook.INPUT,
      family: 4,
      decision: 0,
      iif: 2,
      time: 1_700_000_000_000_000_000n,
    };
    expect(lines([dropped])).toEqual([
      '{"number":1,"time":"1700000000.000000000","family":"ipv4","hook":"INPUT","verdict":"DROP","table":"filter","chain":"INPUT","rule":3,"in":"eth0","out":null,"mark":0,"ctstate":null,"reason":null}',
    ]);
  });

  it('the policy is rule 0', () => {
    expect(
      JSON.parse(lines([{ verdict: Verdict.ACCEPT, hook: 1, family: 4, decision: 1 }])[0] as string),
    ).toMatchObject({ verdict: 'ACCEPT', table: 'filter', chain: 'INPUT', rule: 0 });
  });

  it('reasons: lost, skipped by type, unknown by match', () => {
    const parsed = lines([
      { verdict: Verdict.LOST, reason: Reason.TTL, hook: Hook.PREROUTING, family: 4 },
      { verdict: Verdict.SKIP, reason: Reason.ETHERTYPE, decision: 0x0806 },
      { verdict: Verdict.SKIP, reason: Reason.ETHERTYPE, decision: 0x88b5 },
      { verdict: Verdict.SKIP, reason: Reason.LINK_TYPE, decision: 127 },
      { verdict: Verdict.UNKNOWN, reason: Reason.EXTENSION, decision: 0, hook: 1, family: 4 },
      { verdict: Verdict.UNKNOWN, reason: Reason.NOT_CAPTURED, hook: 1, family: 4 },
    ]).map((line) => JSON.parse(line));
    expect(parsed.map(({ reason }) => reason)).toEqual([
      'ttl',
      '0x0806',
      '0x88b5',
      'ieee802.11-radiotap',
      'recent',
      'not-captured',
    ]);
    expect(parsed.every(({ table, chain, rule }) => table === null && chain === null && rule === null)).toBe(
      true,
    );
    expect(parsed[1]).toMatchObject({ family: null, hook: null });
  });

  it('a held fragment names the packet that completed its datagram', () => {
    const text = lines([
      { verdict: Verdict.FRAGMENT, family: 4, datagram: 12_345_678_901n },
      { verdict: Verdict.FRAGMENT, family: 4 },
    ]);
    const parsed = text.map((line) => JSON.parse(line));
    expect(parsed.map(({ datagram }) => datagram)).toEqual([12_345_678_901, null]);
    const held: { number: number; at: number }[] = [];
    const bytes = new VerdictFormatter(names).format(
      records([{ verdict: Verdict.ACCEPT }, { verdict: Verdict.FRAGMENT, family: 4 }]),
      0,
      2,
      7,
      held,
    );
    expect(held.map(({ number }) => number)).toEqual([8]);
    const at = held[0]?.at as number;
    expect(Buffer.from(bytes.subarray(at)).toString()).toBe('null}\n');
  });

  it('times over the whole range of u64 and numbers over the whole range of doubles', () => {
    const times = [0n, 1n, 999_999_999n, 1_000_000_000n, 1_799_999_999_999_999_999n, 2n ** 64n - 1n];
    const first = 9_007_199_254_740_000;
    const parsed = lines(
      times.map((time) => ({ verdict: Verdict.ACCEPT, family: 4, time })),
      first,
    ).map((line) => JSON.parse(line));
    expect(parsed.map(({ time }) => time)).toEqual([
      '0.000000000',
      '0.000000001',
      '0.999999999',
      '1.000000000',
      '1799999999.999999999',
      '18446744073.709551615',
    ]);
    expect(parsed.map(({ number }) => number)).toEqual(times.map((_, index) => first + index));
  });

  it('every line is right with more marks than are kept, and names are escaped', () => {
    const count = 20_000;
    const results = Array.from({ length: count }, (_, index) => ({
      verdict: Verdict.ACCEPT,
      family: index % 2 === 0 ? 6 : 4,
      decision: 0,
      mark: Math.imul(index % 7919, 2654435761) >>> 0,
    }));
    const parsed = lines(results).map((line) => JSON.parse(line));
    expect(parsed.map(({ mark }) => mark)).toEqual(results.map(({ mark }) => mark));
    expect(parsed[0].chain).toBe('größer"');
  });
});
