// -m conntrack (xt_conntrack.c) and its older form -m state: what connection tracking knows of the packet.

import * as Conntrack from '../../layout/conntrack.ts';
import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import { parseNumber } from '../../model/mask.ts';
import { protocolNumber } from '../../model/protocol.ts';
import { servicePort } from '../../model/service.ts';
import { addressWords } from '../address-words.ts';
import type { LowerContext, MatchExtension, ParseContext, ParsedOption } from '../extension.ts';
import { type HostMask, parseHostMask, printHostMask } from '../host-mask.ts';
import { lowerMasked, type PortRange } from '../port.ts';
import { argument, find, integer, not, rangeOption } from '../value.ts';

/** Some bit of `mask` is set, or none. */
export interface BitTest {
  readonly mask: number;
  readonly invert: boolean;
}

/**
 * At least one is given. A packet without an entry (INVALID, UNTRACKED) is asked for `states` alone: what they say is
 * the answer, whatever else is given; without `states` it does not match, inverted or not.
 */
export interface ConntrackOptions {
  /** Conntrack.STATE_* bits, one of which the packet is to have. */
  readonly states?: BitTest | undefined;
  /** Transport protocol of the entry, 1 to 255. */
  readonly protocol?: { readonly value: number; readonly invert: boolean } | undefined;
  readonly originalSource?: HostMask | undefined;
  readonly originalDestination?: HostMask | undefined;
  readonly replySource?: HostMask | undefined;
  readonly replyDestination?: HostMask | undefined;
  readonly originalSourcePort?: PortRange | undefined;
  readonly originalDestinationPort?: PortRange | undefined;
  readonly replySourcePort?: PortRange | undefined;
  readonly replyDestinationPort?: PortRange | undefined;
  /** Conntrack.IPS_* bits, one of which the entry is to have; 0 (NONE) is a condition that never holds. */
  readonly status?: BitTest | undefined;
  /** Whole seconds until the entry expires, inclusive. */
  readonly expires?: { readonly lo: number; readonly hi: number; readonly invert: boolean } | undefined;
  readonly direction?: 'original' | 'reply' | undefined;
}

/** In the order in which iptables-save prints them. */
const STATES = [
  ['INVALID', Conntrack.STATE_INVALID],
  ['NEW', Conntrack.STATE_NEW],
  ['RELATED', Conntrack.STATE_RELATED],
  ['ESTABLISHED', Conntrack.STATE_ESTABLISHED],
  ['UNTRACKED', Conntrack.STATE_UNTRACKED],
  ['SNAT', Conntrack.STATE_SNAT],
  ['DNAT', Conntrack.STATE_DNAT],
] as const;
/** -m state has no SNAT and DNAT. */
const OLD_STATES = STATES.slice(0, 5);
const STATUSES = [
  ['EXPECTED', Conntrack.IPS_EXPECTED],
  ['SEEN_REPLY', Conntrack.IPS_SEEN_REPLY],
  ['ASSURED', Conntrack.IPS_ASSURED],
  ['CONFIRMED', Conntrack.IPS_CONFIRMED],
] as const;
const MOST_SECONDS = 0xffffffff;

type Names = readonly (readonly [name: string, bit: number])[];

/** Options by name with the place of each in ConntrackOptions, in the order of print. */
const ADDRESSES = [
  ['ctorigsrc', 'originalSource'],
  ['ctorigdst', 'originalDestination'],
  ['ctreplsrc', 'replySource'],
  ['ctrepldst', 'replyDestination'],
] as const;
const PORTS = [
  ['ctorigsrcport', 'originalSourcePort'],
  ['ctorigdstport', 'originalDestinationPort'],
  ['ctreplsrcport', 'replySourcePort'],
  ['ctrepldstport', 'replyDestinationPort'],
] as const;

export const conntrack: MatchExtension<ConntrackOptions> = {
  kind: 'match',
  name: 'conntrack',
  needsConntrack: () => true,
  options: [
    ...['ctstate', 'ctproto', 'ctstatus', 'ctexpire'].map((name) => inverting(name)),
    ...ADDRESSES.map(([name]) => inverting(name)),
    ...PORTS.map(([name]) => inverting(name)),
    { name: 'ctdir', arguments: 1 },
  ],

  parse(options, context) {
    if (options.length === 0) return context.fail('conntrack: at least one option is required');
    const given = <T>(name: string, read: (option: ParsedOption) => T): T | undefined => {
      const option = find(options, name);
      return option === undefined ? undefined : read(option);
    };
    return {
      states: given('ctstate', (option) => bits(option, STATES, context)),
      protocol: given('ctproto', (option) => protocol(option, context)),
      ...Object.fromEntries(
        ADDRESSES.map(([name, key]) => [key, given(name, (option) => parseHostMask(option, context))]),
      ),
      ...Object.fromEntries(
        PORTS.map(([name, key]) => [key, given(name, (option) => ports(option, context))]),
      ),
      status: given('ctstatus', (option) => bits(option, [...STATUSES, ['NONE', 0]], context)),
      expires: given('ctexpire', (option) => {
        const [lo, hi] = rangeOption(option, context, MOST_SECONDS);
        return { lo, hi, invert: option.invert };
      }),
      direction: given('ctdir', (option) => direction(option, context)),
    };
  },

  print: (options) => words(options, '--').join(' '),
  list: (options) => words(options, '').join(' '),
  lower,
};

/** -m state: the states of -m conntrack, in its older words. */
export const state: MatchExtension<ConntrackOptions> = {
  kind: 'match',
  name: 'state',
  needsConntrack: () => true,
  options: [inverting('state')],

  parse(options, context) {
    const option = find(options, 'state');
    if (option === undefined) return context.fail('state: option "--state" must be specified');
    return { states: bits(option, OLD_STATES, context) };
  },

  print: ({ states }) => stateWords(states, '--state').join(' '),
  list: ({ states }) => stateWords(states, 'state').join(' '),
  lower,
};

function inverting(name: string): { name: string; arguments: 1; invertible: true } {
  return { name, arguments: 1, invertible: true };
}

/** Names, separated by commas; the beginning of one is enough: no two begin alike. */
function bits(option: ParsedOption, names: Names, context: ParseContext): BitTest {
  let mask = 0;
  for (const word of argument(option).split(',')) {
    const found = word === '' ? undefined : names.find(([name]) => name.startsWith(word.toUpperCase()));
    if (found === undefined) {
      const all = names.map(([name]) => name).join(', ');
      return context.fail(`--${option.name}: "${word}" is none of ${all}`, option);
    }
    mask |= found[1];
  }
  return { mask, invert: option.invert };
}

function protocol(option: ParsedOption, context: ParseContext): { value: number; invert: boolean } {
  const text = argument(option).toLowerCase();
  const value = parseNumber(text, 255) ?? protocolNumber(text);
  if (value === undefined) return context.fail(`unknown protocol "${argument(option)}"`, option);
  if (value === 0) {
    return context.fail('--ctproto: no connection is of no protocol', option);
  }
  return { value, invert: option.invert };
}

/** `PORT` or `FIRST:LAST`: decimal numbers and names of services of any protocol. */
function ports(option: ParsedOption, context: ParseContext): PortRange {
  const text = argument(option);
  const parts = text.split(':');
  const port = (part: string, missing: number): number => {
    if (part === '' && parts.length === 2) return missing;
    const number = /^[0-9]+$/.test(part) ? integer(part.replace(/^0+(?=.)/, ''), 0xffff) : servicePort(part);
    return number ?? context.fail(`invalid port or service name "${part}"`, option);
  };
  const [first = '', last = first, ...more] = parts;
  const lo = port(first, 0);
  const hi = port(last, 0xffff);
  if (more.length > 0) context.fail(`--${option.name}: "${text}" is not PORT or FIRST:LAST`, option);
  if (lo > hi) context.fail(`invalid port range "${text}" (first > last)`, option);
  return { lo, hi, invert: option.invert };
}

function direction(option: ParsedOption, context: ParseContext): 'original' | 'reply' {
  const word = argument(option).toLowerCase();
  if (word === 'original' || word === 'reply') return word;
  return context.fail(`--ctdir: "${argument(option)}" is neither ORIGINAL nor REPLY`, option);
}

function stateWords(states: BitTest | undefined, name: string): string[] {
  return states === undefined ? [] : [`${not(states.invert)}${name} ${bitNames(states.mask, STATES)}`];
}

const bitNames = (mask: number, names: Names): string =>
  names
    .filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name)
    .join(',');

const span = ({ lo, hi }: { readonly lo: number; readonly hi: number }): string =>
  lo === hi ? `${lo}` : `${lo}:${hi}`;

/** Every option that was given, in iptables' order; `dashes` in iptables-save, none in a listing. */
function words(options: ConntrackOptions, dashes: string): string[] {
  const result = stateWords(options.states, `${dashes}ctstate`);
  const add = <T extends { readonly invert: boolean }>(
    name: string,
    value: T | undefined,
    text: (value: T) => string | number,
  ): void => {
    if (value !== undefined) result.push(`${not(value.invert)}${dashes}${name} ${text(value)}`);
  };
  add('ctproto', options.protocol, ({ value }) => value);
  for (const [name, key] of ADDRESSES) add(name, options[key], printHostMask);
  for (const [name, key] of PORTS) add(name, options[key], span);
  add('ctstatus', options.status, ({ mask }) => (mask === 0 ? 'NONE' : bitNames(mask, STATUSES)));
  add('ctexpire', options.expires, span);
  if (options.direction !== undefined) result.push(`${dashes}ctdir ${options.direction.toUpperCase()}`);
  return result;
}

/** Offsets in an entry. */
const ADDRESS_OFFSETS = {
  originalSource: [Conntrack.ORIG_SRC, Conntrack.ORIG_SRC6],
  originalDestination: [Conntrack.ORIG_DST, Conntrack.ORIG_DST6],
  replySource: [Conntrack.REPLY_SRC, Conntrack.REPLY_SRC6],
  replyDestination: [Conntrack.REPLY_DST, Conntrack.REPLY_DST6],
} as const;
const PORT_OFFSETS = {
  originalSourcePort: Conntrack.ORIG_PORTS,
  originalDestinationPort: Conntrack.ORIG_PORTS + 2,
  replySourcePort: Conntrack.REPLY_PORTS,
  replyDestinationPort: Conntrack.REPLY_PORTS + 2,
} as const;

function lower(options: ConntrackOptions, context: LowerContext): void {
  const { states, protocol, status, expires, direction } = options;
  // "One of the bits" is "not none of them": a classifier can search by that.
  if (states !== undefined) lowerMasked(Packet.CTSTATE, states.mask, 0, !states.invert, context);
  const without = states === undefined ? 0 : Op.CT_WITHOUT;
  const emit = (what: number, invert: boolean, ...operands: number[]): void => {
    const bits = without | (invert ? Op.CT_INVERT : 0);
    context.emit(Op.CONNTRACK, what | (bits << 16), ...operands);
  };
  if (direction !== undefined) {
    emit(Op.CT_DIRECTION, false, direction === 'original' ? Conntrack.DIR_ORIGINAL : Conntrack.DIR_REPLY);
  }
  for (const [, key] of ADDRESSES) {
    const tested = options[key];
    if (tested === undefined) continue;
    const masked = tested.address.map((byte, index) => byte & (tested.mask[index] as number));
    const [address, mask] = [addressWords(masked), addressWords(tested.mask)];
    const [offset4, offset6] = ADDRESS_OFFSETS[key];
    if (context.family === 'ipv4') emit(Op.CT_ADDRESS4, tested.invert, offset4, address[0], mask[0]);
    else emit(Op.CT_ADDRESS6, tested.invert, offset6, 0, ...address, ...mask);
  }
  if (protocol !== undefined) emit(Op.CT_PROTOCOL, protocol.invert, protocol.value, protocol.value);
  for (const [, key] of PORTS) {
    const range = options[key];
    if (range !== undefined) emit(Op.CT_PORT, range.invert, PORT_OFFSETS[key], range.lo, range.hi);
  }
  if (status !== undefined) emit(Op.CT_STATUS, status.invert, status.mask);
  if (expires !== undefined) emit(Op.CT_EXPIRES, expires.invert, expires.lo, expires.hi);
}
