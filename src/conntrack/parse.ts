// One line of a table to an entry: `[ipv4 2] tcp 6 TIMEOUT STATE`, then words NAME=VALUE and [FLAG]. The second `src=`
// begins the reply tuple; a word belongs to the tuple that it follows. Other words may stand in any order.

import { WasmtablesError } from '../error.ts';
import * as Conntrack from '../layout/conntrack.ts';
import { type Address, parseIpv4, parseIpv6 } from '../model/address.ts';
import { HELPER_NAMES, helperNumber } from '../model/helper.ts';
import type { Family } from '../model/ruleset.ts';
import { didYouMean } from '../save/hint.ts';
import { short } from '../save/scanned.ts';
import { type Line, placeOf } from '../save/word.ts';
import type { Accounting, ConntrackEntry, Tuple } from './entry.ts';
import { DCCP, protocolNamed, type TrackedProtocol, trackedProtocol } from './protocol.ts';

const NS_PER_SECOND = 1_000_000_000n;
const U64_MAX = (1n << 64n) - 1n;

/** NF_CT_DAY: what an offloaded entry, which shows no time, has left at most. */
const OFFLOADED_SECONDS = 86_400;

const FAMILIES = new Map<string, { readonly family: Family; readonly number: string }>([
  ['ipv4', { family: 'ipv4', number: '2' }],
  ['ipv6', { family: 'ipv6', number: '10' }],
]);

/** Words that say nothing a table is made of: how it is held in memory, SELinux, sequence numbers of the tool. */
const PASSED_OVER = new Set(['use', 'secmark', 'secctx', 'timeout', 'stream_timeout']);

type NumberField = 'sourcePort' | 'destinationPort' | 'sourceKey' | 'destinationKey' | 'type' | 'code' | 'id';

/** Numbers of a direction: where they are kept, and the largest that they can be. */
const NUMBER_FIELDS: Readonly<Record<string, readonly [NumberField, number]>> = {
  sport: ['sourcePort', 0xffff],
  dport: ['destinationPort', 0xffff],
  srckey: ['sourceKey', 0xffff],
  dstkey: ['destinationKey', 0xffff],
  type: ['type', 0xff],
  code: ['code', 0xff],
  id: ['id', 0xffff],
};

const DIRECTION_NAMES = ['src', 'dst', ...Object.keys(NUMBER_FIELDS), 'packets', 'bytes'];
const ENTRY_NAMES = ['mark', 'zone', 'zone-orig', 'zone-reply', 'delta-time', 'helper', 'labels'];
const FLAGS = ['[UNREPLIED]', '[ASSURED]', '[OFFLOAD]', '[HW_OFFLOAD]'];

/** A word of a line and where it starts in it. */
interface Word {
  readonly text: string;
  readonly start: number;
}

/** What a direction has been found to have so far. */
interface Direction extends Partial<Record<NumberField, number>> {
  readonly source: Address;
  destination?: Address;
  packets?: bigint;
  bytes?: bigint;
}

interface Draft {
  family: Family | undefined;
  protocol: TrackedProtocol;
  seconds: number | undefined;
  state: string | undefined;
  readonly directions: Direction[];
  unreplied: boolean;
  assured: boolean;
  offloaded: boolean;
  mark: number;
  zone: number;
  zoneDirections: number;
  ageSeconds: number | undefined;
  helper: string | undefined;
  labels: bigint | undefined;
}

/** The entry of a line; its number is 0. Throws WasmtablesError with the word that is wrong. */
export function parseEntry(line: Line): ConntrackEntry {
  return new Parser(line).parse();
}

class Parser {
  readonly #line: Line;
  readonly #words = /\S+/g;

  constructor(line: Line) {
    this.#line = line;
  }

  parse(): ConntrackEntry {
    const { draft, word: first } = this.#head();
    for (let word = first; word !== undefined; word = this.#next()) {
      if (word.text.startsWith('[')) this.#flag(draft, word);
      else this.#field(draft, word);
    }
    return this.#finish(draft);
  }

  #next(): Word | undefined {
    const found = this.#words.exec(this.#line.text);
    return found === null ? undefined : { text: found[0], start: found.index };
  }

  /** The next word; `what` is missing when there is none. */
  #need(what: string): Word {
    return this.#next() ?? this.#incomplete(`${what} is missing`);
  }

  #incomplete(message: string): never {
    const end = this.#line.text.trimEnd().length;
    throw new WasmtablesError('SYNTAX', message, { place: placeOf(this.#line, end, end + 1) });
  }

  #fail(word: Word, message: string, hint?: string): never {
    const place = placeOf(this.#line, word.start, word.start + word.text.length);
    throw new WasmtablesError('BAD_VALUE', message, { place, hint });
  }

  /** `[ipv4 2] tcp 6 [TIMEOUT] [STATE]`, and the word behind. */
  #head(): { draft: Draft; word: Word | undefined } {
    let name = this.#need('a protocol');
    const layer3 = FAMILIES.get(name.text);
    if (layer3 !== undefined) {
      const number = this.#need('the protocol number');
      if (number.text !== layer3.number) {
        this.#fail(number, `${name.text} is ${layer3.number}, not \`${short(number.text)}\``);
      }
      name = this.#need('a transport protocol');
    }
    const draft: Draft = {
      family: layer3?.family,
      protocol: this.#protocol(name),
      seconds: undefined,
      state: undefined,
      directions: [],
      unreplied: false,
      assured: false,
      offloaded: false,
      mark: 0,
      zone: 0,
      zoneDirections: 3,
      ageSeconds: undefined,
      helper: undefined,
      labels: undefined,
    };
    let word = this.#next();
    if (word !== undefined && /^\d/.test(word.text)) {
      draft.seconds = this.#number(word, word.text, 0xffffffff);
      word = this.#next();
    }
    if (word !== undefined && /^[^=[]+$/.test(word.text)) {
      draft.state = this.#state(draft.protocol, word);
      word = this.#next();
    }
    return { draft, word };
  }

  #protocol(name: Word): TrackedProtocol {
    const named = protocolNamed(name.text);
    if (named === undefined && name.text !== 'unknown') {
      this.#fail(name, `\`${short(name.text)}\` is no protocol of a conntrack entry`, startHint(name.text));
    }
    const word = this.#need('the protocol number');
    const number = this.#number(word, word.text, 255);
    if (named !== undefined && named.number !== number) {
      this.#fail(word, `${named.name} is ${named.number}, not ${number}`);
    }
    return trackedProtocol(number);
  }

  #state(protocol: TrackedProtocol, word: Word): string {
    // libnetfilter_conntrack called the state LISTEN before TCP's simultaneous open got it.
    const name = word.text === 'LISTEN' && protocol.states.includes('SYN_SENT2') ? 'SYN_SENT2' : word.text;
    if (protocol.states.includes(name)) return name;
    if (protocol.states.length === 0) {
      this.#fail(word, `\`${short(name)}\`: entries of ${protocolText(protocol)} have no state`);
    }
    const hint = didYouMean(name, protocol.states) ?? `its states are ${protocol.states.join(', ')}`;
    return this.#fail(word, `\`${short(name)}\` is no state of ${protocol.name}`, hint);
  }

  #flag(draft: Draft, word: Word): void {
    const { text } = word;
    if (text === '[UNREPLIED]') draft.unreplied = true;
    else if (text === '[ASSURED]') draft.assured = true;
    else if (text === '[OFFLOAD]' || text === '[HW_OFFLOAD]') draft.offloaded = true;
    else if (text.startsWith('[start=') || text.startsWith('[stop=')) {
      // A date has blanks in it.
      for (let last: Word = word; !last.text.endsWith(']'); last = this.#need('the closing `]`'));
    } else this.#fail(word, `unknown flag \`${short(text)}\``, didYouMean(text, FLAGS));
  }

  #field(draft: Draft, word: Word): void {
    const equals = word.text.indexOf('=');
    const name = word.text.slice(0, Math.max(equals, 0));
    const value = word.text.slice(equals + 1);
    if (equals <= 0) this.#fail(word, `\`${short(word.text)}\` is neither NAME=VALUE nor a flag`);
    if (PASSED_OVER.has(name)) return;
    if (name === 'mark') draft.mark = this.#number(word, value, 0xffffffff);
    else if (name === 'zone') this.#zone(draft, word, value, 3);
    else if (name === 'zone-orig') this.#zone(draft, word, value, 1);
    else if (name === 'zone-reply') this.#zone(draft, word, value, 2);
    else if (name === 'delta-time') draft.ageSeconds = this.#number(word, value, 0xffffffff);
    else if (name === 'helper') draft.helper = this.#helper(word, value);
    else if (name === 'labels') draft.labels = this.#labels(word, value);
    else this.#directionField(draft, word, name, value);
  }

  #helper(word: Word, name: string): string {
    if (helperNumber(name) !== undefined) return name;
    const hint = didYouMean(name, helperNames) ?? `the helpers are ${helperNames.join(', ')}`;
    return this.#fail(word, `there is no helper \`${short(name)}\``, hint);
  }

  #zone(draft: Draft, word: Word, value: string, directions: number): void {
    const zone = this.#number(word, value, 0xffff);
    if (zone === 0) return;
    draft.zone = zone;
    draft.zoneDirections = directions;
  }

  #labels(word: Word, value: string): bigint {
    let labels = 0n;
    for (const label of value.split(',')) {
      if (!/^\d{1,3}$/.test(label) || Number(label) > 127) {
        const hint = 'labels are numbers from 0 to 127; names are known only to the host (connlabel.conf)';
        this.#fail(word, `\`${short(label)}\` is no label`, hint);
      }
      labels |= 1n << BigInt(label);
    }
    return labels;
  }

  #directionField(draft: Draft, word: Word, name: string, value: string): void {
    if (name === 'src') {
      if (draft.directions.length === 2) this.#fail(word, 'this is a third `src=`: an entry has two tuples');
      draft.directions.push({ source: this.#address(draft, word, value) });
      return;
    }
    const direction = draft.directions.at(-1);
    if (!DIRECTION_NAMES.includes(name)) {
      const names = [...DIRECTION_NAMES, ...ENTRY_NAMES];
      this.#fail(word, `unknown field \`${short(name)}\``, didYouMean(name, names));
    }
    if (direction === undefined) {
      this.#fail(word, `\`${name}=\` stands before the first \`src=\``);
    }
    // `-o id` adds the entry's own id at the end.
    if (name === 'id' && (draft.protocol.tuple !== 'icmp' || direction.id !== undefined)) return;
    if (name === 'dst') {
      this.#once(word, name, direction.destination);
      direction.destination = this.#address(draft, word, value);
    } else if (name === 'packets' || name === 'bytes') {
      this.#once(word, name, direction[name]);
      direction[name] = this.#u64(word, value);
    } else {
      const [key, most] = NUMBER_FIELDS[name] as readonly [NumberField, number];
      this.#once(word, name, direction[key]);
      direction[key] = this.#number(word, value, most);
    }
  }

  #once(word: Word, name: string, before: unknown): void {
    if (before !== undefined) this.#fail(word, `\`${name}=\` is there already`);
  }

  #address(draft: Draft, word: Word, value: string): Address {
    const address = parseIpv4(value) ?? parseIpv6(value);
    if (address === undefined) return this.#fail(word, `\`${short(value)}\` is not an address`);
    const family = address.length === 4 ? 'ipv4' : 'ipv6';
    draft.family ??= family;
    if (draft.family !== family) this.#fail(word, `\`${short(value)}\` is no ${draft.family} address`);
    return address;
  }

  #number(word: Word, value: string, most: number): number {
    const number = /^(\d+|0x[0-9a-f]+)$/i.test(value) ? Number(value) : Number.NaN;
    if (number <= most) return number;
    return this.#fail(word, `\`${short(value)}\` is not a number from 0 to ${most}`);
  }

  #u64(word: Word, value: string): bigint {
    if (/^\d{1,20}$/.test(value) && BigInt(value) <= U64_MAX) return BigInt(value);
    return this.#fail(word, `\`${short(value)}\` is not a number from 0 to ${U64_MAX}`);
  }

  #finish(draft: Draft): ConntrackEntry {
    const { protocol, offloaded } = draft;
    const [first, second] = draft.directions;
    if (first === undefined) return this.#incomplete('the original tuple is missing (src=, dst=)');
    if (second === undefined) return this.#incomplete('the reply tuple is missing (a second src= and dst=)');
    const original = this.#tuple(protocol, first, 'original');
    const reply = this.#tuple(protocol, second, 'reply');
    // An offloaded entry shows neither time nor state; the flow table holds established, assured flows.
    if (draft.seconds === undefined && !offloaded) this.#incomplete('the timeout is missing');
    const seconds = draft.seconds ?? OFFLOADED_SECONDS;
    const state = draft.state ?? (offloaded && protocol.name === 'tcp' ? 'ESTABLISHED' : undefined);
    if (state === undefined && protocol.states.length > 0 && protocol.number !== DCCP) {
      this.#incomplete(`the state is missing, which an entry of ${protocol.name} has`);
    }
    return {
      family: draft.family as Family,
      protocol: protocol.number,
      timeoutNs: BigInt(seconds) * NS_PER_SECOND,
      state,
      original,
      reply,
      originalAccounting: this.#accounting(first),
      replyAccounting: this.#accounting(second),
      status: statusOf(draft, original, reply),
      mark: draft.mark,
      zone: draft.zone,
      zoneDirections: draft.zoneDirections,
      helper: draft.helper,
      labels: draft.labels,
      startNs: draft.ageSeconds === undefined ? undefined : -BigInt(draft.ageSeconds) * NS_PER_SECOND,
      number: 0n,
    };
  }

  #tuple(protocol: TrackedProtocol, from: Direction, which: string): Tuple {
    const { source, destination } = from;
    const missing = (what: string): never => this.#incomplete(`the ${which} tuple has no ${what}`);
    if (destination === undefined) return missing('`dst=`');
    switch (protocol.tuple) {
      case 'ports': {
        // Linux tracks DCCP by addresses alone since 6.17: its tuples may have no ports.
        const none = protocol.number === DCCP ? 0 : undefined;
        const sourcePort = from.sourcePort ?? none ?? missing('`sport=`');
        return {
          source,
          destination,
          sourcePort,
          destinationPort: from.destinationPort ?? none ?? missing('`dport=`'),
        };
      }
      case 'keys':
        return {
          source,
          destination,
          sourceKey: from.sourceKey ?? missing('`srckey=`'),
          destinationKey: from.destinationKey ?? missing('`dstkey=`'),
        };
      case 'icmp': {
        const { type = missing('`type=`'), code = missing('`code=`'), id = missing('`id=`') } = from;
        return { source, destination, icmp: { type, code, id } };
      }
      case 'none':
        return { source, destination };
    }
  }

  #accounting({ packets, bytes }: Direction): Accounting | undefined {
    if (packets === undefined && bytes === undefined) return undefined;
    if (packets === undefined || bytes === undefined) this.#incomplete('`packets=` and `bytes=` go together');
    return { packets, bytes };
  }
}

const helperNames = HELPER_NAMES.filter((name) => name !== undefined);

function protocolText(protocol: TrackedProtocol): string {
  return protocol.name === 'unknown' ? `protocol ${protocol.number}` : protocol.name;
}

/** What the file may be instead. */
function startHint(word: string): string {
  if (word.startsWith('['))
    return 'these are events (`conntrack -E`): a table is what `conntrack -L -o extended` prints';
  if (word.startsWith('-'))
    return 'output of `conntrack -o save`? A table is what `conntrack -L -o extended` prints';
  if (word.startsWith('<')) return 'XML is not read: `conntrack -L -o extended` prints the table as text';
  return 'a line begins as `ipv4 2 tcp 6 ...` or `tcp 6 ...` (`conntrack -L -o extended`)';
}

/** IPS_*, as far as a line tells. Both manipulations are decided: only a first packet asks table nat. */
function statusOf(draft: Draft, original: Tuple, reply: Tuple): number {
  let status = Conntrack.IPS_CONFIRMED | Conntrack.IPS_SRC_NAT_DONE | Conntrack.IPS_DST_NAT_DONE;
  if (!draft.unreplied) status |= Conntrack.IPS_SEEN_REPLY;
  if (draft.assured || draft.offloaded) status |= Conntrack.IPS_ASSURED;
  const differs = (a: Address, aPort: number | undefined, b: Address, bPort: number | undefined): boolean =>
    aPort !== bPort || !a.every((byte, index) => byte === b[index]);
  if (differs(original.source, original.sourcePort, reply.destination, reply.destinationPort)) {
    status |= Conntrack.IPS_SRC_NAT;
  }
  if (differs(original.destination, original.destinationPort, reply.source, reply.sourcePort)) {
    status |= Conntrack.IPS_DST_NAT;
  }
  return status;
}
