// One batch where connection tracking is on and several lanes work: its packets are put in the order of their shards,
// and each shard's packets are evaluated when the shard's turn comes to this batch. So the packets of a flow are seen in
// their order whichever lanes have them, and lanes follow each other through the shards.
//
//   steer()       which shard each record belongs to; fragments wait
//   gatherBatch() in the batch's turn: fragments are reassembled in packet order
//   orderShards() records in the order of their shards
//   runShard()    the packets of one shard, in its turn

import * as Batch from '../../src/layout/batch.ts';
import * as Fragment from '../../src/layout/fragment.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { open } from '../capture/open';
import { stage } from '../classify/stage';
import { shardAt, shardNumber } from '../conntrack/shard';
import { steeringHash } from '../conntrack/steer';
import { touchRecords } from '../conntrack/touch';
import { defragment } from '../fragment/defragment';
import { decodeVector } from '../packet/decode';
import { IPPROTO_TCP, IPPROTO_UDP } from '../packet/transport';
import { arrive } from '../path/arrive';
import { routeOutput } from '../path/output';
import { arriveByStages, DATAGRAM, PLAIN } from './datagram';
import { beginExpress, expressRecords, WAY_INTERFACE, wayOf } from './express';
import { runTracked } from './express-tracked';
import { finish } from './finish';
import { ETHERNET_HEADER, isPlain, plainHash, RECORD_HEADER } from './plain';
import { isFamilyTracked, isTracked, needsTurn, traverse } from './traverse';

/** In the place of a shard's number: needs no turn; waits for the batch's turn; is done. */
const FREE: u8 = 64;
const WAITS: u8 = 0xc0;
const DONE: u8 = 0xc1;
/** Beside a shard's number: the record is a plain frame of TCP or UDP. */
const IS_PLAIN: u8 = 0x80;
/** Bytes before a datagram's IP header, for its Ethernet header, and behind it, which may be loaded with its last ones. */
const FRONT_BYTES: u32 = 16;
const BACK_BYTES: u32 = 64;

/** Answers how many of the batch's packets wait for its turn. */
export function steer(lane: usize, batch: usize): u32 {
  const count = load<u32>(batch, Batch.COUNT);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const packets = <usize>load<u32>(lane, Lane.PACKETS);
  const shards = <usize>load<u32>(lane, Lane.SHARD_OF);
  const pieces = <usize>load<u32>(lane, Lane.PIECES);
  let waiting: u32 = 0;
  store<u32>(lane, 0, Lane.KEPT_COUNT);
  store<u32>(lane, load<u32>(lane, Lane.DATAGRAMS), Lane.DATAGRAMS_NEXT);
  const short = beginExpress(lane, batch);
  store<u32>(lane, u32(short), Lane.SHORT);
  const way = wayOf(expressRecords(lane));
  const plain = short && isFamilyTracked(lane, 4);
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  for (let index: u32 = 0; index < count; index++) {
    const entry = entries + <usize>index * Batch.ENTRY_BYTES;
    if (plain && isPlain(entry, load<u32>(way, WAY_INTERFACE))) {
      const l3 = <usize>load<u32>(entry) + (RECORD_HEADER + ETHERNET_HEADER);
      const proto = u32(load<u8>(l3, 9));
      if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
        store<u8>(shards + index, u8(shardNumber(config, plainHash(l3, proto))) | IS_PLAIN);
        continue;
      }
    }
    open(lane, batch, index, 1, packets);
    decodeVector(lane, packets, 1);
    const shard = shardOf(lane, config, packets);
    if (shard == WAITS) {
      store<u32>(pieces + <usize>waiting * Lane.PIECE_BYTES, index);
      store<u32>(pieces + <usize>waiting * Lane.PIECE_BYTES, 0, 4);
      waiting++;
    }
    store<u8>(shards + index, shard);
  }
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  store<u64>(totals, load<u64>(totals, Totals.PACKETS) + count, Totals.PACKETS);
  store<u32>(lane, waiting, Lane.PIECE_COUNT);
  return waiting;
}

/** The shard of decoded packet record `p`, FREE or WAITS. */
function shardOf(lane: usize, config: usize, p: usize): u8 {
  if (load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT || load<u32>(p, Packet.FAMILY) == 0) return FREE;
  if (needsTurn(lane, p)) return WAITS;
  return isTracked(lane, p) ? u8(shardNumber(config, steeringHash(p))) : FREE;
}

/** The packets that steer() left, in packet order. Only the lane whose batch has its turn may call this. */
export function gatherBatch(lane: usize, batch: usize): void {
  const count = load<u32>(lane, Lane.PIECE_COUNT);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const shards = <usize>load<u32>(lane, Lane.SHARD_OF);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const p = <usize>load<u32>(lane, Lane.PACKETS);
  for (let at: u32 = 0; at < count; at++) {
    const piece = <usize>load<u32>(lane, Lane.PIECES) + <usize>at * Lane.PIECE_BYTES;
    const index = load<u32>(piece);
    open(lane, batch, index, 1, p);
    decodeVector(lane, p, 1);
    arrive(lane, p);
    if (load<u32>(p, Packet.VERDICT) == Verdict.ACCEPT) {
      if (!isTracked(lane, p)) traverse(lane, p, number + index);
      else if (gather(lane, p, number + index)) {
        const kept = keep(lane, p);
        if (kept != 0) {
          store<u32>(piece, <u32>kept, 4);
          store<u8>(shards + index, u8(shardNumber(config, steeringHash(p))));
          continue;
        }
        store<u32>(p, Verdict.LOST, Packet.VERDICT);
        store<u32>(p, Reason.FRAGMENT_MEMORY, Packet.REASON);
      }
    }
    store<u8>(shards + index, DONE);
    finish(lane, batch, p, 1);
  }
}

/** Reassembles; true when the packet completes its datagram, else VERDICT says what became of it. */
function gather(lane: usize, p: usize, number: u64): bool {
  const sends = load<u32>(p, Packet.PATH) == Path.SEND || load<u32>(p, Packet.PATH) == Path.LOOP;
  if (sends && routeOutput(lane, p) == Path.DROPPED) {
    store<u32>(p, Verdict.LOST, Packet.VERDICT);
    return false;
  }
  const result = defragment(lane, p, number, sends ? Fragment.CONNTRACK_OUT : Fragment.CONNTRACK_IN);
  if (result == Fragment.COMPLETE) return true;
  store<u32>(p, result == Fragment.HELD ? Verdict.FRAGMENT : Verdict.LOST, Packet.VERDICT);
  store<u32>(p, Hook.NONE, Packet.HOOK);
  return false;
}

/** Sorts the batch's records by shard, in packet order within each, into ORDER and SHARD_STARTS. */
export function orderShards(lane: usize, batch: usize): void {
  const count = load<u32>(batch, Batch.COUNT);
  const shards = <usize>load<u32>(lane, Lane.SHARD_OF);
  const order = <usize>load<u32>(lane, Lane.ORDER);
  const starts = <usize>load<u32>(lane, Lane.SHARD_STARTS);
  memory.fill(starts, 0, Lane.SHARD_STARTS_BYTES);
  for (let at: u32 = 0; at < count; at++) {
    const shard = load<u8>(shards + at);
    if (shard >= WAITS) continue;
    const counter = starts + ((<usize>(shard & ~IS_PLAIN)) << 2) + 8;
    store<u32>(counter, load<u32>(counter) + 1);
  }
  let sum: u32 = 0;
  for (let shard: u32 = 0; shard <= <u32>FREE; shard++) {
    const counter = starts + ((<usize>shard) << 2) + 8;
    const size = load<u32>(counter);
    store<u32>(counter, sum);
    sum += size;
  }
  // From here on the word behind a shard's start moves up to that shard's end, which is the next one's start.
  let piece: u32 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const shard = load<u8>(shards + at);
    let entry = at | ((shard & IS_PLAIN) != 0 ? PLAIN : 0);
    if (piece < load<u32>(lane, Lane.PIECE_COUNT)) {
      const record = <usize>load<u32>(lane, Lane.PIECES) + <usize>piece * Lane.PIECE_BYTES;
      if (load<u32>(record) == at) {
        entry = DATAGRAM | piece;
        piece++;
      }
    }
    if (shard >= WAITS) continue;
    const counter = starts + ((<usize>(shard & ~IS_PLAIN)) << 2) + 8;
    const place = load<u32>(counter);
    store<u32>(order + ((<usize>place) << 2), entry);
    store<u32>(counter, place + 1);
  }
}

/** Takes the batch's packets of a shard to their verdicts; shard 64 are those that need no turn. */
export function runShard(lane: usize, batch: usize, shard: u32): void {
  const starts = <usize>load<u32>(lane, Lane.SHARD_STARTS) + ((<usize>shard) << 2) + 4;
  const end = load<u32>(starts, 4);
  const order = <usize>load<u32>(lane, Lane.ORDER);
  const packets = <usize>load<u32>(lane, Lane.PACKETS);
  const number = load<u64>(batch, Batch.FIRST_NUMBER);
  const short = load<u32>(lane, Lane.SHORT) != 0;
  const own: usize = shard == FREE ? 0 : shardAt(load<u32>(lane, Lane.CONNTRACK), shard);
  for (let first = load<u32>(starts); first < end; first += Lane.VECTOR) {
    const size = min<u32>(Lane.VECTOR, end - first);
    const list = order + ((<usize>first) << 2);
    if (short) {
      runTracked(lane, batch, list, own, 0, size);
      continue;
    }
    for (let at: u32 = 0; at < size; at++) {
      arriveByStages(lane, batch, load<u32>(list + ((<usize>at) << 2)), packets + <usize>at * Packet.BYTES);
    }
    const last = packets + <usize>size * Packet.BYTES;
    stage(lane, packets, size);
    touchRecords(lane, packets, size);
    for (let p = packets; p < last; p += Packet.BYTES) {
      if (load<u32>(p, Packet.VERDICT) != Verdict.ACCEPT) continue;
      traverse(lane, p, number + load<u32>(p, Packet.RECORD));
    }
    finish(lane, batch, packets, size);
  }
}

/**
 * Keeps a datagram until its shard is evaluated: its record, and its bytes, which stand in an arena that the next one
 * overwrites. 0 when there is no room: a batch completes no more than was held and its own bytes, so that this is never
 * met by what is not made to.
 */
function keep(lane: usize, p: usize): usize {
  const count = load<u32>(lane, Lane.KEPT_COUNT);
  const size = (load<u32>(p, Packet.L3_CAP) + FRONT_BYTES + BACK_BYTES + 15) & ~15;
  const at = load<u32>(lane, Lane.DATAGRAMS_NEXT);
  if (load<u32>(lane, Lane.DATAGRAMS_END) - at < size) return 0;
  store<u32>(lane, at + size, Lane.DATAGRAMS_NEXT);
  store<u32>(lane, count + 1, Lane.KEPT_COUNT);
  const l3 = <usize>load<u32>(p, Packet.L3);
  memory.copy(at + FRONT_BYTES, l3, load<u32>(p, Packet.L3_CAP));
  store<u32>(p, at + FRONT_BYTES, Packet.L3);
  // Tags may stand between the two.
  const mac = load<u32>(p, Packet.MAC);
  if (mac != 0) {
    memory.copy(at, mac, ETHERNET_HEADER);
    store<u32>(p, at, Packet.MAC);
  }
  const kept = <usize>load<u32>(lane, Lane.KEPT) + <usize>count * Packet.BYTES;
  memory.copy(kept, p, Packet.BYTES);
  return kept;
}
