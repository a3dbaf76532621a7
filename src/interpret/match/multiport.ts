// -m multiport: multiport_mt (xt_multiport.c).

import type { MultiportOptions } from '../../extension/match/multiport.ts';
import { type Result, result } from '../condition.ts';
import { transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';

export function multiport({ which, invert, ranges }: MultiportOptions, packet: Packet): Result {
  const header = transportHeader(packet, 4);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  packet.bytes.need(header, 4);
  const source = packet.bytes.u16(header);
  const destination = packet.bytes.u16(header + 2);
  const ports = { sports: [source], dports: [destination], ports: [source, destination] }[which];
  const found = ranges.some(({ lo, hi }) => ports.some((port) => port >= lo && port <= hi));
  return result(found !== invert);
}
