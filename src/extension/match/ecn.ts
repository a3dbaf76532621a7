// -m ecn (xt_ecn.c): the ECN bits of IP and TCP.

import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import type { MatchExtension } from '../extension.ts';
import { lowerMasked } from '../port.ts';
import { find, integerOption, not } from '../value.ts';

/** Each condition is undefined when it was not asked for. */
export interface EcnOptions {
  readonly ece?: { readonly invert: boolean } | undefined;
  readonly cwr?: { readonly invert: boolean } | undefined;
  /** The two low bits of TOS or traffic class. */
  readonly ect?: { readonly value: number; readonly invert: boolean } | undefined;
}

const TCP = 6;
const ECE = 0x40;
const CWR = 0x80;

export const ecn: MatchExtension<EcnOptions> = {
  kind: 'match',
  name: 'ecn',
  options: [
    { name: 'ecn-tcp-cwr', arguments: 0, invertible: true },
    { name: 'ecn-tcp-ece', arguments: 0, invertible: true },
    { name: 'ecn-ip-ect', arguments: 1, invertible: true },
  ],

  parse(options, context) {
    if (options.length === 0) {
      return context.fail('ecn needs one of --ecn-tcp-ece, --ecn-tcp-cwr and --ecn-ip-ect');
    }
    const ece = find(options, 'ecn-tcp-ece');
    const cwr = find(options, 'ecn-tcp-cwr');
    const ect = find(options, 'ecn-ip-ect');
    const flag = ece ?? cwr;
    if (flag !== undefined && (context.protocol !== TCP || context.protocolInvert)) {
      context.fail(`--${flag.name} looks at TCP alone`, flag, 'add "-p tcp"');
    }
    return {
      ece: ece && { invert: ece.invert },
      cwr: cwr && { invert: cwr.invert },
      ect: ect && { value: integerOption(ect, context, 3), invert: ect.invert },
    };
  },

  print({ ece, cwr, ect }) {
    return [
      ...(ece === undefined ? [] : [`${not(ece.invert)}--ecn-tcp-ece`]),
      ...(cwr === undefined ? [] : [`${not(cwr.invert)}--ecn-tcp-cwr`]),
      ...(ect === undefined ? [] : [`${not(ect.invert)}--ecn-ip-ect ${ect.value}`]),
    ].join(' ');
  },

  list({ ece, cwr, ect }) {
    return [
      'ECN match',
      ...(ece === undefined ? [] : [`${ece.invert ? '!' : ''}ECE`]),
      ...(cwr === undefined ? [] : [`${cwr.invert ? '!' : ''}CWR`]),
      ...(ect === undefined ? [] : [`${ect.invert ? '!' : ''}ECT=${ect.value}`]),
    ].join(' ');
  },

  lower({ ece, cwr, ect }, context) {
    if (ect !== undefined) lowerMasked(Packet.TOS, 3, ect.value, ect.invert, context);
    if (ece === undefined && cwr === undefined) return;
    // ECN: mask | value << 8 of byte 13 of the TCP header.
    const mask = (ece === undefined ? 0 : ECE) | (cwr === undefined ? 0 : CWR);
    const value = (ece?.invert === false ? ECE : 0) | (cwr?.invert === false ? CWR : 0);
    context.emit(Op.ECN, mask | (value << 8));
  },
};
