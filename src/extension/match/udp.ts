// -m udp and -m udplite (xt_tcpudp.c, udp_mt): ports.

import * as Op from '../../layout/op.ts';
import type { MatchExtension } from '../extension.ts';
import {
  listPorts,
  lowerPorts,
  lowerTransport,
  PORT_OPTIONS,
  type PortOptions,
  parsePorts,
  portBytes,
  printPorts,
} from '../port.ts';

export type UdpOptions = PortOptions;

const HEADER_BYTES = 8;

function ports(name: string, protocol: number): MatchExtension<UdpOptions> {
  return {
    kind: 'match',
    name,
    protocols: [protocol],
    options: PORT_OPTIONS,

    parse(options, context) {
      return parsePorts(options, protocol, context);
    },

    print(options) {
      return printPorts(options).join(' ');
    },

    list(options) {
      return [name, ...listPorts(options)].join(' ');
    },

    lower(options, context) {
      const read = portBytes(options);
      // iptables-nft turns udp into nftables' own expressions, which need the bytes that they read and no more.
      if (context.backend === 'nft' && name === 'udp' && read !== 0) {
        lowerTransport(read, read, Op.TRANSPORT_NATIVE, context);
      } else {
        lowerTransport(HEADER_BYTES, read, Op.TRANSPORT_HOTDROP, context);
      }
      lowerPorts(options, context);
    },
  };
}

export const udp = ports('udp', 17);
export const udplite = ports('udplite', 136);
