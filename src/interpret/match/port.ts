// Conditions on ports, shared by the matches of protocols that have them (port_match of xt_tcpudp.c).

import type { PortOptions, PortRange } from '../../extension/port.ts';
import type { Packet } from '../packet.ts';

/** A range of all ports that is not inverted asks nothing. */
export function asksPort(range: PortRange | undefined): range is PortRange {
  return range !== undefined && (range.invert || range.lo !== 0 || range.hi !== 0xffff);
}

/** Bytes of the header up to the end of the last port that is asked for. */
export function portBytes({ sport, dport }: PortOptions): number {
  if (asksPort(dport)) return 4;
  return asksPort(sport) ? 2 : 0;
}

export function portsMatch(options: PortOptions, packet: Packet, header: number): boolean {
  const { sport, dport } = options;
  packet.bytes.need(header, portBytes(options));
  if (asksPort(sport) && !inRange(sport, packet.bytes.u16(header))) return false;
  return !asksPort(dport) || inRange(dport, packet.bytes.u16(header + 2));
}

function inRange(range: PortRange, port: number): boolean {
  return (port >= range.lo && port <= range.hi) !== range.invert;
}
