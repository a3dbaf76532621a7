// How many rules a packet has to be verified against: what `check --plan` says of a classifier.

import type { Family } from '../../model/ruleset.ts';
import { boxesOf } from './boxes.ts';
import type { RuleConditions } from './condition.ts';

/** Packets that are drawn at most. */
const SAMPLE = 200;

/**
 * Rules of the whole chain whose searched fields hold a packet's, on the average over packets drawn from the rules: for
 * each the lowest value that the rule takes of every field. Rules are taken for the hull of their conditions.
 */
export function expectedCandidates(rules: readonly RuleConditions[], family: Family): number {
  const { fields, possible } = boxesOf(rules, family);
  if (possible.length === 0) return 0;
  const packets = Math.min(SAMPLE, possible.length);
  let candidates = 0;
  for (let packet = 0; packet < packets; packet++) {
    const drawn = possible[Math.floor((packet * possible.length) / packets)] as number;
    const values = fields.map(({ lo }) => lo[drawn] as number);
    for (const rule of possible) {
      const holds = fields.every(({ lo, hi }, field) => {
        const value = values[field] as number;
        return value >= (lo[rule] as number) && value <= (hi[rule] as number);
      });
      if (holds) candidates++;
    }
  }
  return candidates / packets;
}
