// Random rule sets and frames that meet: both draw from the same few addresses, ports, interfaces and protocols.

import type { Frame } from './capture.ts';
import type { HostSpec } from './namespace.ts';
import * as packet from './packet.ts';
import { Random } from './random.ts';

type Family = 'ipv4' | 'ipv6';

interface Pool {
  readonly family: Family;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly networks: readonly string[];
  readonly interfaces: readonly string[];
}

const PORTS = [22, 53, 80, 443, 1024, 8080, 33434, 65535];
const PROTOCOLS: Readonly<Record<Family, readonly number[]>> = {
  ipv4: [6, 6, 6, 17, 17, 1, 132, 33, 136, 47, 99],
  ipv6: [6, 6, 6, 17, 17, 58, 132, 33, 136, 47, 99],
};
const MACS = ['02:00:00:00:99:01', '02:00:00:00:99:02'];

function pool(host: HostSpec, family: Family): Pool {
  const six = family === 'ipv6';
  const local = host.interfaces
    .flatMap((one) => one.addresses)
    .map((text) => text.split('/')[0] as string)
    .filter((text) => text.includes(':') === six);
  return six
    ? {
        family,
        local,
        remote: [
          '2001:db8:1::99',
          '2001:db8:2::7',
          '2001:db8:2::8',
          '2001:db8:5::5',
          '2001:db8:10::4',
          '2001:db8:dead::1',
        ],
        networks: [
          '2001:db8:1::/64',
          '2001:db8:2::/48',
          '2001:db8:2::8/127',
          '::/0',
          'fe80::/10',
          'ff00::/8',
          '2001:db8::5:5',
        ],
        interfaces: host.interfaces.map((one) => one.name),
      }
    : {
        family,
        local,
        remote: [
          '192.0.2.77',
          '192.168.1.50',
          '192.168.10.9',
          '10.0.3.4',
          '10.99.1.1',
          '8.8.8.8',
          '203.0.113.5',
          '203.0.113.130',
          '203.0.113.200',
          '224.0.0.1',
          '224.0.0.251',
          '255.255.255.255',
          '192.168.1.255',
        ],
        networks: [
          '192.168.0.0/16',
          '10.0.0.0/8',
          '10.0.3.0/255.255.255.0',
          '0.0.0.4/0.0.0.6',
          '8.8.8.8',
          '203.0.113.128/25',
          '224.0.0.0/4',
          '0.0.0.0/0',
        ],
        interfaces: host.interfaces.map((one) => one.name),
      };
}

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

function flagList(random: Random): string {
  const flags = TCP_FLAGS.filter(() => random.chance(40));
  return flags.length === 0 ? random.pick(['NONE', 'SYN']) : flags.join(',');
}

function range(random: Random): string {
  const low = random.pick(PORTS);
  const high = random.pick(PORTS);
  return random.chance(50) ? `${low}` : `${Math.min(low, high)}:${Math.max(low, high)}`;
}

const not = (random: Random) => (random.chance(20) ? '! ' : '');

/** `-p` and what goes with it. */
function protocolWords(random: Random, family: Family): string {
  switch (random.below(10)) {
    case 0:
    case 1: {
      const words = ['-p tcp -m tcp'];
      if (random.chance(50)) words.push(`${not(random)}--dport ${range(random)}`);
      if (random.chance(20)) words.push(`${not(random)}--sport ${range(random)}`);
      if (random.chance(40)) words.push(`${not(random)}--tcp-flags ${flagList(random)} ${flagList(random)}`);
      if (random.chance(15)) words.push(`${not(random)}--tcp-option ${random.pick([2, 3, 4, 8, 30])}`);
      return words.join(' ');
    }
    case 2:
    case 3: {
      const words = ['-p udp -m udp'];
      if (random.chance(50)) words.push(`${not(random)}--dport ${range(random)}`);
      if (random.chance(30)) words.push(`${not(random)}--sport ${range(random)}`);
      return words.join(' ');
    }
    case 4: {
      if (family === 'ipv6') {
        return `-p ipv6-icmp -m icmp6 ${not(random)}--icmpv6-type ${random.pick(['128', '1/4', 'packet-too-big', '135', '133'])}`;
      }
      return `-p icmp -m icmp ${not(random)}--icmp-type ${random.pick(['8', '3/1', '3', 'any', '11/0', '0/0'])}`;
    }
    case 5: {
      const protocol = random.pick(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);
      const ports = [...new Set([random.pick(PORTS), random.pick(PORTS), random.pick(PORTS)])].join(',');
      return `-p ${protocol} -m multiport ${not(random)}--${random.pick(['sports', 'dports', 'ports'])} ${random.chance(30) ? '22:443,8080' : ports}`;
    }
    case 6:
      return random.pick([
        `-p sctp -m sctp ${not(random)}--dport ${range(random)}`,
        `-p sctp -m sctp --chunk-types any ${random.pick(['DATA', 'INIT', 'SACK,DATA'])}`,
        `-p dccp -m dccp ${not(random)}--dport ${range(random)}`,
        '-p dccp -m dccp --dccp-types REQUEST,DATA',
      ]);
    default:
      return random.chance(30) ? `${not(random)}-p ${random.pick(['tcp', 'udp', '47', '99', 'sctp'])}` : '';
  }
}

function otherMatches(random: Random, family: Family, chain: string): string {
  const six = family === 'ipv6';
  const choices: (() => string)[] = [
    () => `-m length ${not(random)}--length ${random.pick(['40', '48:60', '0:84', '70:65535'])}`,
    () => `-m tos ${not(random)}--tos ${random.pick(['0x10/0x3f', '0x08', '0x00/0xff', '0x20/0xe0'])}`,
    () => `-m dscp ${not(random)}--dscp ${random.pick(['0x00', '0x0a', '0x2e'])}`,
    () => `-m mark ${not(random)}--mark ${random.pick(['0x0', '0x1/0xff', '0x100/0x100'])}`,
    () => `-m pkttype ${not(random)}--pkt-type ${random.pick(['unicast', 'broadcast', 'multicast'])}`,
    () => `-m comment --comment "${random.pick(['one', 'two words', 'a \\"quoted\\" word'])}"`,
    () =>
      six
        ? `-m iprange ${not(random)}--src-range 2001:db8:2::1-2001:db8:2::7`
        : `-m iprange ${not(random)}--${random.pick(['src', 'dst'])}-range 10.0.0.0-192.168.1.60`,
    () =>
      `-m addrtype ${not(random)}--${random.pick(['src', 'dst'])}-type ${random.pick(six ? ['LOCAL', 'UNICAST', 'MULTICAST'] : ['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST', 'LOCAL,BROADCAST'])}`,
  ];
  if (six) {
    choices.push(
      () => `-m hl ${random.pick(['--hl-eq 64', '! --hl-eq 64', '--hl-lt 5', '--hl-gt 100'])}`,
      () => `-m frag ${random.pick(['--fragfirst', '--fraglast', '--fragmore', '--fragid 5:7'])}`,
      () => `-m hbh ${random.pick(['--hbh-len 8', '! --hbh-len 8', '--hbh-opts 5:2', '--hbh-opts 5'])}`,
      () => `-m dst ${random.pick(['--dst-len 8', '--dst-opts 1:4'])}`,
      () =>
        `-m rt ${random.pick(['--rt-type 0', '--rt-type 2', '! --rt-type 4', '--rt-segsleft 0:1', '--rt-len 24'])}`,
      () =>
        `-m ipv6header ${not(random)}--header ${random.pick(['frag', 'hop', 'route', 'hop,dst', 'none'])}${random.chance(50) ? ' --soft' : ''}`,
    );
  } else {
    choices.push(
      () => `-m ttl ${random.pick(['--ttl-eq 64', '! --ttl-eq 64', '--ttl-lt 5', '--ttl-gt 100'])}`,
    );
    choices.push(() => `${not(random)}-f`);
  }
  if (chain !== 'OUTPUT' && chain !== 'POSTROUTING' && chain === chain.toUpperCase()) {
    choices.push(() => `-m mac ${not(random)}--mac-source ${random.pick(MACS)}`);
  }
  return random.pick(choices)();
}

function ruleLine(random: Random, one: Pool, table: string, chain: string, jumps: readonly string[]): string {
  const words = [`-A ${chain}`];
  const addresses = [...one.networks, ...one.remote, ...one.local];
  if (random.chance(20)) words.push(`${not(random)}-s ${random.pick(addresses)}`);
  if (random.chance(20)) words.push(`${not(random)}-d ${random.pick(addresses)}`);
  const names = [...one.interfaces, ...one.interfaces.map((name) => `${name.slice(0, 3)}+`), 'lo', 'wlan0'];
  if (random.chance(15) && !['OUTPUT', 'POSTROUTING'].includes(chain)) {
    words.push(`${not(random)}-i ${random.pick(names)}`);
  }
  if (random.chance(15) && !['INPUT', 'PREROUTING'].includes(chain)) {
    words.push(`${not(random)}-o ${random.pick(names)}`);
  }
  if (random.chance(65)) words.push(protocolWords(random, one.family));
  if (random.chance(35)) words.push(otherMatches(random, one.family, chain));
  const tcp = words.some((word) => word.startsWith('-p tcp'));
  const targets = [
    '-j ACCEPT',
    '-j DROP',
    '-j RETURN',
    '',
    '',
    '-j LOG --log-prefix "seen "',
    '-j NFLOG --nflog-group 2',
  ];
  if (table === 'filter' && chain !== 'chain3') {
    targets.push('-j REJECT', tcp ? '-j REJECT --reject-with tcp-reset' : '-j DROP');
  }
  if (table === 'mangle') {
    for (let index = 0; index < 4; index++) {
      targets.push(
        `-j MARK --${random.pick(['set-xmark 0x1/0xff', 'set-xmark 0x0/0xffffffff', 'or-mark 0x100', 'and-mark 0xff00', 'xor-mark 0x3'])}`,
      );
    }
  }
  for (const jump of jumps) targets.push(`-j ${jump}`, `-j ${jump}`, `-g ${jump}`);
  words.push(random.pick(targets));
  return words.filter((word) => word !== '').join(' ');
}

const CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** A rule set of all four tables with about `size` rules a table. */
export function randomRules(seed: number, host: HostSpec, family: Family, size: number): string {
  const random = new Random(seed);
  const one = pool(host, family);
  const lines: string[] = [];
  for (const [table, builtIn] of Object.entries(CHAINS)) {
    const user = ['chain1', 'chain2', 'chain3'];
    lines.push(`*${table}`);
    for (const chain of builtIn) lines.push(`:${chain} ${random.chance(92) ? 'ACCEPT' : 'DROP'} [0:0]`);
    for (const chain of user) lines.push(`:${chain} - [0:0]`);
    for (let count = 0; count < size; count++) {
      const at = random.below(builtIn.length + 2);
      const chain = builtIn[at] ?? (user[random.below(3)] as string);
      // Later chains are reached from earlier ones only: no loops.
      const jumps = user.slice(user.indexOf(chain) + 1);
      lines.push(ruleLine(random, one, table, chain, jumps));
    }
    lines.push('COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

const TCP_OPTION_SETS = [
  [],
  [2, 4, 5, 180],
  [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
  [2, 4, 5, 180, 4, 2, 1, 3, 3, 7],
  [30, 4, 0, 0],
];

function transport(random: Random, family: Family, protocol: number, ports: readonly number[]): Uint8Array {
  const port = () => (random.chance(70) ? random.pick(ports) : 1 + random.below(65535));
  const payload = random.data(random.pick([0, 1, 10, 60]));
  switch (protocol) {
    case 6:
      return packet.tcp({
        sourcePort: port(),
        destinationPort: port(),
        flags: random.chance(60) ? random.pick([2, 18, 16, 24, 17, 4, 20]) : random.below(64),
        options: Uint8Array.from(random.pick(TCP_OPTION_SETS)),
        payload,
      });
    case 17:
    case 136:
      return packet.udp(port(), port(), payload);
    case 1:
    case 58: {
      const types = family === 'ipv6' ? [128, 129, 1, 2, 3, 133, 135, 136] : [8, 0, 3, 11, 5, 13];
      return packet.icmp(random.pick(types), random.below(5), random.data(random.pick([4, 28, 60])));
    }
    case 132:
      return packet.sctp(
        port(),
        port(),
        random.pick([
          packet.bytes(1, 0, 0, 20, ...random.data(16)),
          packet.bytes(0, 3, 0, 17, ...random.data(13), 0, 0, 0),
          packet.bytes(3, 0, 0, 16, ...random.data(12), 0, 3, 0, 17, ...random.data(13), 0, 0, 0),
        ]),
      );
    case 33:
      return packet.dccp(port(), port(), random.below(10));
    default:
      return payload;
  }
}

const OPTIONS_IPV4 = [
  [],
  [],
  [],
  [],
  [],
  [],
  [148, 4, 0, 0],
  [1, 1, 1, 0],
  [7, 7, 4, 0, 0, 0, 0, 0],
  [68, 8, 5, 0, 0, 0, 0, 0],
];

function ipPacket(
  random: Random,
  family: Family,
  source: string,
  destination: string,
  ports: readonly number[],
): Uint8Array {
  const protocol = random.pick(PROTOCOLS[family]);
  const payload = transport(random, family, protocol, ports);
  if (family === 'ipv4') {
    const fragment = random.chance(85)
      ? random.pick([0, 0x4000])
      : random.pick([0x2000, 0x2003, 0x0004, 0x00b9]);
    return packet.ipv4({
      source,
      destination,
      protocol,
      payload,
      ttl: random.pick([64, 64, 64, 128, 255, 2, 1]),
      tos: random.pick([0, 0, 0x10, 0x08, 0xb8, 0x28, 0x20]),
      fragment,
      options: Uint8Array.from(random.pick(OPTIONS_IPV4)),
    });
  }
  const extensions: { protocol: number; data: Uint8Array }[] = [];
  if (random.chance(15)) extensions.push({ protocol: 0, data: packet.bytes(0, 0, 5, 2, 0, 0, 1, 0) });
  if (random.chance(10)) extensions.push({ protocol: 60, data: packet.bytes(0, 0, 1, 4, 0, 0, 0, 0) });
  if (random.chance(10)) {
    extensions.push({
      protocol: 43,
      data: packet.bytes(0, 2, random.pick([0, 2, 4]), random.below(2), ...random.data(20)),
    });
  }
  if (random.chance(12)) {
    const offset = random.pick([0, 1, 0x10, 0x11]);
    extensions.push({ protocol: 44, data: packet.bytes(0, 0, 0, offset, 0, 0, 0, 4 + random.below(4)) });
  }
  return packet.ipv6({
    source,
    destination,
    protocol,
    payload,
    extensions,
    hopLimit: random.pick([64, 64, 64, 255, 128, 2, 1]),
    trafficClass: random.pick([0, 0, 0x10, 0xb8, 0x28]),
  });
}

export interface FramePools {
  readonly ports?: readonly number[];
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
}

/** Frames that come in by every interface, and packets that the host sends. */
export function randomFrames(
  seed: number,
  host: HostSpec,
  families: readonly Family[],
  count: number,
  extra: FramePools = {},
): Frame[] {
  const random = new Random(seed);
  const frames: Frame[] = [];
  const ports = [...PORTS, ...(extra.ports ?? [])];
  while (frames.length < count) {
    const family = random.pick(families);
    const one = pool(host, family);
    const remote = [...one.remote, ...(extra[family] ?? [])];
    const device = random.pick(host.interfaces);
    const unicast = remote.filter((text) => !/^(22\d|23\d|255)\.|^ff/.test(text));
    const tags = device.vlan === undefined ? [] : [{ id: device.vlan.id }];
    if (random.chance(20)) {
      const source = random.pick(one.local);
      const data = ipPacket(random, family, source, random.pick(unicast), ports);
      frames.push({
        interface: device.name,
        direction: 'out',
        data: packet.ethernet(MACS[0] as string, device.mac, data, tags),
      });
      continue;
    }
    const source = random.pick(random.chance(95) ? unicast : one.local);
    const destination = random.pick(random.chance(50) ? one.local : remote);
    const data = ipPacket(random, family, source, destination, ports);
    let to = device.mac;
    if (/^22\d\./.test(destination)) to = '01:00:5e:00:00:01';
    else if (destination.endsWith('.255')) to = 'ff:ff:ff:ff:ff:ff';
    else if (random.chance(3)) to = '02:00:00:00:77:77';
    frames.push({
      interface: device.vlan?.link ?? device.name,
      direction: 'in',
      data: packet.ethernet(to, random.pick(MACS), data, tags),
    });
  }
  return frames;
}
