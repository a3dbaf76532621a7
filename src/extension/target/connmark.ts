// -j CONNMARK (xt_connmark.c, connmark_tg): the mark of the connection is set, saved from the packet's or restored to it.

import * as Op from '../../layout/op.ts';
import type { ParseContext, ParsedOption, TargetExtension } from '../extension.ts';
import { exclusive, hex, integerOption, valueAndMask } from '../value.ts';

/**
 * `set`: the connection's mark becomes ((mark & ~ctMask) ^ ctMark), shifted.
 * `save`: (mark & ~ctMask) ^ shifted (packet's mark & nfMask).
 * `restore`: the packet's mark becomes (mark & ~nfMask) ^ shifted (connection's mark & ctMask).
 */
export interface ConnmarkTargetOptions {
  readonly mode: 'set' | 'save' | 'restore';
  readonly ctMark: number;
  readonly ctMask: number;
  readonly nfMask: number;
  /** 0 to 31 bits. */
  readonly shift: { readonly direction: 'left' | 'right'; readonly bits: number };
}

const OPERATIONS = [
  'set-xmark',
  'set-mark',
  'and-mark',
  'or-mark',
  'xor-mark',
  'save-mark',
  'restore-mark',
] as const;
const ALL = 0xffffffff;
const MOST_SHIFT = 31;

export const CONNMARK: TargetExtension<ConnmarkTargetOptions> = {
  kind: 'target',
  name: 'CONNMARK',
  needsConntrack: () => true,
  options: [
    ...OPERATIONS.slice(0, 5).map((name) => ({ name, arguments: 1 as const })),
    ...OPERATIONS.slice(5).map((name) => ({ name, arguments: 0 as const })),
    ...['left-shift-mark', 'right-shift-mark', 'ctmask', 'nfmask', 'mask'].map((name) => ({
      name,
      arguments: 1 as const,
    })),
  ],

  parse(options, context) {
    exclusive(options, OPERATIONS, context);
    for (const name of ['ctmask', 'nfmask']) exclusive(options, ['mask', name], context);
    if (!options.some(({ name }) => (OPERATIONS as readonly string[]).includes(name))) {
      const all = OPERATIONS.map((name) => `--${name}`).join(', ');
      return context.fail(`CONNMARK needs one of ${all}`);
    }
    // Options take effect one after another: a mask behind --set-mark replaces the one that it brought.
    const result: ConnmarkTargetOptions = {
      mode: 'set',
      ctMark: 0,
      ctMask: ALL,
      nfMask: ALL,
      shift: { direction: 'left', bits: 0 },
    };
    for (const option of options) Object.assign(result, effect(option, context));
    return result;
  },

  print(options) {
    const { mode, ctMark, ctMask, nfMask } = options;
    const what =
      mode === 'set'
        ? `--set-xmark ${hex(ctMark)}/${hex(ctMask)}`
        : `--${mode}-mark --nfmask ${hex(nfMask)} --ctmask ${hex(ctMask)}`;
    return what + shifted(options, '--');
  },

  list(options) {
    return `CONNMARK ${options.mode === 'set' ? listSet(options) : listCopy(options)}${shifted(options, '')}`;
  },

  lower({ mode, ctMark, ctMask, nfMask, shift }, context) {
    const how = shift.bits | (shift.direction === 'right' ? Op.CONNMARK_RIGHT : 0);
    if (mode === 'set') context.emit(Op.CONNMARK_SET, ctMask, ctMark, how);
    else if (mode === 'save') context.emit(Op.CONNMARK_SAVE, ctMask, nfMask, how);
    else context.emit(Op.CONNMARK_RESTORE, ctMask, nfMask, how);
    return { kind: 'operations' };
  },
};

function effect(option: ParsedOption, context: ParseContext): Partial<ConnmarkTargetOptions> {
  const number = (most = ALL): number => integerOption(option, context, most);
  switch (option.name) {
    case 'set-xmark': {
      const { value, mask } = valueAndMask(option, context);
      return { ctMark: value, ctMask: mask };
    }
    case 'set-mark': {
      const { value, mask } = valueAndMask(option, context);
      return { ctMark: value, ctMask: (value | mask) >>> 0 };
    }
    case 'and-mark':
      return { ctMark: 0, ctMask: ~number() >>> 0 };
    case 'or-mark': {
      const bits = number();
      return { ctMark: bits, ctMask: bits };
    }
    case 'xor-mark':
      return { ctMark: number(), ctMask: 0 };
    case 'save-mark':
      return { mode: 'save' };
    case 'restore-mark':
      return { mode: 'restore' };
    case 'left-shift-mark':
      return { shift: { direction: 'left', bits: number(MOST_SHIFT) } };
    case 'right-shift-mark':
      return { shift: { direction: 'right', bits: number(MOST_SHIFT) } };
    case 'ctmask':
      return { ctMask: number() };
    case 'nfmask':
      return { nfMask: number() };
    default: {
      const mask = number();
      return { ctMask: mask, nfMask: mask };
    }
  }
}

function shifted({ shift }: ConnmarkTargetOptions, dashes: string): string {
  return shift.bits === 0 ? '' : ` ${dashes}${shift.direction}-shift-mark ${shift.bits}`;
}

function listSet({ ctMark, ctMask }: ConnmarkTargetOptions): string {
  if (ctMark === 0) return `and ${hex(~ctMask)}`;
  if (ctMark === ctMask) return `or ${hex(ctMark)}`;
  if (ctMask === 0) return `xor ${hex(ctMark)}`;
  if (ctMask === ALL) return `set ${hex(ctMark)}`;
  return `xset ${hex(ctMark)}/${hex(ctMask)}`;
}

/** The tilde is iptables' own. */
function listCopy({ mode, ctMask, nfMask }: ConnmarkTargetOptions): string {
  if (nfMask === ALL && ctMask === ALL) return mode;
  if (nfMask === ctMask) return `${mode} mask ${hex(nfMask)}`;
  return mode === 'save'
    ? `save nfmask ${hex(nfMask)} ctmask ~${hex(ctMask)}`
    : `restore ctmask ${hex(ctMask)} nfmask ~${hex(nfMask)}`;
}
