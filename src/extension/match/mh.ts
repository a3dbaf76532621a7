// -m mh (ip6t_mh.c): the type of a Mobility header.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { lowerTransport } from '../port.ts';
import { argument, find, integer, not } from '../value.ts';

/** Types from and to, inclusive; 0 to 255 is any. */
export interface MhOptions {
  readonly lo: number;
  readonly hi: number;
  readonly invert: boolean;
}

/** RFC 6275, section 6.1. The first name that begins as given is taken, unless another is given in full. */
const NAMES: Readonly<Record<string, number>> = {
  'binding-refresh-request': 0,
  brr: 0,
  'home-test-init': 1,
  hoti: 1,
  'careof-test-init': 2,
  coti: 2,
  'home-test': 3,
  hot: 3,
  'careof-test': 4,
  cot: 4,
  'binding-update': 5,
  bu: 5,
  'binding-acknowledgement': 6,
  ba: 6,
  'binding-error': 7,
  be: 7,
};
/** struct ip6_mh without its data. */
const HEADER_BYTES = 6;

export const mh: MatchExtension<MhOptions> = {
  kind: 'match',
  name: 'mh',
  families: ['ipv6'],
  protocols: [135],
  options: [{ name: 'mh-type', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'mh-type');
    if (option === undefined) return { lo: 0, hi: 255, invert: false };
    const text = argument(option);
    const colon = text.indexOf(':');
    const first = colon < 0 ? text : text.slice(0, colon);
    const last = colon < 0 ? text : text.slice(colon + 1);
    const lo = colon >= 0 && first === '' ? 0 : type(first, option, context);
    const hi = colon >= 0 && last === '' ? 255 : type(last, option, context);
    if (lo > hi) context.fail(`range of types "${text}" goes backwards`, option);
    return { lo, hi, invert: option.invert };
  },

  print(options) {
    return says(options) ? `${not(options.invert)}--mh-type ${span(options)}` : '';
  },

  list(options) {
    return says(options) ? `mh ${options.invert ? '!' : ''}${span(options)}` : 'mh';
  },

  lower({ lo, hi, invert }, context) {
    lowerTransport(HEADER_BYTES, HEADER_BYTES, Op.TRANSPORT_HOTDROP, context);
    // IP6_MH: lowest | highest << 8 | invert << 16.
    context.emit(Op.IP6_MH, lo | (hi << 8) | (invert ? 1 << 16 : 0));
  },
};

const says = ({ lo, hi, invert }: MhOptions): boolean => invert || lo !== 0 || hi !== 255;
const span = ({ lo, hi }: MhOptions): string => (lo === hi ? `${lo}` : `${lo}:${hi}`);

function type(text: string, option: ParsedOption, context: ParseContext): number {
  const wanted = text.toLowerCase();
  const begun = Object.keys(NAMES).find((name) => wanted !== '' && name.startsWith(wanted));
  const found = NAMES[wanted] ?? (begun === undefined ? integer(text, 255) : NAMES[begun]);
  return found ?? context.fail(`unknown type of Mobility header "${text}"`, option);
}
