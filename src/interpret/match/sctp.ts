// -m sctp: sctp_mt (xt_sctp.c).

import type { SctpOptions } from '../../extension/match/sctp.ts';
import { type Result, result } from '../condition.ts';
import { transportHeader } from '../match.ts';
import type { Packet } from '../packet.ts';
import { portsMatch } from './port.ts';

type Chunks = NonNullable<SctpOptions['chunks']>;

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 4;

export function sctp(options: SctpOptions, packet: Packet): Result {
  const header = transportHeader(packet, HEADER_BYTES);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  if (!portsMatch(options, packet, header)) return 'no';
  const { chunks } = options;
  if (chunks === undefined) return 'yes';
  const found = chunksMatch(chunks, packet, header + HEADER_BYTES);
  // Chunks that cannot be followed do not match, which `!` turns round; the packet is dropped all the same.
  if (found === 'broken') return chunks.invert ? 'hotdrop-yes' : 'hotdrop';
  return result(found !== chunks.invert);
}

/** match_packet */
function chunksMatch(chunks: Chunks, packet: Packet, first: number): boolean | 'broken' {
  const { bytes } = packet;
  const missing = new Set(chunks.types.flatMap((asked, type) => (asked ? [type] : [])));
  let at = first;
  do {
    if (!bytes.has(at, CHUNK_HEADER_BYTES) || bytes.u16(at + 2) === 0) return 'broken';
    const type = bytes.u8(at);
    const flagsFit = flagsMatch(chunks, type, bytes.u8(at + 1));
    at += (bytes.u16(at + 2) + 3) & ~3;
    const asked = chunks.types[type] === true;
    if (asked && flagsFit && chunks.match === 'any') return true;
    if (asked && flagsFit) missing.delete(type);
    if (chunks.match === 'only' && !(asked && flagsFit)) return false;
  } while (at < packet.length);
  return chunks.match === 'only' || (chunks.match === 'all' && missing.size === 0);
}

function flagsMatch(chunks: Chunks, type: number, flags: number): boolean {
  const wanted = chunks.flags.find((one) => one.type === type);
  return wanted === undefined || (flags & wanted.mask) === wanted.flags;
}
