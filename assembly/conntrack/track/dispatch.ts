import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Lane from '../../../src/layout/lane.ts';
import { refresh } from '../refresh';
export function track(lane: usize, entry: usize, p: usize, direction: u32, fresh: bool): i32 {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  refresh(lane, entry, p, direction, load<u64>(config, Conntrack.TIMEOUT_GENERIC));
  return fresh ? Conntrack.TRACK_ACCEPT : Conntrack.TRACK_ACCEPT;
}
export function tcpSetClosing(lane: usize, entry: usize, p: usize): void {}
