// The short way where connections are tracked: the frames of express.ts, in vectors, each in its turn among all others,
// for what the packets before it did to connections matters. Frames that take the stages of batch.ts stand beside them.
//
//   arrive     each packet's record is filled in: plain frames here, all others by the stages
//   touch      their connections' buckets and entries are looked at, so that cache misses overlap
//   pass       one after another, in packet order

import * as Batch from '../../src/layout/batch.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { touch } from '../conntrack/touch';
import { arriveByStages, DATAGRAM } from './datagram';
import {
  add,
  CANDIDATES,
  countVerdict,
  ENTRIES,
  expressRecords,
  FRACTION,
  FRACTION_NS,
  fill,
  fillRest,
  HOOKS,
  KNOWN,
  pass,
  WAY_INTERFACE,
  wayOf,
} from './express';
import { NOT_KNOWN, passKnown } from './express-known';
import { finish } from './finish';
import { ETHERNET_HEADER, isPlain, plainHash, RECORD_HEADER } from './plain';
import { abandon, traverse } from './traverse';

/** Is packet `index` of the batch a plain frame? Then what its connection is found by is filled in at `p`. */
function arrivePlain(way: usize, batch: usize, index: u32, p: usize): bool {
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  const entry = entries + <usize>index * Batch.ENTRY_BYTES;
  if (!isPlain(entry, load<u32>(way, WAY_INTERFACE))) return false;
  const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
  fill(p, l3);
  const header = <usize>load<u32>(entry);
  const fractionNs = <u64>load<u32>(way, FRACTION_NS);
  store<u64>(
    p,
    <u64>load<u32>(header) * 1000000000 + <u64>load<u32>(header, FRACTION) * fractionNs,
    Packet.TIME,
  );
  const proto = load<u32>(p, Packet.PROTO);
  store<u32>(p, plainHash(l3, proto), Packet.HASH);
  v128.store(p, i32x4(0, 0, Conntrack.STATE_INVALID, 0), Packet.CT); // CT, CTINFO, CTSTATE, CT_TEMPLATE
  v128.store(p, i32x4.splat(0), Packet.CT_EVENTS); // CT_EVENTS, CT_PORTS, CT_HASH, CT_FIRST
  return true;
}

/**
 * Takes a vector of `count` packets to their verdicts, in their order: the batch's records from `first` on, or those that
 * stand at `order` (u32 each). beginExpress() has said that there is a short way.
 */
export function runTracked(lane: usize, batch: usize, order: usize, first: u32, count: u32): void {
  const records = expressRecords(lane);
  const way = wayOf(records);
  // Which of the packets are plain, a byte each: their records stand behind those of the vector, the others' among them.
  const plain = way + CANDIDATES;
  const packets = <usize>load<u32>(lane, Lane.PACKETS);
  for (let at: u32 = 0; at < count; at++) {
    const index = order == 0 ? first + at : load<u32>(order + ((<usize>at) << 2));
    const place = <usize>at * Packet.BYTES;
    // A datagram that was reassembled is none.
    const found = index < DATAGRAM && arrivePlain(way, batch, index, records + place);
    store<u8>(plain + at, u8(found));
    store<u32>(way + ENTRIES + ((<usize>at) << 2), load<u32>(batch, Batch.INDEX) + index * Batch.ENTRY_BYTES);
    if (!found) arriveByStages(lane, batch, index, packets + place);
  }
  passAll(lane, batch, records, plain, packets, count);
}

function passAll(lane: usize, batch: usize, records: usize, plain: usize, packets: usize, count: u32): void {
  const way = wayOf(records);
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const hooks = load<u32>(way, HOOKS);
  const known = load<u32>(way, KNOWN) != 0;
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  const entered = way + ENTRIES;
  store<u32>(lane, touch(lane, records, plain, count), Lane.TOUCHED);
  let earliest = load<u64>(totals, Totals.FIRST_TIME);
  let latest = load<u64>(totals, Totals.LAST_TIME);
  let plains: u64 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const place = <usize>at * Packet.BYTES;
    if (load<u8>(plain + at) == 0) {
      takeStages(lane, batch, packets + place, number);
      continue;
    }
    const p = records + place;
    const time = load<u64>(p, Packet.TIME);
    earliest = max(earliest, ~time);
    latest = max(latest, time);
    plains++;
    const length = load<u32>(p, Packet.LENGTH);
    const entry = <usize>load<u32>(entered + ((<usize>at) << 2));
    if (known) {
      const verdict = passKnown(lane, p, way, entry, entries);
      if (verdict != NOT_KNOWN) {
        countVerdict(totals, p, verdict, length);
        continue;
      }
    }
    fillRest(p, way, entry, entries);
    store<u64>(p, number + load<u32>(p, Packet.RECORD), Packet.NUMBER);
    countVerdict(totals, p, pass(lane, p, way, hooks), length);
    abandon(p);
  }
  store<u64>(totals, max(earliest, load<u64>(totals, Totals.FIRST_TIME)), Totals.FIRST_TIME);
  store<u64>(totals, max(latest, load<u64>(totals, Totals.LAST_TIME)), Totals.LAST_TIME);
  add(totals, Totals.FAMILIES + 8, plains);
}

/** A packet that has arrived by the stages. */
function takeStages(lane: usize, batch: usize, p: usize, number: u64): void {
  if (load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT) traverse(lane, p, number + load<u32>(p, Packet.RECORD));
  finish(lane, batch, p, 1);
}
