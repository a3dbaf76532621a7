// What a rule set needs of connection tracking. Linux switches it on for a family when a rule's check function asks for
// it (nf_ct_netns_get), for all packets of that family; accounting and labels are switched on for both families.

import { isUnknown, type Rule, type RuleSet } from '../model/ruleset.ts';
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
  const matches = new Asked((name) => findMatch(name, family)?.[need]);
  const targets = new Asked((name) => findTarget(name, family)?.[need]);
  return tables.some(({ chains }) =>
    chains.some(({ rules }) => rules.some((rule) => ruleNeeds(rule, matches, targets))),
  );
}

type Ask = ((options: never) => boolean) | undefined;

/** What to ask extensions by name: most have no such question, and rules are many. */
class Asked {
  readonly #find: (name: string) => Ask;
  readonly #known = new Map<string, Ask>();

  constructor(find: (name: string) => Ask) {
    this.#find = find;
  }

  needs(name: string, options: unknown): boolean {
    let ask = this.#known.get(name);
    if (ask === undefined && !this.#known.has(name)) {
      ask = this.#find(name);
      this.#known.set(name, ask);
    }
    return ask !== undefined && !isUnknown(options) && ask(options as never);
  }
}

function ruleNeeds({ matches, target }: Rule, byMatch: Asked, byTarget: Asked): boolean {
  for (const { name, options } of matches) if (byMatch.needs(name, options)) return true;
  return target?.kind === 'extension' && byTarget.needs(target.name, target.options);
}
