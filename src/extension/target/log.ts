// -j LOG (xt_LOG.c): written to the kernel's log; the packet goes on.

import * as Op from '../../layout/op.ts';
import type { TargetExtension } from '../extension.ts';
import { argument, find, integer, saveString } from '../value.ts';

export interface LogOptions {
  /** At most 29 bytes. */
  readonly prefix: string;
  /** syslog(3) level, 0 to 7. */
  readonly level: number;
  /** XT_LOG_* bits: the sum of FLAGS. */
  readonly flags: number;
}

const LEVELS: Readonly<Record<string, number>> = {
  alert: 1,
  crit: 2,
  debug: 7,
  emerg: 0,
  error: 3,
  info: 6,
  notice: 5,
  panic: 0,
  warning: 4,
};
const DEFAULT_LEVEL = 4;
const MOST_PREFIX_BYTES = 29;

/** In the order in which iptables-save prints them. */
const FLAGS = [
  ['log-tcp-sequence', 1],
  ['log-tcp-options', 2],
  ['log-ip-options', 4],
  ['log-uid', 8],
  ['log-macdecode', 32],
] as const;

export const LOG: TargetExtension<LogOptions> = {
  kind: 'target',
  name: 'LOG',
  options: [
    { name: 'log-level', arguments: 1 },
    { name: 'log-prefix', arguments: 1 },
    ...FLAGS.map(([name]) => ({ name, arguments: 0 as const })),
  ],

  parse(options, context) {
    const level = find(options, 'log-level');
    const prefix = find(options, 'log-prefix');
    const number =
      level === undefined ? DEFAULT_LEVEL : (integer(argument(level), 7) ?? LEVELS[argument(level)]);
    if (number === undefined) {
      return context.fail(
        `unknown log level "${argument(level as never)}"`,
        level,
        `0 to 7 or one of ${Object.keys(LEVELS).join(', ')}`,
      );
    }
    if (prefix !== undefined && argument(prefix) === '') context.fail('--log-prefix is empty', prefix);
    if (prefix !== undefined && argument(prefix).includes('\n')) {
      context.fail('--log-prefix cannot hold a line feed', prefix);
    }
    return {
      prefix: prefix === undefined ? '' : cut(argument(prefix), MOST_PREFIX_BYTES),
      level: number,
      flags: FLAGS.reduce((sum, [name, bit]) => sum | (find(options, name) === undefined ? 0 : bit), 0),
    };
  },

  print({ prefix, level, flags }) {
    return [
      ...(prefix === '' ? [] : [`--log-prefix ${saveString(prefix)}`]),
      ...(level === DEFAULT_LEVEL ? [] : [`--log-level ${level}`]),
      ...FLAGS.flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [`--${name}`])),
    ].join(' ');
  },

  list({ prefix, level, flags }) {
    return `LOG flags ${flags} level ${level}${prefix === '' ? '' : ` prefix "${prefix}"`}`;
  },

  lower(options, context) {
    context.emit(Op.LOG, context.register(options));
    return { kind: 'operations' };
  },
};

/** The first `bytes` bytes, as iptables cuts what is too long; never within a character. */
export function cut(text: string, bytes: number): string {
  let kept = '';
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}
