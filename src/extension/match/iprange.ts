// -m iprange (xt_iprange.c): source and destination between two addresses.

import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import { type Address, formatAddress, parseIpv4, parseIpv6 } from '../../model/address.ts';
import { addressWords } from '../address-words.ts';
import type { LowerContext, MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, find, not } from '../value.ts';

/** Inclusive; a range that goes backwards holds no address. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
  readonly invert: boolean;
}

export interface IprangeOptions {
  readonly source?: AddressRange | undefined;
  readonly destination?: AddressRange | undefined;
}

export const iprange: MatchExtension<IprangeOptions> = {
  kind: 'match',
  name: 'iprange',
  options: [
    { name: 'src-range', arguments: 1, invertible: true },
    { name: 'dst-range', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    if (options.length === 0) return context.fail('iprange needs --src-range or --dst-range');
    return {
      source: range(find(options, 'src-range'), context),
      destination: range(find(options, 'dst-range'), context),
    };
  },

  print({ source, destination }) {
    const word = (name: string, { first, last, invert }: AddressRange): string =>
      `${not(invert)}--${name} ${formatAddress(first)}-${formatAddress(last)}`;
    return [
      ...(source === undefined ? [] : [word('src-range', source)]),
      ...(destination === undefined ? [] : [word('dst-range', destination)]),
    ].join(' ');
  },

  list({ source, destination }) {
    const word = (name: string, { first, last, invert }: AddressRange): string =>
      `${name} IP range ${not(invert)}${formatAddress(first)}-${formatAddress(last)}`;
    return [
      ...(source === undefined ? [] : [word('source', source)]),
      ...(destination === undefined ? [] : [word('destination', destination)]),
    ].join(' ');
  },

  lower({ source, destination }, context) {
    if (source !== undefined) lowerRange(Packet.SRC, source, context);
    if (destination !== undefined) lowerRange(Packet.DST, destination, context);
  },
};

function range(option: ParsedOption | undefined, context: ParseContext): AddressRange | undefined {
  if (option === undefined) return undefined;
  const text = argument(option);
  const dash = text.indexOf('-');
  const parse = context.family === 'ipv4' ? parseIpv4 : parseIpv6;
  const first = parse(dash < 0 ? text : text.slice(0, dash));
  const last = dash < 0 ? first : parse(text.slice(dash + 1));
  if (first === undefined || last === undefined) {
    return context.fail(`"${text}" is not a range of addresses: FIRST-LAST`, option);
  }
  return { first, last, invert: option.invert };
}

function lowerRange(field: number, { first, last, invert }: AddressRange, context: LowerContext): void {
  const word = field | (invert ? 1 << 16 : 0);
  context.emit(Op.ADDRESS_RANGE, word, 0, 0, ...addressWords(first), ...addressWords(last));
}
