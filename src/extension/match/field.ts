// Matches that look at one field that is decoded already: length, ttl, hl, tos, dscp, pkttype.

import * as Packet from '../../layout/packet.ts';
import type { Family } from '../../model/ruleset.ts';
import type { MatchExtension } from '../extension.ts';
import { lowerField, lowerMasked } from '../port.ts';
import { argument, exclusive, find, hex2, integer, integerOption, not, rangeOption } from '../value.ts';

/** Length of the packet from the IP header on, in bytes, inclusive. */
export interface LengthOptions {
  readonly lo: number;
  readonly hi: number;
  readonly invert: boolean;
}

/** -m length (xt_length.c). */
export const length: MatchExtension<LengthOptions> = {
  kind: 'match',
  name: 'length',
  options: [{ name: 'length', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'length');
    if (option === undefined) return context.fail('length: option "--length" must be specified');
    const [lo, hi] = rangeOption(option, context, 0xffff);
    return { lo, hi, invert: option.invert };
  },

  print({ lo, hi, invert }) {
    return `${not(invert)}--length ${lo === hi ? lo : `${lo}:${hi}`}`;
  },

  list({ lo, hi, invert }) {
    return `length ${invert ? '!' : ''}${lo === hi ? lo : `${lo}:${hi}`}`;
  },

  lower(options, context) {
    lowerField(Packet.LENGTH, options, context);
  },
};

/** TTL or hop limit: equal, not equal, less than, greater than `value`. */
export interface TtlOptions {
  readonly compare: 'eq' | 'ne' | 'lt' | 'gt';
  readonly value: number;
}

const COMPARE_SIGNS = { eq: '==', ne: '!=', lt: '<', gt: '>' } as const;

function hops(name: 'ttl' | 'hl', family: Family): MatchExtension<TtlOptions> {
  const names = [`${name}-eq`, `${name}-lt`, `${name}-gt`];
  return {
    kind: 'match',
    name,
    families: [family],
    options: [
      { name: `${name}-eq`, aliases: [name], arguments: 1, invertible: true },
      { name: `${name}-lt`, arguments: 1 },
      { name: `${name}-gt`, arguments: 1 },
    ],

    parse(options, context) {
      exclusive(options, names, context);
      const [option] = options;
      if (option === undefined) return context.fail(`${name} needs one of --${names.join(', --')}`);
      const value = integerOption(option, context, 255);
      const compare = option.name.slice(name.length + 1) as 'eq' | 'lt' | 'gt';
      return { compare: option.invert ? 'ne' : compare, value };
    },

    print({ compare, value }) {
      return compare === 'ne' ? `! --${name}-eq ${value}` : `--${name}-${compare} ${value}`;
    },

    list({ compare, value }) {
      const upper = name.toUpperCase();
      return `${upper} match ${upper} ${COMPARE_SIGNS[compare]} ${value}`;
    },

    lower({ compare, value }, context) {
      // `< N` is "not N or more", so that no bound is needed that does not exist.
      const lo = compare === 'gt' ? 0 : value;
      const hi = compare === 'lt' ? 255 : value;
      lowerField(Packet.TTL, { lo, hi, invert: compare !== 'eq' }, context);
    },
  };
}

/** -m ttl (xt_hl.c). */
export const ttl = hops('ttl', 'ipv4');
/** -m hl (xt_hl.c). */
export const hl = hops('hl', 'ipv6');

/** (TOS or traffic class & mask) == value. */
export interface TosOptions {
  readonly value: number;
  readonly mask: number;
  readonly invert: boolean;
}

/** Names of RFC 1349; they say nothing of the two bits that are ECN's now. */
const TOS_NAMES: Readonly<Record<string, number>> = {
  'minimize-delay': 0x10,
  'maximize-throughput': 0x08,
  'maximize-reliability': 0x04,
  'minimize-cost': 0x02,
  'normal-service': 0x00,
};
const TOS_NAME_MASK = 0x3f;

/** -m tos (xt_dscp.c, tos_mt). */
export const tos: MatchExtension<TosOptions> = {
  kind: 'match',
  name: 'tos',
  options: [{ name: 'tos', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'tos');
    if (option === undefined) return context.fail('tos: option "--tos" must be specified');
    const text = argument(option);
    const named = TOS_NAMES[text.toLowerCase()];
    if (named !== undefined) return { value: named, mask: TOS_NAME_MASK, invert: option.invert };
    const slash = text.indexOf('/');
    const value = integer(slash < 0 ? text : text.slice(0, slash), 255);
    const mask = slash < 0 ? 255 : integer(text.slice(slash + 1), 255);
    if (value === undefined || mask === undefined) {
      return context.fail(`"${text}" is no TOS: VALUE or VALUE/MASK up to 255, or a name`, option);
    }
    return { value, mask, invert: option.invert };
  },

  print({ value, mask, invert }) {
    return `${not(invert)}--tos ${hex2(value)}/${hex2(mask)}`;
  },

  list({ value, mask, invert }) {
    return `tos match${invert ? '!' : ''}${hex2(value)}/${hex2(mask)}`;
  },

  lower({ value, mask, invert }, context) {
    lowerMasked(Packet.TOS, mask, value, invert, context);
  },
};

/** The upper six bits of the TOS byte, 0 to 63. */
export interface DscpOptions {
  readonly dscp: number;
  readonly invert: boolean;
}

/** CSn, AFxy, BE, EF (RFC 2474, 2597, 3246). */
function dscpClass(name: string): number | undefined {
  const upper = name.toUpperCase();
  if (upper === 'BE') return 0;
  if (upper === 'EF') return 46;
  const selector = /^CS([0-7])$/.exec(upper);
  if (selector !== null) return Number(selector[1]) << 3;
  const assured = /^AF([1-4])([1-3])$/.exec(upper);
  return assured === null ? undefined : (Number(assured[1]) << 3) | (Number(assured[2]) << 1);
}

/** -m dscp (xt_dscp.c). */
export const dscp: MatchExtension<DscpOptions> = {
  kind: 'match',
  name: 'dscp',
  options: [
    { name: 'dscp', arguments: 1, invertible: true },
    { name: 'dscp-class', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    exclusive(options, ['dscp', 'dscp-class'], context);
    const [option] = options;
    if (option === undefined) return context.fail('dscp needs --dscp or --dscp-class');
    const { invert } = option;
    if (option.name === 'dscp') return { dscp: integerOption(option, context, 63), invert };
    const dscp = dscpClass(argument(option));
    if (dscp === undefined) return context.fail(`unknown DSCP class "${argument(option)}"`, option);
    return { dscp, invert };
  },

  print({ dscp, invert }) {
    return `${not(invert)}--dscp ${hex2(dscp)}`;
  },

  list({ dscp, invert }) {
    return `DSCP match ${invert ? '!' : ''}${hex2(dscp)}`;
  },

  lower({ dscp, invert }, context) {
    lowerMasked(Packet.TOS, 0xfc, dscp << 2, invert, context);
  },
};

/** Link-layer type of the packet: PACKET_* (linux/if_packet.h), as in layout/packet.ts. */
export interface PkttypeOptions {
  readonly type: number;
  readonly invert: boolean;
}

const PKTTYPE_NAMES = ['unicast', 'broadcast', 'multicast', 'otherhost'] as const;
const PKTTYPES: Readonly<Record<string, number>> = {
  unicast: 0,
  host: 0,
  broadcast: 1,
  bcast: 1,
  multicast: 2,
  mcast: 2,
  otherhost: 3,
};

/** -m pkttype (xt_pkttype.c). */
export const pkttype: MatchExtension<PkttypeOptions> = {
  kind: 'match',
  name: 'pkttype',
  options: [{ name: 'pkt-type', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'pkt-type');
    if (option === undefined) return context.fail('pkttype: option "--pkt-type" must be specified');
    const type = PKTTYPES[argument(option).toLowerCase()];
    if (type === undefined) {
      const hint = `it can be ${PKTTYPE_NAMES.join(', ')}`;
      return context.fail(`unknown packet type "${argument(option)}"`, option, hint);
    }
    return { type, invert: option.invert };
  },

  print({ type, invert }) {
    return `${not(invert)}--pkt-type ${PKTTYPE_NAMES[type]}`;
  },

  list({ type, invert }) {
    return `PKTTYPE ${invert ? '!' : ''}= ${PKTTYPE_NAMES[type]}`;
  },

  lower({ type, invert }, context) {
    lowerField(Packet.PKTTYPE, { lo: type, hi: type, invert }, context);
  },
};
