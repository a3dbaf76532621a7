// One packet through one built-in chain and all that it jumps to (ipt_do_table).
//
//   r = first rule
//   loop: r = next candidate at or after r; does it match?
//     no       -> the record after it
//     yes      -> count; by target: go on | verdict | jump: keep the record after it, open a frame, r = chain's
//                 first | goto: the same in this frame | return, end of a user chain: close the frame
//   no frame to close: the built-in chain's policy, which counts.

import * as Frame from '../../src/layout/frame.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Target from '../../src/layout/target.ts';
import * as Trail from '../../src/layout/trail.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { classify, nextCandidate } from '../classify/candidate';
import { run } from '../target/dispatch';
import { assume } from './assume';
import { ruleMatches } from './rule';

const IPPROTO_AH: u32 = 51;

/**
 * Walks the chain whose first rule record stands at `first` (absolute) and answers a Verdict.*; sets REASON for LOST
 * and UNKNOWN, and DECISION. `counters` is the lane's counter array of this image.
 */
export function walk(lane: usize, image: usize, counters: usize, p: usize, first: usize): u32 {
  const bottom: usize = load<u32>(lane, Lane.STACK);
  const abnormal = (load<u32>(p, Packet.FLAGS) & Packet.FLAG_ABNORMAL) != 0;
  if (abnormal) stopAtAuthentication(image, p);
  const linear = abnormal || (load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_LINEAR) != 0;
  return walkOn(lane, image, counters, p, first, enter(image, p, bottom, first, linear), linear);
}

/** walk() from where the bottom frame is filled in and `r` is the first candidate. */
export function walkOn(
  lane: usize,
  image: usize,
  counters: usize,
  p: usize,
  first: usize,
  r: usize,
  linear: bool,
): u32 {
  const rules = image + load<u32>(image, Image.RULES);
  const length = load<u32>(p, Packet.LENGTH);
  const bottom: usize = load<u32>(lane, Lane.STACK);
  let frame = bottom;
  let noted: u32 = 0;
  // enter() answers a candidate; every other way to a record leaves the search for one to the next round.
  let entered = true;
  while (true) {
    const classified = load<u32>(frame, Frame.CLASSIFIED) != 0;
    if (classified && !entered) r = nextCandidate(frame, r);
    entered = false;
    const final = load<u32>(r, Rule.FINAL);
    if ((final & (classified ? Rule.FINAL_CANDIDATE | Rule.FINAL_ALWAYS : Rule.FINAL_ALWAYS)) != 0) {
      const record = (r - rules) / Rule.BYTES;
      count(counters, record, length);
      note(lane, noted, u32(record));
      store<u32>(p, u32(record), Packet.DECISION);
      return (final & Rule.FINAL_VERDICT) - 1;
    }
    const kind = load<u32>(r, Rule.TARGET);
    if (kind == Target.END) {
      if (frame == bottom) return policy(lane, image, rules, counters, p, first, length, noted);
      frame -= Frame.BYTES;
      r = load<u32>(frame, Frame.NEXT);
      continue;
    }
    if (load<u32>(r, Rule.GUARD) != 0 && !guardsHold(lane, image, p, r)) {
      r += Rule.BYTES;
      continue;
    }
    const result = ruleMatches(lane, image, p, r, classified);
    if (result != Op.YES) {
      if (result == Op.NO) {
        r += Rule.BYTES;
        continue;
      }
      store<u32>(p, u32((r - rules) / Rule.BYTES), Packet.DECISION);
      if (result == Op.UNDECIDABLE) return undecided(lane, p);
      if (result == Op.HOTDROP_COUNTED) count(counters, (r - rules) / Rule.BYTES, length);
      store<u32>(p, Reason.HOTDROP, Packet.REASON);
      return Verdict.LOST;
    }
    if (kind == Target.ASSUMED_NO_MATCH) {
      assume(lane, p);
      r += Rule.BYTES;
      continue;
    }
    const record = (r - rules) / Rule.BYTES;
    count(counters, record, length);
    noted = note(lane, noted, u32(record));
    switch (kind) {
      case Target.VERDICT:
      case Target.POLICY:
        store<u32>(p, u32(record), Packet.DECISION);
        return load<u32>(r, Rule.TARGET_ARG);
      case Target.JUMP:
        store<u32>(frame, u32(r + Rule.BYTES), Frame.NEXT);
        frame += Frame.BYTES;
        r = enter(image, p, frame, image + load<u32>(r, Rule.TARGET_ARG), linear);
        entered = true;
        continue;
      case Target.GOTO:
        r = enter(image, p, frame, image + load<u32>(r, Rule.TARGET_ARG), linear);
        entered = true;
        continue;
      case Target.RETURN:
        if (frame == bottom) return policy(lane, image, rules, counters, p, first, length, noted);
        frame -= Frame.BYTES;
        r = load<u32>(frame, Frame.NEXT);
        continue;
      case Target.SKIP:
        r = image + load<u32>(r, Rule.TARGET_ARG);
        continue;
      case Target.REJECT:
        store<u32>(p, u32(record), Packet.DECISION);
        return Verdict.REJECT;
      case Target.OPERATIONS:
        operations(lane, p, image, image + load<u32>(r, Rule.TARGET_ARG));
        r += Rule.BYTES;
        continue;
      case Target.UNKNOWN:
        store<u32>(p, u32(record), Packet.DECISION);
        store<u32>(p, Reason.EXTENSION, Packet.REASON);
        store<u32>(p, load<u32>(r, Rule.UNKNOWN), Packet.ETHERTYPE);
        return Verdict.UNKNOWN;
      case Target.ASSUMED:
        assume(lane, p);
        r += Rule.BYTES;
        continue;
      default:
        r += Rule.BYTES;
    }
  }
}

/** The protocol of a packet with an IPv6 authentication header is that header to nftables, whatever is behind it. */
function stopAtAuthentication(image: usize, p: usize): void {
  if (load<u32>(p, Packet.AUTH_HEADER) == 0 || load<u32>(image, Image.BACKEND) == 0) return;
  store<u32>(p, IPPROTO_AH, Packet.PROTO);
}

/** Does what the jumps ask hold that lead to a rule of a flattened chain? Of a candidate that is sure it does. */
function guardsHold(lane: usize, image: usize, p: usize, r: usize): bool {
  if ((load<u32>(r, Rule.FLAGS) & Rule.EXACT) != 0) return true;
  for (
    let guard = load<u32>(r, Rule.GUARD);
    guard != 0;
    guard = load<u32>(image + <usize>guard, Rule.GUARD)
  ) {
    if (ruleMatches(lane, image, p, image + <usize>guard, false) != Op.YES) return false;
  }
  return true;
}

/**
 * Begins the chain whose first rule record is `whole`, or what it is as flattened chain: its classifier, if it has one,
 * finds the candidates. Answers the first of them, or the first rule.
 */
function enter(image: usize, p: usize, frame: usize, whole: usize, linear: bool): usize {
  const flat: usize = load<u32>(whole, Rule.FLAT);
  const first = flat != 0 && !linear ? image + flat : whole;
  store<u32>(frame, u32(first), Frame.FIRST);
  const data: usize = load<u32>(first, Rule.CLASSIFIER);
  if (data != 0 && !linear) return classify(image, image + data, p, frame, first);
  store<u32>(frame, 0, Frame.CLASSIFIED);
  return first;
}

export function chainOf(image: usize, first: usize): usize {
  return image + load<u32>(image, Image.CHAINS) + load<u32>(first, Rule.CHAIN) * Image.CHAIN_BYTES;
}

/** The policy of the built-in chain that begins with `first`: counts and answers its verdict. */
function policy(
  lane: usize,
  image: usize,
  rules: usize,
  counters: usize,
  p: usize,
  first: usize,
  length: u32,
  noted: u32,
): u32 {
  const r = first + load<u32>(chainOf(image, first), Image.CHAIN_RULE_COUNT) * Rule.BYTES;
  const record = (r - rules) / Rule.BYTES;
  count(counters, record, length);
  note(lane, noted, u32(record));
  store<u32>(p, u32(record), Packet.DECISION);
  return load<u32>(r, Rule.TARGET_ARG);
}

/** Leaves in Lane.NOTED that a record counted, behind `noted` others of the walk; answers how many there are. */
function note(lane: usize, noted: u32, record: u32): u32 {
  const last = min<u32>(noted, Trail.MOST_RECORDS);
  store<u32>(lane + ((<usize>last) << 2), record, Lane.NOTED + Trail.LIST_RECORDS);
  store<u32>(lane, noted + 1, Lane.NOTED + Trail.LIST_COUNT);
  return noted + 1;
}

/** Counts a packet of `length` bytes at a rule record. */
export function count(counters: usize, record: usize, length: u32): void {
  const counter = counters + record * Image.COUNTER_BYTES;
  v128.store(counter, i64x2.add(v128.load(counter), i64x2.replace_lane(i64x2.splat(length), 0, 1)));
}

function operations(lane: usize, p: usize, image: usize, list: usize): void {
  let op = image + load<u32>(list);
  const end = image + load<u32>(list, 4);
  while (op < end) {
    run(lane, p, op);
    op += load<u16>(op, 2);
  }
}

/** UNKNOWN: because of an extension that is not modelled, or of bytes that the capture does not have. */
function undecided(lane: usize, p: usize): u32 {
  const op: usize = load<u32>(lane, Lane.UNDECIDED_OP);
  if (op != 0 && load<u16>(op) == Op.UNKNOWN) {
    store<u32>(p, Reason.EXTENSION, Packet.REASON);
    store<u32>(p, load<u32>(op, 4), Packet.ETHERTYPE);
  } else {
    store<u32>(p, Reason.NOT_CAPTURED, Packet.REASON);
  }
  store<u32>(lane, 0, Lane.UNDECIDED_OP);
  return Verdict.UNKNOWN;
}
