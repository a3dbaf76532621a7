// Every match and target that is known. Adding one: its file, its line in the import list and its name in the list.

import type { Family } from '../model/ruleset.ts';
import type { MatchExtension, TargetExtension } from './extension.ts';
import { addrtype } from './match/addrtype.ts';
import { cluster } from './match/cluster.ts';
import { comment } from './match/comment.ts';
import { connbytes } from './match/connbytes.ts';
import { connlabel } from './match/connlabel.ts';
import { connmark } from './match/connmark.ts';
import { conntrack, state } from './match/conntrack.ts';
import { dccp } from './match/dccp.ts';
import { ecn } from './match/ecn.ts';
import { eui64 } from './match/eui64.ts';
import { dscp, hl, length, pkttype, tos, ttl } from './match/field.ts';
import { frag } from './match/frag.ts';
import { dst, hbh } from './match/header-options.ts';
import { helper } from './match/helper.ts';
import { icmp } from './match/icmp.ts';
import { icmp6 } from './match/icmp6.ts';
import { iprange } from './match/iprange.ts';
import { ipv6header } from './match/ipv6header.ts';
import { mac } from './match/mac.ts';
import { mark } from './match/mark.ts';
import { mh } from './match/mh.ts';
import { multiport } from './match/multiport.ts';
import { rt } from './match/rt.ts';
import { sctp } from './match/sctp.ts';
import { ah, ah6, esp } from './match/spi.ts';
import { tcp } from './match/tcp.ts';
import { udp, udplite } from './match/udp.ts';
import { CONNMARK } from './target/connmark.ts';
import { CT, NOTRACK } from './target/ct.ts';
import { LOG } from './target/log.ts';
import { MARK } from './target/mark.ts';
import { NFLOG } from './target/nflog.ts';
import { REJECT } from './target/reject.ts';
import { AUDIT, CHECKSUM, CLASSIFY, TRACE } from './target/unseen.ts';

const MATCHES: readonly MatchExtension[] = [
  addrtype,
  ah,
  ah6,
  cluster,
  comment,
  connbytes,
  connlabel,
  connmark,
  conntrack,
  dccp,
  dscp,
  dst,
  ecn,
  esp,
  eui64,
  frag,
  hbh,
  helper,
  hl,
  icmp,
  icmp6,
  iprange,
  ipv6header,
  length,
  mac,
  mark,
  mh,
  multiport,
  pkttype,
  rt,
  sctp,
  state,
  tcp,
  tos,
  ttl,
  udp,
  udplite,
];
const TARGETS: readonly TargetExtension[] = [
  AUDIT,
  CHECKSUM,
  CLASSIFY,
  CONNMARK,
  CT,
  LOG,
  MARK,
  NFLOG,
  NOTRACK,
  REJECT,
  TRACE,
];

/** Other names by which `-p NAME` and `-m NAME` find a match (xtables_find_match). */
const ALIASES = [
  ['icmpv6', icmp6],
  ['ipv6-icmp', icmp6],
] as const;

/** A family's extensions by name: there is a look-up for every match of every rule. */
function byName<E extends MatchExtension | TargetExtension>(
  all: readonly E[],
  family: Family,
): Map<string, E> {
  const own = all.filter(({ families }) => families?.includes(family) ?? true);
  return new Map(own.map((one) => [one.name, one]));
}

function matchesByName(family: Family): ReadonlyMap<string, MatchExtension> {
  const matches = byName(MATCHES, family);
  for (const [alias, match] of ALIASES) if (matches.has(match.name)) matches.set(alias, match);
  return matches;
}

const MATCHES_BY_NAME = { ipv4: matchesByName('ipv4'), ipv6: matchesByName('ipv6') };
const TARGETS_BY_NAME = { ipv4: byName(TARGETS, 'ipv4'), ipv6: byName(TARGETS, 'ipv6') };

/** The match of that name, if the family has one. */
export function findMatch(name: string, family: Family): MatchExtension | undefined {
  return MATCHES_BY_NAME[family].get(name);
}

/** The target of that name, if the family has one; verdicts and chains are none. */
export function findTarget(name: string, family: Family): TargetExtension | undefined {
  return TARGETS_BY_NAME[family].get(name);
}

export function matchNames(): string[] {
  return [...new Set(MATCHES.map(({ name }) => name))];
}

export function targetNames(): string[] {
  return [...new Set(TARGETS.map(({ name }) => name))];
}
