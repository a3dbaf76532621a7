// The order of chains in the image: built-in chains, then each chain behind the one that first jumps to it, so that what
// a packet passes stands together, rules and counters alike.

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
