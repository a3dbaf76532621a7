// -j NFLOG (xt_NFLOG.c): handed to a netlink group; the packet goes on.

import * as Op from '../../layout/op.ts';
import type { TargetExtension } from '../extension.ts';
import { argument, exclusive, find, integerOption, saveString } from '../value.ts';
import { cut } from './log.ts';

export interface NflogOptions {
  /** At most 127 bytes (nftables); iptables-legacy keeps 63. */
  readonly prefix: string;
  readonly group: number;
  /** --nflog-range: kept and printed, no kernel looks at it. 0 is none. */
  readonly range: number;
  /** Bytes of the packet that are copied; undefined is all. */
  readonly size?: number | undefined;
  /** Packets queued before they are sent. */
  readonly threshold: number;
}

const MOST_PREFIX_BYTES = { legacy: 63, nft: 127 } as const;

export const NFLOG: TargetExtension<NflogOptions> = {
  kind: 'target',
  name: 'NFLOG',
  options: [
    { name: 'nflog-group', arguments: 1 },
    { name: 'nflog-prefix', arguments: 1 },
    { name: 'nflog-range', arguments: 1 },
    { name: 'nflog-size', arguments: 1 },
    { name: 'nflog-threshold', arguments: 1 },
  ],

  parse(options, context) {
    exclusive(options, ['nflog-range', 'nflog-size'], context);
    const number = (name: string, most: number): number | undefined => {
      const option = find(options, name);
      return option === undefined ? undefined : integerOption(option, context, most);
    };
    const prefix = find(options, 'nflog-prefix');
    if (prefix !== undefined && /^$|\n/.test(argument(prefix))) {
      context.fail('--nflog-prefix is empty or holds a line feed', prefix);
    }
    return {
      prefix: prefix === undefined ? '' : cut(argument(prefix), MOST_PREFIX_BYTES.nft),
      group: number('nflog-group', 0xffff) ?? 0,
      range: number('nflog-range', 0xffffffff) ?? 0,
      size: number('nflog-size', 0xffffffff),
      threshold: number('nflog-threshold', 0xffff) ?? 0,
    };
  },

  print(options, { backend }) {
    return words(options, MOST_PREFIX_BYTES[backend], '--').join(' ');
  },

  list(options, { backend }) {
    return words(options, MOST_PREFIX_BYTES[backend], '').join(' ');
  },

  lower(options, context) {
    context.emit(Op.NFLOG, context.register(options));
    return { kind: 'operations' };
  },
};

function words(options: NflogOptions, mostPrefixBytes: number, dashes: string): string[] {
  const { prefix, group, range, size, threshold } = options;
  return [
    ...(prefix === '' ? [] : [`${dashes}nflog-prefix ${saveString(cut(prefix, mostPrefixBytes))}`]),
    ...(group === 0 ? [] : [`${dashes}nflog-group ${group}`]),
    ...(range === 0 ? [] : [`${dashes}nflog-range ${range}`]),
    ...(size === undefined ? [] : [`${dashes}nflog-size ${size}`]),
    ...(threshold === 0 ? [] : [`${dashes}nflog-threshold ${threshold}`]),
  ];
}
