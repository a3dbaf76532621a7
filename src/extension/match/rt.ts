// -m rt (ip6t_rt.c): the IPv6 Routing header.

import * as Op from '../../layout/op.ts';
import { type Address, formatAddress, parseIpv6 } from '../../model/address.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, find, integerOption, not, rangeOption } from '../value.ts';

export interface RtOptions {
  readonly type?: { readonly value: number; readonly invert: boolean } | undefined;
  /** Segments left, inclusive; 0 to 2^32 - 1 is any. */
  readonly segmentsLeft: { readonly lo: number; readonly hi: number; readonly invert: boolean };
  /** Length of the header in bytes. */
  readonly length?: { readonly value: number; readonly invert: boolean } | undefined;
  /** Type 0: the reserved field must be zero. */
  readonly reserved: boolean;
  /** Type 0: addresses that must stand in the header, in this order, at most 16. */
  readonly addresses?: readonly Address[] | undefined;
  /** Others may stand between and behind the addresses. */
  readonly notStrict: boolean;
}

const MOST = 0xffffffff;
/** IP6T_RT_HOPS. */
const MOST_ADDRESSES = 16;

export const rt: MatchExtension<RtOptions> = {
  kind: 'match',
  name: 'rt',
  families: ['ipv6'],
  options: [
    { name: 'rt-type', arguments: 1, invertible: true },
    { name: 'rt-segsleft', arguments: 1, invertible: true },
    { name: 'rt-len', arguments: 1, invertible: true },
    { name: 'rt-0-res', arguments: 0 },
    { name: 'rt-0-addrs', arguments: 1 },
    { name: 'rt-0-not-strict', arguments: 0 },
  ],

  parse(options, context) {
    const type = find(options, 'rt-type');
    const segments = find(options, 'rt-segsleft');
    const length = find(options, 'rt-len');
    const reserved = find(options, 'rt-0-res');
    const addresses = find(options, 'rt-0-addrs');
    const notStrict = find(options, 'rt-0-not-strict');
    const [lo, hi] = segments === undefined ? [0, MOST] : rangeOption(segments, context, MOST);
    const typeValue = type && { value: integerOption(type, context, MOST), invert: type.invert };
    const forZero = reserved ?? addresses ?? notStrict;
    if (forZero !== undefined && (typeValue?.value !== 0 || typeValue.invert)) {
      context.fail(`--${forZero.name} needs "--rt-type 0"`, forZero);
    }
    if (notStrict !== undefined && addresses === undefined) {
      context.fail('--rt-0-not-strict needs --rt-0-addrs', notStrict);
    }
    return {
      type: typeValue,
      segmentsLeft: { lo, hi, invert: segments?.invert ?? false },
      length: length && { value: integerOption(length, context, MOST), invert: length.invert },
      reserved: reserved !== undefined,
      addresses: addresses && parseAddresses(addresses, context),
      notStrict: notStrict !== undefined,
    };
  },

  print({ type, segmentsLeft, length, reserved, addresses, notStrict }) {
    return [
      ...(type === undefined ? [] : [`${not(type.invert)}--rt-type ${type.value}`]),
      ...(says(segmentsLeft) ? [`${not(segmentsLeft.invert)}--rt-segsleft ${span(segmentsLeft)}`] : []),
      ...(length === undefined ? [] : [`${not(length.invert)}--rt-len ${length.value}`]),
      ...(reserved ? ['--rt-0-res'] : []),
      ...(addresses === undefined ? [] : [`--rt-0-addrs ${addresses.map(formatAddress).join(',')}`]),
      ...(notStrict ? ['--rt-0-not-strict'] : []),
    ].join(' ');
  },

  list({ type, segmentsLeft, length, reserved, addresses, notStrict }) {
    const inverted = (one: { readonly invert: boolean }): string => (one.invert ? '!' : '');
    const segments = `segsleft${segmentsLeft.lo === segmentsLeft.hi ? '' : 's'}`;
    return [
      'rt',
      ...(type === undefined ? [] : [`type:${inverted(type)}${type.value}`]),
      ...(says(segmentsLeft) ? [`${segments}:${inverted(segmentsLeft)}${span(segmentsLeft)}`] : []),
      ...(length === undefined ? [] : [`length:${inverted(length)}${length.value}`]),
      ...(reserved ? ['reserved'] : []),
      ...(addresses === undefined ? [] : [`0-addrs ${addresses.map(formatAddress).join(',')}`]),
      ...(notStrict ? ['0-not-strict'] : []),
    ].join(' ');
  },

  lower({ type, segmentsLeft, length, reserved, addresses, notStrict }, context) {
    // IP6_RT: bits (1 type, 2 length, 4 reserved zero, 8 addresses, 16 not strict; inverted: 32 type, 64 segments
    // left, 128 length), type, lowest and highest segments left, length, number of addresses, 0, 16 bytes each.
    const bits =
      (type === undefined ? 0 : 1) |
      (length === undefined ? 0 : 2) |
      (reserved ? 4 : 0) |
      (addresses === undefined ? 0 : 8) |
      (notStrict ? 16 : 0) |
      (type?.invert === true ? 32 : 0) |
      (segmentsLeft.invert ? 64 : 0) |
      (length?.invert === true ? 128 : 0);
    const words = (addresses ?? []).flatMap((address) => {
      const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
      return [0, 4, 8, 12].map((offset) => view.getUint32(offset, true));
    });
    const count = addresses?.length ?? 0;
    const { lo, hi } = segmentsLeft;
    context.emit(Op.IP6_RT, bits, type?.value ?? 0, lo, hi, length?.value ?? 0, count, 0, ...words);
  },
};

const says = ({ lo, hi, invert }: RtOptions['segmentsLeft']): boolean => invert || lo !== 0 || hi !== MOST;
const span = ({ lo, hi }: RtOptions['segmentsLeft']): string => (lo === hi ? `${lo}` : `${lo}:${hi}`);

function parseAddresses(option: ParsedOption, context: ParseContext): Address[] {
  const texts = argument(option).split(',');
  if (texts.length > MOST_ADDRESSES) context.fail(`more than ${MOST_ADDRESSES} addresses`, option);
  return texts.map((text) => {
    const address = parseIpv6(text);
    return address ?? context.fail(`"${text}" is not an IPv6 address`, option);
  });
}
