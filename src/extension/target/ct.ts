// -j CT (xt_CT.c) and -j NOTRACK: what connection tracking, which comes next, is to make of the packet.

import * as Conntrack from '../../layout/conntrack.ts';
import * as Op from '../../layout/op.ts';
import { helperNumber, helpersFor, isUnmodelled } from '../../model/helper.ts';
import type { ParseContext, ParsedOption, TargetExtension } from '../extension.ts';
import { argument, find, integer } from '../value.ts';
import { cut } from './log.ts';
import type { EmptyOptions } from './unseen.ts';

/** A packet that was seen before, by an earlier CT or NOTRACK or over lo, is left as it is. */
export interface CtOptions {
  /** The packet is UNTRACKED; everything else is without effect then. */
  readonly notrack: boolean;
  /** Helper of the new connection. */
  readonly helper?: string | undefined;
  /** Bits 1 << Conntrack.IPCT_*: the events that are told of the new connection; 0 all of them, unless ... */
  readonly ctEvents: number;
  /** ... this is not 0: bits 1 << IPEXP_NEW, the events that are told of expectations. */
  readonly expEvents: number;
  readonly zone: {
    readonly id: number;
    /** The low 16 bits of the packet's mark are the id. */
    readonly mark: boolean;
    /** The direction in which the zone counts. */
    readonly direction: 'both' | 'original' | 'reply';
  };
}

const CT_EVENTS = [
  ['new', Conntrack.IPCT_NEW],
  ['related', Conntrack.IPCT_RELATED],
  ['destroy', Conntrack.IPCT_DESTROY],
  ['reply', Conntrack.IPCT_REPLY],
  ['assured', Conntrack.IPCT_ASSURED],
  ['protoinfo', Conntrack.IPCT_PROTOINFO],
  ['helper', Conntrack.IPCT_HELPER],
  ['mark', Conntrack.IPCT_MARK],
  ['natseqinfo', Conntrack.IPCT_SEQADJ],
  ['secmark', Conntrack.IPCT_SECMARK],
] as const;
const EXPECTATION_EVENTS = [['new', 0]] as const;
const MOST_HELPER_BYTES = 15;
/** Suffix of the option, and bits of the directions in which a zone counts. */
const DIRECTIONS = { both: ['', 3], original: ['-orig', 1], reply: ['-reply', 2] } as const;

type Events = readonly (readonly [name: string, bit: number])[];

export const CT: TargetExtension<CtOptions> = {
  kind: 'target',
  name: 'CT',
  tables: ['raw'],
  // The template's check asks for it, whatever the template says.
  needsConntrack: ({ notrack }) => !notrack,
  needsHelp: ({ notrack, helper }) => !notrack && helper !== undefined,
  options: [
    { name: 'notrack', arguments: 0 },
    ...['helper', 'timeout', 'ctevents', 'expevents', 'zone-orig', 'zone-reply', 'zone'].map((name) => ({
      name,
      arguments: 1 as const,
    })),
  ],

  parse(options, context) {
    const timeout = find(options, 'timeout');
    if (timeout !== undefined) {
      const hint = 'the timeouts of net.netfilter.nf_conntrack_*_timeout* hold for every connection';
      context.fail('--timeout: timeout policies (nfct timeout) are not modelled', timeout, hint);
    }
    const notrack = find(options, 'notrack') !== undefined;
    const helper = find(options, 'helper');
    const name = helper === undefined ? undefined : cut(argument(helper), MOST_HELPER_BYTES);
    if (helper !== undefined && name !== '' && !notrack) checkHelper(helper, name as string, context);
    return {
      notrack,
      helper: name === '' ? undefined : name,
      ctEvents: events(find(options, 'ctevents'), CT_EVENTS, context),
      expEvents: events(find(options, 'expevents'), EXPECTATION_EVENTS, context),
      zone: zone(options, context),
    };
  },

  unmodelled({ helper }) {
    return helper !== undefined && isUnmodelled(helper) ? `helper ${helper}` : undefined;
  },

  print(options) {
    return words(options, '--').join(' ');
  },

  list(options) {
    return ['CT', ...words(options, '')].join(' ');
  },

  lower({ notrack, helper, ctEvents, expEvents, zone }, context) {
    if (notrack) {
      context.emit(Op.NOTRACK);
      return { kind: 'operations' };
    }
    const [, directions] = DIRECTIONS[zone.direction];
    const none = ctEvents === 0 && expEvents !== 0;
    context.emit(
      Op.SET_TEMPLATE,
      zone.id,
      directions | (zone.mark ? Op.TEMPLATE_ZONE_MARK : 0),
      helper === undefined ? Conntrack.HELPER_NONE : (helperNumber(helper) ?? Conntrack.HELPER_NONE),
      none ? Op.TEMPLATE_NO_EVENTS : ctEvents,
    );
    return { kind: 'operations' };
  },
};

/** -j NOTRACK: CT --notrack in its older words. */
export const NOTRACK: TargetExtension<EmptyOptions> = {
  kind: 'target',
  name: 'NOTRACK',
  tables: ['raw'],
  options: [],
  parse: () => ({}),
  print: () => '',
  list: () => 'NOTRACK',
  lower(_options, context) {
    context.emit(Op.NOTRACK);
    return { kind: 'operations' };
  },
};

/** xt_ct_set_helper: a helper of the rule's protocol, which has to be said. */
function checkHelper(option: ParsedOption, name: string, context: ParseContext): void {
  const { protocol, protocolInvert, family } = context;
  if (protocol === undefined || protocolInvert) {
    context.fail('--helper needs a protocol that is not inverted', option, 'add "-p tcp" or "-p udp"');
  }
  const known = helpersFor(family, protocol as number);
  if (known.includes(name)) return;
  const hint = known.length === 0 ? 'helpers are for TCP and UDP' : `there are ${known.join(', ')}`;
  context.fail(`there is no helper "${name}" for this protocol`, option, hint);
}

/** Later zone options change what earlier ones said; directions add up, and two are both. */
function zone(options: readonly ParsedOption[], context: ParseContext): CtOptions['zone'] {
  let id = 0;
  let mark = false;
  let directions = 0;
  for (const option of options) {
    if (!option.name.startsWith('zone')) continue;
    if (option.name === 'zone-orig') directions |= 1;
    if (option.name === 'zone-reply') directions |= 2;
    id = 0;
    if (argument(option).toLowerCase() === 'mark') {
      mark = true;
      continue;
    }
    const number = integer(argument(option), 0xffff);
    if (number === undefined) {
      context.fail(
        `--${option.name}: "${argument(option)}" is no zone: a number up to 65535, or mark`,
        option,
      );
    }
    id = number as number;
  }
  const direction = directions === 1 ? 'original' : directions === 2 ? 'reply' : 'both';
  return { id, mark, direction };
}

function events(option: ParsedOption | undefined, names: Events, context: ParseContext): number {
  if (option === undefined) return 0;
  let mask = 0;
  for (const word of argument(option).split(',')) {
    const found = names.find(([name]) => name === word);
    if (found === undefined) {
      const all = names.map(([name]) => name).join(', ');
      return context.fail(`--${option.name}: "${word}" is no event`, option, `there are ${all}`);
    }
    mask |= 1 << found[1];
  }
  return mask;
}

function words({ notrack, helper, ctEvents, expEvents, zone }: CtOptions, dashes: string): string[] {
  const result: string[] = [];
  const eventNames = (mask: number, names: Events): string =>
    names
      .filter(([, bit]) => (mask & (1 << bit)) !== 0)
      .map(([name]) => name)
      .join(',');
  if (notrack) result.push(`${dashes}notrack`);
  if (helper !== undefined) result.push(`${dashes}helper ${helper}`);
  if (ctEvents !== 0) result.push(`${dashes}ctevents ${eventNames(ctEvents, CT_EVENTS)}`);
  if (expEvents !== 0) result.push(`${dashes}expevents ${eventNames(expEvents, EXPECTATION_EVENTS)}`);
  if (zone.mark || zone.id !== 0) {
    const [suffix] = DIRECTIONS[zone.direction];
    result.push(`${dashes}zone${suffix} ${zone.mark ? 'mark' : zone.id}`);
  }
  return result;
}
