// Every match and target that is known. Adding one: its file, its line in the import list and its name in the list.

import type { Family } from '../model/ruleset.ts';
import type { MatchExtension, TargetExtension } from './extension.ts';
import { comment } from './match/comment.ts';
import { icmp } from './match/icmp.ts';
import { icmp6 } from './match/icmp6.ts';
import { mark } from './match/mark.ts';
import { multiport } from './match/multiport.ts';
import { tcp } from './match/tcp.ts';
import { udp, udplite } from './match/udp.ts';
import { LOG } from './target/log.ts';
import { MARK } from './target/mark.ts';
import { REJECT } from './target/reject.ts';

const MATCHES: readonly MatchExtension[] = [tcp, udp, udplite, icmp, icmp6, multiport, comment, mark];
const TARGETS: readonly TargetExtension[] = [LOG, MARK, REJECT];

/** Other names by which `-p NAME` and `-m NAME` find a match (xtables_find_match). */
const ALIASES: Readonly<Record<string, string>> = {
  icmpv6: 'icmp6',
  'ipv6-icmp': 'icmp6',
};

/** The match of that name, if the family has one. */
export function findMatch(name: string, family: Family): MatchExtension | undefined {
  const canonical = ALIASES[name] ?? name;
  return MATCHES.find((one) => one.name === canonical && (one.families?.includes(family) ?? true));
}

/** The target of that name, if the family has one; verdicts and chains are none. */
export function findTarget(name: string, family: Family): TargetExtension | undefined {
  return TARGETS.find((one) => one.name === name && (one.families?.includes(family) ?? true));
}

export function matchNames(): string[] {
  return [...new Set(MATCHES.map(({ name }) => name))];
}

export function targetNames(): string[] {
  return [...new Set(TARGETS.map(({ name }) => name))];
}
