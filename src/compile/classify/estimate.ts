// How many rules a packet has to be verified against: what `check --plan` says of a classifier.

import type { Family } from '../../model/ruleset.ts';
import { boxesOf } from './boxes.ts';
import type { RuleConditions } from './condition.ts';

/** Packets that are drawn at most. */
const SAMPLE = 200;

/**
 * Rules of the whole chain whose searched fields hold a packet's, on the average over packets drawn from the rules: for
 * each the lowest value that the rule takes of every field. Rules are taken for their boxes (boxes.ts).
 */
export function expectedCandidates(rules: readonly RuleConditions[], family: Family): number {
  const { fields, count } = boxesOf(rules, family);
  if (count === 0) return 0;
  const packets = Math.min(SAMPLE, count);
  let candidates = 0;
  for (let packet = 0; packet < packets; packet++) {
    const drawn = Math.floor((packet * count) / packets);
    const values = fields.map(({ lo }) => lo[drawn] as number);
    for (let box = 0; box < count; box++) {
      const holds = fields.every(({ lo, hi }, field) => {
        const value = values[field] as number;
        return value >= (lo[box] as number) && value <= (hi[box] as number);
      });
      if (holds) candidates++;
    }
  }
  return candidates / packets;
}
