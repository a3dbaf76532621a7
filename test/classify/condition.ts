// Conditions of every search field, with the values at each of their bounds and one off: rules made of them, and packet
// records at the bounds of a rule.

import { randomNumbers } from '../../bench/classify/filter-set.js';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { INTERFACE_NAMES } from './lane.ts';

export type Random = (below: number) => number;
export const random: (seed: number) => Random = randomNumbers;

/** A packet by the fields of its record; addresses as whole numbers. */
export type Fields = ReadonlyMap<number, bigint>;

/** A condition in words, a packet for which it holds but for `!`, and the values at its bounds, each with one off. */
export interface Condition {
  readonly words: string;
  readonly inside: Fields;
  readonly edges: readonly (readonly [field: number, value: bigint])[];
}

const TRANSPORTS: readonly (readonly [name: string, number: number])[] = [
  ['tcp', 6],
  ['udp', 17],
  ['udplite', 136],
  ['sctp', 132],
  ['dccp', 33],
];
const PORTS = [0, 1, 22, 53, 80, 1023, 1024, 8080, 65534, 65535];
const STATES: readonly (readonly [name: string, bits: number])[] = [
  ['INVALID', Conntrack.STATE_INVALID],
  ['NEW', Conntrack.STATE_NEW],
  ['RELATED', Conntrack.STATE_RELATED],
  ['ESTABLISHED', Conntrack.STATE_ESTABLISHED],
  ['UNTRACKED', Conntrack.STATE_UNTRACKED],
  ['SNAT', Conntrack.STATE_NEW | Conntrack.STATE_SNAT],
  ['DNAT', Conntrack.STATE_ESTABLISHED | Conntrack.STATE_DNAT],
];
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

const not = (next: Random): string => (next(4) === 0 ? '! ' : '');
const pick = <T>(next: Random, list: readonly T[]): T => list[next(list.length)] as T;

function edges(field: number, bits: number, ...bounds: readonly bigint[]): Condition['edges'] {
  const most = 1n << BigInt(bits);
  const values = bounds.flatMap((bound) => [bound - 1n, bound, bound + 1n]);
  return [...new Set(values)].filter((value) => value >= 0n && value < most).map((value) => [field, value]);
}

function addressText(family: Family, value: bigint): string {
  const [parts, width, base, sign] = family === 'ipv4' ? [4, 8n, 10, '.'] : [8, 16n, 16, ':'];
  return Array.from({ length: parts as number }, (_, part) =>
    (
      (value >> ((width as bigint) * BigInt((parts as number) - 1 - part))) &
      ((1n << (width as bigint)) - 1n)
    ).toString(base as number),
  ).join(sign as string);
}

/** Few bits decide, so that prefixes nest and meet. */
function somewhere(next: Random, bits: number): bigint {
  const top = BigInt(pick(next, [0, 10, 192, 255])) << BigInt(bits - 8);
  const middle = BigInt(next(3)) << BigInt(bits / 2);
  return top | middle | BigInt(next(4));
}

function address(family: Family, next: Random): Condition {
  const bits = family === 'ipv4' ? 32 : 128;
  const [field, option, side] = pick(next, [
    [Packet.SRC, '-s', 'src'],
    [Packet.DST, '-d', 'dst'],
  ] as const);
  if (next(4) === 0) {
    const [a, b] = [somewhere(next, bits), somewhere(next, bits)];
    const [lo, hi] = a < b ? [a, b] : [b, a];
    const range = `${addressText(family, lo)}-${addressText(family, hi)}`;
    return {
      words: `-m iprange ${not(next)}--${side}-range ${range}`,
      inside: new Map([[field, hi]]),
      edges: edges(field, bits, lo, hi),
    };
  }
  const length = pick(next, [next(bits + 1), bits, bits, bits - 1, bits / 2, bits / 4]);
  const free = (1n << BigInt(bits - length)) - 1n;
  const lo = somewhere(next, bits) & ~free;
  return {
    words: `${not(next)}${option} ${addressText(family, lo)}/${length}`,
    inside: new Map([[field, lo]]),
    edges: edges(field, bits, lo, lo | free),
  };
}

function span(next: Random): readonly [number, number] {
  const [a, b] = [pick(next, PORTS), next(2) === 0 ? undefined : pick(next, PORTS)];
  return b === undefined ? [a, a] : [Math.min(a, b), Math.max(a, b)];
}

const spanText = ([lo, hi]: readonly [number, number]): string => (lo === hi ? `${lo}` : `${lo}:${hi}`);

function ports(next: Random): Condition {
  const [name, number] = pick(next, TRANSPORTS);
  const [field, side] = pick(next, [
    [Packet.SPORT, 'sport'],
    [Packet.DPORT, 'dport'],
  ] as const);
  if (next(2) === 0) {
    const [lo, hi] = span(next);
    return {
      words: `-p ${name} -m ${name} ${not(next)}--${side} ${spanText([lo, hi])}`,
      inside: new Map([
        [Packet.PROTO, BigInt(number)],
        [field, BigInt(lo)],
      ]),
      edges: edges(field, 16, BigInt(lo), BigInt(hi)),
    };
  }
  const list = Array.from({ length: 1 + next(4) }, () => span(next));
  const either = next(3) === 0;
  const bounds = list.flat().map(BigInt);
  return {
    words: `-p ${name} -m multiport ${not(next)}--${either ? 'ports' : `${side}s`} ${list.map(spanText).join(',')}`,
    inside: new Map([
      [Packet.PROTO, BigInt(number)],
      [field, bounds[0] as bigint],
    ]),
    edges: [...edges(field, 16, ...bounds), ...(either ? edges(Packet.SPORT, 16, ...bounds) : [])],
  };
}

function protocol(next: Random): Condition {
  const number = pick(next, [1, 6, 17, 47, 58, 132, 254]);
  return {
    words: `${not(next)}-p ${number}`,
    inside: new Map([[Packet.PROTO, BigInt(number)]]),
    edges: edges(Packet.PROTO, 8, BigInt(number)),
  };
}

function tcpFlags(next: Random): Condition {
  const some = (): number => 1 + next(63);
  const mask = some();
  const set = mask & some();
  const names = (bits: number): string =>
    FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(',') || 'NONE';
  const values = [set, ...Array.from({ length: 8 }, (_, bit) => set ^ (1 << bit)), 0xff];
  return {
    words: `-p tcp -m tcp ${not(next)}--tcp-flags ${names(mask)} ${names(set)}`,
    inside: new Map([
      [Packet.PROTO, 6n],
      [Packet.TCP_FLAGS, BigInt(set)],
    ]),
    edges: values.map((value) => [Packet.TCP_FLAGS, BigInt(value)]),
  };
}

function icmp(family: Family, next: Random): Condition {
  const type = pick(next, family === 'ipv4' ? [0, 3, 8, 11] : [1, 128, 129, 135]);
  const code = next(3) === 0 ? next(5) : undefined;
  const [proto, match, option, number] =
    family === 'ipv4' ? ['icmp', 'icmp', 'icmp-type', 1n] : ['ipv6-icmp', 'icmp6', 'icmpv6-type', 58n];
  const lo = BigInt((type << 8) | (code ?? 0));
  const hi = BigInt((type << 8) | (code ?? 255));
  return {
    words: `-p ${proto} -m ${match} ${not(next)}--${option} ${type}${code === undefined ? '' : `/${code}`}`,
    inside: new Map([
      [Packet.PROTO, number],
      [Packet.ICMP, lo],
    ]),
    edges: edges(Packet.ICMP, 16, lo, hi),
  };
}

function mark(next: Random): Condition {
  const mask = pick(next, [0xffffffff, 0xff000000, 0xfffffff0, 0x0f, 0x80000000]);
  const value = ((next(4) << 28) | next(4)) & mask;
  const lo = BigInt(value >>> 0);
  const hi = BigInt((value | ~mask) >>> 0);
  return {
    words: `-m mark ${not(next)}--mark ${lo}/0x${mask.toString(16)}`,
    inside: new Map([[Packet.MARK, lo]]),
    edges: edges(Packet.MARK, 32, lo, hi),
  };
}

function state(next: Random): Condition {
  const old = next(4) === 0;
  const known = old ? STATES.slice(0, 5) : STATES;
  const chosen = known.filter(() => next(3) === 0);
  const names = (chosen.length === 0 ? known.slice(0, 1) : chosen).map(([name]) => name).join(',');
  return {
    words: old ? `-m state ${not(next)}--state ${names}` : `-m conntrack ${not(next)}--ctstate ${names}`,
    inside: new Map(),
    edges: STATES.map(([, bits]) => [Packet.CTSTATE, BigInt(bits | Conntrack.STATE_PASSED)]),
  };
}

function device(next: Random): Condition {
  const [option, field] = pick(next, [
    ['-i', Packet.IIF],
    ['-o', Packet.OIF],
  ] as const);
  return {
    words: `${not(next)}${option} ${pick(next, ['eth0', 'eth1', 'eth0.10', 'eth+', 'eth0+', 'lo', '+', 'tun0'])}`,
    inside: new Map(),
    edges: INTERFACE_NAMES.map((_, index) => [field, BigInt(index)]),
  };
}

function fragment(next: Random): Condition {
  const whole: readonly (readonly [number, bigint])[] = [[Packet.FRAG_OFFSET, 0n]];
  return {
    words: `${not(next)}-f`,
    inside: new Map(),
    edges: [...whole, [Packet.FRAG_OFFSET, 1n], [Packet.FRAG_OFFSET, 100n]],
  };
}

function packetType(next: Random): Condition {
  return {
    words: `-m pkttype ${not(next)}--pkt-type ${pick(next, ['unicast', 'broadcast', 'multicast'])}`,
    inside: new Map(),
    edges: [0n, 1n, 2n, 3n, 4n].map((value) => [Packet.PKTTYPE, value]),
  };
}

/** By name, what makes conditions of a field. */
export function makers(family: Family): Readonly<Record<string, (next: Random) => Condition>> {
  return {
    address: (next) => address(family, next),
    ports,
    protocol,
    'tcp flags': tcpFlags,
    'icmp type': (next) => icmp(family, next),
    mark,
    state,
    interface: device,
    'packet type': packetType,
    ...(family === 'ipv4' && { fragment }),
  };
}

/** At most one condition that names a protocol: two of them contradict each other. */
export function drawConditions(next: Random, names: readonly string[], family: Family): Condition[] {
  const made = Array.from({ length: 1 + next(3) }, () => {
    const name = names[next(names.length)] as string;
    return (makers(family)[name] as (next: Random) => Condition)(next);
  });
  const taken = new Set<string>();
  return made.filter(({ words }) => {
    const options = words.match(/(?<=^|\s)-[pfsdio]\b|-m (iprange|mark|conntrack|state|pkttype)/g) ?? [];
    if (options.some((option) => taken.has(option))) return false;
    for (const option of options) taken.add(option);
    return true;
  });
}

/** As a rule has them: protocols go before what needs them. */
export function ruleWords(conditions: readonly Condition[]): string {
  return conditions
    .map(({ words }) => words)
    .sort((a, b) => Number(/-p /.test(b)) - Number(/-p /.test(a)))
    .join(' ');
}

/** A packet record with an ordinary transport header, but for what the fields say. */
export function recordOf(family: Family, fields: Fields): Uint8Array {
  const bytes = new Uint8Array(Packet.BYTES);
  const view = new DataView(bytes.buffer);
  const word = (field: number, value: number): void => view.setUint32(field, value, true);
  word(Packet.FAMILY, family === 'ipv4' ? 4 : 6);
  word(Packet.LENGTH, 60);
  word(Packet.L4_OFFSET, family === 'ipv4' ? 20 : 40);
  for (const field of [Packet.L4_LEN, Packet.L4_CAP]) word(field, 40);
  for (const field of [Packet.L3_CAP]) word(field, 80);
  word(Packet.FLAGS, Packet.FLAG_PORTS);
  word(Packet.VERDICT, Verdict.ACCEPT);
  word(Packet.CTSTATE, Conntrack.STATE_NEW | Conntrack.STATE_PASSED);
  for (const field of [Packet.DECISION, Packet.FILTER_DECISION]) word(field, Packet.NO_RULE);
  word(Packet.PROTO, 6);
  for (const [field, value] of fields) {
    const isAddress = field === Packet.SRC || field === Packet.DST;
    if (isAddress && family === 'ipv6') {
      view.setBigUint64(field, value >> 64n, true);
      view.setBigUint64(field + 8, value & 0xffffffffffffffffn, true);
    } else {
      word(field, Number(value));
    }
    // A later fragment has no transport header.
    if (field === Packet.FRAG_OFFSET && value > 0n) word(Packet.FLAGS, Packet.FLAG_ABNORMAL);
  }
  return bytes;
}

/** The records at every bound of a rule's conditions, the other fields as the rule wants them. */
export function boundsOf(family: Family, conditions: readonly Condition[]): Uint8Array[] {
  const inside = new Map(conditions.flatMap((condition) => [...condition.inside]));
  return conditions
    .flatMap((condition) => condition.edges)
    .map(([field, value]) => recordOf(family, new Map([...inside, [field, value]])));
}
