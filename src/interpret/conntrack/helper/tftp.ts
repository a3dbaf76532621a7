// TFTP (nf_conntrack_tftp.c): a request is answered from another port.

import { type Context, type HelperVerdict, type Segment, udpPayload, word16 } from './segment.ts';

const READ = 1;
const WRITE = 2;

export function tftp({ master, expectations }: Context, segment: Segment): HelperVerdict {
  const payload = udpPayload(segment);
  if (payload === undefined || payload.bytes.length < 2) return 'accept';
  const opcode = word16(payload.bytes, 0);
  if (opcode !== READ && opcode !== WRITE) return 'accept';
  const { source, destination, destinationPort } = master.reply;
  const request = {
    family: master.family,
    protocol: 17,
    source,
    destination,
    destinationPort: destinationPort ?? 0,
    class: 0,
  };
  return expectations.expect(master, request, segment.nowNs) === 'expected' ? 'accept' : 'drop';
}
