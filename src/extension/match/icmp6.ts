// -m icmp6 (xt_tcpudp.c, icmp6_match): type and code.

import * as Op from '../../layout/op.ts';
import * as Packet from '../../layout/packet.ts';
import type { MatchExtension } from '../extension.ts';
import { type IcmpNames, type IcmpType, listIcmpType, parseIcmpType, printIcmpType } from '../icmp-type.ts';
import { lowerField, lowerTransport } from '../port.ts';
import { find, not } from '../value.ts';

export type Icmp6Options = IcmpType;

/** What the kernel asks for: struct icmp6hdr. */
const HEADER_BYTES = 8;

const NAMES: IcmpNames = {
  'destination-unreachable': '1',
  'no-route': '1/0',
  'communication-prohibited': '1/1',
  'beyond-scope': '1/2',
  'address-unreachable': '1/3',
  'port-unreachable': '1/4',
  'failed-policy': '1/5',
  'reject-route': '1/6',
  'packet-too-big': '2',
  'time-exceeded': '3',
  'ttl-exceeded': '3',
  'ttl-zero-during-transit': '3/0',
  'ttl-zero-during-reassembly': '3/1',
  'parameter-problem': '4',
  'bad-header': '4/0',
  'unknown-header-type': '4/1',
  'unknown-option': '4/2',
  'echo-request': '128',
  ping: '128',
  'echo-reply': '129',
  pong: '129',
  'mld-listener-query': '130',
  'mld-listener-report': '131',
  'mld-listener-done': '132',
  'mld-listener-reduction': '132',
  'router-solicitation': '133',
  'router-advertisement': '134',
  'neighbour-solicitation': '135',
  'neighbor-solicitation': '135',
  'neighbour-advertisement': '136',
  'neighbor-advertisement': '136',
  redirect: '137',
};

export const icmp6: MatchExtension<Icmp6Options> = {
  kind: 'match',
  name: 'icmp6',
  families: ['ipv6'],
  protocols: [58],
  options: [{ name: 'icmpv6-type', arguments: 1, invertible: true }],

  parse(options, context) {
    const option = find(options, 'icmpv6-type');
    if (option === undefined) return context.fail('icmp6: option "--icmpv6-type" must be specified');
    return parseIcmpType(option, NAMES, 'ICMPv6', context);
  },

  print(options) {
    return `${not(options.invert)}--icmpv6-type ${printIcmpType(options)}`;
  },

  list(options) {
    return `ipv6-icmp${listIcmpType(options)}`;
  },

  lower({ type, codes: [first, last], invert }, context) {
    lowerTransport(HEADER_BYTES, 2, Op.TRANSPORT_HOTDROP, context);
    lowerField(Packet.ICMP, { lo: (type << 8) | first, hi: (type << 8) | last, invert }, context);
  },
};
