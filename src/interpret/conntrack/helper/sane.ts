// SANE (nf_conntrack_sane.c): the answer to SANE_NET_START names the port of the scan.

import { type Context, type HelperVerdict, type Segment, tcpPayload, word16, word32 } from './segment.ts';

const NET_START = 7;
const BYTES = 8;

/** helperState: whether the next reply answers NET_START. */
export function sane({ master, expectations }: Context, segment: Segment): HelperVerdict {
  const payload = segment.established ? tcpPayload(segment) : undefined;
  if (payload === undefined) return 'accept';
  const seen = payload.bytes.length >= BYTES;
  if (segment.direction === 'original') {
    if (payload.length === BYTES && seen) master.helperState = word32(payload.bytes, 0) === NET_START;
    return 'accept';
  }
  if (master.helperState !== true) return 'accept';
  master.helperState = false;
  if (!seen || word32(payload.bytes, 0) !== 0 || word16(payload.bytes, 4) !== 0) return 'accept';
  const { source, destination } = master.original;
  const request = {
    family: master.family,
    protocol: 6,
    source,
    destination,
    destinationPort: word16(payload.bytes, 6),
    class: 0,
  };
  return expectations.expect(master, request, segment.nowNs) === 'expected' ? 'accept' : 'drop';
}
