// The end of a packet: totals, and the result record when the scan asked for it.

import * as Batch from '../../src/layout/batch.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';

/**
 * Counts the `count` packets from `packets` on (a vector: at most Lane.VECTOR) by verdict, reason and family, and
 * writes their result records at their places in the batch. Packets that wait for their turn (Verdict.COUNT) are passed
 * over.
 */
export function finish(lane: usize, batch: usize, packets: usize, count: u32): void {
  const totals: usize = load<u32>(lane, Lane.TOTALS);
  const results = (load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_RESULTS) != 0;
  const end = packets + count * Packet.BYTES;
  // What nearly every packet adds to is kept in locals over the vector. FIRST_TIME is kept as its complement, so that
  // zeroed totals need no initialisation.
  let accepted: u64 = 0;
  let acceptedBytes: u64 = 0;
  let dropped: u64 = 0;
  let droppedBytes: u64 = 0;
  let ipv4: u64 = 0;
  let ipv6: u64 = 0;
  let earliest = load<u64>(totals, Totals.FIRST_TIME);
  let latest = load<u64>(totals, Totals.LAST_TIME);
  for (let p = packets; p < end; p += Packet.BYTES) {
    const verdict = load<u32>(p, Packet.VERDICT);
    if (verdict == Verdict.COUNT) continue;
    const time = load<u64>(p, Packet.TIME);
    earliest = max(earliest, ~time);
    latest = max(latest, time);
    const family = load<u32>(p, Packet.FAMILY);
    ipv4 += u64(family == 4);
    ipv6 += u64(family == 6);
    const length: u64 = load<u32>(p, Packet.LENGTH);
    if (verdict == Verdict.ACCEPT) {
      accepted++;
      acceptedBytes += length;
    } else if (verdict == Verdict.DROP) {
      dropped++;
      droppedBytes += length;
    } else {
      rare(lane, totals, p, verdict);
    }
    if (results) result(batch, p, load<u32>(p, Packet.RECORD), verdict);
  }
  add(totals, Totals.VERDICTS + Verdict.ACCEPT * 16, accepted);
  add(totals, Totals.VERDICTS + Verdict.ACCEPT * 16 + 8, acceptedBytes);
  add(totals, Totals.VERDICTS + Verdict.DROP * 16, dropped);
  add(totals, Totals.VERDICTS + Verdict.DROP * 16 + 8, droppedBytes);
  add(totals, Totals.FAMILIES + 8, ipv4);
  add(totals, Totals.FAMILIES + 16, ipv6);
  store<u64>(totals, earliest, Totals.FIRST_TIME);
  store<u64>(totals, latest, Totals.LAST_TIME);
}

function add(totals: usize, at: usize, value: u64): void {
  store<u64>(totals + at, load<u64>(totals + at) + value);
}

/** Any other verdict than ACCEPT and DROP. */
function rare(lane: usize, totals: usize, p: usize, verdict: u32): void {
  const length = verdict == Verdict.SKIP ? load<u32>(p, Packet.FRAME_LEN) : load<u32>(p, Packet.LENGTH);
  add(totals, Totals.VERDICTS + verdict * 16, 1);
  add(totals, Totals.VERDICTS + verdict * 16 + 8, length);
  if (load<u32>(p, Packet.FAMILY) == 0) add(totals, Totals.FAMILIES, 1);
  if (verdict == Verdict.REJECT) {
    add(totals, Totals.ANSWERS_NOT_MADE, 1);
    return;
  }
  const reason = load<u32>(p, Packet.REASON);
  add(totals, Totals.REASONS + reason * 8, 1);
  if (verdict == Verdict.SKIP) skipped(lane, reason, load<u32>(p, Packet.ETHERTYPE));
}

/** Frames that are not IP, by ethertype or link type: a small open table in the lane (Lane.SKIPPED). */
function skipped(lane: usize, reason: u32, type: u32): void {
  const key = ((reason << 16) | (type & 0xffff)) as u32;
  const table: usize = load<u32>(lane, Lane.SKIPPED);
  for (let slot: i32 = 0; slot < Lane.SKIPPED_SLOTS; slot++) {
    const at = table + <usize>(slot * Lane.SKIPPED_BYTES);
    const held = load<u32>(at);
    // The last slot takes what finds no place, under the key 0.
    if (held != key && held != 0 && slot + 1 < Lane.SKIPPED_SLOTS) continue;
    if (held == 0 && slot + 1 < Lane.SKIPPED_SLOTS) store<u32>(at, key);
    store<u64>(at, load<u64>(at, 8) + 1, 8);
    return;
  }
}

function result(batch: usize, p: usize, index: u32, verdict: u32): void {
  const at = <usize>load<u32>(batch, Batch.RESULTS) + index * Batch.RESULT_BYTES;
  const reason = load<u32>(p, Packet.REASON);
  store<u8>(at, u8(verdict), Batch.RESULT_VERDICT);
  store<u8>(at, u8(reason), Batch.RESULT_REASON);
  store<u8>(at, u8(load<u32>(p, Packet.HOOK)), Batch.RESULT_HOOK);
  store<u8>(at, u8(load<u32>(p, Packet.FAMILY) | (tracked(p) << 4)), Batch.RESULT_FAMILY);
  store<u32>(at, decision(p, verdict, reason), Batch.RESULT_DECISION);
  store<u16>(at, u16(load<u32>(p, Packet.IIF)), Batch.RESULT_IIF);
  store<u16>(at, u16(load<u32>(p, Packet.OIF)), Batch.RESULT_OIF);
  store<u32>(at, load<u32>(p, Packet.MARK), Batch.RESULT_MARK);
  store<u64>(at, load<u64>(p, Packet.TIME), Batch.RESULT_TIME);
  store<u64>(at, load<u64>(p, Packet.DATAGRAM), Batch.RESULT_DATAGRAM);
}

/** Batch.RESULT_CT_* */
function tracked(p: usize): u32 {
  const state = load<u32>(p, Packet.CTSTATE);
  if ((state & Conntrack.STATE_PASSED) == 0) return Batch.RESULT_CT_NONE;
  if ((state & Conntrack.STATE_UNTRACKED) != 0) return Batch.RESULT_CT_UNTRACKED;
  return ctz(state) + 1;
}

/** The record that decided: of an accepted packet the one in its last filter table, if it passed one. */
function decision(p: usize, verdict: u32, reason: u32): u32 {
  if (verdict == Verdict.SKIP || reason == Reason.EXTENSION) return load<u32>(p, Packet.ETHERTYPE);
  if (verdict == Verdict.ACCEPT) {
    const filter = load<u32>(p, Packet.FILTER_DECISION);
    return filter != Packet.NO_RULE ? filter : load<u32>(p, Packet.DECISION);
  }
  const byRules = verdict == Verdict.LOST ? reason == Reason.HOTDROP : verdict != Verdict.FRAGMENT;
  return byRules ? load<u32>(p, Packet.DECISION) : Packet.NO_RULE;
}
