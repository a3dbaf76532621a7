// -m helper (xt_helper.c): the packet's connection was expected by a helper.

import * as Op from '../../layout/op.ts';
import { HELPER_NAMES } from '../../model/helper.ts';
import type { MatchExtension } from '../extension.ts';
import { cut } from '../target/log.ts';
import { argument, find, not, saveString } from '../value.ts';

/**
 * The helper of the connection's master has a name with which `name` begins: `ftp-2121` matches `ftp`. An empty name
 * matches any helper. Without an entry, a master or a helper a packet matches when it is inverted.
 */
export interface HelperOptions {
  /** At most 29 bytes. */
  readonly name: string;
  readonly invert: boolean;
}

const MOST_NAME_BYTES = 29;

export const helper: MatchExtension<HelperOptions> = {
  kind: 'match',
  name: 'helper',
  needsConntrack: () => true,
  options: [{ name: 'helper', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'helper');
    if (option === undefined) return context.fail('helper: option "--helper" must be specified');
    return { name: cut(argument(option), MOST_NAME_BYTES), invert: option.invert };
  },

  print({ name, invert }) {
    return `${not(invert)}--helper ${saveString(name)}`;
  },

  list({ name, invert }) {
    return `helper match ${not(invert)}"${name}"`;
  },

  lower({ name, invert }, context) {
    let mask = 0;
    HELPER_NAMES.forEach((one, number) => {
      if (one !== undefined && (name === '' || name.startsWith(one))) mask |= 1 << number;
    });
    context.emit(Op.HELPER, mask, invert ? 1 : 0);
  },
};
