// Rule sets and captures of the corpus, in pairs. The corpus is not part of the project: golden files name its files
// and carry digests and counters, never their content.

import { existsSync, readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { formatAddress } from '../../src/model/address.ts';
import { type CapturedPacket, LINKTYPE_ETHERNET, readCapture } from './capture.ts';
import { randomFrames } from './generate.ts';
import type { HostInterface, HostSpec } from './namespace.ts';
import { Random } from './random.ts';
import type { RuleSource, Rules, Scenario } from './scenario.ts';
import { withAnswers } from './tracked.ts';

export const CORPUS = new URL('../../../shared/corpus/', import.meta.url).pathname;
export const corpusIsThere = (): boolean => existsSync(`${CORPUS}rules/MANIFEST.tsv`);

const MATCHES = new Set(
  (
    'tcp udp udplite sctp dccp icmp icmp6 icmpv6 multiport iprange comment mark mac addrtype length ttl hl tos ' +
    'dscp pkttype frag rt hbh dst ipv6header mh ah esp ecn eui64 ' +
    'conntrack state connmark connlabel connbytes helper cluster'
  ).split(' '),
);
const TARGETS_LEFT_OUT =
  /^(MASQUERADE|SNAT|DNAT|REDIRECT|NETMAP|TCPMSS|TRACE|TPROXY|TOS|DSCP|ULOG|SET|TEE|NFQUEUE|CONNSECMARK|SECMARK|AUDIT|TTL|HL|ECN|RATEEST|IDLETIMER|LED|HMARK|SYNPROXY|TARPIT|BALANCE|MIRROR)$/;

/** Helpers of H.323. */
const HELPERS_LEFT_OUT = /--helper (RAS|Q\.931|H\.245)\b/;

/** The rule file without the rules that use what is not modelled, or chains of other files; and how many those are. */
export function withoutUnmodelled(text: string): { readonly text: string; readonly leftOut: number } {
  let leftOut = 0;
  const chains = new Set([...text.matchAll(/^(?::|-N )(\S+)/gm)].map((match) => match[1] as string));
  const lines = text.split(/\r?\n/).filter((line) => {
    if (!/^(\[\d+:\d+\]\s*)?-[AI]\b/.test(line.trim())) return true;
    const matches = [...line.matchAll(/(?:\s-m|\s--match)\s+(\S+)/g)].map((match) => match[1] as string);
    const target = /\s(?:-j|--jump|-g|--goto)\s+(\S+)/.exec(line)?.[1] ?? '';
    const elsewhere = /[a-z]/.test(target) && !chains.has(target);
    const keep =
      matches.every((name) => MATCHES.has(name)) &&
      !TARGETS_LEFT_OUT.test(target) &&
      !HELPERS_LEFT_OUT.test(line) &&
      !elsewhere;
    if (!keep) leftOut++;
    return keep;
  });
  return { text: lines.join('\n'), leftOut };
}

/** Interface names that a rule file speaks of, most frequent first. */
function interfaceNames(rules: string): string[] {
  const counts = new Map<string, number>();
  for (const match of rules.matchAll(/\s-[io]\s+"?([\w.-]+\+?)/g)) {
    const name = (match[1] as string).replace(/\+$/, '0').slice(0, 15);
    if (name !== 'lo') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const names = [...sorted.map(([name]) => name), 'eth0', 'eth1'].filter(
    (name) => !['all', 'default'].includes(name),
  );
  return [...new Set(names)];
}

interface Seen {
  readonly source: string;
  readonly destination: string;
  readonly sourceMac?: string | undefined;
}

const hexMac = (data: Uint8Array) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join(':');

function seen(packet: CapturedPacket): Seen | undefined {
  const ethernet = packet.linkType === LINKTYPE_ETHERNET;
  const offsets: Record<number, number> = { 0: 4, 12: 0, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20 };
  let at = ethernet ? 12 : (offsets[packet.linkType] ?? -1);
  if (at < 0) return undefined;
  const { data } = packet;
  if (ethernet) {
    while ([0x8100, 0x88a8, 0x9100].includes(((data[at] ?? 0) << 8) | (data[at + 1] ?? 0))) at += 4;
    const type = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
    if (type !== 0x0800 && type !== 0x86dd) return undefined;
    at += 2;
  }
  const sourceMac = ethernet ? hexMac(data.subarray(6, 12)) : undefined;
  const version = (data[at] ?? 0) >> 4;
  const bytes = version === 4 ? 4 : 16;
  const start = at + (version === 4 ? 12 : 8);
  if ((version !== 4 && version !== 6) || data.length < start + 2 * bytes) return undefined;
  return {
    source: formatAddress(data.slice(start, start + bytes)),
    destination: formatAddress(data.slice(start + bytes, start + 2 * bytes)),
    sourceMac,
  };
}

const isUnicast = (address: string) =>
  !/^(0\.|127\.|22[4-9]\.|23\d\.|24\d\.|25\d\.|.*\.255$|.*\.0$|ff|::1?$|::ffff)/.test(address);

function mostFrequent(values: Iterable<string>): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: string | undefined;
  for (const [value, count] of counts)
    if (best === undefined || count > (counts.get(best) as number)) best = value;
  return best;
}

/** The address that most packets have at one end is the host; its MAC is the one it sends from. */
export function endHost(packets: readonly CapturedPacket[], rules: string): HostSpec {
  const all = packets.map(seen).filter((one) => one !== undefined);
  const ends = all.flatMap((one) => [one.source, one.destination]).filter(isUnicast);
  const four = mostFrequent(ends.filter((address) => !address.includes(':')));
  const six = mostFrequent(ends.filter((address) => address.includes(':')));
  const main =
    ends.filter((address) => address === four).length >= ends.filter((address) => address === six).length
      ? four
      : six;
  const mac = mostFrequent(
    all
      .filter((one) => one.source === main && one.sourceMac !== undefined)
      .map((one) => one.sourceMac as string),
  );
  const usable =
    mac !== undefined && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
  const addresses: string[] = [];
  if (four !== undefined) addresses.push(`${four}/24`);
  if (six !== undefined) addresses.push(`${six}/64`);
  const name = interfaceNames(rules)[0] as string;
  return {
    interfaces: [{ name, mac: usable ? mac : '02:00:00:00:03:00', addresses }],
    routes: [`default dev ${name}`, `::/0 dev ${name}`],
  };
}

/** A router between private networks and the rest, none of whose own addresses is in the capture. */
export function router(rules: string): HostSpec {
  const [outside = 'eth0', inside = 'eth1'] = interfaceNames(rules);
  const interfaces: HostInterface[] = [
    { name: outside, mac: '02:00:00:00:04:00', addresses: ['198.18.0.1/24', '2001:2::1/64'] },
    { name: inside, mac: '02:00:00:00:04:01', addresses: ['198.18.1.1/24', '2001:2:0:1::1/64'] },
  ];
  return {
    interfaces,
    routes: [
      `default dev ${outside}`,
      `10.0.0.0/8 dev ${inside}`,
      `172.16.0.0/12 dev ${inside}`,
      `192.168.0.0/16 dev ${inside}`,
      `::/0 dev ${outside}`,
      `fc00::/7 dev ${inside}`,
      `2001::/16 dev ${inside}`,
    ],
    sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' },
  };
}

/** Bytes that were not captured are sent as zeros, and segments longer than the MTU have sums of hardware: all are right. */
const TRUST = { 'net.netfilter.nf_conntrack_checksum': '0' } as const;

interface CorpusRules {
  readonly rules: Rules;
  readonly source: RuleSource;
}

/** A corpus rule file, for the family it is written for. */
export function corpusRules(path: string): CorpusRules {
  const { text, leftOut } = withoutUnmodelled(readFileSync(`${CORPUS}rules/${path}`, 'utf8'));
  const six = /v6|ip6|icmp6|6\.rules/.test(path) || /icmpv6|ipv6-icmp|\s-[sd]\s+\S*:\S*:/.test(text);
  return { rules: six ? { ipv6: text } : { ipv4: text }, source: { path, leftOut } };
}

export function corpusScenario(
  name: string,
  role: 'end' | 'router',
  capturePath: string,
  rulePaths: readonly string[],
): Scenario {
  const packets = readCapture(readFileSync(`${CORPUS}pcap/${capturePath}`));
  const read = rulePaths.map(corpusRules);
  const rules: Rules = Object.assign({}, ...read.map((one) => one.rules));
  const text = `${rules.ipv4 ?? ''}${rules.ipv6 ?? ''}`;
  const host = role === 'end' ? endHost(packets, text) : router(text);
  return {
    name,
    host: { ...host, sysctls: { ...host.sysctls, ...TRUST } },
    rules,
    ruleSources: read.map((one) => one.source),
    capture: { kind: 'file', path: capturePath, packets },
  };
}

/** Frames drawn from what a corpus rule file speaks of: its addresses, its ports; with answers where it asks for them. */
export function drawnScenario(name: string, seed: number, rulePath: string, count: number): Scenario {
  const { rules, source } = corpusRules(rulePath);
  const text = `${rules.ipv4 ?? ''}${rules.ipv6 ?? ''}`;
  const host = router(text);
  const ports = [...text.matchAll(/(?:port|ports|dports|sports)\s+([\d:,]+)/g)].flatMap((match) =>
    (match[1] as string)
      .split(/[:,]/)
      .filter((port) => port !== '')
      .map(Number),
  );
  const unique = <T>(values: readonly T[]) => [...new Set(values)].slice(0, 200);
  const tracked = /\s-m (state|conntrack)\s/.test(text);
  const families = [rules.ipv6 === undefined ? 'ipv4' : 'ipv6'] as const;
  const drawn = randomFrames(seed, host, families, tracked ? count / 3 : count, {
    ports: unique(ports),
    ipv4: unique(
      [...text.matchAll(/\s-[sd]\s+(\d+\.\d+\.\d+\.\d+)/g)].map((match) => match[1] as string),
    ).filter((text) => isIPv4(text) && isUnicast(text)),
    ipv6: unique(
      [...text.matchAll(/\s-[sd]\s+([\da-f:]+::?[\da-f]+)/g)].map((match) => match[1] as string),
    ).filter((text) => isIPv6(text) && isUnicast(text)),
  });
  const frames = tracked ? withAnswers(new Random(seed), host, drawn) : drawn;
  return { name, host, rules, ruleSources: [source], capture: { kind: 'frames', frames } };
}
