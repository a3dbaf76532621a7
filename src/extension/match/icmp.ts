// -m icmp (xt_tcpudp.c, icmp_match): type and code.

import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import type { MatchExtension } from '../extension.ts';
import { type IcmpNames, type IcmpType, listIcmpType, parseIcmpType, printIcmpType } from '../icmp-type.ts';
import { lowerField, lowerTransport } from '../port.ts';
import { find, not } from '../value.ts';

/** Type 255 is any type and code. */
export type IcmpOptions = IcmpType;

const ANY = 255;
/** What the kernel asks for: struct icmphdr. */
const HEADER_BYTES = 8;

const NAMES: IcmpNames = {
  any: '255',
  'echo-reply': '0',
  pong: '0',
  'destination-unreachable': '3',
  'network-unreachable': '3/0',
  'host-unreachable': '3/1',
  'protocol-unreachable': '3/2',
  'port-unreachable': '3/3',
  'fragmentation-needed': '3/4',
  'source-route-failed': '3/5',
  'network-unknown': '3/6',
  'host-unknown': '3/7',
  'network-prohibited': '3/9',
  'host-prohibited': '3/10',
  'TOS-network-unreachable': '3/11',
  'TOS-host-unreachable': '3/12',
  'communication-prohibited': '3/13',
  'host-precedence-violation': '3/14',
  'precedence-cutoff': '3/15',
  'source-quench': '4',
  redirect: '5',
  'network-redirect': '5/0',
  'host-redirect': '5/1',
  'TOS-network-redirect': '5/2',
  'TOS-host-redirect': '5/3',
  'echo-request': '8',
  ping: '8',
  'router-advertisement': '9',
  'router-solicitation': '10',
  'time-exceeded': '11',
  'ttl-exceeded': '11',
  'ttl-zero-during-transit': '11/0',
  'ttl-zero-during-reassembly': '11/1',
  'parameter-problem': '12',
  'ip-header-bad': '12/0',
  'required-option-missing': '12/1',
  'timestamp-request': '13',
  'timestamp-reply': '14',
  'address-mask-request': '17',
  'address-mask-reply': '18',
};

export const icmp: MatchExtension<IcmpOptions> = {
  kind: 'match',
  name: 'icmp',
  families: ['ipv4'],
  protocols: [1],
  options: [{ name: 'icmp-type', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'icmp-type');
    if (option === undefined) return context.fail('icmp: option "--icmp-type" must be specified');
    return parseIcmpType(option, NAMES, 'ICMP', context);
  },

  print(options) {
    const type = options.type === ANY ? 'any' : printIcmpType(options);
    return `${not(options.invert)}--icmp-type ${type}`;
  },

  list(options) {
    return `icmp${listIcmpType(options)}`;
  },

  lower(options, context) {
    const { type, codes, invert } = options;
    lowerTransport(HEADER_BYTES, type === ANY ? 0 : 2, Op.TRANSPORT_HOTDROP, context);
    if (type !== ANY) {
      const [first, last] = codes;
      lowerField(Packet.ICMP, { lo: (type << 8) | first, hi: (type << 8) | last, invert }, context);
    } else if (invert) {
      context.emit(Op.FALSE);
    }
  },
};
