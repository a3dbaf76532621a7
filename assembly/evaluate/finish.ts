// The end of a packet: totals, and the result record when the scan asked for it.

import * as Batch from '../../src/layout/batch.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Verdict from '../../src/layout/verdict.ts';

/** Counts packet `p`, record `index` of the batch, by verdict, reason and family. */
export function finish(lane: usize, batch: usize, p: usize, index: u32, options: u32): void {
  const verdict = load<u32>(p, Packet.VERDICT);
  const totals: usize = load<u32>(lane, Lane.TOTALS);
  const length: u64 = verdict == Verdict.SKIP ? load<u32>(p, Packet.FRAME_LEN) : load<u32>(p, Packet.LENGTH);
  const byVerdict = totals + Totals.VERDICTS + verdict * 16;
  store<u64>(byVerdict, load<u64>(byVerdict) + 1);
  store<u64>(byVerdict, load<u64>(byVerdict, 8) + length, 8);
  // 0, 4, 6 -> 0, 1, 2
  const family = load<u32>(p, Packet.FAMILY);
  const byFamily = totals + Totals.FAMILIES + (family == 0 ? 0 : (family >> 1) - 1) * 8;
  store<u64>(byFamily, load<u64>(byFamily) + 1);
  const time = load<u64>(p, Packet.TIME);
  // FIRST_TIME is kept as its complement, so that zeroed totals need no initialisation.
  if (~time > load<u64>(totals, Totals.FIRST_TIME)) store<u64>(totals, ~time, Totals.FIRST_TIME);
  if (time > load<u64>(totals, Totals.LAST_TIME)) store<u64>(totals, time, Totals.LAST_TIME);
  if (verdict != Verdict.ACCEPT && verdict != Verdict.DROP) reasons(lane, totals, p, verdict);
  if ((options & Lane.OPTION_RESULTS) != 0) result(batch, p, index, verdict);
}

function reasons(lane: usize, totals: usize, p: usize, verdict: u32): void {
  if (verdict == Verdict.REJECT) {
    store<u64>(totals, load<u64>(totals, Totals.ANSWERS_NOT_MADE) + 1, Totals.ANSWERS_NOT_MADE);
    return;
  }
  const reason = load<u32>(p, Packet.REASON);
  const byReason = totals + Totals.REASONS + reason * 8;
  store<u64>(byReason, load<u64>(byReason) + 1);
  if (verdict == Verdict.SKIP) skipped(lane, reason, load<u32>(p, Packet.ETHERTYPE));
}

/** Frames that are not IP, by ethertype or link type: a small open table in the lane (Lane.SKIPPED). */
function skipped(lane: usize, reason: u32, type: u32): void {
  const key = ((reason << 16) | (type & 0xffff)) as u32;
  const table: usize = load<u32>(lane, Lane.SKIPPED);
  for (let slot: usize = 0; slot < Lane.SKIPPED_SLOTS; slot++) {
    const at = table + slot * Lane.SKIPPED_BYTES;
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
  store<u8>(at, u8(load<u32>(p, Packet.FAMILY)), Batch.RESULT_FAMILY);
  store<u32>(at, decision(p, verdict, reason), Batch.RESULT_DECISION);
  store<u16>(at, u16(load<u32>(p, Packet.IIF)), Batch.RESULT_IIF);
  store<u16>(at, u16(load<u32>(p, Packet.OIF)), Batch.RESULT_OIF);
  store<u32>(at, load<u32>(p, Packet.MARK), Batch.RESULT_MARK);
  store<u64>(at, load<u64>(p, Packet.TIME), Batch.RESULT_TIME);
  store<u64>(at, load<u64>(p, Packet.DATAGRAM), Batch.RESULT_DATAGRAM);
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
