// --verdicts: one JSON object a packet, a line each. A line is a number, a time, and a tail that few packets differ
// in; tails are kept as bytes, so that a packet costs a look-up and two copies.

import { linkTypeName } from '../capture/linktype.ts';
import type { CompiledRules } from '../compile/compile.ts';
import * as Batch from '../layout/batch.ts';
import * as Hook from '../layout/hook.ts';
import * as Packet from '../layout/packet.ts';
import * as Reason from '../layout/reason.ts';
import * as Verdict from '../layout/verdict.ts';
import type { TableName } from '../model/ruleset.ts';
import { reasonName } from './reason.ts';
import { verdictName } from './verdict.ts';

/** A rule by its place; `rule` counts from 1, 0 is the policy of a built-in chain. */
export interface RuleName {
  readonly table: TableName;
  readonly chain: string;
  readonly rule: number;
}

/** What the numbers in result records stand for. */
export interface VerdictNames {
  /** By rule index in the image of the family. */
  readonly rules4: readonly (RuleName | undefined)[];
  readonly rules6: readonly (RuleName | undefined)[];
  /** Name of an interface index of the machine; undefined for 0, no interface. */
  readonly interfaces: (index: number) => string | undefined;
  /** By id: the matches and targets that `--unknown verdict` let through, for the reason of UNKNOWN. */
  readonly extensions4: readonly string[];
  readonly extensions6: readonly string[];
}

const HOOK_NAMES: readonly (string | undefined)[] = [
  'PREROUTING',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
];

/** By Batch.RESULT_CT_*. */
const CTSTATES: readonly (string | undefined)[] = [
  undefined,
  'INVALID',
  'ESTABLISHED',
  'RELATED',
  'NEW',
  'UNTRACKED',
];

/** Bytes of a line besides its tail: the number (16 digits at most), the time, and the mark of a held fragment. */
const LINE_BYTES = 128;
/** log2 of the number of tails kept. */
const TAIL_BITS = 12;

/** Makes the lines of result records (src/layout/batch.ts). Not shared between threads. */
export class VerdictFormatter {
  readonly #names: VerdictNames;
  /** A cache: a tail's slot follows from its four keys (verdict to family, decision, interfaces, mark). */
  readonly #tails: (Uint8Array | undefined)[] = Array(1 << TAIL_BITS).fill(undefined);
  readonly #tailKeys = new Uint32Array(4 << TAIL_BITS);
  readonly #encoder = new TextEncoder();
  #lastSeconds = -1;
  #secondsDigits: Uint8Array = new Uint8Array(0);

  constructor(names: VerdictNames) {
    this.#names = names;
  }

  /**
   * Lines of `count` result records that start at byte `offset` of `memory`. `firstNumber` is the first record's
   * number, from 1. Answers bytes of its own (ASCII and UTF-8), each line with its line feed. `held` receives the
   * fragments whose datagram is not known yet: packet number, and where in the bytes the `null` for it starts.
   */
  format(
    memory: ArrayBufferLike,
    offset: number,
    count: number,
    firstNumber: number,
    held: { number: number; at: number }[] = [],
  ): Uint8Array<ArrayBuffer> {
    const view = new DataView(memory, offset, count * Batch.RESULT_BYTES);
    let out = new Uint8Array(count * 256 + LINE_BYTES);
    let at = 0;
    for (let index = 0; index < count; index++) {
      const record = index * Batch.RESULT_BYTES;
      const tail = this.#tail(view, record);
      if (at + tail.length + LINE_BYTES > out.length) {
        const larger = new Uint8Array(out.length * 2 + tail.length);
        larger.set(out);
        out = larger;
      }
      at = writeText(out, at, '{"number":');
      at = writeDigits(out, at, firstNumber + index);
      at = writeText(out, at, ',"time":"');
      at = this.#writeTime(out, at, view, record + Batch.RESULT_TIME);
      out.set(tail, at);
      at += tail.length;
      if (view.getUint8(record + Batch.RESULT_VERDICT) === Verdict.FRAGMENT) {
        const datagram =
          view.getUint32(record + Batch.RESULT_DATAGRAM, true) +
          view.getUint32(record + Batch.RESULT_DATAGRAM + 4, true) * 2 ** 32;
        at = writeText(out, at, ',"datagram":');
        if (datagram === 0) {
          held.push({ number: firstNumber + index, at });
          at = writeText(out, at, 'null');
        } else {
          at = writeDigits(out, at, datagram);
        }
      }
      out[at++] = 0x7d; // }
      out[at++] = 0x0a;
    }
    return out.subarray(0, at);
  }

  #tail(view: DataView, record: number): Uint8Array {
    const head = view.getUint32(record, true);
    const decision = view.getUint32(record + Batch.RESULT_DECISION, true);
    const interfaces = view.getUint32(record + Batch.RESULT_IIF, true);
    const mark = view.getUint32(record + Batch.RESULT_MARK, true);
    let hash = Math.imul(head ^ Math.imul(decision, 0x9e3779b1), 0x85ebca6b);
    hash = Math.imul(hash ^ Math.imul(interfaces, 0xc2b2ae35) ^ mark, 0x27d4eb2f);
    const slot = hash >>> (32 - TAIL_BITS);
    const keys = this.#tailKeys;
    const key = slot * 4;
    const kept = this.#tails[slot];
    if (
      kept !== undefined &&
      keys[key] === head &&
      keys[key + 1] === decision &&
      keys[key + 2] === interfaces &&
      keys[key + 3] === mark
    ) {
      return kept;
    }
    const tail = this.#encoder.encode(tailText(view, record, this.#names));
    keys[key] = head;
    keys[key + 1] = decision;
    keys[key + 2] = interfaces;
    keys[key + 3] = mark;
    this.#tails[slot] = tail;
    return tail;
  }

  /** Seconds and nine decimals of a little-endian u64 of nanoseconds, divided limb by limb within 2^53. */
  #writeTime(out: Uint8Array, at: number, view: DataView, offset: number): number {
    let seconds = 0;
    let nanos = 0;
    for (let limb = 6; limb >= 0; limb -= 2) {
      const value = nanos * 65536 + view.getUint16(offset + limb, true);
      const quotient = Math.floor(value / 1e9);
      nanos = value - quotient * 1e9;
      seconds = seconds * 65536 + quotient;
    }
    if (seconds !== this.#lastSeconds) {
      this.#lastSeconds = seconds;
      this.#secondsDigits = this.#encoder.encode(String(seconds));
    }
    out.set(this.#secondsDigits, at);
    let end = at + this.#secondsDigits.length;
    out[end++] = 0x2e; // .
    for (let place = end + 8; place >= end; place--) {
      const rest = Math.floor(nanos / 10);
      out[place] = 0x30 + nanos - rest * 10;
      nanos = rest;
    }
    return end + 9;
  }
}

function writeText(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

function writeDigits(out: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const next = Math.floor(rest / 10);
    out[place] = 0x30 + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

/** From the quote that closes the time to the last field, without the closing brace. */
function tailText(view: DataView, record: number, names: VerdictNames): string {
  const verdict = view.getUint8(record + Batch.RESULT_VERDICT);
  const family = view.getUint8(record + Batch.RESULT_FAMILY) & 15;
  const ctstate = view.getUint8(record + Batch.RESULT_FAMILY) >> 4;
  const hook = view.getUint8(record + Batch.RESULT_HOOK);
  const decision = view.getUint32(record + Batch.RESULT_DECISION, true);
  const rules = family === 6 ? names.rules6 : names.rules4;
  const hotdrop = view.getUint8(record + Batch.RESULT_REASON) === Reason.HOTDROP;
  const byRule =
    hotdrop || (verdict !== Verdict.LOST && verdict !== Verdict.SKIP && verdict !== Verdict.UNKNOWN);
  const rule = byRule && decision !== Packet.NO_RULE ? rules[decision] : undefined;
  const fields = {
    family: family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : null,
    hook: hook === Hook.NONE ? null : (HOOK_NAMES[hook] ?? null),
    verdict: verdictName(verdict),
    table: rule?.table ?? null,
    chain: rule?.chain ?? null,
    rule: rule?.rule ?? null,
    in: names.interfaces(view.getUint16(record + Batch.RESULT_IIF, true)) ?? null,
    out: names.interfaces(view.getUint16(record + Batch.RESULT_OIF, true)) ?? null,
    mark: view.getUint32(record + Batch.RESULT_MARK, true),
    ctstate: CTSTATES[ctstate] ?? null,
    reason: reasonText(view.getUint8(record + Batch.RESULT_REASON), decision, family, names),
  };
  return `",${JSON.stringify(fields).slice(1, -1)}`;
}

function reasonText(reason: number, decision: number, family: number, names: VerdictNames): string | null {
  switch (reason) {
    case Reason.NONE:
      return null;
    case Reason.ETHERTYPE:
      return `0x${decision.toString(16).padStart(4, '0')}`;
    case Reason.LINK_TYPE:
      return linkTypeName(decision);
    case Reason.EXTENSION:
      return (family === 6 ? names.extensions6 : names.extensions4)[decision] ?? reasonName(reason);
    default:
      return reasonName(reason);
  }
}

/** The names of a compiled rule set's records, by rule index: what VerdictNames wants. */
export function ruleNames({
  chains,
  aliases,
}: Pick<CompiledRules, 'chains' | 'aliases'>): (RuleName | undefined)[] {
  const names: (RuleName | undefined)[] = [];
  for (const { table, chain, firstRecord } of chains) {
    for (const index of chain.rules.keys()) {
      names[firstRecord + index] = { table: table.name, chain: chain.name, rule: index + 1 };
    }
    // The record after the last rule: a built-in chain's policy; a user chain's end decides nothing.
    names[firstRecord + chain.rules.length] =
      chain.hook === undefined ? undefined : { table: table.name, chain: chain.name, rule: 0 };
  }
  for (const { firstRecord, origins } of aliases) {
    for (const [index, origin] of origins.entries()) names[firstRecord + index] = names[origin];
  }
  return names;
}
