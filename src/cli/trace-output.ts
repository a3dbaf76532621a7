// The lines of a trace, in the order of the packets. Those of a held fragment say what became of it, which comes later:
// the lines from there on wait until it is known.

import type { Frame, Outcome } from '../interpret/interpreter.ts';
import type { Link } from '../interpret/link.ts';
import type { Backend } from '../model/ruleset.ts';
import { pathLines } from '../report/explain.ts';
import { write } from './terminal.ts';

/** A packet that was asked for. */
export interface Traced {
  readonly frame: Frame;
  readonly link: Link;
  readonly outcome: Outcome;
}

/** Packets that wait for what becomes of an earlier fragment; beyond, it is written as not known. */
const MOST_WAITING = 100_000;

export class TraceOutput {
  /** Packets so far. */
  count = 0;
  readonly #options: { readonly backend: Backend; readonly explain: boolean };
  #waiting: Traced[] = [];

  constructor(options: { readonly backend: Backend; readonly explain: boolean }) {
    this.#options = options;
  }

  /** Some packet's lines are not written yet. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  add(traced: Traced): void {
    this.count++;
    this.#waiting.push(traced);
  }

  /** Writes what is known of the packets so far. */
  async writeKnown(): Promise<void> {
    const open = this.#waiting.findIndex(isOpen);
    const known = open < 0 ? this.#waiting.length : Math.max(open, this.#waiting.length - MOST_WAITING);
    if (known > 0) await this.#write(known);
  }

  /** After the last packet: what is not known yet will not be. */
  async finish(): Promise<void> {
    await this.#write(this.#waiting.length);
  }

  async #write(count: number): Promise<void> {
    const now = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const one of now) await write(process.stdout, this.#text(one));
  }

  #text({ frame, link, outcome }: Traced): string {
    const linkHeader = link.mac === undefined ? undefined : ethernetHeader(frame, link);
    return `${pathLines(outcome, { linkHeader }, this.#options).join('\n')}\n`;
  }
}

/** It was held, and nothing has become of it yet. */
function isOpen({ outcome }: Traced): boolean {
  const held = outcome.reassembled?.at(-1)?.held;
  return held !== undefined && held.fate === undefined;
}

/** The header without VLAN tags: the stack takes them off before the hooks. */
function ethernetHeader({ bytes }: Frame, { family }: Link): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, 12), ...(family === 'ipv6' ? [0x86, 0xdd] : [0x08, 0x00])]);
}
