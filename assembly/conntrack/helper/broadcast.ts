// NetBIOS name service and SNMP (nf_conntrack_broadcast.c): what the host asks a network by broadcast anybody in it may
// answer, as long as the helper's port is the one that answers.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Host from '../../../src/layout/host.ts';
import * as Lane from '../../../src/layout/lane.ts';
import * as Packet from '../../../src/layout/packet.ts';
import * as Path from '../../../src/layout/path.ts';
import { describe, expect, newExpectation } from '../expect';
import { destinationOf, portOf, sourceOf } from '../side';
import { timeoutNs } from './policy';
import { refresh } from './refresh';

const IPPROTO_UDP: u32 = 17;

/** Never drops a packet. `port` is the helper's. */
export function broadcast(lane: usize, shard: usize, p: usize, entry: usize, direction: u32, port: i32): i32 {
  const accept: i32 = Conntrack.TRACK_ACCEPT;
  if (load<u32>(p, Packet.PATH) != Path.SEND || load<u32>(p, Packet.SENT_BROADCAST) == 0) return accept;
  if (direction != Conntrack.DIR_ORIGINAL) return accept;
  const mask = maskOf(lane, p);
  if (mask == 0) return accept;
  const e = newExpectation(lane, shard, entry);
  if (e == 0) return accept;
  const reply: u32 = Conntrack.DIR_REPLY;
  const own = portOf(entry, destinationOf(reply));
  describe(e, 0, sourceOf(reply), destinationOf(reply), IPPROTO_UDP, port, own);
  store<u64>(e, <u64>mask, Conntrack.EXPECT_SRC_MASK);
  store<u64>(e, 0, Conntrack.EXPECT_SRC_MASK + 8);
  store<u8>(e, u8(Conntrack.EXPECT_PERMANENT), Conntrack.EXPECT_FLAGS);
  expect(lane, shard, p, e, 0);
  refresh(p, entry, timeoutNs(load<u8>(entry, Conntrack.HELPER)));
  return accept;
}

/** The mask of the network that the packet is broadcast to on its interface; 0 when it is none of the interface's own. */
function maskOf(lane: usize, p: usize): u32 {
  const host = <usize>load<u32>(lane, Lane.HOST);
  const table = host + load<u32>(host, Host.BROADCASTS4);
  const device = load<u32>(p, Packet.OIF);
  const destination = load<u32>(p, Packet.DST);
  let entry = table + Host.BROADCAST4_FIRST;
  for (let left = load<u32>(table); left > 0; left--) {
    if (
      load<u32>(entry, Host.BROADCAST4_INTERFACE) == device &&
      load<u32>(entry, Host.BROADCAST4_ADDRESS) == destination
    ) {
      return load<u32>(entry, Host.BROADCAST4_MASK);
    }
    entry += Host.BROADCAST4_BYTES;
  }
  return 0;
}
