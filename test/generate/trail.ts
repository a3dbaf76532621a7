// Worlds in which packets take the trails of those before them: few connections with many packets, which differ in what
// rules ask besides the tuple (state, flags, interfaces, marks, kinds of packets); rules of which most can be remembered;
// and among them what must not be: fragments, headers cut short, ICMP errors, other protocols.

import fc from 'fast-check';
import { BUILT_IN_CHAINS, type Family } from '../../src/model/ruleset.ts';
import { address, concat, type FrameSpec, icmp, sctp, tcp, udp } from './frame.ts';
import { mac } from './host.ts';
import type { PacketSpec } from './packet.ts';
import { MARKS, MASKS, maybe, PATTERNS, pick, seldom } from './pool.ts';
import { type World, type WorldSpec, worldOf } from './world.ts';

type Words = fc.Arbitrary<string>;

/** The machine's own addresses and ones beyond its interfaces, with the interface's index. */
const ENDS: Readonly<Record<Family, readonly (readonly [address: string, index: number])[]>> = {
  ipv4: [
    ['192.0.2.9', 2],
    ['198.51.100.9', 3],
    ['192.0.2.1', 2],
    ['10.0.10.9', 4],
    ['203.0.113.5', 2],
  ],
  ipv6: [
    ['2001:db8::9', 2],
    ['2001:db8:1::9', 3],
    ['2001:db8::1', 2],
    ['2001:db8:5::5', 2],
  ],
};
const PREFIXES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['192.0.2.0/24', '192.0.2.8/29', '198.51.100.9', '128.0.0.0/1', '203.0.113.0/28'],
  ipv6: ['2001:db8::/64', '2001:db8:1::9', '2001:db8::/32', '2001:db8:5::/64'],
};
const PORTS = [22, 53, 80, 1024, 4000] as const;
const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'NEW,RELATED', 'INVALID', 'UNTRACKED'];

const join = (...parts: readonly fc.Arbitrary<string | undefined>[]): Words =>
  fc.tuple(...parts).map((found) => found.filter((part) => part !== undefined && part !== '').join(' '));
const not = (words: Words): Words =>
  fc.tuple(seldom(4), words).map(([no, text]) => (no ? `! ${text}` : text));

function ports(name: string): Words {
  const span = fc.tuple(pick(PORTS), pick(PORTS)).map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`);
  return not(fc.oneof(pick(PORTS).map(String), span).map((text) => `--${name} ${text}`));
}

function protocol(family: Family): Words {
  const flags = ['--syn', '--tcp-flags FIN,ACK FIN,ACK', '--tcp-flags PSH PSH', '--tcp-flags PSH,ACK ACK'];
  return fc.oneof(
    join(
      fc.constant('-p tcp -m tcp'),
      maybe(ports('sport'), 3),
      maybe(ports('dport'), 2),
      maybe(not(pick(flags)), 2),
    ),
    join(fc.constant('-p udp -m udp'), maybe(ports('sport'), 3), maybe(ports('dport'), 2)),
    pick(['tcp', 'udp']).map((name) => `-p ${name} -m multiport --ports 22,80,1000:2000`),
    // For others: what it asks and does does not matter.
    fc.constant(
      family === 'ipv4' ? '-p icmp -m length --length 0:60' : '-p ipv6-icmp -m length --length 0:80',
    ),
    not(pick(['-p tcp', '-p udp', '-p sctp'])),
  );
}

function connection(family: Family): Words {
  const prefix = pick(PREFIXES[family]);
  return fc
    .oneof(
      { weight: 4, arbitrary: not(pick(STATES).map((state) => `--ctstate ${state}`)) },
      {
        weight: 1,
        arbitrary: not(
          pick(['SEEN_REPLY', 'ASSURED', 'NONE', 'CONFIRMED']).map((one) => `--ctstatus ${one}`),
        ),
      },
      {
        weight: 1,
        arbitrary: pick(['--ctdir ORIGINAL', '--ctdir REPLY', '--ctproto tcp', '--ctorigdstport 80']),
      },
      { weight: 1, arbitrary: not(prefix.map((one) => `--ctorigsrc ${one}`)) },
    )
    .map((words) => `-m conntrack ${words}`);
}

function otherMatch(family: Family): Words {
  return fc.oneof(
    not(fc.tuple(pick(MARKS), pick(MASKS)).map(([value, mask]) => `--mark ${value}/${mask}`)).map(
      (text) => `-m mark ${text}`,
    ),
    pick(['unicast', 'multicast']).map((kind) => `-m pkttype --pkt-type ${kind}`),
    pick(['LOCAL', 'UNICAST']).map(
      (kind) => `-m addrtype --dst-type ${family === 'ipv4' ? kind : 'MULTICAST'}`,
    ),
    fc.constant('-m comment --comment "a comment"'),
  );
}

/** What makes a chain one whose trails are not remembered. */
const FORGOTTEN = ['-m length --length 0:60', '-m connmark --mark 0', '-j MARK --set-mark 2'];

function rule(family: Family, chain: string, chains: readonly string[]): Words {
  const targets = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: pick(['-j LOG', '-j NFLOG', '-j RETURN']) },
    { weight: 3, arbitrary: pick(['-j ACCEPT', '-j ACCEPT', '-j ACCEPT', '-j DROP', '-j REJECT']) },
    {
      weight: chains.length === 0 ? 0 : 4,
      arbitrary: fc
        .tuple(pick(['-j', '-j', '-g']), pick(chains.length === 0 ? [''] : chains))
        .map((to) => to.join(' ')),
    },
  );
  return join(
    fc.constant(`-A ${chain}`),
    maybe(not(pick(PREFIXES[family]).map((one) => `-s ${one}`)), 4),
    maybe(not(pick(PREFIXES[family]).map((one) => `-d ${one}`)), 4),
    chain === 'OUTPUT' ? fc.constant(undefined) : maybe(not(pick(PATTERNS).map((one) => `-i ${one}`)), 8),
    chain === 'INPUT' ? fc.constant(undefined) : maybe(not(pick(PATTERNS).map((one) => `-o ${one}`)), 8),
    maybe(protocol(family), 2),
    maybe(connection(family), 4),
    maybe(otherMatch(family), 6),
    targets,
  );
}

/** Marks what some packets of a connection are, and others are not. */
const mangle = fc
  .subarray([
    '-m length --length 0:60 -j MARK --set-mark 1',
    '-m length --length 120: -j MARK --set-mark 0x10',
  ])
  .map((rules) =>
    rules.length === 0
      ? ''
      : ['*mangle', ...rules.map((text) => `-A PREROUTING ${text}`), 'COMMIT\n'].join('\n'),
  );

function filter(family: Family): Words {
  return fc.nat({ max: 3 }).chain((count) => {
    const users = Array.from({ length: count }, (_, index) => `user${index}`);
    const builtIn = BUILT_IN_CHAINS.filter;
    const rules = [...builtIn, ...users].map((chain) => {
      const later = users.slice(users.indexOf(chain) + 1);
      // In chains that only INPUT or only OUTPUT leads to, too: interfaces that a packet does not have.
      return fc.array(rule(family, chain, later), { minLength: 3, maxLength: 10, size: 'max' });
    });
    const forgotten = maybe(pick(FORGOTTEN), 8);
    return fc
      .tuple(fc.tuple(...rules), forgotten, pick(['ACCEPT', 'ACCEPT', 'DROP']))
      .map(([chains, odd, policy]) =>
        [
          '*filter',
          ...builtIn.map((chain) => `:${chain} ${policy} [0:0]`),
          ...users.map((chain) => `:${chain} - [0:0]`),
          '-A INPUT -m conntrack --ctstate INVALID -j DROP',
          ...chains.flat(),
          ...(odd === undefined ? [] : [`-A FORWARD ${odd}`]),
          'COMMIT',
        ].join('\n'),
      );
  });
}

function rulesText(family: Family, marks: boolean): Words {
  const before = marks ? mangle : fc.constant('');
  return fc.tuple(before, filter(family)).map((tables) => `${tables.join('')}\n`);
}

interface Flow {
  readonly ends: readonly [(typeof ENDS)['ipv4'][number], (typeof ENDS)['ipv4'][number]];
  readonly ports: readonly [number, number];
  readonly isTcp: boolean;
}

const flow: fc.Arbitrary<Flow> = pick(['ipv4', 'ipv4', 'ipv6'] as const).chain((family) =>
  fc.record({
    ends: fc.tuple(pick(ENDS[family]), pick(ENDS[family])),
    ports: fc.tuple(pick(PORTS), pick(PORTS)),
    isTcp: fc.boolean(),
  }),
);

interface Step {
  readonly flow: number;
  readonly reply: boolean;
  readonly flags: number;
  readonly payload: number;
  /** By which interface it comes, when it is not the sender's. */
  readonly other: number | undefined;
  readonly kind: 'usual' | 'fragment' | 'cut' | 'short' | 'error' | 'sctp' | 'multicast' | 'options';
  readonly gapMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  flow: fc.nat({ max: 2 }),
  reply: fc.boolean(),
  flags: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0x10, 0x10, 0x18) },
    { weight: 1, arbitrary: fc.constantFrom(0x11, 0x14, 0x02, 0x12, 0x38, 0) },
  ),
  payload: fc.constantFrom(0, 0, 6, 100),
  other: maybe(fc.constantFrom(1, 2, 3, 4), 8),
  kind: fc.oneof(
    { weight: 20, arbitrary: fc.constant('usual' as const) },
    {
      weight: 1,
      arbitrary: pick(['fragment', 'cut', 'short', 'error', 'sctp', 'multicast', 'options'] as const),
    },
  ),
  gapMs: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(1, 10, 200, 2001) },
    { weight: 1, arbitrary: fc.constantFrom(29_999, 121_000, 500_000) },
  ),
});

const NUMBERS = { sequence: 2, acknowledgement: 2 };
const OPENING = [
  { flags: 0x02, reply: false, numbers: { sequence: 1, acknowledgement: 0 } },
  { flags: 0x12, reply: true, numbers: { sequence: 1, acknowledgement: 2 } },
  { flags: 0x10, reply: false, numbers: NUMBERS },
] as const;

/** A packet of a flow: numbers that stay in the windows whatever was said before. */
function packetOf(
  { ends, ports, isTcp }: Flow,
  { reply, flags, payload, other, kind, gapMs }: Step,
  numbers: { readonly sequence: number; readonly acknowledgement: number } = NUMBERS,
): PacketSpec {
  const [from, to] = reply ? [ends[1], ends[0]] : ends;
  const [sport, dport] = reply ? [ports[1], ports[0]] : ports;
  const plain = isTcp ? tcp({ sport, dport, flags, payload, ...numbers }) : udp(sport, dport, payload);
  const usual: FrameSpec = {
    source: address(from[0]),
    destination: address(to[0]),
    macSource: mac('02:00:00:00:00:fe'),
    macDestination: mac(
      kind === 'multicast' ? '01:00:5e:00:00:01' : `02:00:00:00:00:0${from[1] === 3 ? 3 : 2}`,
    ),
    protocol: isTcp ? 6 : 17,
    transport: plain,
    sums: true,
    padTo: 60,
  };
  return {
    spec: { ...usual, ...oddity(kind, usual) },
    interfaceIndex: other ?? from[1],
    direction: 'in',
    gapMs,
  };
}

function oddity(
  kind: Step['kind'],
  { source, destination, protocol, transport }: FrameSpec,
): Partial<FrameSpec> {
  const four = source.length === 4;
  switch (kind) {
    case 'fragment':
      return four ? { fragmentOffset: 2 } : {};
    case 'cut':
      return { snap: (four ? 34 : 54) + 6 };
    case 'short':
      return { transport: transport.slice(0, 6), sums: false };
    case 'error': {
      // About the packet, from its destination.
      const quoted = concat(
        four
          ? [0x45, 0, 0, 20 + transport.length, 0, 1, 0, 0, 64, protocol, 0, 0]
          : [0x60, 0, 0, 0, 0, transport.length, protocol, 64],
        source,
        destination,
        transport,
      );
      const body = concat(icmp(four ? 3 : 1, four ? 3 : 4), quoted);
      return { source: destination, destination: source, protocol: four ? 1 : 58, transport: body };
    }
    case 'sctp':
      return { protocol: 132, transport: sctp(22, 80, [{ type: 1, flags: 0, bytes: 16 }]) };
    case 'options':
      return four ? { options: Uint8Array.of(1, 1, 1, 0) } : {};
    default:
      return {};
  }
}

/** Connections that were opened, most of them, and then their packets in any order. */
const packets: fc.Arbitrary<PacketSpec[]> = fc
  .record({
    flows: fc.tuple(flow, flow, flow),
    opened: fc.nat({ max: 3 }),
    steps: fc.array(step, { minLength: 40, maxLength: 200, size: 'max' }),
  })
  .map(({ flows, opened, steps }) => {
    const usual = { flow: 0, payload: 0, other: undefined, kind: 'usual', gapMs: 1 } as const;
    const openings = flows
      .slice(0, opened)
      .flatMap((one) => OPENING.map((said) => packetOf(one, { ...usual, ...said }, said.numbers)));
    return [...openings, ...steps.map((one) => packetOf(flows[one.flow] as Flow, one))];
  });

/** On a machine of machine.ts. `marks`: there may be a table that marks packets. */
export function trailWorld(machine: fc.Arbitrary<string>, marks: boolean): fc.Arbitrary<World> {
  const liberal = 'sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1';
  const spec: fc.Arbitrary<WorldSpec> = fc.record({
    machineText: machine.map((text) => `${text}\n${liberal}`),
    rules4Text: rulesText('ipv4', marks),
    rules6Text: rulesText('ipv6', marks),
    backend: fc.constantFrom('legacy', 'nft'),
    packets,
  });
  return spec.map(worldOf);
}
