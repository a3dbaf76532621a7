// -m tcp (xt_tcpudp.c, tcp_mt): ports, flags, one option.

import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import type { LowerContext, MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import {
  listPorts,
  lowerMasked,
  lowerPorts,
  lowerTransport,
  PORT_OPTIONS,
  type PortOptions,
  parsePorts,
  portBytes,
  printPorts,
} from '../port.ts';
import { exclusive, find, integer, not } from '../value.ts';

export interface TcpOptions extends PortOptions {
  /** Byte 13 of the header: (flags & mask) == compare. */
  readonly flags?: { readonly mask: number; readonly compare: number; readonly invert: boolean } | undefined;
  /** Kind of a TCP option that must be there, 1 to 255. */
  readonly option?: { readonly kind: number; readonly invert: boolean } | undefined;
}

const FLAG_BITS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;
const FLAG_WORDS: Readonly<Record<string, number>> = { ...FLAG_BITS, ALL: 0x3f, NONE: 0 };
const SYN_MASK = FLAG_BITS.FIN | FLAG_BITS.SYN | FLAG_BITS.RST | FLAG_BITS.ACK;
/** Offset of the flags in the header. */
const FLAGS_OFFSET = 13;
const HEADER_BYTES = 20;

export const tcp: MatchExtension<TcpOptions> = {
  kind: 'match',
  name: 'tcp',
  protocols: [6],
  options: [
    ...PORT_OPTIONS,
    { name: 'syn', arguments: 0, invertible: true },
    { name: 'tcp-flags', arguments: 2, invertible: true },
    { name: 'tcp-option', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    exclusive(options, ['syn', 'tcp-flags'], context);
    return {
      ...parsePorts(options, 6, context),
      flags: flags(options, context),
      option: kind(options, context),
    };
  },

  print(options) {
    const words = printPorts(options);
    const { flags, option } = options;
    if (option !== undefined) words.push(`${not(option.invert)}--tcp-option ${option.kind}`);
    if (saysFlags(flags)) {
      words.push(`${not(flags.invert)}--tcp-flags ${flagNames(flags.mask)} ${flagNames(flags.compare)}`);
    }
    return words.join(' ');
  },

  list(options) {
    const words = ['tcp', ...listPorts(options)];
    const { flags, option } = options;
    const byte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
    if (option !== undefined) words.push(`option=${option.invert ? '!' : ''}${option.kind}`);
    if (saysFlags(flags)) {
      words.push(`flags:${flags.invert ? '!' : ''}${byte(flags.mask)}/${byte(flags.compare)}`);
    }
    return words.join(' ');
  },

  lower(options, context) {
    // iptables-nft turns all but --tcp-option, and a match that asks for nothing, into expressions of nftables.
    const { flags, option } = options;
    const asksFlags = flags !== undefined && (flags.mask !== 0 || flags.compare !== 0 || flags.invert);
    const native = option === undefined && (portBytes(options) !== 0 || asksFlags);
    if (context.backend === 'nft' && native) lowerNative(options, context);
    else lowerXtables(options, context);
  },
};

type Flags = NonNullable<TcpOptions['flags']>;

/** A mask of nothing that is not inverted is not printed. */
const saysFlags = (flags: Flags | undefined): flags is Flags =>
  flags !== undefined && (flags.mask !== 0 || flags.invert);

function lowerXtables(options: TcpOptions, context: LowerContext): void {
  // Linux counts IPv6 fragment offsets in bytes here, so that none of them is 1.
  const attack = context.family === 'ipv4' ? Op.TRANSPORT_FRAGMENT_ATTACK : 0;
  const how = Op.TRANSPORT_HOTDROP | attack;
  lowerTransport(HEADER_BYTES, portBytes(options), how, context);
  lowerPorts(options, context);
  const { flags, option } = options;
  // A comparison with bits outside of the mask holds for no packet, although iptables does not print it.
  if (flags !== undefined) {
    lowerTransport(HEADER_BYTES, FLAGS_OFFSET + 1, how, context);
    lowerMasked(Packet.TCP_FLAGS, flags.mask, flags.compare, flags.invert, context);
  }
  // TCP_OPTION: kind | invert << 16.
  if (option !== undefined) context.emit(Op.TCP_OPTION, option.kind | (option.invert ? 1 << 16 : 0));
}

/** nftables loads only what it compares: bytes that are not there break the rule off. */
function lowerNative(options: TcpOptions, context: LowerContext): void {
  const { flags } = options;
  const ports = portBytes(options);
  if (flags !== undefined && flags.mask !== 0) {
    lowerTransport(FLAGS_OFFSET + 1, FLAGS_OFFSET + 1, Op.TRANSPORT_NATIVE, context);
    lowerMasked(Packet.TCP_FLAGS, flags.mask, flags.compare, flags.invert, context);
  }
  if (ports !== 0) {
    lowerTransport(ports, ports, Op.TRANSPORT_NATIVE, context);
    lowerPorts(options, context);
  }
}

function flags(options: readonly ParsedOption[], context: ParseContext): Flags | undefined {
  const syn = find(options, 'syn');
  if (syn !== undefined) return { mask: SYN_MASK, compare: FLAG_BITS.SYN, invert: syn.invert };
  const option = find(options, 'tcp-flags');
  if (option === undefined) return undefined;
  const [mask = '', compare = ''] = option.values;
  return {
    mask: flagBits(mask, option, context),
    compare: flagBits(compare, option, context),
    invert: option.invert,
  };
}

function flagBits(text: string, option: ParsedOption, context: ParseContext): number {
  let bits = 0;
  for (const word of text.split(',')) {
    if (word === '') continue;
    const bit = FLAG_WORDS[word.toUpperCase()];
    if (bit === undefined) {
      return context.fail(
        `unknown TCP flag "${word}"`,
        option,
        'flags are FIN, SYN, RST, PSH, ACK, URG, ALL and NONE',
      );
    }
    bits |= bit;
  }
  return bits;
}

function flagNames(bits: number): string {
  const names = Object.entries(FLAG_BITS).flatMap(([name, bit]) => ((bits & bit) !== 0 ? [name] : []));
  return names.length === 0 ? 'NONE' : names.join(',');
}

function kind(options: readonly ParsedOption[], context: ParseContext): TcpOptions['option'] {
  const option = find(options, 'tcp-option');
  if (option === undefined) return undefined;
  const kind = integer(option.values[0] ?? '', 255, 1);
  if (kind === undefined) {
    return context.fail(`"${option.values[0]}" is not the number of a TCP option, 1 to 255`, option);
  }
  return { kind, invert: option.invert };
}
