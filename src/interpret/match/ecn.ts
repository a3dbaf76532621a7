// -m ecn: ecn_mt4, ecn_mt6 (xt_ecn.c).

import type { EcnOptions } from '../../extension/match/ecn.ts';
import { type Result, result } from '../condition.ts';
import type { Packet } from '../packet.ts';

const TCP_BYTES = 20;
const FLAGS_OFFSET = 13;
const ECE = 0x40;
const CWR = 0x80;

export function ecn({ ece, cwr, ect }: EcnOptions, packet: Packet): Result {
  if (ect !== undefined && ((packet.tos & 3) === ect.value) === ect.invert) return 'no';
  if (ece === undefined && cwr === undefined) return 'yes';
  // match_tcp does not ask whether this is a later fragment: of one it takes the data for a TCP header, and in IPv6
  // (where the offset is left at 0) the IPv6 header.
  const header = packet.transport()?.offset ?? 0;
  if (!packet.bytes.has(header, TCP_BYTES)) return 'no';
  const flags = packet.bytes.u8(header + FLAGS_OFFSET);
  const holds = (wanted: { readonly invert: boolean } | undefined, bit: number): boolean =>
    wanted === undefined || ((flags & bit) !== 0) !== wanted.invert;
  return result(holds(ece, ECE) && holds(cwr, CWR));
}
