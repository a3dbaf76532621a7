// What a rule set needs of connection tracking. Linux switches it on for a family when a rule's check function asks for
// it (nf_ct_netns_get), for all packets of that family; accounting and labels are switched on for both families.

import { type Family, isUnknown, type Rule, type RuleSet } from '../model/ruleset.ts';
import { findMatch, findTarget } from './index.ts';

type Need = 'needsConntrack' | 'needsAccounting' | 'needsLabels' | 'needsMaster' | 'needsHelp';

/** Whether some rule of the set switches connection tracking on. */
export function needsConntrack(ruleSet: RuleSet): boolean {
  return someRule(ruleSet, 'needsConntrack');
}

/** What entries are to have for a rule set: ConntrackFeatures (src/conntrack/config.ts). */
export interface EntryNeeds {
  readonly accounting: boolean;
  readonly labels: boolean;
  readonly master: boolean;
  readonly help: boolean;
}

export function entryNeeds(ruleSet: RuleSet): EntryNeeds {
  return {
    accounting: someRule(ruleSet, 'needsAccounting'),
    labels: someRule(ruleSet, 'needsLabels'),
    master: someRule(ruleSet, 'needsMaster'),
    help: someRule(ruleSet, 'needsHelp'),
  };
}

function someRule({ tables, family }: RuleSet, need: Need): boolean {
  return tables.some(({ chains }) =>
    chains.some(({ rules }) => rules.some((rule) => ruleNeeds(rule, family, need))),
  );
}

function ruleNeeds({ matches, target }: Rule, family: Family, need: Need): boolean {
  const byMatch = matches.some(({ name, options }) => {
    if (isUnknown(options)) return false;
    return findMatch(name, family)?.[need]?.(options as never) ?? false;
  });
  if (byMatch) return true;
  if (target?.kind !== 'extension' || isUnknown(target.options)) return false;
  return findTarget(target.name, family)?.[need]?.(target.options as never) ?? false;
}
