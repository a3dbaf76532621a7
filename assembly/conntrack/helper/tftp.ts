// TFTP (nf_conntrack_tftp.c): a request is answered from another port.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, newExpectation } from '../expect';
import { count } from '../shard';
import { ANY, destinationOf, portOf, sourceOf } from '../side';
import { captured, declared, headerBytes, transport } from './payload';

const IPPROTO_UDP: u32 = 17;
/** struct tftphdr, as much as Linux wants to see. */
const OPCODE: u32 = 2;
const READ: u32 = 1;
const WRITE: u32 = 2;

export function tftp(lane: usize, shard: usize, p: usize, entry: usize): i32 {
  const header = headerBytes(p, false);
  if (header == 0 || declared(p, header) < OPCODE) return Conntrack.TRACK_ACCEPT;
  if (captured(p, header) < OPCODE) {
    count(shard, Conntrack.STAT_HELPER_CUT, 1);
    return Conntrack.TRACK_ACCEPT;
  }
  const opcode = <u32>bswap<u16>(load<u16>(transport(p) + header));
  if (opcode != READ && opcode != WRITE) return Conntrack.TRACK_ACCEPT;
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return Conntrack.TRACK_DROP;
  const reply: u32 = Conntrack.DIR_REPLY;
  describe(
    e,
    0,
    sourceOf(reply),
    destinationOf(reply),
    IPPROTO_UDP,
    ANY,
    portOf(entry, destinationOf(reply)),
  );
  return expect(lane, shard, p, e, 0) == EXPECTED ? Conntrack.TRACK_ACCEPT : Conntrack.TRACK_DROP;
}
