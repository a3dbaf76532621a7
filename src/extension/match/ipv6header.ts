// -m ipv6header (ip6t_ipv6header.c): which headers an IPv6 packet has.

import * as Op from '../../layout/op.ts';
import { protocolNumber } from '../../model/protocol.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, find, not } from '../value.ts';

export interface Ipv6headerOptions {
  /** MASK_* bits of linux/netfilter_ipv6/ip6t_ipv6header.h, as in HEADERS. */
  readonly headers: number;
  readonly invert: boolean;
  /** The packet may have other headers too; without it exactly these. Inverted: none of these. */
  readonly soft: boolean;
}

/** Bit, printed name, short name, protocol number; in the order in which iptables prints them. */
const HEADERS = [
  [0x80, 'hop-by-hop', 'hop', 0],
  [0x40, 'ipv6-opts', 'dst', 60],
  [0x20, 'ipv6-route', 'route', 43],
  [0x10, 'ipv6-frag', 'frag', 44],
  [0x08, 'ah', 'auth', 51],
  [0x04, 'esp', 'esp', 50],
  [0x02, 'ipv6-nonxt', 'none', 59],
  [0x01, 'protocol', 'prot', 255],
] as const;

export const ipv6header: MatchExtension<Ipv6headerOptions> = {
  kind: 'match',
  name: 'ipv6header',
  families: ['ipv6'],
  options: [
    { name: 'header', arguments: 1, invertible: true },
    { name: 'soft', arguments: 0 },
  ],

  parse(options, context) {
    const option = find(options, 'header');
    if (option === undefined) return context.fail('ipv6header: option "--header" must be specified');
    return {
      headers: headerBits(option, context),
      invert: option.invert,
      soft: find(options, 'soft') !== undefined,
    };
  },

  print({ headers, invert, soft }) {
    const names = HEADERS.flatMap(([bit, name]) => ((headers & bit) === 0 ? [] : [name]));
    return `${not(invert)}--header ${names.join(',')}${soft ? ' --soft' : ''}`;
  },

  list({ headers, invert, soft }) {
    const bits = headers.toString(16).toUpperCase().padStart(2, '0');
    return `ipv6header flags:${invert ? '!' : ''}0x${bits}${soft ? ' soft' : ''}`;
  },

  lower({ headers, invert, soft }, context) {
    // IP6_HEADER: headers | invert << 8 | soft << 16.
    context.emit(Op.IP6_HEADER, headers | (invert ? 1 << 8 : 0) | (soft ? 1 << 16 : 0));
  },
};

function headerBits(option: ParsedOption, context: ParseContext): number {
  let bits = 0;
  for (const name of argument(option).split(',')) {
    if (name === '') continue;
    const number = /^\d+$/.test(name) ? Number(name) : protocolNumber(name);
    const header = HEADERS.find(([, long, short, protocol]) => {
      return name === long || name === short || number === protocol;
    });
    if (header === undefined) {
      const hint = `it can be ${HEADERS.map(([, long]) => long).join(', ')}`;
      return context.fail(`unknown header "${name}"`, option, hint);
    }
    bits |= header[0];
  }
  return bits;
}
