// CONNMARK_SET, CONNMARK_SAVE, CONNMARK_RESTORE: operands in src/layout/op.ts. A packet without an entry goes on as it
// is; a template (-j CT) has no mark of its own here.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { cache } from '../conntrack/event';

export function connmarkSet(lane: usize, p: usize, op: usize): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return;
  const mark = (load<u32>(entry, Conntrack.MARK) & ~load<u32>(op, 4)) ^ load<u32>(op, 8);
  setMark(lane, entry, shifted(mark, op));
}

export function connmarkSave(lane: usize, p: usize, op: usize): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return;
  const saved = shifted(load<u32>(p, Packet.MARK) & load<u32>(op, 8), op);
  setMark(lane, entry, (load<u32>(entry, Conntrack.MARK) & ~load<u32>(op, 4)) ^ saved);
}

export function connmarkRestore(p: usize, op: usize): void {
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return;
  const restored = shifted(load<u32>(entry, Conntrack.MARK) & load<u32>(op, 4), op);
  store<u32>(p, (load<u32>(p, Packet.MARK) & ~load<u32>(op, 8)) ^ restored, Packet.MARK);
}

/** A mark that does not change is no event. */
function setMark(lane: usize, entry: usize, mark: u32): void {
  if (load<u32>(entry, Conntrack.MARK) == mark) return;
  store<u32>(entry, mark, Conntrack.MARK);
  cache(<usize>load<u32>(lane, Lane.CONNTRACK), entry, 1 << Conntrack.IPCT_MARK);
}

function shifted(mark: u32, op: usize): u32 {
  const shift = load<u32>(op, 12);
  const bits = shift & 31;
  return (shift & Op.CONNMARK_RIGHT) != 0 ? mark >>> bits : mark << bits;
}
