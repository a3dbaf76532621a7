// Names that iproute2 prints for numbers: routing tables (rt_tables) and DS fields (rt_dsfield).

import type { Entry } from './json.ts';
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from './kernel-route.ts';

/** Numbers of routing tables. A name of the host's own rt_tables gets a number beyond those that Linux has. */
export class TableNames {
  readonly #numbers = new Map<string, number>([
    ['unspec', 0],
    ['default', TABLE_DEFAULT],
    ['main', TABLE_MAIN],
    ['local', TABLE_LOCAL],
  ]);

  number(name: string): number {
    const number = /^\d+$/.test(name) ? Number(name) : this.#numbers.get(name);
    if (number !== undefined) return number;
    const own = 2 ** 32 + this.#numbers.size;
    this.#numbers.set(name, own);
    return own;
  }
}

/** A TOS byte: `0x10`, or a name of RFC 4594's classes. */
export function dsfield(entry: Entry, name: string): number | undefined {
  const text = entry.string(name);
  if (text === undefined) return undefined;
  const classSelector = /^CS([0-7])$/i.exec(text);
  if (classSelector !== null) return Number(classSelector[1]) << 5;
  const assured = /^AF([1-4])([1-3])$/i.exec(text);
  if (assured !== null) return (Number(assured[1]) << 5) | (Number(assured[2]) << 3);
  if (/^EF$/i.test(text)) return 0xb8;
  return /^default$/i.test(text) ? 0 : entry.number(name, 255);
}
