// What a rule set needs of connection tracking. Linux switches it on for a family when a rule's check function asks for
// it (nf_ct_netns_get), for all packets of that family.

import { type Family, isUnknown, type Rule, type RuleSet } from '../model/ruleset.ts';
import { findMatch, findTarget } from './index.ts';

/** Whether some rule of the set switches connection tracking on. */
export function needsConntrack(ruleSet: RuleSet): boolean {
  return rulesOf(ruleSet).some((rule) => ruleNeeds(rule, ruleSet.family));
}

function rulesOf({ tables }: RuleSet): readonly Rule[] {
  return tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules));
}

function ruleNeeds({ matches, target }: Rule, family: Family): boolean {
  const byMatch = matches.some(({ name, options }) => {
    if (isUnknown(options)) return false;
    return findMatch(name, family)?.needsConntrack?.(options as never) ?? false;
  });
  if (byMatch) return true;
  if (target?.kind !== 'extension' || isUnknown(target.options)) return false;
  return findTarget(target.name, family)?.needsConntrack?.(target.options as never) ?? false;
}
