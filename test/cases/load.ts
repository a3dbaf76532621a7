// Verdict cases: a text file holds a machine, rules, named packets and what is to become of each.
//
//   # RETURN in a built-in chain is its policy.            the first comment is the case's title
//   [machine]                                              lines of test/generate/host.ts
//   eth0 192.0.2.1/24
//   [rules]                                                iptables-save text; [rules6] for IPv6
//   *filter
//   ...
//   [packets]                                              NAME | PACKET | VERDICT
//   ssh | on=eth0 192.0.2.9 192.0.2.1 tcp 1000 22 S | DROP filter:INPUT:1 hook=INPUT
//   [counters]                                             optional: rule or policy (0), packets, bytes
//   filter:INPUT:1 1 40
//   [backend] nft                                          default legacy
//
// A packet: key=value pairs (on, dir, mac, vlan, link, type, ttl, tos, id, offset, options, ext, payload, cut, pad,
// length, words, at) and words (df, mf, badsum), source, destination, and the transport: `tcp SPORT DPORT FLAGS`,
// `udp SPORT DPORT`, `icmp TYPE CODE`, `icmp6 TYPE CODE`, `udplite SPORT DPORT`, `sctp SPORT DPORT`, `proto N`,
// `bytes PROTOCOL HEX`. The verdict: its word, TABLE:CHAIN:RULE or `-`, and any of hook, in, out, mark, reason,
// datagram (the name of a packet).

import { readdirSync, readFileSync } from 'node:fs';
import type { Machine } from '../../src/host/machine.ts';
import type { Frame } from '../../src/interpret/interpreter.ts';
import type { Backend, RuleSet } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import {
  address,
  buildFrame,
  dccp,
  esp,
  FLAG_BITS,
  type FrameSpec,
  fragmentHeader,
  icmp,
  optionsHeader,
  routingHeader,
  sctp,
  tcp,
  udp,
} from '../generate/frame.ts';
import { mac, machineFromText } from '../generate/host.ts';

export interface PacketCase {
  readonly name: string;
  readonly frame: Frame;
  /** The fields of an Outcome that the file states; `datagram` by number. */
  readonly expected: Readonly<Record<string, unknown>>;
  /** The packet's line, for messages. */
  readonly text: string;
}

export interface CounterCase {
  readonly table: string;
  readonly chain: string;
  /** 0: the policy. */
  readonly rule: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

export interface Case {
  readonly file: string;
  readonly title: string;
  readonly machine: Machine;
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  readonly backend: Backend;
  readonly packets: readonly PacketCase[];
  readonly counters: readonly CounterCase[];
}

const DIRECTORY = new URL('./', import.meta.url);
const MAC_NAMES: Readonly<Record<string, string>> = {
  broadcast: 'ff:ff:ff:ff:ff:ff',
  multicast: '1:0:5e:0:0:1',
  other: '2:0:0:0:9:9',
};

/** Every *.case file beside this module, by name. */
export function loadCases(): Case[] {
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.case'))
    .sort()
    .flatMap((name) => parseCases(name, readFileSync(new URL(name, DIRECTORY), 'utf8')));
}

/** The cases of one file; a line of `===` stands between two. */
export function parseCases(file: string, text: string): Case[] {
  return text.split(/^===+$/m).map((part) => parseCase(file, part));
}

function parseCase(file: string, text: string): Case {
  const sections = new Map<string, string[]>();
  let title = '';
  let current: string[] = [];
  for (const line of text.split('\n')) {
    const header = /^\[(\w+)\]\s*(.*)$/.exec(line);
    if (header !== null) {
      current = [header[2] as string];
      sections.set(header[1] as string, current);
    } else if (line.startsWith('#')) {
      if (title === '') title = line.replace(/^#\s*/, '');
    } else {
      current.push(line);
    }
  }
  const lines = (name: string): string[] => (sections.get(name) ?? []).filter((line) => line.trim() !== '');
  const machine = machineFromText(lines('machine').join('\n'));
  const backend = (lines('backend')[0]?.trim() ?? 'legacy') as Backend;
  const rules = (name: string, family: 'ipv4' | 'ipv6'): RuleSet | undefined =>
    sections.has(name)
      ? readRules(`${lines(name).join('\n')}\n`, {
          file: `${file}:${name}`,
          family,
          backend,
          unknown: 'keep',
        })
      : undefined;
  return {
    file,
    title,
    machine,
    rules4: rules('rules', 'ipv4'),
    rules6: rules('rules6', 'ipv6'),
    backend,
    packets: parsePackets(lines('packets'), machine),
    counters: lines('counters').map(parseCounter),
  };
}

function parsePackets(lines: readonly string[], machine: Machine): PacketCase[] {
  const names = lines.map((line) => (line.split('|')[0] as string).trim());
  return lines.map((line, index) => {
    const [name = '', packet = '', verdict = ''] = line.split('|').map((part) => part.trim());
    return {
      name,
      frame: parsePacket(packet, index + 1, machine),
      expected: parseVerdict(verdict, names),
      text: line.trim(),
    };
  });
}

function parseVerdict(text: string, names: readonly string[]): Record<string, unknown> {
  const [verdict = '', decision = '-', ...rest] = text.split(/\s+/);
  const [table, chain, rule] = decision.split(':');
  const expected: Record<string, unknown> = { verdict };
  if (decision === '-') Object.assign(expected, { table: null, chain: null, rule: null });
  else Object.assign(expected, { table, chain, rule: Number(rule) });
  for (const word of rest) {
    const [key = '', value = ''] = word.split('=');
    if (key === 'mark') expected[key] = Number(value);
    else if (key === 'datagram') expected[key] = value === '-' ? null : names.indexOf(value) + 1;
    else expected[key] = value === '-' ? null : value;
  }
  return expected;
}

function parseCounter(line: string): CounterCase {
  const [place = '', packets = '0', bytes = '0'] = line.trim().split(/\s+/);
  const [table = '', chain = '', rule = '0'] = place.split(':');
  return { table, chain, rule: Number(rule), packets: BigInt(packets), bytes: BigInt(bytes) };
}

/** What a packet's line says, word by word. */
class Words {
  readonly pairs = new Map<string, string>();
  readonly flags = new Set<string>();
  readonly rest: string[] = [];

  constructor(text: string) {
    for (const word of text.split(/\s+/)) {
      const equals = word.indexOf('=');
      if (equals > 0) this.pairs.set(word.slice(0, equals), word.slice(equals + 1));
      else if (['df', 'mf', 'badsum'].includes(word)) this.flags.add(word);
      else this.rest.push(word);
    }
  }

  number(key: string): number | undefined {
    const text = this.pairs.get(key);
    return text === undefined ? undefined : Number(text);
  }
}

function parsePacket(text: string, number: number, machine: Machine): Frame {
  const words = new Words(text);
  const { pairs, flags } = words;
  const [source = '', destination = '', kind = '', ...rest] = words.rest;
  const on = machine.interfaces.find((one) => one.name === pairs.get('on'));
  const { protocol, transport } = parseTransport(kind, rest, words.number('payload') ?? 0);
  const macText = pairs.get('mac');
  const spec: FrameSpec = {
    link: (pairs.get('link') ?? 'ethernet') as 'ethernet',
    packetType: words.number('type'),
    macDestination: macText === undefined ? on?.mac : mac(MAC_NAMES[macText] ?? macText),
    macSource: pairs.has('from') ? mac(pairs.get('from') as string) : undefined,
    vlans: pairs.get('vlan')?.split(',').map(Number),
    source: address(source),
    destination: address(destination),
    ttl: words.number('ttl'),
    tos: words.number('tos'),
    id: words.number('id'),
    fragmentOffset: words.number('offset'),
    dontFragment: flags.has('df'),
    moreFragments: flags.has('mf'),
    wrongChecksum: flags.has('badsum'),
    options: pairs.has('options') ? Buffer.from(pairs.get('options') as string, 'hex') : undefined,
    extensions: pairs.get('ext')?.split(',').map(parseExtension),
    protocol,
    transport,
    declaredLength: words.number('length'),
    headerWords: words.number('words'),
    padTo: words.number('pad'),
    snap: words.number('cut'),
  };
  return {
    ...buildFrame(spec),
    number,
    timeNs: BigInt(Math.round((words.number('at') ?? number) * 1e9)),
    interfaceIndex: on?.index,
    direction: pairs.get('dir') as 'in' | 'out' | undefined,
  };
}

function parseTransport(
  kind: string,
  rest: readonly string[],
  payload: number,
): { protocol: number; transport: Uint8Array } {
  const [a = 0, b = 0] = rest.map(Number);
  switch (kind) {
    case 'tcp': {
      const flags = [...(rest[2] ?? 'S')].reduce((sum, letter) => sum | (FLAG_BITS[letter] ?? 0), 0);
      return { protocol: 6, transport: tcp({ sport: a, dport: b, flags, payload }) };
    }
    case 'udp':
      return { protocol: 17, transport: udp(a, b, payload) };
    case 'udplite':
      return { protocol: 136, transport: udp(a, b, payload) };
    case 'icmp':
      return { protocol: 1, transport: icmp(a, b, 4 + payload) };
    case 'icmp6':
      return { protocol: 58, transport: icmp(a, b, 4 + payload) };
    case 'sctp':
      return { protocol: 132, transport: sctp(a, b, [{ type: Number(rest[2] ?? 1), flags: 0, bytes: 4 }]) };
    case 'dccp':
      return { protocol: 33, transport: dccp(a, b, Number(rest[2] ?? 0)) };
    case 'esp':
      return { protocol: 50, transport: esp(a) };
    case 'bytes':
      return { protocol: a, transport: Uint8Array.from(Buffer.from(rest[1] ?? '', 'hex')) };
    case 'proto':
      return { protocol: a, transport: new Uint8Array(payload) };
    default:
      throw new Error(`no transport "${kind}"`);
  }
}

/** `hbh`, `dst`, `rt`, `frag:OFFSET:MORE:ID`, `TYPE:HEX`. */
function parseExtension(text: string): { type: number; bytes: Uint8Array } {
  const [kind = '', ...rest] = text.split(':');
  switch (kind) {
    case 'hbh':
      return optionsHeader(0, Uint8Array.from(Buffer.from(rest[0] ?? '', 'hex')));
    case 'dst':
      return optionsHeader(60, Uint8Array.from(Buffer.from(rest[0] ?? '', 'hex')));
    case 'rt':
      return routingHeader(Number(rest[0] ?? 0), Number(rest[1] ?? 0));
    case 'frag':
      return fragmentHeader(Number(rest[0] ?? 0), rest[1] === '1', Number(rest[2] ?? 1));
    default:
      return { type: Number(kind), bytes: Uint8Array.from(Buffer.from(rest[0] ?? '', 'hex')) };
  }
}
