// Headers without a capture: what a caller already knows of packets goes through one hook's tables.

import * as Classifier from '../../src/layout/classifier.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Header from '../../src/layout/header.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Tree from '../../src/layout/tree.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { answersOf, keep, lookUpAll, nextAnswer, stage } from '../classify/stage';
import { passHook } from './hook';
import { classifierOf, onlyChain } from './only-chain';
import { count as countAt } from './walk';

/**
 * Passes `count` IPv4 headers (layout/header.ts) through all tables at `hook`, and writes for each the verdict and the
 * record that decided. Uses the lane's packet records.
 */
export function passHeaders(lane: usize, headers: usize, count: u32, hook: u32, results: usize): void {
  const packets: usize = load<u32>(lane, Lane.PACKETS);
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  let data: usize = 0;
  if (image != 0) data = classifierOf(lane, image, onlyChain(image, hook), Classifier.TREES);
  prepare(packets);
  for (let first: u32 = 0; first < count; first += Lane.VECTOR) {
    const size = min<u32>(Lane.VECTOR, count - first);
    const end = packets + size * Packet.BYTES;
    for (let p = packets; p < end; p += Packet.BYTES) {
      open(p, headers);
      headers += Header.BYTES;
    }
    if (data != 0) {
      decide(lane, image, data, packets, size, hook, results);
      results += size * Header.RESULT_BYTES;
      continue;
    }
    stage(lane, packets, size);
    for (let p = packets; p < end; p += Packet.BYTES) {
      pass(lane, p, hook, results);
      results += Header.RESULT_BYTES;
    }
  }
}

/** Looks the vector's packets up in the only chain on their way; those whose answer is not final walk. */
function decide(
  lane: usize,
  image: usize,
  data: usize,
  packets: usize,
  count: u32,
  hook: u32,
  results: usize,
): void {
  const scratch = <usize>load<u32>(lane, Lane.STAGE);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  const first = load<u32>(data, Tree.FIRST_RECORD);
  lookUpAll(image, data, scratch, packets, count);
  const end = packets + count * Packet.BYTES;
  let slot = answersOf(scratch);
  for (let p = packets; p < end; p += Packet.BYTES, results += Header.RESULT_BYTES, slot += 4) {
    let answer = load<u32>(slot);
    while ((answer & Tree.ANSWER_FINAL) == Tree.ANSWER_GOES_ON) {
      countAt(counters, first + (answer >>> Tree.ANSWER_RULE), load<u32>(p, Packet.LENGTH));
      answer = nextAnswer(image, data, scratch, packets, p);
    }
    const final = answer & Tree.ANSWER_FINAL;
    if (final != 0) {
      const record = first + (answer >>> Tree.ANSWER_RULE);
      countAt(counters, record, load<u32>(p, Packet.LENGTH));
      store<u32>(results, final - 1, Header.RESULT_VERDICT);
      store<u32>(results, record, Header.RESULT_DECISION);
    } else {
      keep(scratch, data, packets, p);
      pass(lane, p, hook, results);
      store<u32>(p, 0, Packet.STAGED_FOR);
    }
  }
}

function pass(lane: usize, p: usize, hook: u32, results: usize): void {
  store<u32>(results, passHook(lane, p, hook), Header.RESULT_VERDICT);
  store<u32>(results, load<u32>(p, Packet.DECISION), Header.RESULT_DECISION);
  // Targets may have changed it.
  store<u32>(p, 0, Packet.MARK);
}

/** Fields that are the same for all headers. */
function prepare(packets: usize): void {
  const end = packets + Lane.VECTOR * Packet.BYTES;
  for (let p = packets; p < end; p += Packet.BYTES) {
    v128.store(p, i32x4.splat(0), Packet.MARK); // MARK, IIF, OIF, PKTTYPE
    store<u32>(p, 4, Packet.FAMILY);
    store<u32>(p, 0, Packet.FRAG_OFFSET);
    store<u32>(p, 20, Packet.L4_OFFSET);
    store<u32>(p, 20, Packet.L4_LEN);
    store<u32>(p, 20, Packet.L4_CAP);
    store<u32>(p, Packet.FLAG_PORTS, Packet.FLAGS);
    store<u32>(p, Verdict.ACCEPT, Packet.VERDICT);
    store<u32>(p, 0, Packet.STAGED_FOR);
    store<u32>(p, Conntrack.STATE_INVALID, Packet.CTSTATE);
  }
}

function open(p: usize, header: usize): void {
  v128.store(p, v128.load32_zero(header, Header.SRC), Packet.SRC);
  v128.store(p, v128.load32_zero(header, Header.DST), Packet.DST);
  // SPORT, DPORT, PROTO, TCP_FLAGS, LENGTH; zeros behind them.
  const rest = v128.load64_zero(header, Header.SPORT);
  // PROTO, SPORT, DPORT, TCP_FLAGS.
  v128.store(p, i8x16.shuffle(rest, rest, 4, 8, 8, 8, 0, 1, 8, 8, 2, 3, 8, 8, 5, 8, 8, 8), Packet.PROTO);
  // ICMP, LENGTH, TTL, TOS.
  v128.store(p, i8x16.shuffle(rest, rest, 8, 8, 8, 8, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8), Packet.ICMP);
}
