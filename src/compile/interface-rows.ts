// `-i` and `-o` as bit rows: one row a pattern, one bit an interface. Interfaces that turn up while a capture is read
// (pcapng names) get their bits before the first packet that uses them.

import * as Image from '../layout/image.ts';

export interface InterfaceRow {
  readonly pattern: string;
  readonly invert: boolean;
  /** Byte offset of the row in the image. */
  readonly offset: number;
}

/**
 * Does an interface name fit a pattern? `+` at the end is a prefix; the empty name stands for "no interface", which
 * only `+` fits (ifname_compare in x_tables.h compares names under a mask; without a device the name is empty).
 */
export function interfaceMatches(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Sets interface `index`'s bit in every row of an image that stands at `base` in `bytes`. */
export function setInterface(
  bytes: Uint8Array,
  base: number,
  rows: readonly InterfaceRow[],
  index: number,
  name: string,
): void {
  if (index >= Image.INTERFACES) throw new RangeError(`interface ${index} is beyond ${Image.INTERFACES}`);
  for (const row of rows) {
    if (interfaceMatches(row.pattern, name) === row.invert) continue;
    const at = base + row.offset + (index >> 3);
    bytes[at] = (bytes[at] as number) | (1 << (index & 7));
  }
}
