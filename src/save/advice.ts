// Hints for what the scanner cannot read: what a user most probably meant.

import { protocolName } from '../model/protocol.ts';
import type { Family } from '../model/ruleset.ts';
import { didYouMean } from './hint.ts';
import { builtinNames, type Extension, specsOf } from './option.ts';
import type { ExtensionTable } from './registry.ts';

/** For a word that is no option; `first` when the line begins with it. */
export function adviseWord(word: string, first: boolean): string | undefined {
  if (word.startsWith('#')) {
    return 'comments stand on lines of their own that begin with #; inside a rule use -m comment --comment "..."';
  }
  if (/^[‐-―−]/.test(word)) return 'this is a typographic dash; options begin with -';
  if (!first) return undefined;
  if (/^(sudo|(.*\/)?ip6?tables(-legacy|-nft)?)$/.test(word)) {
    return 'a rule file has the words behind `iptables` only: start the line with the command (-A, -I, ...)';
  }
  if (word === 'COMMIT') return 'nothing may follow COMMIT';
  if (word.startsWith('*')) return 'end the table before with COMMIT';
  return 'a rule line begins with a command: -A CHAIN, -I CHAIN, -N CHAIN, -P CHAIN POLICY, ...';
}

/** The protocols that a hint names first. */
const BEST_KNOWN = [6, 17, 1, 58];

/** For a long option that neither iptables nor a loaded extension has. */
export function adviseOption(
  name: string,
  loaded: readonly Extension[],
  context: { readonly extensions: ExtensionTable; readonly family: Family },
): string | undefined {
  const { extensions, family } = context;
  const owners = extensions
    .matchNames()
    .map((match) => extensions.findMatch(match, family))
    .filter((match) => match !== undefined)
    .filter((match) => specsOf(match).has(name) && !loaded.includes(match));
  // multiport has several protocols and is never loaded by one.
  const protocols = owners.filter((one) => one.name !== 'multiport').flatMap((one) => one.protocols ?? []);
  if (protocols.length > 0) {
    const rank = (one: number): number =>
      BEST_KNOWN.includes(one) ? BEST_KNOWN.indexOf(one) : BEST_KNOWN.length;
    const best = [...new Set(protocols)].sort((a, b) => rank(a) - rank(b)).slice(0, 2);
    return `\`--${name}\` needs ${best.map((one) => `\`-p ${protocolName(one) ?? one}\``).join(' or ')}`;
  }
  const [owner] = owners;
  if (owner !== undefined) return `\`--${name}\` needs \`-m ${owner.name}\``;
  const target = extensions
    .targetNames()
    .map((one) => extensions.findTarget(one, family))
    .find((one) => one !== undefined && specsOf(one).has(name));
  if (target !== undefined) return `\`--${name}\` needs \`-j ${target.name}\` before it`;
  const names = new Set(builtinNames());
  for (const extension of loaded) for (const one of specsOf(extension).keys()) names.add(one);
  return didYouMean(name, names, (one) => `\`--${one}\``);
}
