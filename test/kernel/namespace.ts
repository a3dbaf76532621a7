// The real kernel's answer: a modelled host as a network namespace, its interfaces as veth pairs whose other ends sit
// in a namespace without addresses, IPv6 or ARP; frames go in there, packets of the host through raw sockets.

import { execFileSync, spawnSync } from 'node:child_process';
import { BUILT_IN_CHAINS, type TableName } from '../../src/model/ruleset.ts';
import { join } from './capture.ts';
import { parseCounters, type RuleSetCounters, tableNames } from './counters.ts';

export type Backend = 'legacy' | 'nft';
export const BACKENDS: readonly Backend[] = ['legacy', 'nft'];

export interface HostInterface {
  readonly name: string;
  readonly mac: string;
  readonly mtu?: number;
  /** `address/prefix`, as `ip address add` takes them. */
  readonly addresses: readonly string[];
  /** A VLAN device: its tag and the device below. */
  readonly vlan?: { readonly id: number; readonly link: string; readonly protocol?: '802.1Q' | '802.1ad' };
}

export interface HostSpec {
  readonly interfaces: readonly HostInterface[];
  /** What follows `ip route add` or `ip -6 route add`. */
  readonly routes: readonly string[];
  /** What follows `ip rule add` or `ip -6 rule add`. */
  readonly policyRules?: readonly string[];
  /** Beside the defaults below. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

/** The files of a host folder: name to text. */
export type HostFiles = Readonly<Record<string, string>>;

/** A frame into an interface of the host, or a packet of the host's own. */
export type Instruction =
  | { readonly kind: 'receive'; readonly interface: string; readonly frame: Uint8Array }
  | { readonly kind: 'send'; readonly interface: string; readonly packet: Uint8Array };

export interface KernelAnswer {
  readonly ipv4?: RuleSetCounters | undefined;
  readonly ipv6?: RuleSetCounters | undefined;
  /** What send() refused, by errno. */
  readonly refused: Readonly<Record<string, number>>;
  readonly saved: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined };
  /** The connections at the end, as tableLines() has them. */
  readonly table: readonly string[];
}

/**
 * Lines of `conntrack -L -o extended` in an order of their own, without the time that is left; without the users of an
 * entry, some of which are packets that wait for neighbours; and for UDP without [ASSURED], which a packet two seconds
 * later gives: so long a busy machine may take to send a capture.
 */
export function tableLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^(\S+ +\d+ \S+ +\d+ )\d+/, '$10').replace(/ use=\d+/, ''))
    .map((line) => (/ udp {6}/.test(line) ? line.replace(' [ASSURED]', '') : line))
    .sort();
}

const HOST = `wasmtables-${process.pid}-host`;
const SINK = `wasmtables-${process.pid}-sink`;
const SENDER = new URL('./send.py', import.meta.url).pathname;

/** Programs that the comparison needs; empty when all are there and we are root. */
export function missing(): string[] {
  if (process.getuid?.() !== 0) return ['root (network namespaces are made)'];
  const programs = ['ip', 'nft', 'python3', 'sysctl', 'conntrack'];
  for (const backend of BACKENDS) {
    for (const program of ['iptables', 'ip6tables']) {
      programs.push(`${program}-${backend}-save`, `${program}-${backend}-restore`);
    }
  }
  return programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
}

function run(command: readonly string[], input?: string | Uint8Array): string {
  const [program, ...rest] = command;
  return execFileSync(program as string, rest, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}

const inHost = (...command: string[]) => ['ip', 'netns', 'exec', HOST, ...command];

/**
 * Defaults that make runs comparable. Nothing that the host answers itself leaves it, nothing delivered reaches it:
 * the guard below drops both outside the compared tables.
 */
const SYSCTLS: Readonly<Record<string, string>> = {
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.conf.all.log_martians': '0',
  'net.ipv6.conf.all.accept_ra': '0',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.autoconf': '0',
  'net.ipv6.conf.all.accept_dad': '0',
  'net.ipv6.conf.default.accept_dad': '0',
  'net.ipv6.conf.all.forwarding': '0',
  'net.ipv4.ip_forward': '0',
};

// The sender's sockets belong to the user id 54321 (send.py). What is delivered is confirmed before it is dropped: of
// hooks with the same priority the one that was registered later comes first.
const GUARD = `table inet guard {
  chain sent { type filter hook output priority -500; meta skuid 54321 accept; drop; }
  chain delivered { type filter hook input priority 2147483647; drop; }
}`;

function hostScript(host: HostSpec): string {
  const lines: string[] = [];
  const names = new Map<string, string>();
  for (const [key, value] of Object.entries({ ...SYSCTLS, ...host.sysctls })) {
    if (!/\.(all|default)\.|^net\.ipv[46]\.[a-z_]+$/.test(key)) continue;
    lines.push(`ip netns exec ${HOST} sysctl -qw ${key}=${value}`);
  }
  lines.push(
    `ip netns exec ${SINK} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1`,
  );
  lines.push(`ip -n ${HOST} link set lo up`);
  host.interfaces.forEach((one, index) => {
    if (one.vlan !== undefined) {
      const protocol = one.vlan.protocol ?? '802.1Q';
      lines.push(
        `ip -n ${HOST} link add link ${one.vlan.link} name ${one.name} type vlan protocol ${protocol} id ${one.vlan.id}`,
      );
    } else {
      names.set(one.name, `w${index}`);
      lines.push(`ip -n ${SINK} link add w${index} mtu 65535 type veth peer name ${one.name} netns ${HOST}`);
      lines.push(`ip -n ${SINK} link set w${index} arp off up`);
    }
    // Neighbours never answer: packets wait for them, but only after POSTROUTING has seen them.
    const mtu = one.vlan === undefined || one.mtu !== undefined ? `mtu ${one.mtu ?? 65535}` : '';
    lines.push(`ip -n ${HOST} link set ${one.name} address ${one.mac} ${mtu} up`);
    for (const address of one.addresses) {
      const flags = address.includes(':') ? 'nodad' : 'brd +';
      lines.push(`ip -n ${HOST} address replace ${address} dev ${one.name} ${flags}`);
    }
  });
  for (const [key, value] of Object.entries(host.sysctls ?? {})) {
    if (/\.(all|default)\.|^net\.ipv[46]\.[a-z_]+$/.test(key)) continue;
    lines.push(`ip netns exec ${HOST} sysctl -qw ${key}=${value}`);
  }
  const family = (text: string) => (text.includes(':') ? '-6' : '-4');
  for (const route of host.routes) lines.push(`ip ${family(route)} -n ${HOST} route add ${route}`);
  for (const rule of host.policyRules ?? []) {
    const words = rule.startsWith('-6 ') ? rule.slice(3) : rule;
    lines.push(`ip ${rule.startsWith('-6 ') ? '-6' : family(rule)} -n ${HOST} rule add ${words}`);
  }
  return lines.join('\n');
}

/** The sink's end of an interface. */
function wire(host: HostSpec, name: string): string {
  const index = host.interfaces.findIndex((one) => one.name === name && one.vlan === undefined);
  if (index < 0) throw new Error(`no such interface: ${name}`);
  return `w${index}`;
}

/** Makes the namespaces; with an earlier run's remains of this process out of the way. */
export function createHost(host: HostSpec): void {
  deleteHost();
  run(['ip', 'netns', 'add', HOST]);
  run(['ip', 'netns', 'add', SINK]);
  run(['sh', '-e'], hostScript(host));
  run(inHost('nft', '-f', '-'), GUARD);
  // Links come up in the background: wait until every IPv6 address may be used.
  for (let attempt = 0; attempt < 100; attempt++) {
    const links = JSON.parse(run(['ip', '-n', HOST, '-json', 'address'])) as {
      operstate: string;
      link_type: string;
      addr_info: { family: string; tentative?: boolean }[];
    }[];
    const ready = links.every(
      (link) =>
        link.link_type === 'loopback' ||
        (link.operstate === 'UP' &&
          link.addr_info.some((one) => one.family === 'inet6') &&
          !link.addr_info.some((one) => one.tentative)),
    );
    if (ready) return;
    execFileSync('sleep', ['0.02']);
  }
}

export function deleteHost(): void {
  for (const name of [HOST, SINK]) spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
}

const SYSCTL_KEYS =
  /^net\.(ipv4\.(ip_forward|conf\.[^.]+\.(forwarding|rp_filter|accept_local|accept_source_route|route_localnet|src_valid_mark|bc_forwarding|drop_unicast_in_l2_multicast))|netfilter\.nf_conntrack_checksum|ipv6\.conf\.[^.]+\.(forwarding|disable_ipv6|accept_source_route|drop_unicast_in_l2_multicast)) /;

/** The host folder: what the snapshot collects, sysctls cut down to those that decide a packet's way. */
export function snapshotHost(): HostFiles {
  const noise = /^((gso|tso|gro)_|num_|(min|max)_mtu|promiscuity|allmulti|txqlen|group|qdisc|.*_life_time)/;
  const json = (...words: string[]) => {
    const value: unknown = JSON.parse(run(['ip', '-n', HOST, '-json', ...words]));
    return `${JSON.stringify(value, (key, inner) => (noise.test(key) ? undefined : inner))}\n`;
  };
  const sysctls = run(inHost('sysctl', '-a')).split('\n');
  return {
    'addr.json': json('-details', 'address'),
    'route.json': json('-4', 'route', 'show', 'table', 'all'),
    'route6.json': json('-6', 'route', 'show', 'table', 'all'),
    'maddr.json': json('maddress'),
    'rule.json': json('-4', 'rule'),
    'rule6.json': json('-6', 'rule'),
    'sysctl.txt': `${sysctls.filter((line) => SYSCTL_KEYS.test(line)).join('\n')}\n`,
  };
}

/**
 * The rule file with zeroed counters and all built-in chains: both back ends count policies only of chains restored
 * with counters.
 */
export function zeroed(rules: string): string {
  const text = rules
    .replace(/^(:\S+\s+\S+)(\s+\[\d+:\d+\])?[ \t]*$/gm, '$1 [0:0]')
    .replace(/^\[\d+:\d+\] (?=-)/gm, '');
  return text.replace(/^\*(\S+)\s*\n([^*]*)/gm, (_, table: string, body: string) => {
    const absent = builtInChains(table).filter((chain) => !body.includes(`:${chain} `));
    return `*${table}\n${absent.map((chain) => `:${chain} ACCEPT [0:0]\n`).join('')}${body}`;
  });
}

export function loadRules(backend: Backend, family: 'ipv4' | 'ipv6', rules: string): void {
  const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
  run(inHost(`${program}-${backend}-restore`), zeroed(rules));
}

/** Flushes and forgets every rule of a back end. */
export function unloadRules(backend: Backend, family: 'ipv4' | 'ipv6', rules: string): void {
  const empty = tableNames(rules).map((table) => `*${table}\n${acceptAll(table)}COMMIT\n`);
  loadRules(backend, family, empty.join(''));
}

function acceptAll(table: string): string {
  return builtInChains(table)
    .map((chain) => `:${chain} ACCEPT [0:0]\n`)
    .join('');
}

const builtInChains = (table: string): readonly string[] => BUILT_IN_CHAINS[table as TableName] ?? [];

export function savedRules(backend: Backend, family: 'ipv4' | 'ipv6'): string {
  const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
  return run(inHost(`${program}-${backend}-save`, '-c'));
}

function encode(host: HostSpec, instructions: readonly Instruction[]): Uint8Array {
  return join(
    ...instructions.map((one) => {
      const receive = one.kind === 'receive';
      const bytes = receive ? one.frame : one.packet;
      const name = new TextEncoder().encode(receive ? wire(host, one.interface) : one.interface);
      const header = new Uint8Array(6);
      const version = receive ? 0 : (one.packet[0] as number) >> 4 === 6 ? 2 : 1;
      header.set([version, name.length]);
      new DataView(header.buffer).setUint32(2, bytes.length, true);
      return join(header, name, bytes);
    }),
  );
}

function receivedFrames(host: HostSpec): number {
  const links = JSON.parse(run(['ip', '-n', HOST, '-json', '-stats', 'link'])) as {
    ifname: string;
    stats64: { rx: { packets: number } };
  }[];
  const real = new Set(host.interfaces.filter((one) => one.vlan === undefined).map((one) => one.name));
  return links
    .filter((link) => real.has(link.ifname))
    .reduce((sum, link) => sum + link.stats64.rx.packets, 0);
}

/** Sends the frames through the host as it stands, with these rules under one back end, and reads the counters. */
export function ask(
  host: HostSpec,
  backend: Backend,
  rules: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined },
  instructions: readonly Instruction[],
): KernelAnswer {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const text = rules[family];
    if (text !== undefined) loadRules(backend, family, text);
  }
  // Connections of an earlier run.
  spawnSync('ip', ['netns', 'exec', HOST, 'conntrack', '-F'], { stdio: 'ignore' });
  const before = receivedFrames(host);
  const output = run(['python3', SENDER, HOST, SINK], encode(host, instructions));
  const refused = Object.fromEntries(
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.split(' ')[0] as string, Number(line.split(' ')[1])]),
  );
  execFileSync('sleep', ['0.02']);
  const arrived = receivedFrames(host) - before;
  const frames = instructions.filter((one) => one.kind === 'receive').length;
  if (arrived !== frames)
    throw new Error(`${frames} frames were sent, ${arrived} arrived (${output.trim()})`);
  const listed = (['ipv4', 'ipv6'] as const).map((family) =>
    run(inHost('sh', '-c', `conntrack -L -f ${family} -o extended 2>/dev/null`)),
  );
  const answer = (family: 'ipv4' | 'ipv6') => {
    const text = rules[family];
    if (text === undefined) return undefined;
    const saved = savedRules(backend, family);
    unloadRules(backend, family, text);
    return { saved, counters: parseCounters(saved, tableNames(text)) };
  };
  const ipv4 = answer('ipv4');
  const ipv6 = answer('ipv6');
  return {
    ipv4: ipv4?.counters,
    ipv6: ipv6?.counters,
    refused,
    saved: { ipv4: ipv4?.saved, ipv6: ipv6?.saved },
    table: tableLines(listed.join('')),
  };
}

/**
 * The rule file without the lines that a back end refuses (the nft back end checks some matches more strictly).
 * Throws when what remains is refused for another reason.
 */
export function settled(family: 'ipv4' | 'ipv6', rules: string): string {
  let text = zeroed(rules);
  for (const backend of BACKENDS) {
    for (let attempt = 0; ; attempt++) {
      try {
        loadRules(backend, family, text);
        unloadRules(backend, family, text);
        break;
      } catch (error) {
        const message = String((error as { stderr?: string }).stderr ?? error);
        const line = /line (\d+):? (?:RULE_APPEND|RULE_INSERT)? ?failed/i.exec(message);
        if (line === null || attempt === 50) throw new Error(message);
        const lines = text.split('\n');
        lines.splice(Number(line[1]) - 1, 1);
        text = lines.join('\n');
      }
    }
  }
  return text;
}
