// Conversations as their ends hold them: TCP with handshakes, data, resets and repetitions, UDP and UDPLite with answers,
// ICMP echo, SCTP associations, and ICMP errors about what was sent. Ends say the right thing mostly, and often enough not.

import fc from 'fast-check';
import type { Address } from '../../src/model/address.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { address, buildFrame, concat, type FrameSpec, icmp, sctp, tcp, u16, u32, udp } from './frame.ts';
import { mac } from './host.ts';
import type { PacketSpec } from './packet.ts';
import { maybe, pick, seldom } from './pool.ts';

/** Who is where: the machine's own addresses and those beyond its interfaces, with the interface's index. */
const ENDS: Readonly<Record<Family, readonly (readonly [text: string, index: number, local: boolean])[]>> = {
  ipv4: [
    ['192.0.2.9', 2, false],
    ['192.0.2.10', 2, false],
    ['198.51.100.9', 3, false],
    ['10.0.10.9', 4, false],
    ['192.0.2.1', 2, true],
    ['198.51.100.1', 3, true],
    ['203.0.113.5', 2, false],
    ['127.0.0.1', 1, true],
  ],
  ipv6: [
    ['2001:db8::9', 2, false],
    ['2001:db8:1::9', 3, false],
    ['2001:db8::1', 2, true],
    ['2001:db8:1::1', 3, true],
    ['fe80::9', 2, false],
    ['2001:db8:5::5', 2, false],
  ],
};
const MACS = ['', '', '02:00:00:00:00:02', '02:00:00:00:00:03', '02:00:00:00:00:02'];
const NEIGHBOUR = '02:00:00:00:00:fe';

interface End {
  readonly address: Address;
  readonly index: number;
  readonly local: boolean;
}

/** One thing that an end says. */
interface Step {
  /** The end that began. */
  readonly client: boolean;
  /** What it says, by protocol; the same again as `back` steps ago when that is above 0. */
  readonly back: number;
  readonly flags: number;
  readonly chunk: number;
  readonly text: number;
  readonly payload: number;
  /** What is added to the right sequence and acknowledgement numbers. */
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly window: number;
  readonly options: Uint8Array;
  readonly wrongSum: boolean;
  readonly error: Quote | undefined;
  readonly gapMs: number | undefined;
  readonly ttl: number;
  readonly cut: number | undefined;
}

/** An ICMP error about the packet of `back` steps ago, of which so many bytes are quoted. */
interface Quote {
  readonly type: number;
  readonly bytes: number;
  /** Not the other end says it. */
  readonly router: boolean;
}

const S = 2;
const R = 4;
const A = 16;
const PA = 24;
const FA = 17;

const step: fc.Arbitrary<Step> = fc.record({
  client: fc.boolean(),
  back: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 3, 7),
  flags: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(A, A, PA, PA, PA, FA, S, S | A, R, R | A, S | 0xc0) },
    { weight: 1, arbitrary: fc.nat({ max: 255 }) },
  ),
  chunk: fc.constantFrom(0, 0, 3, 3, 1, 2, 4, 5, 6, 7, 8, 10, 11, 14),
  text: fc.nat({ max: 20 }),
  payload: fc.constantFrom(0, 0, 1, 100, 1000, 1400),
  sequence: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1, -100, -1000, 1000, 70000, -70000, 2 ** 31),
  acknowledgement: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, -1, 1, -100, -1000, 5000, -70000, 2 ** 31),
  window: fc.constantFrom(65535, 65535, 8192, 100, 0),
  options: fc.constantFrom(
    new Uint8Array(),
    new Uint8Array(),
    Uint8Array.of(2, 4, 5, 180, 3, 3, 7, 4, 2),
    Uint8Array.of(4, 2, 3, 3, 15),
    Uint8Array.of(1, 1, 5, 10, 0, 0, 0x10, 0, 0, 0, 0x20, 0),
    Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
  ),
  wrongSum: seldom(40),
  error: maybe(
    fc.record({
      type: fc.nat({ max: 7 }),
      bytes: fc.constantFrom(28, 28, 60, 48, 24, 20, 200, 8),
      router: fc.boolean(),
    }),
    12,
  ),
  gapMs: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(1, 10, 200) },
    { weight: 3, arbitrary: fc.constantFrom(1000, 1999, 2001, 5000) },
    { weight: 1, arbitrary: fc.constantFrom(10_000, 29_999, 30_001, 121_000, 301_000, 500_000_000) },
  ),
  ttl: fc.constantFrom(64, 64, 64, 64, 64, 1, 0, 255),
  cut: maybe(fc.nat({ max: 90 }), 40),
});

/** What a conversation opens with; the rest is steps. */
const OPENINGS: Readonly<Record<number, readonly Partial<Step>[]>> = {
  6: [
    { client: true, flags: S, payload: 0, back: 0, sequence: 0 },
    { client: false, flags: S | A, payload: 0, back: 0, sequence: 0, acknowledgement: 0 },
    { client: true, flags: A, payload: 0, back: 0, sequence: 0, acknowledgement: 0 },
  ],
  132: [
    { client: true, chunk: 1, back: 0 },
    { client: false, chunk: 2, back: 0 },
    { client: true, chunk: 10, back: 0 },
    { client: false, chunk: 11, back: 0 },
  ],
};

const CALM: Partial<Step> = { wrongSum: false, error: undefined, ttl: 64, cut: undefined };

interface FlowSpec {
  readonly family: Family;
  readonly ends: readonly [End, End];
  readonly ports: readonly [number, number];
  readonly protocol: number;
  /** How many steps of the opening are as they should be. */
  readonly opened: number;
  readonly first: readonly [number, number];
  readonly steps: readonly Step[];
  readonly link: FrameSpec['link'];
  readonly sums: boolean;
  /** The capture names interfaces and directions. */
  readonly named: boolean;
}

function flowSpec(family: Family, most: number): fc.Arbitrary<FlowSpec> {
  const end: fc.Arbitrary<End> = pick(ENDS[family]).map(([text, index, local]) => ({
    address: address(text),
    index,
    local,
  }));
  const isn = fc.constantFrom(0, 1, 1000, 0x7fffff00, 0xffffff00, 0xffffffff);
  return fc.record({
    family: fc.constant(family),
    ends: fc.tuple(end, end),
    ports: fc.tuple(fc.constantFrom(1024, 4000, 65535, 80), fc.constantFrom(80, 21, 53, 69, 443, 22, 6667)),
    protocol: fc.constantFrom(6, 6, 6, 6, 17, 17, 136, 132, family === 'ipv4' ? 1 : 58, 99),
    opened: fc.constantFrom(4, 4, 4, 2, 1, 0),
    first: fc.tuple(isn, isn),
    steps: fc.array(step, { minLength: 3, maxLength: most, size: 'max' }),
    link: fc.constantFrom('ethernet', 'ethernet', 'ethernet', 'raw', 'cooked'),
    sums: fc.constantFrom(true, true, true, false),
    named: fc.boolean(),
  });
}

/** What helpers look for. */
function texts(family: Family): readonly string[] {
  const four = family === 'ipv4';
  return [
    '220 ready\r\n',
    'USER a\r\n',
    four ? 'PORT 192,0,2,9,4,0\r\n' : 'EPRT |2|2001:db8::9|1024|\r\n',
    four ? 'PORT 198,51,100,9,15,160\r\n' : 'EPRT |2|2001:db8:1::9|4000|\r\n',
    '227 Entering Passive Mode (198,51,100,1,0,80)\r\n',
    '229 Entering Extended Passive Mode (|||443|)\r\n',
    'PRIVMSG a :\u0001DCC SEND file 3221225993 1024\u0001\n',
    'half a line',
  ];
}

/** Both ends while a conversation is made. */
class Talk {
  readonly packets: PacketSpec[] = [];
  readonly #flow: FlowSpec;
  /** Next sequence numbers of client and server. */
  readonly #next: [number, number];
  readonly #texts: readonly string[];

  constructor(flow: FlowSpec) {
    this.#flow = flow;
    this.#next = [...flow.first];
    this.#texts = texts(flow.family);
  }

  say(step: Step): void {
    const old = step.back === 0 ? undefined : this.packets.at(-step.back);
    const packet = step.error === undefined ? (old ?? this.#speak(step)) : this.#complain(step, step.error);
    if (packet !== undefined) this.packets.push({ ...packet, gapMs: step.gapMs });
  }

  #speak(step: Step): PacketSpec {
    const [client, server] = this.#flow.ends;
    const transport = this.#transport(step);
    return this.#send(step, step.client ? client : server, step.client ? server : client, {
      protocol: this.#flow.protocol,
      transport: step.cut === undefined ? transport : transport.slice(0, step.cut),
    });
  }

  /** Out of the machine, or into it by the interface of the sender. */
  #send(step: Step, from: End, to: End, body: Pick<FrameSpec, 'protocol' | 'transport'>): PacketSpec {
    const { link, sums, named } = this.#flow;
    const sent = from.local;
    const own = mac(MACS[sent ? to.index : from.index] || '02:00:00:00:00:02');
    return {
      spec: {
        ...body,
        link,
        packetType: sent ? 4 : 0,
        source: from.address,
        destination: to.address,
        macSource: sent ? own : mac(NEIGHBOUR),
        macDestination: sent ? mac(NEIGHBOUR) : own,
        ttl: step.ttl,
        sums: sums && !step.wrongSum,
        padTo: 60,
      },
      interfaceIndex: named ? (sent ? to.index : from.index) : undefined,
      direction: named ? (sent ? 'out' : 'in') : undefined,
    };
  }

  #transport(step: Step): Uint8Array {
    const { ports, protocol, family } = this.#flow;
    const [sport, dport] = step.client ? ports : [ports[1], ports[0]];
    const text = this.#texts[step.text];
    const payload = text === undefined || step.payload === 0 ? step.payload : Buffer.from(text, 'latin1');
    switch (protocol) {
      case 6:
        return this.#segment(step, sport, dport, payload);
      case 17:
      case 136:
        return udp(sport, dport, payload);
      case 132: {
        const tag = step.chunk === 1 ? 0 : step.client ? 0x1111 : 0x2222;
        return concat(
          u16(sport),
          u16(dport),
          u32(step.sequence === 0 ? tag : step.sequence >>> 0),
          u32(0),
          sctpChunk(step),
        );
      }
      case 1:
      case 58: {
        const [request, reply] = family === 'ipv4' ? [8, 0] : [128, 129];
        const echo = icmp(step.client ? request : reply, 0, step.payload);
        return concat(echo.subarray(0, 4), u16(sport), u16(step.text), echo.subarray(4));
      }
      default:
        return new Uint8Array(step.payload);
    }
  }

  #segment(step: Step, sport: number, dport: number, payload: number | Uint8Array): Uint8Array {
    const { flags, options, window } = step;
    const [own, other] = step.client ? ([0, 1] as const) : ([1, 0] as const);
    // A SYN after the conversation is over begins another one with the same ports.
    const size = (flags & S) === 0 ? (typeof payload === 'number' ? payload : payload.length) : 0;
    const sequence = (this.#next[own] + step.sequence) >>> 0;
    const acknowledgement = (flags & A) === 0 ? 0 : (this.#next[other] + step.acknowledgement) >>> 0;
    if (step.sequence === 0) this.#next[own] += size + (flags & 1) + ((flags & S) >> 1);
    return tcp({
      sport,
      dport,
      flags,
      options,
      window,
      sequence,
      acknowledgement,
      payload: size === 0 ? 0 : payload,
    });
  }

  /** An error about an earlier packet, to whoever sent it. */
  #complain(step: Step, { type, bytes, router }: Quote): PacketSpec | undefined {
    const { family, ends } = this.#flow;
    const subject = this.packets.at(-Math.max(1, step.back));
    if (subject === undefined) return undefined;
    const quoted = buildFrame({ ...subject.spec, link: 'raw', padTo: 0, snap: undefined }).bytes;
    const [one, other] = ends;
    const [from, to] = String(subject.spec.source) === String(one.address) ? [other, one] : [one, other];
    const speaker: End = router
      ? {
          address: address(family === 'ipv4' ? '203.0.113.200' : '2001:db8:5::ff05'),
          index: from.index,
          local: false,
        }
      : from;
    const kinds = family === 'ipv4' ? [3, 3, 11, 4, 5, 12, 3, 17] : [1, 1, 2, 3, 4, 137, 1, 200];
    const header = icmp(kinds[type] as number, type === 6 ? 4 : 1);
    return this.#send(step, speaker, to, {
      protocol: family === 'ipv4' ? 1 : 58,
      transport: concat(header, quoted.subarray(0, family === 'ipv4' ? bytes : bytes + 20)),
    });
  }
}

function sctpChunk({ chunk, client, options, payload }: Step): Uint8Array {
  const tag = client ? 0x2222 : 0x1111;
  if (chunk === 1 || chunk === 2)
    return concat([chunk, 0], u16(20), u32(tag), u32(65535), u16(1), u16(1), u32(7));
  const one = sctp(0, 0, [{ type: chunk, flags: options.length & 1, bytes: payload & 15 }]).subarray(12);
  return options.length === 9 ? concat(one, one) : one;
}

function talk(flow: FlowSpec): PacketSpec[] {
  const opening = OPENINGS[flow.protocol] ?? [];
  const ends = new Talk(flow);
  flow.steps.forEach((step, index) => {
    const proper = index < flow.opened ? opening[index] : undefined;
    ends.say(proper === undefined ? step : { ...step, ...CALM, ...proper });
  });
  return ends.packets;
}

/** Some conversations at once, of `most` packets at most each. */
export function conversations(most: number): fc.Arbitrary<PacketSpec[]> {
  const one = pick(['ipv4', 'ipv4', 'ipv6'] as const).chain((family) => flowSpec(family, most));
  return fc
    .tuple(
      fc.array(one.map(talk), { minLength: 1, maxLength: 6, size: 'max' }),
      fc.array(fc.nat({ max: 63 }), { maxLength: 64, size: 'max' }),
    )
    .map(([talks, turns]) => merge(talks, turns));
}

/** The conversations' packets in the order of the turns, and what is left one conversation after the other. */
function merge(talks: readonly PacketSpec[][], turns: readonly number[]): PacketSpec[] {
  const queues = talks.map((talk) => [...talk]);
  const merged: PacketSpec[] = [];
  for (let at = 0; queues.some((queue) => queue.length > 0); at++) {
    const queue = queues[(turns[at % Math.max(1, turns.length)] ?? 0) % queues.length] as PacketSpec[];
    const next = queue.shift() ?? queues.find((one) => one.length > 0)?.shift();
    if (next !== undefined) merged.push(next);
  }
  return merged;
}
