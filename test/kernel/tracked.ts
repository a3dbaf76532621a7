// Scenarios of connection tracking: rules that ask about connections in every chain and table, and frames that answer
// each other. What Linux tracks packet by packet stands in test/conntrack; here it is the way between the tables.

import type { Frame } from './capture.ts';
import { randomFrames } from './generate.ts';
import { ROUTER, SERVER } from './hosts.ts';
import type { HostSpec } from './namespace.ts';
import { checksum } from './packet.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';

const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'];
const STATUSES = ['NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'];
const ALL_CHAINS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
const NAT_CHAINS = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'];

/** Rules that only count. */
function counting(chain: string): string[] {
  return [
    ...STATES.map((state) => `-A ${chain} -m conntrack --ctstate ${state}`),
    ...STATUSES.map((status) => `-A ${chain} -m conntrack --ctstatus ${status}`),
    `-A ${chain} -m conntrack --ctdir REPLY`,
    `-A ${chain} -m conntrack ! --ctexpire 0:20`,
    `-A ${chain} -m conntrack --ctstate NEW,ESTABLISHED --ctproto tcp`,
    `-A ${chain} -m connmark --mark 0x1/0xff`,
    `-A ${chain} -m connmark ! --mark 0x0`,
    `-A ${chain} -m connbytes --connbytes 2 --connbytes-mode packets --connbytes-dir both`,
    `-A ${chain} -m connbytes --connbytes 100 --connbytes-mode bytes --connbytes-dir original`,
  ];
}

function table(name: string, chains: readonly string[], rules: (chain: string) => readonly string[]): string {
  const heads = chains.map((chain) => `:${chain} ACCEPT [0:0]`);
  return [`*${name}`, ...heads, ...chains.flatMap(rules), 'COMMIT'].join('\n');
}

/** Some of the lines. */
function some(random: Random, lines: readonly string[]): string[] {
  return lines.filter(() => random.chance(45));
}

function raw(random: Random, chain: string): string[] {
  const zone = random.pick([1, 2, 7]);
  return [
    ...some(random, [
      `-A ${chain} -p udp -m udp --dport 53 -j CT --notrack`,
      `-A ${chain} -p tcp -m tcp --dport 443 -j NOTRACK`,
      `-A ${chain} -p tcp -m tcp --dport 80 -j CT --zone ${zone}`,
      `-A ${chain} -p tcp -m tcp --sport 80 -j CT --zone 2`,
      `-A ${chain} -p udp -j CT --zone-orig 3`,
      `-A ${chain} -p sctp -j CT --zone-reply 4`,
      `-A ${chain} -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x5/0xffffffff`,
      `-A ${chain} -m mark --mark 0x5 -j CT --zone mark`,
    ]),
    // Templates stand in the place of connections here.
    ...counting(chain),
  ];
}

function mangle(random: Random, chain: string): string[] {
  const value = random.pick(['0x1/0xffffffff', '0x101/0xff', '0x3/0xffffffff']);
  return [
    ...some(random, [
      `-A ${chain} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
      `-A ${chain} -p tcp -m conntrack --ctstate NEW -j CONNMARK --set-xmark ${value}`,
      `-A ${chain} -p udp -j MARK --set-xmark 0x${random.below(4)}/0xffffffff`,
      `-A ${chain} -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
    ]),
    ...counting(chain),
  ];
}

function filter(random: Random, chain: string, six: boolean): string[] {
  const unreachable = six ? 'icmp6-port-unreachable' : 'icmp-port-unreachable';
  return [
    ...counting(chain),
    ...some(random, [
      `-A ${chain} -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -m tcp --dport 22 -j REJECT --reject-with tcp-reset`,
      `-A ${chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `-A ${chain} -p tcp -m tcp --dport 443 -j REJECT --reject-with tcp-reset`,
      `-A ${chain} -p udp -m udp --dport 1024:65535 -j DROP`,
      `-A ${chain} -p udp -m udp --dport 80 -j REJECT --reject-with ${unreachable}`,
      `-A ${chain} -m state --state INVALID -j DROP`,
    ]),
  ];
}

function rules(random: Random, six: boolean): string {
  const tables = [
    table('mangle', ALL_CHAINS, (chain) => mangle(random, chain)),
    table('filter', ['INPUT', 'FORWARD', 'OUTPUT'], (chain) => filter(random, chain, six)),
  ];
  if (random.chance(70))
    tables.unshift(table('raw', ['PREROUTING', 'OUTPUT'], (chain) => raw(random, chain)));
  if (random.chance(70)) {
    const own = (chain: string) => [...counting(chain), `-A ${chain} -p tcp -j ACCEPT`, `-A ${chain} -p udp`];
    tables.push(table('nat', NAT_CHAINS, own));
  }
  return `${tables.join('\n')}\n`;
}

const ETHERNET_BYTES = 14;
const FRAGMENT = 44;
const EXTENSIONS = [0, 43, 60];

interface Parts {
  readonly six: boolean;
  readonly source: number;
  readonly destination: number;
  readonly addressBytes: number;
  readonly protocol: number;
  readonly transport: number;
}

function partsOf(data: Uint8Array): Parts {
  const six = data[12] === 0x86;
  const [source, addressBytes] = six ? [ETHERNET_BYTES + 8, 16] : [ETHERNET_BYTES + 12, 4];
  return {
    six,
    source,
    destination: source + addressBytes,
    addressBytes,
    protocol: data[ETHERNET_BYTES + (six ? 6 : 9)] as number,
    transport: ETHERNET_BYTES + (six ? 40 : ((data[ETHERNET_BYTES] as number) & 15) * 4),
  };
}

/** Tagged frames, and fragments: test/fragment has those. */
function isLeftOut(data: Uint8Array): boolean {
  const parts = partsOf(data);
  if (parts.six) {
    let [next, at] = [parts.protocol, parts.transport];
    while (EXTENSIONS.includes(next) && at + 1 < data.length) {
      next = data[at] as number;
      at += ((data[at + 1] as number) + 1) * 8;
    }
    return next === FRAGMENT;
  }
  return data[12] !== 8 || ((data[20] as number) & 0x3f) !== 0 || data[21] !== 0;
}

const REPLY_FLAGS = [0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x02];

/** The frame with its ends exchanged, with flags and numbers that may answer it. */
function answer(random: Random, host: HostSpec, { data }: Frame): Frame | undefined {
  const parts = partsOf(data);
  const { source, destination, addressBytes, protocol, transport, six } = parts;
  const to = data.slice(destination, destination + addressBytes);
  if (six ? to[0] === 255 : (to[0] as number) >= 224) return undefined;
  const reply = Uint8Array.from(data);
  exchange(reply, source, destination, addressBytes);
  if ([6, 17, 33, 132, 136].includes(protocol) && data.length >= transport + 4)
    exchange(reply, transport, transport + 2, 2);
  if (protocol === 6 && data.length >= transport + 20) answerTcp(random, reply, parts);
  if (reply[transport] === 8 && protocol === 1) reply[transport] = 0;
  if (reply[transport] === 128 && protocol === 58) reply[transport] = 129;
  const device = random.pick(host.interfaces);
  const local = host.interfaces.flatMap((one) => one.addresses.map((text) => text.split('/')[0]));
  const sent = !six && local.includes(to.join('.'));
  reply.set(mac(sent ? '02:00:00:00:99:01' : device.mac), 0);
  reply.set(mac(sent ? device.mac : '02:00:00:00:99:02'), 6);
  return { interface: device.name, direction: sent ? 'out' : 'in', data: reply };
}

function exchange(data: Uint8Array, one: number, other: number, count: number): void {
  const first = data.slice(one, one + count);
  data.set(data.slice(other, other + count), one);
  data.set(first, other);
}

function answerTcp(random: Random, data: Uint8Array, parts: Parts): void {
  const { transport, six } = parts;
  const syn = ((data[transport + 13] as number) & 2) !== 0;
  data[transport + 13] = random.pick(REPLY_FLAGS);
  if (random.chance(50)) {
    exchange(data, transport + 4, transport + 8, 4);
    if (syn) data[transport + 11] = (data[transport + 11] as number) + 1;
  }
  const view = new DataView(data.buffer);
  const end = six
    ? transport + view.getUint16(ETHERNET_BYTES + 4)
    : ETHERNET_BYTES + view.getUint16(ETHERNET_BYTES + 2);
  if (random.chance(80) && end <= data.length && end - transport >= 20) sumUp(data, parts, end);
}

/** The right TCP checksum. */
function sumUp(data: Uint8Array, { source, addressBytes, transport }: Parts, end: number): void {
  const view = new DataView(data.buffer);
  view.setUint16(transport + 16, 0);
  const segment = data.slice(transport, end);
  const pseudo = new Uint8Array(2 * addressBytes + 4);
  pseudo.set(data.slice(source, source + 2 * addressBytes));
  new DataView(pseudo.buffer).setUint16(2 * addressBytes, 6);
  new DataView(pseudo.buffer).setUint16(2 * addressBytes + 2, segment.length);
  view.setUint16(transport + 16, checksum(Uint8Array.from([...pseudo, ...segment])));
}

function mac(text: string): number[] {
  return text.split(':').map((part) => Number.parseInt(part, 16));
}

/** The frames without fragments, some again and again, and frames that answer them. */
export function withAnswers(random: Random, host: HostSpec, frames: readonly Frame[]): Frame[] {
  const all: Frame[] = [];
  for (const frame of frames) {
    if (isLeftOut(frame.data)) continue;
    all.push(frame);
    for (let count = 0; count < 3; count++) {
      const reply = random.chance(60) ? answer(random, host, frame) : undefined;
      if (reply !== undefined) all.push(reply);
      if (random.chance(30)) all.push(frame);
    }
    if (random.chance(20)) all.push(random.pick(all));
  }
  return all;
}

export function trackedScenarios(): Scenario[] {
  return Array.from({ length: 10 }, (_, index) => {
    const seed = 7000 + index;
    const host = index % 2 === 0 ? SERVER : ROUTER;
    const random = new Random(seed);
    return {
      name: `conntrack-${index + 1}`,
      host,
      rules: { ipv4: rules(random, false), ipv6: rules(random, true) },
      capture: {
        kind: 'frames',
        frames: withAnswers(random, host, randomFrames(seed, host, ['ipv4', 'ipv6'], 130)),
      },
    };
  });
}
