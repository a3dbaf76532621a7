// Random rule sets as iptables-save text: tables, user chains, jumps and gotos without loops, every modelled match with
// values from the pools.

import fc from 'fast-check';
import { BUILT_IN_CHAINS, type Family, type TableName } from '../../src/model/ruleset.ts';
import {
  ADDRESSES,
  LENGTHS,
  MACS,
  MARKS,
  MASKS,
  maybe,
  PATTERNS,
  PORTS,
  PREFIXES,
  pick,
  SPIS,
  seldom,
  TOS,
  TTLS,
} from './pool.ts';
import { helperRule, trackedMatch, trackedTarget } from './tracked.ts';

type Words = fc.Arbitrary<string>;

/** An option that may be inverted. */
function negatable(words: Words): Words {
  return fc.tuple(seldom(4), words).map(([not, text]) => (not ? `! ${text}` : text));
}

/** All parts, one after the other, without the empty ones. */
function join(...parts: readonly fc.Arbitrary<string | undefined>[]): Words {
  return fc
    .tuple(...parts)
    .map((found) => found.filter((part) => part !== undefined && part !== '').join(' '));
}

function range(values: readonly number[], sign = ':'): Words {
  const one = pick(values).map(String);
  const two = fc
    .tuple(pick(values), pick(values))
    .map(([a, b]) => `${Math.min(a, b)}${sign}${Math.max(a, b)}`);
  return fc.oneof(one, two);
}

function option(name: string, value: Words): Words {
  return negatable(value.map((text) => `${name} ${text}`));
}

const ports = join(maybe(option('--sport', range(PORTS)), 3), maybe(option('--dport', range(PORTS)), 2));

const FLAGS = ['SYN', 'ACK', 'FIN', 'RST', 'URG', 'PSH'];
const flagList = fc.subarray(FLAGS, { minLength: 1 }).map((list) => list.join(','));
const tcpFlags = fc.oneof(
  negatable(fc.constant('--syn')),
  negatable(
    fc
      .tuple(flagList, fc.oneof(flagList, fc.constant('NONE')))
      .map(([mask, set]) => `--tcp-flags ${mask} ${set}`),
  ),
);

const multiport = option(
  '',
  fc
    .tuple(
      pick(['sports', 'dports', 'ports']),
      fc.array(fc.oneof(pick(PORTS).map(String), fc.constantFrom('20:25', '50:100', '1000:65535')), {
        minLength: 1,
        maxLength: 5,
      }),
    )
    .map(([which, list]) => `--${which} ${list.join(',')}`),
).map((words) => `-m multiport ${words.replace(/ +/g, ' ').trim()}`);

const chunks = fc
  .tuple(
    pick(['all', 'any', 'only']),
    fc.subarray(['DATA', 'INIT', 'SACK', 'ABORT:t', 'DATA:B'], { minLength: 1, maxLength: 3 }),
  )
  .map(([how, list]) => `--chunk-types ${how} ${list.join(',')}`);

const dccpTypes = fc
  .subarray(['REQUEST', 'RESPONSE', 'DATA', 'ACK', 'RESET', 'INVALID'], { minLength: 1, maxLength: 3 })
  .map((list) => list.join(','));

/** `-p PROTOCOL` with what may follow it. */
function protocol(family: Family): Words {
  const shared: Words[] = [
    join(
      fc.constant('-p tcp -m tcp'),
      ports,
      maybe(tcpFlags, 3),
      maybe(option('--tcp-option', pick(['2', '3', '8'])), 8),
    ),
    join(fc.constant('-p udp -m udp'), ports),
    join(fc.constant('-p udplite -m udplite'), ports),
    join(fc.constant('-p sctp -m sctp'), ports, maybe(negatable(chunks), 2)),
    join(
      fc.constant('-p dccp -m dccp'),
      ports,
      maybe(option('--dccp-types', dccpTypes), 2),
      maybe(option('--dccp-option', pick(['1', '2', '5'])), 3),
    ),
    join(
      pick(['tcp', 'udp', 'udplite', 'sctp', 'dccp']).map((name) => `-p ${name}`),
      multiport,
    ),
    join(fc.constant('-p tcp -m ecn'), negatable(pick(['--ecn-tcp-ece', '--ecn-tcp-cwr']))),
    join(fc.constant('-p esp -m esp'), maybe(option('--espspi', range(SPIS)), 2)),
    negatable(pick(['tcp', 'udp', '99', '47', 'esp']).map((name) => `-p ${name}`)),
  ];
  const own: Words[] =
    family === 'ipv4'
      ? [
          join(fc.constant('-p icmp -m icmp'), option('--icmp-type', pick(['8', '0', '3/1', '3', 'any']))),
          join(fc.constant('-p ah -m ah'), maybe(option('--ahspi', range(SPIS)), 2)),
        ]
      : [
          join(
            fc.constant('-p ipv6-icmp -m icmp6'),
            option('--icmpv6-type', pick(['128', '129', '1/4', '135'])),
          ),
          join(fc.constant('-p ipv6-mh -m mh'), maybe(option('--mh-type', pick(['1', '2:5', '5'])), 2)),
        ];
  return fc.oneof(...shared, ...own);
}

/** Matches that need no protocol. `received`: the chain is reached with an incoming interface alone. */
function match(family: Family, received: boolean): Words {
  const addresses = pick(ADDRESSES[family]);
  const span = fc.tuple(addresses, addresses).map(([a, b]) => `${a}-${b}`);
  const types =
    family === 'ipv4'
      ? ['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST', 'LOCAL,BROADCAST']
      : ['LOCAL', 'UNICAST', 'MULTICAST', 'UNREACHABLE', 'ANYCAST', 'UNSPEC'];
  const hops = family === 'ipv4' ? 'ttl' : 'hl';
  const shared: Words[] = [
    join(fc.constant('-m iprange'), option('--src-range', span), maybe(option('--dst-range', span), 3)),
    join(
      fc.constant('-m mark'),
      option(
        '--mark',
        fc.tuple(pick(MARKS), pick(MASKS)).map(([value, mask]) => `${value}/${mask}`),
      ),
    ),
    join(
      fc.constant('-m addrtype'),
      option('--src-type', pick(types)),
      maybe(option('--dst-type', pick(types)), 2),
    ),
    join(fc.constant('-m addrtype'), option('--dst-type', pick(types))),
    join(fc.constant('-m length'), option('--length', range(LENGTHS))),
    join(
      fc.constant(`-m ${hops}`),
      fc.tuple(pick(['eq', 'lt', 'gt']), pick(TTLS)).map(([how, value]) => `--${hops}-${how} ${value}`),
    ),
    join(
      fc.constant('-m tos'),
      option(
        '--tos',
        fc.tuple(pick(TOS), pick(TOS)).map(([value, mask]) => `${value & mask}/${mask}`),
      ),
    ),
    join(fc.constant('-m dscp'), option('--dscp', pick(['0', '4', '46', '63']))),
    join(fc.constant('-m ecn'), option('--ecn-ip-ect', pick(['0', '1', '2', '3']))),
    join(fc.constant('-m pkttype'), option('--pkt-type', pick(['unicast', 'broadcast', 'multicast']))),
    fc.constant('-m comment --comment "a comment"'),
  ];
  const mac = received ? [join(fc.constant('-m mac'), option('--mac-source', pick(MACS)))] : [];
  return fc.oneof(...shared, ...mac, ...(family === 'ipv6' ? ipv6Matches(received) : []));
}

function ipv6Matches(received: boolean): Words[] {
  const flags = fc.subarray(['--fragfirst', '--fragres'], { maxLength: 2 }).map((list) => list.join(' '));
  return [
    join(
      fc.constant('-m frag'),
      maybe(option('--fragid', range([0, 1, 7])), 2),
      flags,
      maybe(pick(['--fragmore', '--fraglast']), 2),
    ),
    join(
      fc.constant('-m rt'),
      maybe(option('--rt-type', pick(['0', '2'])), 2),
      maybe(option('--rt-segsleft', range([0, 1, 2])), 2),
    ),
    join(
      fc.constant('-m hbh'),
      maybe(option('--hbh-len', pick(['8', '16'])), 2),
      maybe(fc.constant('--hbh-opts 5:2,1'), 3),
    ),
    join(
      fc.constant('-m dst'),
      maybe(option('--dst-len', pick(['8', '16'])), 2),
      maybe(fc.constant('--dst-opts 1:4'), 3),
    ),
    join(
      fc.constant('-m ipv6header'),
      option(
        '--header',
        fc
          .subarray(['hop', 'dst', 'route', 'frag', 'auth', 'esp', 'none', 'prot'], {
            minLength: 1,
            maxLength: 4,
          })
          .map((list) => list.join(',')),
      ),
      maybe(fc.constant('--soft'), 2),
    ),
    join(fc.constant('-m ah'), maybe(option('--ahspi', range(SPIS)), 2), maybe(fc.constant('--ahres'), 4)),
    ...(received ? [fc.constant('-m eui64')] : []),
  ];
}

/** Mostly targets that let the packet go on, so that the rules behind are reached too. */
function target(table: TableName, chains: readonly string[]): fc.Arbitrary<string | undefined> {
  const mark = fc
    .tuple(pick(MARKS), pick(MASKS))
    .map(([value, mask]) => `-j MARK --set-xmark ${value}/${mask}`);
  const ends = [
    '-j ACCEPT',
    // Table nat is not for filtering.
    ...(table === 'nat' ? [] : ['-j DROP']),
    '-j RETURN',
    '-j RETURN',
    ...(table === 'filter' ? ['-j REJECT'] : []),
  ];
  const jump = fc
    .tuple(pick(['-j', '-j', '-g']), pick(chains.length === 0 ? ['none'] : chains))
    .map((words) => words.join(' '));
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: mark },
    { weight: 1, arbitrary: pick(['-j LOG --log-prefix "p "', '-j NFLOG --nflog-group 1']) },
    { weight: 3, arbitrary: pick(ends) },
    { weight: chains.length === 0 ? 0 : 5, arbitrary: jump },
  );
}

interface Where {
  readonly family: Family;
  readonly table: TableName;
  readonly chain: string;
  /** Chains that may be jumped to: later ones, so that there are no loops. */
  readonly chains: readonly string[];
  /** Rules ask about connections. */
  readonly tracked: boolean;
}

function address(family: Family): Words {
  return fc.oneof(pick(ADDRESSES[family]), pick(PREFIXES[family]));
}

function rule(where: Where): Words {
  const plain = plainRule(where);
  if (!where.tracked || where.table !== 'raw') return plain;
  return fc.oneof(
    { weight: 5, arbitrary: plain },
    { weight: 1, arbitrary: helperRule(where.family, where.chain) },
  );
}

function plainRule({ family, table, chain, chains, tracked }: Where): Words {
  const noIn = chain === 'OUTPUT' || chain === 'POSTROUTING';
  const noOut = chain === 'PREROUTING' || chain === 'INPUT';
  const received = noOut || chain === 'FORWARD';
  const nothing = fc.constant(undefined);
  return join(
    fc.constant(`-A ${chain}`),
    maybe(option('-s', address(family)), 7),
    maybe(option('-d', address(family)), 7),
    noIn ? nothing : maybe(option('-i', pick(PATTERNS)), 8),
    noOut ? nothing : maybe(option('-o', pick(PATTERNS)), 8),
    family === 'ipv4' ? maybe(negatable(fc.constant('-f')), 10) : nothing,
    maybe(protocol(family), 2),
    maybe(match(family, received), 3),
    tracked ? maybe(trackedMatch(family), 2) : nothing,
    tracked ? fc.oneof(target(table, chains), trackedTarget(table)) : target(table, chains),
  );
}

function tableText(family: Family, table: TableName, size: number, tracked: boolean): Words {
  const builtIn = BUILT_IN_CHAINS[table];
  return fc.nat({ max: 4 }).chain((count) => {
    const users = Array.from({ length: count }, (_, index) => `user${index}`);
    const policies = fc.tuple(...builtIn.map(() => seldom(12)));
    const rules = fc.tuple(
      ...[...builtIn, ...users].map((chain) => {
        const at = users.indexOf(chain);
        return fc.array(rule({ family, table, chain, chains: users.slice(at + 1), tracked }), {
          maxLength: size,
          size: 'max',
        });
      }),
    );
    return fc
      .tuple(policies, rules)
      .map(([drops, chains]) =>
        [
          `*${table}`,
          ...builtIn.map(
            (chain, index) => `:${chain} ${drops[index] && table !== 'nat' ? 'DROP' : 'ACCEPT'} [0:0]`,
          ),
          ...users.map((chain) => `:${chain} - [0:0]`),
          ...chains.flat(),
          'COMMIT',
        ].join('\n'),
      );
  });
}

/** iptables-save text of one family, with up to `size` rules a chain. Only with `tracked` there may be a table nat. */
export function rulesText(family: Family, size = 6, tracked = false): Words {
  const tables: TableName[] = ['raw', 'mangle', 'filter', 'security'];
  if (tracked) tables.splice(2, 0, 'nat');
  return fc.subarray(tables, { minLength: 1 }).chain((chosen) => {
    const texts = fc.tuple(...chosen.map((table) => tableText(family, table, size, tracked)));
    return texts.map((all) => `${all.join('\n')}\n`);
  });
}
