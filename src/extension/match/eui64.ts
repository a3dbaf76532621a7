// -m eui64 (ip6t_eui64.c): the source address ends in the EUI-64 of the source MAC.

import * as Op from '../../layout/op.ts';
import type { MatchExtension } from '../extension.ts';

export type Eui64Options = Readonly<Record<string, never>>;

export const eui64: MatchExtension<Eui64Options> = {
  kind: 'match',
  name: 'eui64',
  families: ['ipv6'],
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: [],

  parse() {
    return {};
  },

  print() {
    return '';
  },

  list() {
    return 'eui64 ';
  },

  lower(_options, context) {
    context.emit(Op.EUI64);
  },
};
