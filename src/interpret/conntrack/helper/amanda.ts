// Amanda (nf_conntrack_amanda.c): a client answers with the ports for its streams: `CONNECT DATA 1025 MESG 1026 ...`.

import { type Context, type HelperVerdict, type Segment, udpPayload } from './segment.ts';

/** master_timeout */
const TIMEOUT_NS = 300_000_000_000n;
const STREAMS = ['DATA ', 'MESG ', 'INDEX ', 'STATE '];

export function amanda({ master, expectations }: Context, segment: Segment): HelperVerdict {
  if (segment.direction === 'original') return 'accept';
  master.refresh(segment.nowNs, TIMEOUT_NS);
  const text = udpPayload(segment)?.text ?? '';
  const start = text.indexOf('CONNECT ') + 8;
  const stop = text.indexOf('\n', start);
  if (start < 8 || stop < 0) return 'accept';
  const line = text.slice(start, stop);
  let verdict: HelperVerdict = 'accept';
  for (const stream of STREAMS) {
    const at = line.indexOf(stream);
    if (at < 0) continue;
    const digits = (/^\d{0,5}/.exec(line.slice(at + stream.length)) as RegExpExecArray)[0];
    const port = Number(digits) & 0xffff;
    if (port === 0) break;
    const { source, destination } = master.original;
    const request = {
      family: master.family,
      protocol: 6,
      source,
      destination,
      destinationPort: port,
      class: 0,
      match: { offset: start + at + stream.length, length: digits.length },
    };
    if (expectations.expect(master, request, segment.nowNs) !== 'expected') verdict = 'drop';
  }
  return verdict;
}
