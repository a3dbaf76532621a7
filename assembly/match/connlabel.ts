// CONNLABEL: bit | invert << 16 | CONNLABEL_SET.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Op from '../../src/layout/op.ts';
import * as Packet from '../../src/layout/packet.ts';
import { cache } from '../conntrack/event';
import { familyWords } from '../conntrack/shard';

/** With CONNLABEL_SET a label that is not there is set, and counts as one that was. */
export function connlabel(lane: usize, p: usize, op: usize): i32 {
  const word = load<u32>(op, 4);
  const invert = i32((word >>> 16) & 1);
  const entry = <usize>load<u32>(p, Packet.CT);
  if (entry == 0) return invert;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const offset = load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.LABELS4);
  if (offset == 0) return invert;
  const bit = word & 127;
  const at = entry + offset + ((bit >>> 5) << 2);
  const labels = load<u32>(at);
  const label: u32 = 1 << (bit & 31);
  if ((labels & label) == 0) {
    if ((word & Op.CONNLABEL_SET) == 0) return invert;
    store<u32>(at, labels | label);
    cache(config, entry, 1 << Conntrack.IPCT_LABEL);
  }
  return 1 ^ invert;
}
