// Headers without a capture: what a caller already knows of packets goes through one hook's tables.

import * as Header from '../../src/layout/header.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { stage } from '../classify/stage';
import { passHook } from './hook';

/**
 * Passes `count` IPv4 headers (layout/header.ts) through all tables at `hook`, and writes for each the verdict and the
 * record that decided. Uses the lane's packet records.
 */
export function passHeaders(lane: usize, headers: usize, count: u32, hook: u32, results: usize): void {
  const packets: usize = load<u32>(lane, Lane.PACKETS);
  for (let first: u32 = 0; first < count; first += Lane.VECTOR) {
    const size = min<u32>(Lane.VECTOR, count - first);
    const end = packets + size * Packet.BYTES;
    for (let p = packets; p < end; p += Packet.BYTES) {
      open(p, headers);
      headers += Header.BYTES;
    }
    stage(lane, packets, size);
    for (let p = packets; p < end; p += Packet.BYTES) {
      store<u32>(results, passHook(lane, p, hook), Header.RESULT_VERDICT);
      store<u32>(results, load<u32>(p, Packet.DECISION), Header.RESULT_DECISION);
      results += Header.RESULT_BYTES;
    }
  }
}

function open(p: usize, header: usize): void {
  store<u32>(p, load<u32>(header, Header.SRC), Packet.SRC);
  store<u32>(p, load<u32>(header, Header.DST), Packet.DST);
  store<u32>(p, load<u16>(header, Header.SPORT), Packet.SPORT);
  store<u32>(p, load<u16>(header, Header.DPORT), Packet.DPORT);
  store<u32>(p, load<u8>(header, Header.PROTO), Packet.PROTO);
  store<u32>(p, load<u8>(header, Header.TCP_FLAGS), Packet.TCP_FLAGS);
  store<u32>(p, load<u16>(header, Header.LENGTH), Packet.LENGTH);
  store<u32>(p, 4, Packet.FAMILY);
  store<u32>(p, 0, Packet.FRAG_OFFSET);
  store<u32>(p, 20, Packet.L4_OFFSET);
  store<u32>(p, 20, Packet.L4_LEN);
  store<u32>(p, 20, Packet.L4_CAP);
  store<u32>(p, Packet.FLAG_PORTS, Packet.FLAGS);
  store<u32>(p, Verdict.ACCEPT, Packet.VERDICT);
  store<u32>(p, 0, Packet.MARK);
  store<u32>(p, 0, Packet.STAGED_FOR);
}
