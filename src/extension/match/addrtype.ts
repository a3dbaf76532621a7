// -m addrtype (xt_addrtype.c): what kind of address the routing tables take an address for.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, exclusive, find, not } from '../value.ts';

/** Bits 1 << RTN_* (linux/rtnetlink.h): the place in TYPES. */
export interface AddressTypes {
  readonly mask: number;
  readonly invert: boolean;
}

export interface AddrtypeOptions {
  readonly source?: AddressTypes | undefined;
  readonly destination?: AddressTypes | undefined;
  /** Only addresses of the packet's incoming or outgoing interface count. */
  readonly limit?: 'in' | 'out' | undefined;
}

const TYPES: readonly string[] = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
];
/** BROADCAST, BLACKHOLE and PROHIBIT upwards are refused by the kernel for IPv6. */
const NOT_IPV6 = (1 << 3) | (1 << 6) | (0xf << 8);

export const addrtype: MatchExtension<AddrtypeOptions> = {
  kind: 'match',
  name: 'addrtype',
  options: [
    { name: 'src-type', arguments: 1, invertible: true },
    { name: 'dst-type', arguments: 1, invertible: true },
    { name: 'limit-iface-in', arguments: 0 },
    { name: 'limit-iface-out', arguments: 0 },
  ],

  parse(options, context) {
    exclusive(options, ['limit-iface-in', 'limit-iface-out'], context);
    const source = types(find(options, 'src-type'), context);
    const destination = types(find(options, 'dst-type'), context);
    if (source === undefined && destination === undefined) {
      context.fail('addrtype needs --src-type or --dst-type');
    }
    const limitIn = find(options, 'limit-iface-in');
    const limitOut = find(options, 'limit-iface-out');
    if (limitIn !== undefined && ['OUTPUT', 'POSTROUTING'].includes(context.chain)) {
      context.fail(`--limit-iface-in cannot be used in ${context.chain}`, limitIn);
    }
    if (limitOut !== undefined && ['PREROUTING', 'INPUT'].includes(context.chain)) {
      context.fail(`--limit-iface-out cannot be used in ${context.chain}`, limitOut);
    }
    const limit = limitIn !== undefined ? 'in' : limitOut !== undefined ? 'out' : undefined;
    return { source, destination, limit };
  },

  print({ source, destination, limit }) {
    return [
      ...(source === undefined ? [] : [`${not(source.invert)}--src-type ${names(source.mask)}`]),
      ...(destination === undefined
        ? []
        : [`${not(destination.invert)}--dst-type ${names(destination.mask)}`]),
      ...(limit === undefined ? [] : [`--limit-iface-${limit}`]),
    ].join(' ');
  },

  list({ source, destination, limit }) {
    const word = (name: string, { mask, invert }: AddressTypes): string =>
      `${name}-type ${invert ? '!' : ''}${names(mask)}`;
    return [
      'ADDRTYPE match',
      ...(source === undefined ? [] : [word('src', source)]),
      ...(destination === undefined ? [] : [word('dst', destination)]),
      ...(limit === undefined ? [] : [`limit-${limit}`]),
    ].join(' ');
  },

  lower({ source, destination, limit }, context) {
    // ADDRTYPE: source mask | destination mask << 16 (0: not looked at), then bits: 1 source and 2 destination
    // inverted, 4 limited to the incoming, 8 to the outgoing interface.
    const bits =
      (source?.invert === true ? 1 : 0) |
      (destination?.invert === true ? 2 : 0) |
      (limit === 'in' ? 4 : limit === 'out' ? 8 : 0);
    context.emit(Op.ADDRTYPE, (source?.mask ?? 0) | ((destination?.mask ?? 0) << 16), bits);
  },
};

function types(option: ParsedOption | undefined, context: ParseContext): AddressTypes | undefined {
  if (option === undefined) return undefined;
  let mask = 0;
  for (const name of argument(option).split(',')) {
    const type = TYPES.indexOf(name.toUpperCase());
    if (type < 0) {
      context.fail(`unknown address type "${name}"`, option, `it can be ${TYPES.join(', ')}`);
    }
    mask |= 1 << type;
  }
  if (context.family === 'ipv6' && (mask & NOT_IPV6) !== 0) {
    context.fail(`IPv6 has no address type ${names(mask & NOT_IPV6)} to match`, option);
  }
  return { mask, invert: option.invert };
}

const names = (mask: number): string => TYPES.filter((_, type) => (mask & (1 << type)) !== 0).join(',');
