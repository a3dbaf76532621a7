// -j MARK (xt_mark.c, mark_tg): mark = (mark & ~mask) ^ value.

import * as Op from '../../layout/op.ts';
import type { ParsedOption, TargetExtension } from '../extension.ts';
import { hex, integerOption, valueAndMask } from '../value.ts';

export interface MarkTargetOptions {
  readonly value: number;
  readonly mask: number;
}

const NAMES = ['set-xmark', 'set-mark', 'and-mark', 'or-mark', 'xor-mark'] as const;

export const MARK: TargetExtension<MarkTargetOptions> = {
  kind: 'target',
  name: 'MARK',
  options: NAMES.map((name) => ({ name, arguments: 1 as const })),

  parse(options, context) {
    const [option, second] = options as readonly [ParsedOption | undefined, ParsedOption | undefined];
    if (option === undefined) {
      return context.fail('MARK needs one of --set-xmark, --set-mark, --and-mark, --or-mark and --xor-mark');
    }
    if (second !== undefined) {
      context.fail(`--${second.name} cannot be used together with --${option.name}`, second);
    }
    switch (option.name) {
      case 'set-xmark':
        return valueAndMask(option, context);
      case 'set-mark': {
        const { value, mask } = valueAndMask(option, context);
        return { value, mask: (value | mask) >>> 0 };
      }
      case 'and-mark':
        return { value: 0, mask: ~integerOption(option, context, 0xffffffff) >>> 0 };
      case 'or-mark': {
        const bits = integerOption(option, context, 0xffffffff);
        return { value: bits, mask: bits };
      }
      default:
        return { value: integerOption(option, context, 0xffffffff), mask: 0 };
    }
  },

  print({ value, mask }) {
    return `--set-xmark ${hex(value)}/${hex(mask)}`;
  },

  list({ value, mask }) {
    if (value === 0) return `MARK and ${hex(~mask)}`;
    if (value === mask) return `MARK or ${hex(value)}`;
    if (mask === 0) return `MARK xor ${hex(value)}`;
    if (mask === 0xffffffff) return `MARK set ${hex(value)}`;
    return `MARK xset ${hex(value)}/${hex(mask)}`;
  },

  lower({ value, mask }, context) {
    context.emit(Op.SET_MARK, mask, value);
    return { kind: 'operations' };
  },
};
