// Everything that JavaScript may call. The rooms export what they offer; nothing else stands here.

import * as Packet from '../src/layout/packet.ts';
import { open } from './capture/open.ts';
import { walkPcap } from './capture/pcap.ts';
import { walkPcapng } from './capture/pcapng.ts';

import { buildTrees } from './compile/tree';
import { unsureCandidates } from './compile/unsure';
import { checksumRight } from './conntrack/checksum.ts';
import { findExpectation, forgetMaster, meetExpectation } from './conntrack/expect';
import { help } from './conntrack/helper/dispatch';
import { sourceKey } from './conntrack/helper/tunnel';
import { initializeShards, insertEntry } from './conntrack/setup';
import { canEarlyDrop, tcpSetClosing, track } from './conntrack/track/dispatch.ts';
import { run, runDeferred } from './evaluate/batch.ts';
import { passHeaders } from './evaluate/header.ts';
import { passHook } from './evaluate/hook.ts';
import { gatherBatch, orderShards, runShard, steer } from './evaluate/steer';
import { fragmentArenaBytes, initializeFragments } from './fragment/arena.ts';
import { push } from './fragment/reassemble.ts';
import { match } from './match/dispatch';
import { decodeVector } from './packet/decode.ts';
import { decode } from './packet/frame.ts';
import { addressType, addressTypeMatches } from './path/addrtype.ts';
import { arrive } from './path/arrive.ts';
import { forward } from './path/forward.ts';
import { routeInput } from './path/input.ts';
import { reroute, routeOutput } from './path/output.ts';
import { run as runTarget } from './target/dispatch';

export { decode, decodeVector, match as matchOperation, runTarget as targetOperation };

/** Bytes of a packet record, so that a host can tell a kernel of another layout. */
export function packetBytes(): u32 {
  return Packet.BYTES;
}

export {
  addressType,
  addressTypeMatches,
  arrive,
  buildTrees,
  canEarlyDrop,
  checksumRight,
  findExpectation,
  forgetMaster,
  forward,
  fragmentArenaBytes,
  gatherBatch,
  help as helpConnection,
  initializeFragments as initFragments,
  initializeShards as initShards,
  insertEntry,
  meetExpectation,
  open,
  orderShards,
  passHeaders,
  passHook,
  push as pushFragment,
  reroute,
  routeInput,
  routeOutput,
  run,
  runDeferred,
  runShard,
  sourceKey as greSourceKey,
  steer,
  tcpSetClosing,
  track,
  unsureCandidates,
  walkPcap,
  walkPcapng,
};
