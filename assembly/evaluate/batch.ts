// One batch through all stages, in vectors: the packets that can go the short way (express.ts); then open and decode for
// all others of the vector, and the rest packet by packet.

import * as Batch from '../../src/layout/batch.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { open } from '../capture/open';
import { stage } from '../classify/stage';
import { touchRecords } from '../conntrack/touch';
import { decodeVector } from '../packet/decode';
import { arrive } from '../path/arrive';
import { beginExpress, express } from './express';
import { runTracked } from './express-tracked';
import { finish } from './finish';
import { needsTurn, traverse } from './traverse';

/**
 * Takes every packet of a batch to its verdict, but for those that need their turn (reassembly): their indexes are
 * left in the lane's DEFERRED list and their number is answered. Call runDeferred when the batch's turn has come.
 * `alone`: it is the only lane, so that every batch has its turn at once; nothing is left. Where connection tracking is
 * on, other lanes may not use this, but steer.ts.
 */
export function run(lane: usize, batch: usize, alone: bool): u32 {
  const tracking = load<u32>(lane, Lane.CONNTRACK) != 0;
  const count = load<u32>(batch, Batch.COUNT);
  const packets: usize = load<u32>(lane, Lane.PACKETS);
  const deferred: usize = load<u32>(lane, Lane.DEFERRED);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const short = beginExpress(lane, batch);
  let waiting: u32 = 0;
  for (let first: u32 = 0; first < count; first += Lane.VECTOR) {
    let size = min<u32>(Lane.VECTOR, count - first);
    if (short && tracking) {
      runTracked(lane, batch, 0, 0, first, size);
      continue;
    }
    if (short) {
      const rest: usize = load<u32>(lane, Lane.REST);
      size = express(lane, batch, first, size, rest);
      for (let at: u32 = 0; at < size; at++) {
        open(lane, batch, load<u32>(rest + (at << 2)), 1, packets + at * Packet.BYTES);
      }
    } else {
      open(lane, batch, first, size, packets);
    }
    decodeVector(lane, packets, size);
    const end = packets + size * Packet.BYTES;
    for (let p = packets; p < end; p += Packet.BYTES) {
      if (load<u32>(p, Packet.FAMILY) != 0) arrive(lane, p);
    }
    stage(lane, packets, size);
    if (tracking) touchRecords(lane, packets, size);
    for (let p = packets; p < end; p += Packet.BYTES) {
      if (load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT) continue;
      const index = load<u32>(p, Packet.RECORD);
      if (needsTurn(lane, p) && !alone) {
        store<u32>(deferred + waiting * 4, index);
        store<u32>(p, Verdict.COUNT, Packet.VERDICT);
        waiting++;
      } else {
        traverse(lane, p, number + index);
      }
    }
    finish(lane, batch, packets, size);
  }
  const totals: usize = load<u32>(lane, Lane.TOTALS);
  store<u64>(totals, load<u64>(totals, Totals.PACKETS) + count, Totals.PACKETS);
  store<u32>(lane, waiting, Lane.DEFERRED_COUNT);
  return waiting;
}

/** The packets that run() left, in packet order. Only the lane whose batch has its turn may call this. */
export function runDeferred(lane: usize, batch: usize): void {
  const count = load<u32>(lane, Lane.DEFERRED_COUNT);
  const deferred: usize = load<u32>(lane, Lane.DEFERRED);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const p: usize = load<u32>(lane, Lane.PACKETS);
  for (let at: u32 = 0; at < count; at++) {
    const index = load<u32>(deferred + at * 4);
    open(lane, batch, index, 1, p);
    decodeVector(lane, p, 1);
    arrive(lane, p);
    if (load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT) traverse(lane, p, number + index);
    finish(lane, batch, p, 1);
  }
  store<u32>(lane, 0, Lane.DEFERRED_COUNT);
}
