// -m multiport (xt_multiport.c): up to 15 ports or ranges of them.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { lowerTransport, parsePort } from '../port.ts';
import { argument, exclusive, not } from '../value.ts';

export interface MultiportOptions {
  /** Which ports are looked at: source, destination, or either of both. */
  readonly which: 'sports' | 'dports' | 'ports';
  readonly invert: boolean;
  /** Inclusive ranges, in the order of the line; `lo` equals `hi` for a single port. */
  readonly ranges: readonly { readonly lo: number; readonly hi: number }[];
}

/** A range takes two of these places (XT_MULTI_PORTS). */
const PLACES = 15;
const WHICH = ['sports', 'dports', 'ports'] as const;

export const multiport: MatchExtension<MultiportOptions> = {
  kind: 'match',
  name: 'multiport',
  options: [
    { name: 'sports', aliases: ['source-ports'], arguments: 1, invertible: true },
    { name: 'dports', aliases: ['destination-ports'], arguments: 1, invertible: true },
    { name: 'ports', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    exclusive(options, WHICH, context);
    const [option] = options;
    if (option === undefined) {
      return context.fail('multiport needs one of --sports, --dports and --ports');
    }
    const protocol = portProtocol(context);
    const which = option.name as MultiportOptions['which'];
    return { which, invert: option.invert, ranges: ranges(option, protocol, context) };
  },

  print({ which, invert, ranges }) {
    return `${not(invert)}--${which} ${spans(ranges)}`;
  },

  list({ which, invert, ranges }) {
    return `multiport ${which} ${invert ? ' !' : ''}${spans(ranges)}`;
  },

  lower({ which, invert, ranges }, context) {
    lowerTransport(4, 4, Op.TRANSPORT_HOTDROP, context);
    // MULTIPORT: 1 source, 2 destination, 3 either | invert << 16, number of ranges, then lo | hi << 16 each.
    const word = (WHICH.indexOf(which) + 1) | (invert ? 1 << 16 : 0);
    context.emit(Op.MULTIPORT, word, ranges.length, ...ranges.map(({ lo, hi }) => lo | (hi << 16)));
  },
};

function portProtocol(context: ParseContext): number {
  const { protocol, protocolInvert } = context;
  if (protocol !== undefined && !protocolInvert && [6, 17, 33, 132, 136].includes(protocol)) return protocol;
  return context.fail('multiport needs "-p tcp", "-p udp", "-p udplite", "-p sctp" or "-p dccp"');
}

function ranges(option: ParsedOption, protocol: number, context: ParseContext): MultiportOptions['ranges'] {
  let places = 0;
  return argument(option)
    .split(',')
    .map((text) => {
      const colon = text.indexOf(':');
      places += colon < 0 ? 1 : 2;
      if (places > PLACES) {
        context.fail(
          `too many ports in "${argument(option)}"`,
          option,
          `${PLACES} at most; a range counts twice`,
        );
      }
      const lo = parsePort(colon < 0 ? text : text.slice(0, colon), protocol, option, context);
      const hi = colon < 0 ? lo : parsePort(text.slice(colon + 1), protocol, option, context);
      if (colon >= 0 && lo >= hi) context.fail(`invalid port range "${text}"`, option);
      return { lo, hi };
    });
}

const spans = (ranges: MultiportOptions['ranges']): string =>
  ranges.map(({ lo, hi }) => (lo === hi ? `${lo}` : `${lo}:${hi}`)).join(',');
