// Random rules that ask about connections, and frames that belong together: answers and repetitions.

import fc from 'fast-check';
import type { Family, TableName } from '../../src/model/ruleset.ts';
import type { FrameSpec } from './frame.ts';
import type { PacketSpec } from './packet.ts';
import { ADDRESSES, MARKS, MASKS, maybe, PORTS, PREFIXES, pick } from './pool.ts';

type Words = fc.Arbitrary<string>;

const not = fc.boolean().map((inverted) => (inverted ? '! ' : ''));

function option(name: string, value: Words): Words {
  return fc.tuple(not, value).map(([inverted, text]) => `${inverted}--${name} ${text}`);
}

function some(names: readonly string[]): Words {
  return fc.subarray([...names], { minLength: 1, maxLength: 3 }).map((list) => list.join(','));
}

function span(values: readonly number[]): Words {
  return fc
    .tuple(pick(values), pick(values))
    .map(([a, b]) => (a === b ? `${a}` : `${Math.min(a, b)}:${Math.max(a, b)}`));
}

const marks = fc.tuple(pick(MARKS), pick(MASKS)).map(([value, mask]) => `${value}/${mask}`);
const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED', 'SNAT', 'DNAT'];
const STATUSES = ['NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'];

/** `-m conntrack`, connmark, connbytes, connlabel, helper, cluster, state. */
export function trackedMatch(family: Family): Words {
  const address = fc.oneof(pick(ADDRESSES[family]), pick(PREFIXES[family]));
  const state = option('ctstate', some(STATES));
  const others = fc.oneof(
    option('ctproto', pick(['tcp', 'udp', 'icmp', 'sctp', '99'])),
    option('ctorigsrc', address),
    option('ctorigdst', address),
    option('ctreplsrc', address),
    option('ctrepldst', address),
    option('ctorigsrcport', span(PORTS)),
    option('ctorigdstport', span(PORTS)),
    option('ctreplsrcport', span(PORTS)),
    option('ctrepldstport', span(PORTS)),
    option('ctstatus', some(STATUSES)),
    option('ctexpire', span([0, 1, 5, 20, 29, 100, 300, 1000])),
    pick(['--ctdir ORIGINAL', '--ctdir REPLY']),
  );
  const amount = fc.tuple(
    not,
    pick(['0:1', '1', '2:5', '3:', ':200', '100:1000']),
    pick(['packets', 'bytes', 'avgpkt']),
    pick(['original', 'reply', 'both']),
  );
  const cluster = fc.tuple(not, fc.constantFrom(1, 2, 3), fc.constantFrom(0, 1, 0xdeadbeef));
  return fc.oneof(
    { weight: 4, arbitrary: state.map((text) => `-m conntrack ${text}`) },
    { weight: 3, arbitrary: others.map((text) => `-m conntrack ${text}`) },
    { weight: 2, arbitrary: fc.tuple(state, others).map((texts) => `-m conntrack ${texts.join(' ')}`) },
    { weight: 1, arbitrary: option('state', some(STATES.slice(0, 5))).map((text) => `-m state ${text}`) },
    { weight: 2, arbitrary: option('mark', marks).map((text) => `-m connmark ${text}`) },
    {
      weight: 1,
      arbitrary: amount.map(
        ([inverted, range, mode, direction]) =>
          `-m connbytes ${inverted}--connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${direction}`,
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(option('label', pick(['0', '1', '127'])), maybe(fc.constant('--set'), 2))
        .map(([label, set]) => `-m connlabel ${label} ${set ?? ''}`),
    },
    {
      weight: 1,
      arbitrary: cluster.map(
        ([inverted, mask, seed]) =>
          `-m cluster --cluster-total-nodes 2 ${inverted}--cluster-local-nodemask ${mask} --cluster-hash-seed ${seed}`,
      ),
    },
    {
      weight: 1,
      arbitrary: option('helper', pick(['ftp', '""', 'tftp-69'])).map((text) => `-m helper ${text}`),
    },
  );
}

/** Targets that set something up for connections. */
export function trackedTarget(table: TableName): Words {
  const shift = fc.oneof(fc.constant(''), pick([' --left-shift-mark 3', ' --right-shift-mark 5']));
  const connmark = fc.oneof(
    fc.tuple(marks, shift).map(([mark, bits]) => `-j CONNMARK --set-xmark ${mark}${bits}`),
    fc
      .tuple(pick(['save', 'restore']), pick(MASKS), pick(MASKS))
      .map(
        ([mode, packet, connection]) =>
          `-j CONNMARK --${mode}-mark --nfmask ${packet} --ctmask ${connection}`,
      ),
  );
  if (table !== 'raw') return connmark;
  const zone = pick(['--zone 0', '--zone 1', '--zone 2', '--zone-orig 1', '--zone-reply 2', '--zone mark']);
  const events = pick(['--ctevents new,destroy', '--ctevents assured', '--notrack']);
  return fc.oneof(
    zone.map((words) => `-j CT ${words}`),
    events.map((words) => `-j CT ${words}`),
    // No CONNMARK: it would mark the template, which Linux keeps from packet to packet.
    fc.constant('-j NOTRACK'),
  );
}

/** Attaches a helper, to connections of the port that conversations use for it or to all. */
export function helperRule(family: Family, chain: string): Words {
  const helpers = ['tcp --dport 21 ftp', 'tcp ftp', 'udp --dport 69 tftp', 'tcp sane', 'udp sip', 'tcp sip'];
  if (family === 'ipv4')
    helpers.push('tcp --dport 6667 irc', 'tcp irc', 'tcp pptp', 'udp --dport 53 netbios-ns');
  return fc.tuple(pick(helpers), maybe(fc.constant('--zone 1'), 5)).map(([text, zone]) => {
    const words = text.split(' ');
    const name = words.at(-1);
    const port = words.length === 4 ? `-m ${words[0]} ${words[1]} ${words[2]} ` : '';
    return `-A ${chain} -p ${words[0]} ${port}-j CT --helper ${name} ${zone ?? ''}`;
  });
}

const WITH_PORTS = [6, 17, 33, 132, 136];

/** How a frame of a conversation comes to be from one before it. */
interface Turn {
  /** How far back that one is. */
  readonly back: number;
  readonly answers: boolean;
  readonly flags: number;
  readonly swapsNumbers: boolean;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  back: fc.constantFrom(1, 1, 1, 2, 2, 3, 5, 8),
  answers: fc.boolean(),
  flags: fc.constantFrom(0x12, 0x10, 0x10, 0x18, 0x11, 0x04, 0x14, 0x02),
  swapsNumbers: fc.boolean(),
});

/** Frames of which most belong to what was said before. */
export function conversation(first: fc.Arbitrary<PacketSpec>, most: number): fc.Arbitrary<PacketSpec[]> {
  const one = fc.oneof({ weight: 1, arbitrary: first }, { weight: 2, arbitrary: turn });
  return fc.array(one, { minLength: 1, maxLength: most, size: 'max' }).map((list) => {
    const packets: PacketSpec[] = [];
    for (const each of list) {
      const made = 'spec' in each ? each : take(packets.at(-each.back), each);
      if (made !== undefined) packets.push(made);
    }
    return packets;
  });
}

function take(
  packet: PacketSpec | undefined,
  { answers, flags, swapsNumbers }: Turn,
): PacketSpec | undefined {
  if (packet === undefined || !answers) return packet;
  const { spec } = packet;
  const answer: FrameSpec = {
    ...spec,
    source: spec.destination,
    destination: spec.source,
    transport: answerTransport(spec, flags, swapsNumbers),
  };
  return { spec: answer, interfaceIndex: undefined, direction: undefined };
}

function answerTransport(
  { protocol, transport }: FrameSpec,
  flags: number,
  swapsNumbers: boolean,
): Uint8Array {
  const bytes = Uint8Array.from(transport);
  if (WITH_PORTS.includes(protocol) && bytes.length >= 4) exchange(bytes, 0, 2, 2);
  if (protocol === 6 && bytes.length >= 14) {
    const syn = ((bytes[13] as number) & 2) !== 0;
    if (swapsNumbers) exchange(bytes, 4, 8, 4);
    // The number behind the SYN.
    if (swapsNumbers && syn) bytes[11] = (bytes[11] as number) + 1;
    bytes[13] = flags;
  }
  if (protocol === 1 && bytes[0] === 8) bytes[0] = 0;
  if (protocol === 58 && bytes[0] === 128) bytes[0] = 129;
  return bytes;
}

function exchange(bytes: Uint8Array, one: number, other: number, count: number): void {
  const kept = bytes.slice(one, one + count);
  bytes.set(bytes.slice(other, other + count), one);
  bytes.set(kept, other);
}
