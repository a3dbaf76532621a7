// Operations of connection tracking's matches and targets over entries made by hand: what no frame of tracked.jsonl
// shows, or not alone: events, entries without extensions, ends of ranges.

import { beforeEach, describe, expect, it } from 'vitest';
import { findMatch, findTarget } from '../../src/extension/index.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import type { Family, Rule } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { Decoder } from '../packet/kernel.ts';

const OPERATION = 32768;
const CONFIG = 36864;
const ENTRY = 40960;
const ENTRY_BYTES = 320;
const ACCT = 192;
const LABELS = 224;
const MASTER = 240;
const ETHERNET = 1;
const FRAME =
  '020000000001020000000002 0800 4500001c00010000401166c60a0900020a090001 0035003500080000'.replaceAll(
    ' ',
    '',
  );
const SECOND = 1_000_000_000n;

const decoder = new Decoder();
const { view, lane, record } = decoder;

const entry = (offset: number, value: number): void => view.setUint32(ENTRY + offset, value, true);
const config = (offset: number, value: number): void => view.setUint32(CONFIG + offset, value, true);

beforeEach(() => {
  decoder.decode({ linktype: ETHERNET, bytes: Buffer.from(FRAME, 'hex') });
  decoder.bytes.fill(0, CONFIG, ENTRY + ENTRY_BYTES);
  view.setUint32(lane + Lane.CONNTRACK, CONFIG, true);
  config(Conntrack.FLAGS, Conntrack.EVENTS);
  for (const family of [0, 4]) {
    config(Conntrack.ACCT4 + family, ACCT);
    config(Conntrack.LABELS4 + family, LABELS);
    config(Conntrack.MASTER4 + family, MASTER);
  }
  decoder.set(Packet.CT, ENTRY);
  decoder.set(Packet.CTINFO, Conntrack.INFO_ESTABLISHED);
  decoder.set(Packet.CTSTATE, Conntrack.STATE_ESTABLISHED | Conntrack.STATE_PASSED);
  decoder.set(Packet.CT_TEMPLATE, 0);
  view.setUint8(ENTRY + Conntrack.FAMILY, 4);
  view.setUint8(ENTRY + Conntrack.PROTO, 17);
  entry(Conntrack.STATUS, Conntrack.IN_USE | Conntrack.IPS_CONFIRMED);
});

/** Lowers and lays down the operations of a rule's matches or of its target; their addresses. */
function operations(rule: string, family: Family = 'ipv4', table = 'raw'): number[] {
  const text = `*${table}\n-A PREROUTING ${rule}\nCOMMIT\n`;
  const { tables } = readRules(text, { file: 'rule', family });
  const parsed = tables[0]?.chains[0]?.rules[0] as Rule;
  const words: number[] = [];
  const starts: number[] = [];
  const context = {
    family,
    backend: 'legacy' as const,
    rule: parsed,
    emit(code: number, ...operands: readonly number[]): void {
      starts.push(OPERATION + words.length * 4);
      const count = Math.ceil((operands.length + 1) / 4) * 4;
      words.push(code | ((count * 4) << 16), ...operands);
      while (words.length % 4 !== 0) words.push(0);
    },
    interfaceRow: () => 0,
    register: () => 0,
  };
  for (const { name, options } of parsed.matches) findMatch(name, family)?.lower(options, context);
  const { target } = parsed;
  if (target?.kind === 'extension') findTarget(target.name, family)?.lower(target.options, context);
  new Uint32Array(decoder.memory.buffer).set(words, OPERATION / 4);
  return starts;
}

function matches(rule: string, family: Family = 'ipv4'): boolean {
  return operations(rule, family).every((at) => {
    const result = decoder.kernel.matchOperation?.(lane, record, at);
    expect([Op.NO, Op.YES]).toContain(result);
    return result === Op.YES;
  });
}

function apply(rule: string): void {
  for (const at of operations(rule)) decoder.kernel.targetOperation?.(lane, record, at);
}

const cached = (): number => view.getUint16(ENTRY + Conntrack.EVENT_CACHE, true);

describe('-m conntrack', () => {
  it('states alone are one generic operation', () => {
    const [only, ...others] = operations('-m conntrack ! --ctstate NEW,RELATED');
    expect(others).toEqual([]);
    expect(view.getUint16(only as number, true)).toBe(Op.FIELD_MASK);
    expect(view.getUint32((only as number) + 4, true)).toBe(Packet.CTSTATE);
  });

  it('SNAT and DNAT are bits beside the state', () => {
    decoder.set(Packet.CTSTATE, Conntrack.STATE_ESTABLISHED | Conntrack.STATE_DNAT);
    expect(matches('-m conntrack --ctstate DNAT')).toBe(true);
    expect(matches('-m conntrack --ctstate SNAT')).toBe(false);
    expect(matches('-m conntrack ! --ctstate DNAT')).toBe(false);
    expect(matches('-m conntrack --ctstate ESTABLISHED')).toBe(true);
  });

  it.each([
    [10n * SECOND, 10, true],
    [10n * SECOND - 1n, 9, true],
    [10n * SECOND + 999_999_999n, 10, true],
    [SECOND - 1n, 0, true],
    [-5n * SECOND, 0, true],
    [10n * SECOND, 9, false],
    [5_000_000_000n * SECOND, 4294967295, false],
  ])('%i ns left are %i s: %s', (left, seconds, expected) => {
    const now = 1_700_000_000n * SECOND;
    view.setBigUint64(record + Packet.TIME, now, true);
    view.setBigUint64(ENTRY + Conntrack.DEADLINE, now + left, true);
    expect(matches(`-m conntrack --ctexpire ${seconds}`)).toBe(expected);
    expect(matches(`-m conntrack ! --ctexpire ${seconds}`)).toBe(!expected);
  });

  it('has 0 s left until it is confirmed', () => {
    view.setBigUint64(ENTRY + Conntrack.DEADLINE, 1n << 61n, true);
    expect(matches('-m conntrack --ctexpire 1:')).toBe(true);
    entry(Conntrack.STATUS, Conntrack.IN_USE);
    expect(matches('-m conntrack --ctexpire 0')).toBe(true);
  });

  it.each([
    ['0.0.0.0/0', true],
    ['10.9.0.2', true],
    ['10.9.0.3', false],
    ['10.77.0.2/255.0.0.255', true],
    ['10.77.0.3/255.0.0.255', false],
  ])('source %s: %s', (source, expected) => {
    entry(Conntrack.ORIG_SRC, 0x0a090002);
    expect(matches(`-m conntrack --ctorigsrc ${source}`)).toBe(expected);
    expect(matches(`-m conntrack ! --ctorigsrc ${source}`)).toBe(!expected);
  });

  it.each([
    ['2001:db8::1', true],
    ['2001:db8::2', false],
    ['2001:db8:0:0:ffff::1/64', true],
    ['2001:db8:0:1::1/64', false],
    ['::1/::ffff', true],
  ])('IPv6 reply destination %s: %s', (destination, expected) => {
    view.setUint8(ENTRY + Conntrack.FAMILY, 6);
    view.setBigUint64(ENTRY + Conntrack.REPLY_DST6, 0x20010db800000000n, true);
    view.setBigUint64(ENTRY + Conntrack.REPLY_DST6 + 8, 1n, true);
    expect(matches(`-m conntrack --ctrepldst ${destination}`, 'ipv6')).toBe(expected);
    expect(matches(`-m conntrack ! --ctrepldst ${destination}`, 'ipv6')).toBe(!expected);
  });
});

describe('-j CONNMARK', () => {
  it('tells of a change, and of nothing else', () => {
    entry(Conntrack.MARK, 5);
    apply('-j CONNMARK --set-mark 5');
    expect(cached()).toBe(0);
    apply('-j CONNMARK --or-mark 2');
    expect(view.getUint32(ENTRY + Conntrack.MARK, true)).toBe(7);
    expect(cached()).toBe(1 << Conntrack.IPCT_MARK);
  });

  it('restoring is no event, and needs an entry', () => {
    entry(Conntrack.MARK, 0xab);
    decoder.set(Packet.MARK, 0x100);
    apply('-j CONNMARK --restore-mark --mask 0xf');
    expect(decoder.get(Packet.MARK)).toBe(0x10b);
    expect(cached()).toBe(0);
    decoder.set(Packet.CT, 0);
    apply('-j CONNMARK --restore-mark');
    apply('-j CONNMARK --set-mark 1');
    expect(decoder.get(Packet.MARK)).toBe(0x10b);
  });

  it('is silent without events', () => {
    config(Conntrack.FLAGS, 0);
    apply('-j CONNMARK --set-mark 1');
    expect(view.getUint32(ENTRY + Conntrack.MARK, true)).toBe(1);
    expect(cached()).toBe(0);
  });
});

describe('-m connlabel', () => {
  it.each([0, 31, 32, 63, 64, 127])('label %i is a bit of its own', (bit) => {
    expect(matches(`-m connlabel --label ${bit}`)).toBe(false);
    expect(matches(`-m connlabel --label ${bit} --set`)).toBe(true);
    expect(cached()).toBe(1 << Conntrack.IPCT_LABEL);
    let labels = 0n;
    for (const word of [3, 2, 1, 0]) {
      labels = (labels << 32n) | BigInt(view.getUint32(ENTRY + LABELS + word * 4, true));
    }
    expect(labels).toBe(1n << BigInt(bit));
    view.setUint16(ENTRY + Conntrack.EVENT_CACHE, 0, true);
    expect(matches(`-m connlabel ! --label ${bit} --set`)).toBe(false);
    expect(cached()).toBe(0);
  });

  it('is never there in an entry without labels, and cannot be set', () => {
    config(Conntrack.LABELS4, 0);
    expect(matches('-m connlabel --label 1 --set')).toBe(false);
    expect(matches('-m connlabel ! --label 1 --set')).toBe(true);
    expect(cached()).toBe(0);
  });
});

describe('-m connbytes', () => {
  const account = (offset: number, value: bigint): void =>
    view.setBigUint64(ENTRY + ACCT + offset, value, true);
  const asks = (range: string, mode: string, direction: string, sign = ''): boolean =>
    matches(
      `-m connbytes ${sign} --connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${direction}`,
    );

  it('compares 64 bits', () => {
    account(Conntrack.ACCT_PACKETS, 3n);
    account(Conntrack.ACCT_BYTES, 1n << 40n);
    account(Conntrack.ACCT_REPLY + Conntrack.ACCT_PACKETS, 1n);
    account(Conntrack.ACCT_REPLY + Conntrack.ACCT_BYTES, 4n);
    expect(asks('1099511627776:1099511627776', 'bytes', 'original')).toBe(true);
    expect(asks('1099511627777:', 'bytes', 'original')).toBe(false);
    expect(asks('1099511627780:1099511627780', 'bytes', 'both')).toBe(true);
    expect(asks('4:4', 'packets', 'both')).toBe(true);
    expect(asks('366503875925:366503875925', 'avgpkt', 'original')).toBe(true);
    expect(asks('4:5', 'avgpkt', 'reply', '!')).toBe(false);
    expect(asks('5:6', 'avgpkt', 'reply', '!')).toBe(true);
  });

  it('the average of no packets is 0; without accounting nothing matches', () => {
    expect(asks(':1', 'avgpkt', 'reply')).toBe(true);
    config(Conntrack.ACCT4, 0);
    expect(asks('0:', 'packets', 'both')).toBe(false);
    expect(asks('5:6', 'packets', 'both', '!')).toBe(false);
  });
});

describe('-m cluster', () => {
  const RULE = '-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef';
  const node = (source: number): boolean => {
    entry(Conntrack.ORIG_SRC, source);
    return matches(RULE);
  };

  it("asks an expected connection's master", () => {
    const sources = Array.from({ length: 32 }, (_, index) => 0x0a000001 + index);
    const ours = sources.find((source) => node(source)) as number;
    const others = sources.find((source) => !node(source)) as number;
    entry(MASTER, ours);
    expect(node(others)).toBe(false);
    entry(Conntrack.STATUS, Conntrack.IN_USE | Conntrack.IPS_EXPECTED);
    expect(node(others)).toBe(true);
  });

  it('takes what came by a multicast link address for its own', () => {
    decoder.set(Packet.PKTTYPE, 2);
    matches(RULE);
    expect(decoder.get(Packet.PKTTYPE)).toBe(0);
    decoder.set(Packet.PKTTYPE, 2);
    decoder.set(Packet.DST, 0xe0000001);
    matches(RULE);
    expect(decoder.get(Packet.PKTTYPE)).toBe(2);
  });
});

describe('-j CT', () => {
  beforeEach(() => {
    decoder.set(Packet.CT, 0);
    decoder.set(Packet.CTSTATE, Conntrack.STATE_INVALID);
    decoder.set(Packet.CTINFO, 0);
  });

  const words = (): number[] => {
    const template = decoder.get(Packet.CT_TEMPLATE);
    return [Op.TEMPLATE_ZONE, Op.TEMPLATE_ZONE_DIRECTIONS, Op.TEMPLATE_HELPER, Op.TEMPLATE_EVENTS].map(
      (offset) => view.getUint32(template + offset, true),
    );
  };

  it.each([
    ['-j CT', [0, 3, 0, 0]],
    ['-j CT --zone 7', [7, 3, 0, 0]],
    ['-j CT --zone-orig 7', [7, 1, 0, 0]],
    ['-j CT --zone-reply mark', [0, 2 | Op.TEMPLATE_ZONE_MARK, 0, 0]],
    ['-p udp -j CT --helper sip', [0, 3, Conntrack.HELPER_SIP, 0]],
    ['-j CT --ctevents new,mark', [0, 3, 0, 0x81]],
    ['-j CT --expevents new', [0, 3, 0, Op.TEMPLATE_NO_EVENTS]],
    ['-j CT --expevents new --ctevents destroy', [0, 3, 0, 4]],
  ])('%s', (rule, expected) => {
    apply(rule);
    expect(words()).toEqual(expected);
  });

  it('leaves alone what has an entry already', () => {
    decoder.set(Packet.CT, ENTRY);
    apply('-j CT --zone 1');
    apply('-j NOTRACK');
    expect(decoder.get(Packet.CT_TEMPLATE)).toBe(0);
    expect(decoder.get(Packet.CTSTATE)).toBe(Conntrack.STATE_INVALID);
  });
});
