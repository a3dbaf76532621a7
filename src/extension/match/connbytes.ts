// -m connbytes (xt_connbytes.c): how much the connection has carried so far, this packet included.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, bigInteger, find } from '../value.ts';

/** A packet without an entry, and one whose entry was made without accounting, does not match, inverted or not. */
export interface ConnbytesOptions {
  /** 64 bits each. `from` above `to` is inverted: the amount is below `to` or above `from`. */
  readonly from: bigint;
  readonly to: bigint;
  /** `avgpkt`: bytes divided by packets, rounded down; 0 without packets. */
  readonly mode: 'packets' | 'bytes' | 'avgpkt';
  readonly direction: 'original' | 'reply' | 'both';
}

const MOST = 0xffff_ffff_ffff_ffffn;
const MODES = ['packets', 'bytes', 'avgpkt'] as const;
const DIRECTIONS = ['original', 'reply', 'both'] as const;

export const connbytes: MatchExtension<ConnbytesOptions> = {
  kind: 'match',
  name: 'connbytes',
  needsConntrack: () => true,
  needsAccounting: () => true,
  options: [
    { name: 'connbytes', arguments: 1, invertible: true },
    { name: 'connbytes-dir', arguments: 1 },
    { name: 'connbytes-mode', arguments: 1 },
  ],

  parse(options, context) {
    const given = (name: string): ParsedOption =>
      find(options, name) ?? context.fail(`connbytes: option "--${name}" must be specified`);
    const option = given('connbytes');
    const [low, high] = range(option, context);
    return {
      from: option.invert ? high : low,
      to: option.invert ? low : high,
      mode: word(given('connbytes-mode'), MODES, context),
      direction: word(given('connbytes-dir'), DIRECTIONS, context),
    };
  },

  print(options) {
    return `${amount(options, '--')} --connbytes-mode ${options.mode} --connbytes-dir ${options.direction}`;
  },

  list(options) {
    return `${amount(options, '')} connbytes mode ${options.mode} connbytes direction ${options.direction}`;
  },

  lower({ from, to, mode, direction }, context) {
    const directions = DIRECTIONS.indexOf(direction) + 1;
    const what = { packets: Op.CONNBYTES_PACKETS, bytes: Op.CONNBYTES_BYTES, avgpkt: Op.CONNBYTES_AVERAGE }[
      mode
    ];
    const halves = [from, to].flatMap((value) => [Number(value & 0xffffffffn), Number(value >> 32n)]);
    context.emit(Op.CONNBYTES, what | (directions << 16), 0, 0, ...halves);
  },
};

/** `N`: from N on; `N:M`, ends optional. */
function range(option: ParsedOption, context: ParseContext): readonly [bigint, bigint] {
  const text = argument(option);
  const [first = '', last, ...more] = text.split(':');
  const low = first === '' && last !== undefined ? 0n : bigInteger(first, MOST);
  const high = last === undefined || last === '' ? MOST : bigInteger(last, MOST);
  if (low === undefined || high === undefined || more.length > 0) {
    return context.fail(`--connbytes: "${text}" is not FROM or FROM:TO, numbers of 64 bits`, option);
  }
  if (low > high) return context.fail(`--connbytes: range "${text}" goes backwards`, option);
  return [low, high];
}

function word<T extends string>(option: ParsedOption, words: readonly T[], context: ParseContext): T {
  const found = words.find((one) => one === argument(option));
  return (
    found ?? context.fail(`--${option.name}: "${argument(option)}" is none of ${words.join(', ')}`, option)
  );
}

/** An end of 0 is not printed, nor the greatest one (print_from_to). */
function amount({ from, to }: ConnbytesOptions, dashes: string): string {
  const [invert, low, high] = from > to ? ['! ', to, from] : ['', from, to];
  return `${invert}${dashes}connbytes ${low}${high > 0n && high < MOST ? `:${high}` : ''}`;
}
