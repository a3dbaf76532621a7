// What Linux's helpers made of conversations (NAME.jsonl, written by record.py), as data.

import { readFileSync } from 'node:fs';
import { type Address, formatAddress } from '../../../src/model/address.ts';

export interface Step {
  /** Seconds since the case began. */
  readonly at: number;
  readonly from: 'client' | 'server' | 'host';
  /** From the IP header on. */
  readonly packet: Uint8Array;
  /** Ctstate; null: the packet did not come through. */
  readonly state: string | null;
  readonly expects: readonly string[];
  readonly entries?: readonly string[] | undefined;
}

export interface Case {
  readonly name: string;
  readonly helper: string;
  readonly proto: number;
  readonly steps: readonly Step[];
}

interface StepLine extends Omit<Step, 'packet'> {
  readonly packet: string;
}

export function readCases(file: string): Case[] {
  const text = readFileSync(new URL(`${file}.jsonl`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const one = JSON.parse(line) as { name: string; helper: string; proto: string; steps: StepLine[] };
      const steps = one.steps.map((step) => ({ ...step, packet: Buffer.from(step.packet, 'hex') }));
      return { ...one, proto: one.proto === 'tcp' ? 6 : 17, steps };
    });
}

/** A packet's tuple and its transport part. */
export interface Parsed {
  readonly family: 4 | 6;
  readonly proto: number;
  readonly source: Address;
  readonly destination: Address;
  readonly sport: number;
  readonly dport: number;
  readonly transport: Uint8Array;
}

export function parse(packet: Uint8Array): Parsed {
  const family = (packet[0] as number) >> 4 === 4 ? 4 : 6;
  const [header, size, at] = family === 4 ? [20, 4, 12] : [40, 16, 8];
  const transport = packet.subarray(header);
  const proto = packet[family === 4 ? 9 : 6] as number;
  const word = (offset: number): number => Buffer.from(transport).readUInt16BE(offset);
  return {
    family,
    proto,
    source: Uint8Array.from(packet.subarray(at, at + size)),
    destination: Uint8Array.from(packet.subarray(at + size, at + 2 * size)),
    // GRE: the receiver's call id; the sender's is the engine's to say.
    sport: proto === 47 ? 0 : word(0),
    dport: proto === 47 ? word(6) : word(2),
    transport,
  };
}

/** An expectation as record.py spells it, without what only the kernel's netlink knows. */
export interface Seen {
  readonly source: Address | undefined;
  readonly mask: Address;
  readonly destination: Address;
  readonly proto: number;
  readonly sport: number | undefined;
  readonly dport: number;
  readonly timeout: number;
  readonly class: number;
  readonly flags: number;
  readonly master: string;
  /** Offset and length of address and port in the payload, where they stand there; the kernel does not tell. */
  readonly match: string;
}

export function spell(one: Seen): string {
  const source = one.source ?? new Uint8Array(one.destination.length);
  return `${formatAddress(source)}/${formatAddress(one.mask)} ${formatAddress(one.destination)} ${one.proto} ${
    one.sport ?? 0
  }/${one.sport === undefined ? 0 : 65535} ${one.dport} timeout=${one.timeout} class=${one.class} flags=${
    one.flags
  } master=${one.master}`;
}

const TIMEOUT = /timeout=(\d+)/;

/** The recorded lines as spell() has them, and their timeouts apart: those are seconds as the kernel rounds them. */
export function withoutTimeouts(lines: readonly string[]): { lines: string[]; timeouts: number[] } {
  const sorted = lines.map((line) => line.replace(/ helper=\S+ fn=\S+/, '')).sort();
  return {
    lines: sorted.map((line) => line.replace(TIMEOUT, 'timeout')),
    timeouts: sorted.map((line) => Number(TIMEOUT.exec(line)?.[1])),
  };
}
