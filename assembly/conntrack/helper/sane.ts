// SANE (nf_conntrack_sane.c): the answer to SANE_NET_START names the port of the scan.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import { describe, EXPECTED, expect, newExpectation } from '../expect';
import { count } from '../shard';
import { ANY, destinationOf, sourceOf } from '../side';
import { captured, declared, headerBytes, transport } from './payload';

const IPPROTO_TCP: u32 = 6;
const NET_START: u32 = 7;
const REQUEST_BYTES: u32 = 8;
const REPLY_BYTES: u32 = 8;

export function sane(lane: usize, shard: usize, p: usize, entry: usize, direction: u32, help: usize): i32 {
  const header = headerBytes(p, true);
  const length = declared(p, header);
  if (header == 0 || length == 0) return Conntrack.TRACK_ACCEPT;
  const data = transport(p) + header;
  if (direction == Conntrack.DIR_ORIGINAL) {
    if (length == REQUEST_BYTES && seen(shard, p, header)) {
      store<u8>(help, bswap<u32>(load<u32>(data)) == NET_START ? 1 : 0, Conntrack.SANE_STARTED);
    }
    return Conntrack.TRACK_ACCEPT;
  }
  if (load<u8>(help, Conntrack.SANE_STARTED) == 0) return Conntrack.TRACK_ACCEPT;
  store<u8>(help, 0, Conntrack.SANE_STARTED);
  if (length < REPLY_BYTES || !seen(shard, p, header)) return Conntrack.TRACK_ACCEPT;
  // Its status, and a word that is 0.
  if (load<u32>(data) != 0 || load<u16>(data, 4) != 0) return Conntrack.TRACK_ACCEPT;
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return Conntrack.TRACK_DROP;
  const original: u32 = Conntrack.DIR_ORIGINAL;
  const port = <u32>bswap<u16>(load<u16>(data, 6));
  describe(e, 0, sourceOf(original), destinationOf(original), IPPROTO_TCP, ANY, port);
  return expect(lane, shard, p, e, 0) == EXPECTED ? Conntrack.TRACK_ACCEPT : Conntrack.TRACK_DROP;
}

/** Whether the eight bytes that matter are captured. */
function seen(shard: usize, p: usize, header: u32): bool {
  if (captured(p, header) >= REQUEST_BYTES) return true;
  count(shard, Conntrack.STAT_HELPER_CUT, 1);
  return false;
}
