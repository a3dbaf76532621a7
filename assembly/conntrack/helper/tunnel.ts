// What PPTP's helper does outside of its control connection: the call ids by which GRE packets are told apart
// (nf_conntrack_proto_gre.c, the keymap), and the end of the tunnel with its session.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Lane from '../../../src/layout/lane.ts';
import * as Packet from '../../../src/layout/packet.ts';
import { bucket, helpOf, link, lookUp, newExpectation, release, unexpect, unlink } from '../expect';
import { copyAddress, destinationOf, sameAddress, sourceOf } from '../side';

const IPPROTO_GRE: u32 = 47;

/**
 * gre_keymap_lookup: the call id of the sender of a GRE packet from `from` to `to` (addresses of addresses) with the
 * receiver's call id `key`; 0 when no session has told of it. The oldest counts.
 */
export function sourceKey(lane: usize, shard: usize, family: u32, from: usize, to: usize, key: u32): u32 {
  if (load<u32>(shard, Conntrack.SHARD_KEYMAP_COUNT) == 0) return 0;
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  let e = <usize>load<u32>(bucket(config, shard, family, to, IPPROTO_GRE, key));
  let found: u32 = 0;
  while (e != 0) {
    const keymap = (u32(load<u8>(e, Conntrack.EXPECT_FLAGS)) & Conntrack.EXPECT_KEYMAP) != 0;
    if (keymap && u32(load<u8>(e, Conntrack.EXPECT_FAMILY)) == family && sameKey(e, from, to, key)) {
      found = load<u32>(e, Conntrack.EXPECT_PORTS) & 0xffff;
    }
    e = <usize>load<u32>(e, Conntrack.EXPECT_NEXT);
  }
  return found;
}

/** gre_key_cmpfn */
function sameKey(keymap: usize, from: usize, to: usize, key: u32): bool {
  return (
    load<u32>(keymap, Conntrack.EXPECT_PORTS) >>> 16 == key &&
    sameAddress(keymap + Conntrack.EXPECT_SRC, from) &&
    sameAddress(keymap + Conntrack.EXPECT_DST, to)
  );
}

/**
 * nf_ct_gre_keymap_add: keeps the tuple of expectation `e`, `direction` of the session `entry`. False when the session
 * has another one for it already, or there is no room.
 */
export function addKeymap(
  lane: usize,
  shard: usize,
  entry: usize,
  direction: u32,
  e: usize,
  help: usize,
): bool {
  const from = e + Conntrack.EXPECT_SRC;
  const ports = load<u32>(e, Conntrack.EXPECT_PORTS);
  const slot = help + Conntrack.PPTP_KEYMAP + (direction << 2);
  const own = <usize>load<u32>(slot);
  if (own != 0) return sameKey(own, from, e + Conntrack.EXPECT_DST, ports >>> 16);
  const keymaps = load<u32>(shard, Conntrack.SHARD_KEYMAP_COUNT);
  if (keymaps >= <u32>Conntrack.KEYMAP_MAX) return false;
  const keymap = newExpectation(lane, shard, entry);
  if (keymap == 0) return false;
  memory.copy(keymap + Conntrack.EXPECT_SRC, from, 32);
  store<u32>(keymap, ports, Conntrack.EXPECT_PORTS);
  store<u8>(keymap, u8(IPPROTO_GRE), Conntrack.EXPECT_PROTO);
  store<u8>(keymap, u8(Conntrack.EXPECT_KEYMAP), Conntrack.EXPECT_FLAGS);
  link(lane, shard, keymap);
  store<u32>(slot, <u32>keymap);
  store<u32>(shard, keymaps + 1, Conntrack.SHARD_KEYMAP_COUNT);
  return true;
}

/** nf_ct_gre_keymap_destroy: of both directions. */
export function dropKeymaps(shard: usize, help: usize): void {
  for (let direction: usize = 0; direction < 2; direction++) {
    const slot = help + Conntrack.PPTP_KEYMAP + (direction << 2);
    const keymap = <usize>load<u32>(slot);
    if (keymap == 0) continue;
    unlink(keymap);
    release(shard, keymap);
    store<u32>(slot, 0);
    store<u32>(shard, load<u32>(shard, Conntrack.SHARD_KEYMAP_COUNT) - 1, Conntrack.SHARD_KEYMAP_COUNT);
  }
}

/** pptp_expectfn: the tunnel `entry` is there, so the other direction is not expected any more. */
export function meetPptp(lane: usize, shard: usize, p: usize, entry: usize, e: usize): void {
  const master = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  const ports = load<u32>(e, Conntrack.EXPECT_PORTS);
  const other = lookUp(
    lane,
    shard,
    p,
    load<u8>(e, Conntrack.EXPECT_FAMILY),
    e + Conntrack.EXPECT_DST,
    e + Conntrack.EXPECT_SRC,
    load<u8>(e, Conntrack.EXPECT_PROTO),
    (ports >>> 16) | (ports << 16),
    load<u16>(e, Conntrack.EXPECT_ZONE),
    true,
  );
  if (other != 0) unexpect(shard, other);
  const help = helpOf(shard, master);
  store<u32>(help, <u32>entry, Conntrack.PPTP_TUNNEL);
  store<u64>(help, load<u64>(entry, Conntrack.NUMBER), Conntrack.PPTP_TUNNEL_NUMBER);
}

/**
 * pptp_destroy_siblings: the call is over, and so is its tunnel, or it is not expected any more. The tunnel's entry is
 * left to whoever looks at it next, expired.
 */
export function endCall(lane: usize, shard: usize, p: usize, entry: usize, help: usize): void {
  dropKeymaps(shard, help);
  const killed = killTunnel(help, load<u64>(p, Packet.TIME));
  const ids = callIds(help);
  for (let direction: u32 = 0; direction < 2; direction++) {
    if (killed && direction == 0) continue;
    const from = shard + Conntrack.SHARD_SCRATCH_ADDRESS;
    const to = shard + Conntrack.SHARD_SCRATCH_ADDRESS2;
    copyAddress(entry, sourceOf(direction), from);
    copyAddress(entry, destinationOf(direction), to);
    const ports = direction == 0 ? ids : (ids >>> 16) | (ids << 16);
    const zone = u32(load<u16>(entry, Conntrack.ZONE));
    const family = u32(load<u8>(entry, Conntrack.FAMILY));
    const e = lookUp(lane, shard, p, family, from, to, IPPROTO_GRE, ports, zone, true);
    if (e != 0) unexpect(shard, e);
  }
}

/** The session's entry goes (its expectations go with it in any case). */
export function forgetPptp(shard: usize, help: usize): void {
  dropKeymaps(shard, help);
  killTunnel(help, 0);
}

/** The ports of a GRE tuple from PNS to PAC. */
function callIds(help: usize): u32 {
  return (
    u32(load<u16>(help, Conntrack.PPTP_PNS_CALL_ID)) |
    (u32(load<u16>(help, Conntrack.PPTP_PAC_CALL_ID)) << 16)
  );
}

/** Whether there is at `now` a tunnel with the call ids that were last spoken of; it expires. */
function killTunnel(help: usize, now: u64): bool {
  const tunnel = <usize>load<u32>(help, Conntrack.PPTP_TUNNEL);
  if (tunnel == 0) return false;
  // Its record may have been given to another connection.
  if (load<u64>(tunnel, Conntrack.NUMBER) != load<u64>(help, Conntrack.PPTP_TUNNEL_NUMBER)) return false;
  if ((load<u32>(tunnel, Conntrack.STATUS) & Conntrack.IPS_CONFIRMED) == 0) return false;
  const ids = callIds(help);
  const ports = load<u32>(tunnel, Conntrack.ORIG_PORTS);
  if (ports != ids && ports != ((ids >>> 16) | (ids << 16))) return false;
  if (load<u64>(tunnel, Conntrack.DEADLINE) <= now) return false;
  store<u64>(tunnel, 0, Conntrack.DEADLINE);
  return true;
}
