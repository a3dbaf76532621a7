// -m frag (ip6t_frag.c): the IPv6 Fragment header.

import * as Op from '../../layout/op.ts';
import type { MatchExtension } from '../extension.ts';
import { exclusive, find, integerOption, not, rangeOption } from '../value.ts';

export interface FragOptions {
  /** Identification, inclusive; 0 to 2^32 - 1 is any. */
  readonly id: { readonly lo: number; readonly hi: number; readonly invert: boolean };
  /** Kept and printed; the kernel does not look at it. */
  readonly length?: { readonly value: number; readonly invert: boolean } | undefined;
  /** Reserved bits must be zero. */
  readonly reserved: boolean;
  /** Fragment offset must be 0. */
  readonly first: boolean;
  /** "More fragments" must be set; must be clear. */
  readonly more: boolean;
  readonly last: boolean;
}

const MOST = 0xffffffff;

export const frag: MatchExtension<FragOptions> = {
  kind: 'match',
  name: 'frag',
  families: ['ipv6'],
  options: [
    { name: 'fragid', arguments: 1, invertible: true },
    { name: 'fraglen', arguments: 1, invertible: true },
    { name: 'fragres', arguments: 0 },
    { name: 'fragfirst', arguments: 0 },
    { name: 'fragmore', arguments: 0 },
    { name: 'fraglast', arguments: 0 },
  ],

  parse(options, context) {
    exclusive(options, ['fragmore', 'fraglast'], context);
    const id = find(options, 'fragid');
    const length = find(options, 'fraglen');
    const [lo, hi] = id === undefined ? [0, MOST] : rangeOption(id, context, MOST);
    const has = (name: string): boolean => find(options, name) !== undefined;
    return {
      id: { lo, hi, invert: id?.invert ?? false },
      length: length && { value: integerOption(length, context, MOST), invert: length.invert },
      reserved: has('fragres'),
      first: has('fragfirst'),
      more: has('fragmore'),
      last: has('fraglast'),
    };
  },

  print(options) {
    const { id, length } = options;
    return [
      ...(saysId(id) ? [`${not(id.invert)}--fragid ${span(id)}`] : []),
      ...(length === undefined ? [] : [`${not(length.invert)}--fraglen ${length.value}`]),
      ...(options.reserved ? ['--fragres'] : []),
      ...(options.first ? ['--fragfirst'] : []),
      ...(options.more ? ['--fragmore'] : []),
      ...(options.last ? ['--fraglast'] : []),
    ].join(' ');
  },

  list(options) {
    const { id, length } = options;
    const ids = saysId(id) ? `id${id.lo === id.hi ? '' : 's'}:${id.invert ? '!' : ''}${span(id)}` : '';
    return [
      `frag ${ids}`,
      ...(length === undefined ? [] : [`length:${length.invert ? '!' : ''}${length.value}`]),
      ...(options.reserved ? ['reserved'] : []),
      ...(options.first ? ['first'] : []),
      ...(options.more ? ['more'] : []),
      ...(options.last ? ['last'] : []),
    ].join(' ');
  },

  lower({ id, reserved, first, more, last }, context) {
    // IP6_FRAG: bits (1 reserved zero, 2 first, 4 more, 8 last, 16 identification inverted), lowest and highest id.
    const bits =
      (reserved ? 1 : 0) | (first ? 2 : 0) | (more ? 4 : 0) | (last ? 8 : 0) | (id.invert ? 16 : 0);
    context.emit(Op.IP6_FRAG, bits, id.lo, id.hi);
  },
};

const saysId = ({ lo, hi, invert }: FragOptions['id']): boolean => invert || lo !== 0 || hi !== MOST;
const span = ({ lo, hi }: FragOptions['id']): string => (lo === hi ? `${lo}` : `${lo}:${hi}`);
