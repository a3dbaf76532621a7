// How a table's chains hang together. Their order in the image: built-in chains, then each chain behind the one that first
// jumps to it, so that what a packet passes stands together, rules and counters alike.

import type { Chain, Rule, Table } from '../model/ruleset.ts';

export function chainOrder({ chains }: Table): readonly Chain[] {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const ordered = new Set<Chain>(chains.filter(({ hook }) => hook !== undefined));
  for (const builtIn of [...ordered]) reach(builtIn, byName, ordered);
  for (const chain of chains) ordered.add(chain);
  return [...ordered];
}

/** Adds the chains that `from` leads to, depth first. There may be as many nested as there are chains: no recursion. */
function reach(from: Chain, byName: ReadonlyMap<string, Chain>, ordered: Set<Chain>): void {
  const walks: { readonly rules: readonly Rule[]; next: number }[] = [{ rules: from.rules, next: 0 }];
  for (let walk = walks.at(-1); walk !== undefined; walk = walks.at(-1)) {
    const target = walk.rules[walk.next++]?.target;
    if (walk.next > walk.rules.length) walks.pop();
    if (target?.kind !== 'jump' && target?.kind !== 'goto') continue;
    const chain = byName.get(target.chain);
    if (chain === undefined || ordered.has(chain)) continue;
    ordered.add(chain);
    walks.push({ rules: chain.rules, next: 0 });
  }
}

/** The built-in chains, and those that they jump to, or go to, whatever the packet. */
export function alwaysReached({ chains }: Table): ReadonlySet<Chain> {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const reached = new Set(chains.filter(({ hook }) => hook !== undefined));
  for (const { rules } of reached) {
    for (const rule of rules) {
      const { target } = rule;
      if ((target?.kind !== 'jump' && target?.kind !== 'goto') || asks(rule)) continue;
      const chain = byName.get(target.chain);
      if (chain !== undefined) reached.add(chain);
    }
  }
  return reached;
}

function asks({ source, destination, protocol, in: device, out, fragment, matches }: Rule): boolean {
  const parts = [source, destination, protocol, device, out, fragment];
  return parts.some((part) => part !== undefined) || matches.some(({ name }) => name !== 'comment');
}
