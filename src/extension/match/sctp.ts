// -m sctp (xt_sctp.c): ports and the chunks of a packet.

import * as Op from '../../layout/op.ts';
import type { LowerContext, MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import {
  listPorts,
  lowerPorts,
  lowerTransport,
  PORT_OPTIONS,
  type PortOptions,
  parsePorts,
  portBytes,
  printPortsAsGiven,
} from '../port.ts';
import { find, not } from '../value.ts';

/** Chunk flags: (flags & mask) == flags that are to be set. */
export interface ChunkFlags {
  readonly type: number;
  readonly mask: number;
  readonly flags: number;
}

export interface SctpOptions extends PortOptions {
  readonly chunks?:
    | {
        /** All types of the list, at least one, or nothing else. */
        readonly match: 'all' | 'any' | 'only';
        readonly invert: boolean;
        /** 256 entries, one a chunk type: is it in the list? */
        readonly types: readonly boolean[];
        /** A chunk of these types counts only with these flags. */
        readonly flags: readonly ChunkFlags[];
      }
    | undefined;
}

type Chunks = NonNullable<SctpOptions['chunks']>;

const HEADER_BYTES = 12;
/** Most chunk types with flags (XT_NUM_SCTP_FLAGS). */
const MOST_FLAGS = 4;

const CHUNK_TYPES: Readonly<Record<string, number>> = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  ECN_ECNE: 12,
  ECN_CWR: 13,
  SHUTDOWN_COMPLETE: 14,
  I_DATA: 64,
  ASCONF_ACK: 128,
  RE_CONFIG: 130,
  PAD: 132,
  FORWARD_TSN: 192,
  ASCONF: 193,
  I_FORWARD_TSN: 194,
};
/** Letters of the flags that a type has, from bit 7 to bit 0. */
const FLAG_LETTERS: Readonly<Record<number, string>> = {
  0: '----IUBE',
  6: '-------T',
  14: '-------T',
  64: '----IUBE',
};

const chunkName = (type: number): string | undefined =>
  Object.entries(CHUNK_TYPES).find(([, number]) => number === type)?.[0];

export const sctp: MatchExtension<SctpOptions> = {
  kind: 'match',
  name: 'sctp',
  protocols: [132],
  options: [...PORT_OPTIONS, { name: 'chunk-types', arguments: 2, invertible: true }],

  parse(options, context) {
    const option = find(options, 'chunk-types');
    const ports = parsePorts(options, 132, context);
    return { ...ports, chunks: option === undefined ? undefined : chunks(option, context) };
  },

  print(options) {
    const words = printPortsAsGiven(options);
    const { chunks } = options;
    if (chunks !== undefined) {
      const list = chunkList(chunks, (type) => chunkName(type) ?? '');
      words.push(`${not(chunks.invert)}--chunk-types ${chunks.match} ${list}`);
    }
    return words.join(' ');
  },

  list(options) {
    const { chunks } = options;
    const words = ['sctp', ...listPorts(options)];
    if (chunks !== undefined) {
      const number = (type: number): string => `0x${type.toString(16).toUpperCase().padStart(4, '0')}`;
      words.push(`${not(chunks.invert)}${chunks.match} ${chunkList(chunks, number)}`);
    }
    return words.join(' ');
  },

  lower(options, context) {
    lowerTransport(HEADER_BYTES, portBytes(options), Op.TRANSPORT_HOTDROP, context);
    lowerPorts(options, context);
    if (options.chunks !== undefined) lowerChunks(options.chunks, context);
  },
};

/** SCTP_CHUNKS: 1 all, 2 any, 3 only | invert << 8 | entries << 16, 256 bits of types, type | mask << 8 | flags << 16 each. */
function lowerChunks({ match, invert, types, flags }: Chunks, context: LowerContext): void {
  const bits = new Uint32Array(8);
  types.forEach((set, type) => {
    if (set) bits[type >> 5] = (bits[type >> 5] as number) | (1 << (type & 31));
  });
  const how = ['all', 'any', 'only'].indexOf(match) + 1;
  context.emit(
    Op.SCTP_CHUNKS,
    how | (invert ? 1 << 8 : 0) | (flags.length << 16),
    ...bits,
    ...flags.map((one) => one.type | (one.mask << 8) | (one.flags << 16)),
  );
}

function chunks(option: ParsedOption, context: ParseContext): Chunks {
  const [how = '', list = ''] = option.values;
  const match = how.toLowerCase();
  if (match !== 'all' && match !== 'any' && match !== 'only') {
    return context.fail(`"${how}" is none of all, any and only`, option);
  }
  if (list.toUpperCase() === 'ALL' || list.toUpperCase() === 'NONE') {
    const types = Array<boolean>(256).fill(list.toUpperCase() === 'ALL');
    return { match, invert: option.invert, types, flags: [] };
  }
  const types = Array<boolean>(256).fill(false);
  const flags = new Map<number, ChunkFlags>();
  for (const word of list.split(',')) {
    if (word === '') continue;
    const [name = '', letters = ''] = word.split(':');
    const type = CHUNK_TYPES[name.toUpperCase()];
    if (type === undefined) return context.fail(`unknown SCTP chunk type "${name}"`, option);
    types[type] = true;
    for (const letter of letters) flags.set(type, withFlag(flags.get(type), type, letter, option, context));
  }
  // Flags of I-DATA are taken and forgotten, as iptables does.
  flags.delete(CHUNK_TYPES.I_DATA as number);
  if (flags.size > MOST_FLAGS) context.fail(`flags for more than ${MOST_FLAGS} chunk types`, option);
  return { match, invert: option.invert, types, flags: [...flags.values()] };
}

/** An upper-case letter asks for a flag that is set, a lower-case one for a clear flag. */
function withFlag(
  before: ChunkFlags | undefined,
  type: number,
  letter: string,
  option: ParsedOption,
  context: ParseContext,
): ChunkFlags {
  const place = letter === '-' ? -1 : (FLAG_LETTERS[type] ?? '').indexOf(letter.toUpperCase());
  if (place < 0) return context.fail(`chunk type ${chunkName(type)} has no flag "${letter}"`, option);
  const bit = 0x80 >> place;
  const set = letter === letter.toUpperCase() ? bit : 0;
  return { type, mask: (before?.mask ?? 0) | bit, flags: (before?.flags ?? 0) | set };
}

function chunkList({ types, flags }: Chunks, name: (type: number) => string): string {
  if (types.every((set) => set)) return 'ALL';
  if (types.every((set) => !set)) return 'NONE';
  return types
    .flatMap((set, type) =>
      set ? [`${name(type)}${flagLetters(flags.find((one) => one.type === type))}`] : [],
    )
    .join(',');
}

function flagLetters(one: ChunkFlags | undefined): string {
  if (one === undefined) return '';
  const letters = [...(FLAG_LETTERS[one.type] ?? '')].flatMap((letter, place) => {
    const bit = 0x80 >> place;
    if ((one.mask & bit) === 0) return [];
    return [(one.flags & bit) === 0 ? letter.toLowerCase() : letter];
  });
  return `:${letters.join('')}`;
}
