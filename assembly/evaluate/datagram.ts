// A packet by its place in a batch, or the datagram that it completed: what stands in Lane.ORDER.

import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { open } from '../capture/open';
import { decodeVector } from '../packet/decode';
import { arrive } from '../path/arrive';

/** In ORDER: the rest is a place in PIECES, whose datagram is complete. */
export const DATAGRAM: u32 = 0x80000000;
/** In ORDER: the rest is a record that is a plain frame (plain.ts) of TCP or UDP. */
export const PLAIN: u32 = 0x40000000;

/** Fills in the packet record `p` for an entry of ORDER, as it arrives. */
export function arriveByStages(lane: usize, batch: usize, index: u32, p: usize): void {
  if (index >= DATAGRAM) {
    const piece = <usize>load<u32>(lane, Lane.PIECES) + <usize>(index & ~DATAGRAM) * Lane.PIECE_BYTES;
    memory.copy(p, load<u32>(piece, 4), Packet.BYTES);
    return;
  }
  open(lane, batch, index, 1, p);
  decodeVector(lane, p, 1);
  if (load<u32>(p, Packet.FAMILY) != 0) arrive(lane, p);
}
