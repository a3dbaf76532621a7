// Amanda (nf_conntrack_amanda.c): a client answers with the ports for its streams: `CONNECT DATA 1025 MESG 1026 ...`.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, matched, newExpectation } from '../expect';
import { count } from '../shard';
import { ANY, destinationOf, sourceOf } from '../side';
import { digitsEnd, numberOf } from './number';
import { captured, declared, headerBytes, transport } from './payload';
import { refresh } from './refresh';
import { CONNECT, DATA, INDEX, isExactly, MESG, STATE } from './word';

const IPPROTO_TCP: u32 = 6;
/** master_timeout: answers may take their time. */
const TIMEOUT_NS: u64 = 300_000_000_000;
const NEWLINE: u64 = 10;
const PORT_DIGITS: usize = 5;

/** Shown packets of the reply direction. */
export function amanda(lane: usize, shard: usize, p: usize, entry: usize): i32 {
  refresh(p, entry, TIMEOUT_NS);
  const header = headerBytes(p, false);
  const all = declared(p, header);
  if (header == 0 || all == 0) return Conntrack.TRACK_ACCEPT;
  const length = captured(p, header);
  if (length < all) count(shard, Conntrack.STAT_HELPER_CUT, 1);
  const payload = transport(p) + header;
  const start = behind(payload, payload + length, CONNECT, 8);
  if (start == 0) return Conntrack.TRACK_ACCEPT;
  let stop = behind(start, payload + length, NEWLINE, 1);
  if (stop == 0) return Conntrack.TRACK_ACCEPT;
  stop--;
  let result: i32 = Conntrack.TRACK_ACCEPT;
  for (let i: u32 = 0; i < 4; i++) {
    const at = behind(start, stop, stream(i), i < 2 ? 5 : 6);
    if (at == 0) continue;
    const end = digitsEnd(at, min(stop, at + PORT_DIGITS));
    const port = numberOf(at, end) & 0xffff;
    if (port == 0) break;
    const e = newExpectation(lane, shard, entry);
    if (e == 0) return Conntrack.TRACK_DROP;
    const original: u32 = Conntrack.DIR_ORIGINAL;
    describe(e, 0, sourceOf(original), destinationOf(original), IPPROTO_TCP, ANY, port);
    matched(e, <u32>(at - payload), <u32>(end - at));
    if (expect(lane, shard, p, e, 0) != EXPECTED) result = Conntrack.TRACK_DROP;
  }
  return result;
}

function stream(i: u32): u64 {
  switch (i) {
    case 0:
      return DATA;
    case 1:
      return MESG;
    case 2:
      return INDEX;
    default:
      return STATE;
  }
}

/** Behind the first occurrence of a word in [at, end); 0 when there is none. */
function behind(at: usize, end: usize, word: u64, letters: u32): usize {
  for (; at + letters <= end; at++) {
    if (isExactly(at, word, 0, letters)) return at + letters;
  }
  return 0;
}
