// Records of flattened chains stand for rules of other chains: what they count and decide is those rules' doing.

/** Records of a flattened chain, from `firstRecord` on. */
export interface Aliases {
  readonly firstRecord: number;
  /** By record: the one that it stands for. */
  readonly origins: readonly number[];
}

/** Takes packets and bytes, two words a record, from aliases to the records that they stand for. */
export function countAtOrigins(words: BigUint64Array, aliases: readonly Aliases[]): void {
  for (const { firstRecord, origins } of aliases) {
    for (const [index, origin] of origins.entries()) {
      const from = 2 * (firstRecord + index);
      if (words[from] === 0n) continue;
      words[2 * origin] = (words[2 * origin] as bigint) + (words[from] as bigint);
      words[2 * origin + 1] = (words[2 * origin + 1] as bigint) + (words[from + 1] as bigint);
      words[from] = 0n;
      words[from + 1] = 0n;
    }
  }
}

/** The record that one stands for: itself, unless it is an alias. */
export function originOf(record: number, aliases: readonly Aliases[]): number {
  for (const { firstRecord, origins } of aliases) {
    const origin = record >= firstRecord ? origins[record - firstRecord] : undefined;
    if (origin !== undefined) return origin;
  }
  return record;
}
