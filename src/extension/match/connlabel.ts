// -m connlabel (xt_connlabel.c): a label of the connection is set, or is set now.

import * as Op from '../../layout/op.ts';
import type { MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { argument, bigInteger, find, not } from '../value.ts';

/** A packet without an entry, and one whose entry was made without labels, matches when it is inverted. */
export interface ConnlabelOptions {
  /** 0 to 127. */
  readonly bit: number;
  /** As iptables-save prints it: its name in connlabel.conf, else the number. */
  readonly label: string;
  /** A label that is not set is set, and then counts as one that was. */
  readonly set: boolean;
  readonly invert: boolean;
}

/** XT_CONNLABEL_MAXBIT. */
const MOST_BIT = 127;

export const connlabel: MatchExtension<ConnlabelOptions> = {
  kind: 'match',
  name: 'connlabel',
  needsConntrack: () => true,
  needsLabels: () => true,
  options: [
    { name: 'label', arguments: 1, invertible: true },
    { name: 'set', arguments: 0 },
  ],

  parse(options, context) {
    const option = find(options, 'label');
    if (option === undefined) return context.fail('connlabel: option "--label" must be specified');
    const bit = labelBit(option, context);
    return {
      bit,
      label: nameOf(bit, context),
      set: find(options, 'set') !== undefined,
      invert: option.invert,
    };
  },

  print({ label, set, invert }) {
    return `${not(invert)}--label "${label}"${set ? ' --set' : ''}`;
  },

  list({ bit, set, invert }) {
    return `connlabel ${not(invert)}${bit}${set ? ' set' : ''}`;
  },

  lower({ bit, set, invert }, context) {
    context.emit(Op.CONNLABEL, bit | (invert ? 1 << 16 : 0) | (set ? Op.CONNLABEL_SET : 0));
  },
};

function labelBit(option: ParsedOption, context: ParseContext): number {
  const text = argument(option);
  // What is a number is none of the names.
  const number = bigInteger(text, 0xffff_ffff_ffff_ffffn);
  const bit = number === undefined ? context.connlabels?.get(text) : Number(number);
  if (bit !== undefined && bit <= MOST_BIT) return bit;
  if (number !== undefined) return context.fail(`--label: labels are numbers from 0 to ${MOST_BIT}`, option);
  if (context.connlabels === undefined) {
    const hint = "names are those of the machine's /etc/xtables/connlabel.conf: put it into the host folder";
    return context.fail(`the label "${text}" is a name, and no connlabel.conf is known`, option, hint);
  }
  return context.fail(`connlabel.conf has no label "${text}"`, option);
}

function nameOf(bit: number, { connlabels }: ParseContext): string {
  for (const [name, value] of connlabels ?? []) if (value === bit) return name;
  return `${bit}`;
}
