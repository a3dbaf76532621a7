import * as Conntrack from '../../../src/layout/conntrack.ts';
export function help(lane: usize, entry: usize, p: usize, ctinfo: u32): u32 {
  return Conntrack.TRACK_ACCEPT;
}
