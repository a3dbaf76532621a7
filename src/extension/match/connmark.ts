// -m connmark (xt_connmark.c): the connection's mark under a mask.

import * as Op from '../../layout/op.ts';
import type { MatchExtension } from '../extension.ts';
import { find, hex, not, valueAndMask } from '../value.ts';

/** (mark & mask) == value. A packet without an entry does not match, inverted or not. */
export interface ConnmarkOptions {
  readonly value: number;
  readonly mask: number;
  readonly invert: boolean;
}

export const connmark: MatchExtension<ConnmarkOptions> = {
  kind: 'match',
  name: 'connmark',
  needsConntrack: () => true,
  options: [{ name: 'mark', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'mark');
    if (option === undefined) return context.fail('connmark: option "--mark" must be specified');
    return { ...valueAndMask(option, context), invert: option.invert };
  },

  print(options) {
    return `${not(options.invert)}--mark ${masked(options)}`;
  },

  list(options) {
    return `connmark match ${options.invert ? '!' : ''} ${masked(options)}`;
  },

  lower({ value, mask, invert }, context) {
    context.emit(Op.CONNMARK, invert ? 1 << 16 : 0, mask, value);
  },
};

const masked = ({ value, mask }: ConnmarkOptions): string =>
  mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`;
