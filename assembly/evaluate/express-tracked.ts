// The short way where connections are tracked: the frames of express.ts, in vectors, each in its turn among all others,
// for what the packets before it did to connections matters. Frames that take the stages of batch.ts stand beside them.
//
//   seek     what each packet's connection is found by, of plain frames; all others arrive by the stages
//   touch    their connections' buckets and entries are looked at, so that cache misses overlap
//   pass     one after another, in packet order; a packet record is filled in where a rule or a tracker has to be asked

import * as Batch from '../../src/layout/batch.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as LookUp from '../../src/layout/look-up.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { shardAt, shardNumber } from '../conntrack/shard';
import { keepLookUp, seek, touch } from '../conntrack/touch';
import { IPPROTO_TCP, IPPROTO_UDP } from '../packet/transport';
import { arriveByStages, DATAGRAM, PLAIN } from './datagram';
import {
  add,
  countVerdict,
  expressRecords,
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
import { ETHERNET_HEADER, isPlain, plainHash, RECORD_HEADER, timeAt } from './plain';
import { abandon, traverse } from './traverse';

/** From a record's header into the line behind it: every record has room for that behind it. */
const SECOND_LINE: usize = 60;

/**
 * Takes a vector of `count` packets to their verdicts, in their order: the batch's records from `first` on, or those that
 * stand at `order` (u32 each) and belong to one shard. beginExpress() has said that there is a short way.
 */
export function runTracked(
  lane: usize,
  batch: usize,
  order: usize,
  shard: usize,
  first: u32,
  count: u32,
): void {
  const way = wayOf(expressRecords(lane));
  const captureInterface = load<u32>(way, WAY_INTERFACE);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const lookUps = <usize>load<u32>(lane, Lane.LOOK_UPS);
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  const packets = <usize>load<u32>(lane, Lane.PACKETS);
  if (order != 0) touchFrames(lane, lookUps, entries, order, count);
  for (let at: u32 = 0; at < count; at++) {
    const lookUp = lookUps + <usize>at * LookUp.BYTES;
    const index = order == 0 ? first + at : load<u32>(order + ((<usize>at) << 2));
    const entry = entries + <usize>(index & ~PLAIN) * Batch.ENTRY_BYTES;
    // A datagram that was reassembled is none.
    if (index >= PLAIN ? index < DATAGRAM : isPlain(entry, captureInterface)) {
      seekPlain(config, lookUp, entry, shard);
      continue;
    }
    store<u64>(lookUp, 0, LookUp.SHARD); // SHARD, FIRST
    store<u32>(lookUp, 0, LookUp.FRAME);
    arriveByStages(lane, batch, index, packets + <usize>at * Packet.BYTES);
  }
  touch(lane, lookUps, count);
  passAll(lane, batch, lookUps, packets, count);
}

/**
 * Frames of a shard stand anywhere in the batch, which does not fit the nearest cache: reads both lines of each before the
 * first one is looked at, as touch() does.
 */
function touchFrames(lane: usize, lookUps: usize, entries: usize, order: usize, count: u32): void {
  const end = lookUps + <usize>count * LookUp.BYTES;
  for (let at = lookUps; at < end; at += LookUp.BYTES, order += 4) {
    const index = load<u32>(order);
    const entry = entries + <usize>(index & ~PLAIN) * Batch.ENTRY_BYTES;
    store<u32>(at, index < DATAGRAM ? load<u32>(entry) : 0, LookUp.FIRST);
  }
  let sum: u32 = 0;
  for (let at = lookUps; at < end; at += LookUp.BYTES) {
    const header = <usize>load<u32>(at, LookUp.FIRST);
    sum += load<u32>(header) ^ load<u32>(header, SECOND_LINE);
  }
  store<u32>(lane, sum, Lane.TOUCHED);
}

/** Fills in the look-up of the plain frame of an index entry; `shard` is 0 where nobody has asked for it yet. */
function seekPlain(config: usize, lookUp: usize, entry: usize, shard: usize): void {
  const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
  const proto = u32(load<u8>(l3, 9));
  store<u64>(lookUp, <u64>entry | ((<u64>proto) << 32), LookUp.FRAME); // FRAME, PROTO
  if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) {
    store<u64>(lookUp, 0, LookUp.SHARD); // SHARD, FIRST
    return;
  }
  const ends = bswap<u64>(load<u64>(l3, 12));
  const ports = bswap<u32>(load<u32>(l3, 20));
  const own = shard != 0 ? shard : shardAt(config, shardNumber(config, plainHash(l3, proto)));
  seek(config, lookUp, (ends >> 32) | (ends << 32), (ports >>> 16) | (ports << 16), proto, own);
}

function passAll(lane: usize, batch: usize, lookUps: usize, packets: usize, count: u32): void {
  const records = expressRecords(lane);
  const way = wayOf(records);
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const hooks = load<u32>(way, HOOKS);
  const known = load<u32>(way, KNOWN) != 0;
  const fractionNs = <u64>load<u32>(way, FRACTION_NS);
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  let earliest = load<u64>(totals, Totals.FIRST_TIME);
  let latest = load<u64>(totals, Totals.LAST_TIME);
  let plains: u64 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const lookUp = lookUps + <usize>at * LookUp.BYTES;
    const entry = <usize>load<u32>(lookUp, LookUp.FRAME);
    if (entry == 0) {
      takeStages(lane, batch, packets + <usize>at * Packet.BYTES, number);
      continue;
    }
    const time = timeAt(load<u32>(entry), fractionNs);
    earliest = max(earliest, ~time);
    latest = max(latest, time);
    plains++;
    if (known) {
      const verdict = passKnown(lane, records, way, lookUp, entries, time);
      if (verdict != NOT_KNOWN) {
        countVerdict(totals, records, verdict, load<u32>(records, Packet.LENGTH));
        continue;
      }
    }
    fillTracked(records, way, entry, entries);
    keepLookUp(records, lookUp);
    store<u64>(records, number + load<u32>(records, Packet.RECORD), Packet.NUMBER);
    const length = load<u32>(records, Packet.LENGTH);
    countVerdict(totals, records, pass(lane, records, way, hooks), length);
    abandon(records);
  }
  store<u64>(totals, max(earliest, load<u64>(totals, Totals.FIRST_TIME)), Totals.FIRST_TIME);
  store<u64>(totals, max(latest, load<u64>(totals, Totals.LAST_TIME)), Totals.LAST_TIME);
  add(totals, Totals.FAMILIES + 8, plains);
}

/** Fills in the record of a plain frame that has not been tracked yet. */
export function fillTracked(p: usize, way: usize, entry: usize, entries: usize): void {
  const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
  fill(p, l3);
  fillRest(p, way, entry, entries);
  store<u32>(p, plainHash(l3, load<u32>(p, Packet.PROTO)), Packet.HASH);
  v128.store(p, i32x4(0, 0, Conntrack.STATE_INVALID, 0), Packet.CT); // CT, CTINFO, CTSTATE, CT_TEMPLATE
  v128.store(p, i32x4.splat(0), Packet.CT_EVENTS); // CT_EVENTS, CT_PORTS, CT_HASH, CT_FIRST
}

/** A packet that has arrived by the stages. */
function takeStages(lane: usize, batch: usize, p: usize, number: u64): void {
  if (load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT) traverse(lane, p, number + load<u32>(p, Packet.RECORD));
  finish(lane, batch, p, 1);
}
