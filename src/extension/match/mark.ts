// -m mark (xt_mark.c): the packet's mark under a mask.

import * as Packet from '../../layout/packet.ts';
import type { MatchExtension } from '../extension.ts';
import { lowerMasked } from '../port.ts';
import { find, hex, not, valueAndMask } from '../value.ts';

/** (mark & mask) == value. */
export interface MarkOptions {
  readonly value: number;
  readonly mask: number;
  readonly invert: boolean;
}

export const mark: MatchExtension<MarkOptions> = {
  kind: 'match',
  name: 'mark',
  options: [{ name: 'mark', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'mark');
    if (option === undefined) return context.fail('mark: option "--mark" must be specified');
    return { ...valueAndMask(option, context), invert: option.invert };
  },

  print(options) {
    return `${not(options.invert)}--mark ${masked(options)}`;
  },

  list(options) {
    return `mark match ${not(options.invert)}${masked(options)}`;
  },

  lower({ value, mask, invert }, context) {
    lowerMasked(Packet.MARK, mask, value, invert, context);
  },
};

const masked = ({ value, mask }: MarkOptions): string =>
  mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`;
