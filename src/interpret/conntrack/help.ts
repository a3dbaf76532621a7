// Calls the helper of a connection with what a packet carries.

import { IPPROTO_TCP, IPPROTO_UDP, type Packet } from '../packet.ts';
import { type Connection, directionOf } from './connection.ts';
import type { Conntrack, Passing } from './conntrack.ts';
import type { Help } from './helper.ts';
import { readTcp } from './tcp-segment.ts';
import { type Located, locate } from './tuple.ts';

const UDP_HEADER_BYTES = 8;

/** helper->help: what is not captured as a whole is not looked at. */
export function askHelper(
  conntrack: Conntrack,
  connection: Connection,
  packet: Packet,
  { nowNs, number }: Passing,
): 'accept' | 'drop' {
  const located = locate(packet.family, packet.bytes, 0);
  const { helper } = connection;
  if (located === undefined || helper === undefined || located.protocol !== connection.protocol)
    return 'accept';
  const start = payloadStart(packet, located);
  const { captured, length } = packet.bytes;
  if (start === undefined || captured.length < length) return 'accept';
  const help: Help = {
    connection,
    direction: directionOf(packet.ctinfo),
    ctinfo: packet.ctinfo,
    payload: captured.subarray(start, length),
    tcp: located.protocol === IPPROTO_TCP ? readTcp(packet.bytes, located.offset) : undefined,
    nowNs,
    number,
    expect: (spec) => conntrack.expectations.add(connection, spec, nowNs),
    greKeys: conntrack.greKeys,
  };
  return helper.help(help);
}

/** Where the payload begins; undefined when there is no whole transport header. */
function payloadStart({ bytes }: Packet, { protocol, offset }: Located): number | undefined {
  if (protocol === IPPROTO_UDP) {
    return bytes.has(offset, UDP_HEADER_BYTES) ? offset + UDP_HEADER_BYTES : undefined;
  }
  if (protocol !== IPPROTO_TCP || readTcp(bytes, offset) === undefined) return undefined;
  return offset + (bytes.u8(offset + 12) >> 4) * 4;
}
