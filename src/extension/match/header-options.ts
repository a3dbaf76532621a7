// -m hbh and -m dst (ip6t_hbh.c): the options in IPv6's Hop-by-Hop and Destination Options headers.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, find, integerOption, leadingInteger, not } from '../value.ts';

export interface HeaderOptionsOptions {
  /** Length of the header in bytes. */
  readonly length?: { readonly value: number; readonly invert: boolean } | undefined;
  /** The first options of the header, in this order; `length` undefined is any. */
  readonly options?: readonly { readonly type: number; readonly length: number | undefined }[] | undefined;
}

/** IP6T_OPTS_OPTSNR. */
const MOST_OPTIONS = 16;
/** Stands for any length in the kernel's table. */
const ANY_LENGTH = 255;

/** `header`: its protocol number. */
function headerOptions(name: 'hbh' | 'dst', header: number): MatchExtension<HeaderOptionsOptions> {
  return {
    kind: 'match',
    name,
    families: ['ipv6'],
    options: [
      { name: `${name}-len`, arguments: 1, invertible: true },
      { name: `${name}-opts`, arguments: 1 },
    ],

    parse(options, context) {
      const length = find(options, `${name}-len`);
      const list = find(options, `${name}-opts`);
      return {
        length: length && { value: integerOption(length, context, 0xffffffff), invert: length.invert },
        options: list && parseOptions(list, context),
      };
    },

    print({ length, options }) {
      return [
        ...(length === undefined ? [] : [`${not(length.invert)}--${name}-len ${length.value}`]),
        ...(options === undefined ? [] : [`--${name}-opts ${formatOptions(options)}`]),
      ].join(' ');
    },

    list({ length, options }) {
      return [
        name,
        ...(length === undefined ? [] : [`length:${length.invert ? '!' : ''}${length.value}`]),
        ...(options === undefined ? [] : [`opts ${formatOptions(options)}`]),
      ].join(' ');
    },

    lower({ length, options }, context) {
      // IP6_OPTS: header | bits << 8 (1 length, 2 length inverted, 4 options) | number of options << 16, length,
      // then type << 8 | length (255 any) each.
      const bits =
        (length === undefined ? 0 : 1) | (length?.invert === true ? 2 : 0) | (options === undefined ? 0 : 4);
      const words = (options ?? []).map((one) => (one.type << 8) | (one.length ?? ANY_LENGTH));
      context.emit(Op.IP6_OPTS, header | (bits << 8) | (words.length << 16), length?.value ?? 0, ...words);
    },
  };
}

export const hbh = headerOptions('hbh', 0);
export const dst = headerOptions('dst', 60);

type Options = NonNullable<HeaderOptionsOptions['options']>;

const formatOptions = (options: Options): string =>
  options.map(({ type, length }) => (length === undefined ? `${type}` : `${type}:${length}`)).join(',');

function parseOptions(option: ParsedOption, context: ParseContext): Options {
  const words = argument(option).split(',');
  if (words.length > MOST_OPTIONS) context.fail(`more than ${MOST_OPTIONS} options`, option);
  return words.map((word) => {
    const [type = '', length] = word.split(':');
    const bytes = length === undefined ? undefined : byte(length, option, context);
    return { type: byte(type, option, context), length: bytes === ANY_LENGTH ? undefined : bytes };
  });
}

/** A number of which ip6tables keeps the low eight bits. */
function byte(text: string, option: ParsedOption, context: ParseContext): number {
  const read = leadingInteger(text);
  if (read === undefined || read.rest !== '' || read.value > 0xffffffff) {
    return context.fail(`"${text}" is not the number of an option or a length`, option);
  }
  return read.value & 0xff;
}
