// Expectations (nf_conntrack_expect.c): connections that a helper has read about in another one, the master.
//
// A shard has its own, in buckets by what is expected as destination, the newest first. Records come from the heap a
// chunk at a time and go back to a free list; nf_conntrack_expect_max bounds how many there are. One whose deadline has
// come is gone: whoever meets it takes it away.

import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { allocate } from './heap';
import { most, timeoutNs } from './helper/policy';
import { forgetPptp, meetPptp } from './helper/tunnel';
import { count, familyWords } from './shard';
import { ANY, copyAddress, sameAddress, sourceOf } from './side';
import { deadline } from './time';

/** Answers of expect(): Linux's error numbers. */
export const EXPECTED: i32 = 0;
export const EBUSY: i32 = -16;
export const EMFILE: i32 = -24;
export const EALREADY: i32 = -114;

/** Flags of expect(): the same expectation of another master is met with EALREADY. */
export const SKIP_MASTER: u32 = 1;

/** nf_ct_expect_alloc: a zeroed record for an expectation of `entry`; 0 without memory. Not yet one: expect() it. */
export function newExpectation(lane: usize, shard: usize, entry: usize): usize {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  if (load<u32>(shard, Conntrack.SHARD_EXPECTS) == 0 && !begin(config, shard)) return 0;
  if (load<u32>(shard, Conntrack.SHARD_EXPECT_FREE) == 0 && !addChunk(config, shard)) return 0;
  const e = <usize>load<u32>(shard, Conntrack.SHARD_EXPECT_FREE);
  store<u32>(shard, load<u32>(e, Conntrack.EXPECT_NEXT), Conntrack.SHARD_EXPECT_FREE);
  memory.fill(e, 0, Conntrack.EXPECT_BYTES);
  store<u32>(e, <u32>entry, Conntrack.EXPECT_MASTER);
  store<u8>(e, load<u8>(entry, Conntrack.FAMILY), Conntrack.EXPECT_FAMILY);
  store<u8>(e, load<u8>(entry, Conntrack.HELPER), Conntrack.EXPECT_MASTER_HELPER);
  store<u16>(e, load<u16>(entry, Conntrack.ZONE), Conntrack.EXPECT_ZONE);
  return e;
}

function begin(config: usize, shard: usize): bool {
  const buckets = allocate(config, Conntrack.EXPECT_BUCKETS << 2);
  if (buckets == 0) return false;
  store<u32>(shard, <u32>buckets, Conntrack.SHARD_EXPECTS);
  store<u32>(shard, load<u32>(config, Conntrack.HELP4), Conntrack.SHARD_HELP4);
  store<u32>(shard, load<u32>(config, Conntrack.HELP6), Conntrack.SHARD_HELP6);
  return true;
}

function addChunk(config: usize, shard: usize): bool {
  const chunk = allocate(config, Conntrack.EXPECT_CHUNK * Conntrack.EXPECT_BYTES);
  if (chunk == 0) return false;
  for (let i: usize = 0; i < <usize>Conntrack.EXPECT_CHUNK; i++)
    release(shard, chunk + i * Conntrack.EXPECT_BYTES);
  return true;
}

/** Gives back a record that is in no bucket. Until the next one is taken what stands in it can still be read. */
export function release(shard: usize, e: usize): void {
  store<u32>(e, load<u32>(shard, Conntrack.SHARD_EXPECT_FREE), Conntrack.EXPECT_NEXT);
  store<u32>(shard, <u32>e, Conntrack.SHARD_EXPECT_FREE);
}

/**
 * nf_ct_expect_init: what `e` expects, with addresses of its master (side.ts). Source address and port may be ANY.
 */
export function describe(e: usize, kind: u32, from: i32, to: i32, proto: u32, sport: i32, dport: u32): void {
  const entry = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  store<u8>(e, u8(kind), Conntrack.EXPECT_CLASS);
  store<u8>(e, u8(proto), Conntrack.EXPECT_PROTO);
  if (from != ANY) {
    copyAddress(entry, from, e + Conntrack.EXPECT_SRC);
    store<u64>(e, u64.MAX_VALUE, Conntrack.EXPECT_SRC_MASK);
    store<u64>(e, u64.MAX_VALUE, Conntrack.EXPECT_SRC_MASK + 8);
  }
  copyAddress(entry, to, e + Conntrack.EXPECT_DST);
  store<u32>(e, (sport == ANY ? 0 : <u32>sport) | (dport << 16), Conntrack.EXPECT_PORTS);
  store<u32>(e, sport == ANY ? 0xffff0000 : 0xffffffff, Conntrack.EXPECT_PORTS_MASK);
}

/** Notes where in the payload address and port stood. */
export function matched(e: usize, offset: u32, length: u32): void {
  store<u32>(e, offset, Conntrack.EXPECT_MATCH_OFFSET);
  store<u32>(e, length, Conntrack.EXPECT_MATCH_LENGTH);
}

/** What helpers keep of a connection (HELP_*); 0 in a scan without helpers. */
export function helpOf(shard: usize, entry: usize): usize {
  const at = load<u32>(familyWords(shard, load<u8>(entry, Conntrack.FAMILY)), Conntrack.SHARD_HELP4);
  return at == 0 ? 0 : entry + <usize>at;
}

/**
 * nf_ct_expect_related: from now on `e` is expected. On an error it is as if it had never been, and is not to be used.
 */
export function expect(lane: usize, shard: usize, p: usize, e: usize, flags: u32): i32 {
  const result = admit(lane, shard, p, e, flags);
  if (result != EXPECTED) {
    if (result == EMFILE) count(shard, Conntrack.STAT_EXPECT_FULL, 1);
    release(shard, e);
    return result;
  }
  const entry = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  const kind = u32(load<u8>(e, Conntrack.EXPECT_CLASS));
  const timeout = timeoutNs(load<u8>(entry, Conntrack.HELPER));
  store<u64>(e, deadline(load<u64>(p, Packet.TIME), timeout), Conntrack.EXPECT_DEADLINE);
  const help = helpOf(shard, entry);
  store<u32>(e, load<u32>(help, Conntrack.HELP_EXPECTS), Conntrack.EXPECT_OLDER);
  store<u32>(help, <u32>e, Conntrack.HELP_EXPECTS);
  addToCount(help, kind, 1);
  link(lane, shard, e);
  store<u32>(shard, load<u32>(shard, Conntrack.SHARD_EXPECT_COUNT) + 1, Conntrack.SHARD_EXPECT_COUNT);
  count(shard, Conntrack.STAT_EXPECT_NEW, 1);
  return EXPECTED;
}

function addToCount(help: usize, kind: u32, change: i32): void {
  const at = help + Conntrack.HELP_COUNTS + kind;
  store<u8>(at, u8(<i32>load<u8>(at) + change));
}

/** __nf_ct_expect_check. */
function admit(lane: usize, shard: usize, p: usize, e: usize, flags: u32): i32 {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const now = load<u64>(p, Packet.TIME);
  const entry = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  const help = helpOf(shard, entry);
  if (help == 0) return EMFILE;
  dropExpired(shard, help, now);
  let other = <usize>load<u32>(bucketOf(config, shard, e));
  while (other != 0) {
    const next = <usize>load<u32>(other, Conntrack.EXPECT_NEXT);
    if (isKeymap(other)) {
      other = next;
      continue;
    }
    if (isOver(other, now)) {
      unexpect(shard, other);
      other = next;
      continue;
    }
    const own = load<u32>(other, Conntrack.EXPECT_MASTER) == <u32>entry;
    if ((own || (flags & SKIP_MASTER) != 0) && sameExpectation(other, e)) {
      if (!own || load<u8>(other, Conntrack.EXPECT_CLASS) != load<u8>(e, Conntrack.EXPECT_CLASS))
        return EALREADY;
      unexpect(shard, other);
      break;
    }
    if (clash(other, e)) return EBUSY;
    other = next;
  }
  const kind = u32(load<u8>(e, Conntrack.EXPECT_CLASS));
  const limit = most(load<u8>(entry, Conntrack.HELPER), kind);
  if (u32(load<u8>(help + kind, Conntrack.HELP_COUNTS)) >= limit) evictOldest(shard, help, kind);
  const max = load<u32>(config, Conntrack.EXPECT_MAX);
  if (load<u32>(shard, Conntrack.SHARD_EXPECT_COUNT) < max) return EXPECTED;
  dropAllExpired(shard, now);
  return load<u32>(shard, Conntrack.SHARD_EXPECT_COUNT) < max ? EXPECTED : EMFILE;
}

/**
 * Never right after it was made, whatever the clock says: helpers make two at a time, and the second must not take the
 * first away.
 */
export function isOver(e: usize, now: u64): bool {
  const end = load<u64>(e, Conntrack.EXPECT_DEADLINE);
  return end <= now && end != u64.MAX_VALUE;
}

function dropExpired(shard: usize, help: usize, now: u64): void {
  let e = <usize>load<u32>(help, Conntrack.HELP_EXPECTS);
  while (e != 0) {
    const older = <usize>load<u32>(e, Conntrack.EXPECT_OLDER);
    if (isOver(e, now)) unexpect(shard, e);
    e = older;
  }
}

function dropAllExpired(shard: usize, now: u64): void {
  const buckets = <usize>load<u32>(shard, Conntrack.SHARD_EXPECTS);
  for (let i: usize = 0; i < <usize>Conntrack.EXPECT_BUCKETS; i++) {
    let e = <usize>load<u32>(buckets + (i << 2));
    while (e != 0) {
      const next = <usize>load<u32>(e, Conntrack.EXPECT_NEXT);
      if (!isKeymap(e) && isOver(e, now)) unexpect(shard, e);
      e = next;
    }
  }
}

function evictOldest(shard: usize, help: usize, kind: u32): void {
  let oldest: usize = 0;
  let e = <usize>load<u32>(help, Conntrack.HELP_EXPECTS);
  while (e != 0) {
    if (u32(load<u8>(e, Conntrack.EXPECT_CLASS)) == kind) oldest = e;
    e = <usize>load<u32>(e, Conntrack.EXPECT_OLDER);
  }
  if (oldest != 0) unexpect(shard, oldest);
}

/** expect_matches: tuple, mask and zone are the same. */
function sameExpectation(a: usize, b: usize): bool {
  return (
    sameDestination(a, b) &&
    load<u32>(a, Conntrack.EXPECT_PORTS) == load<u32>(b, Conntrack.EXPECT_PORTS) &&
    load<u32>(a, Conntrack.EXPECT_PORTS_MASK) == load<u32>(b, Conntrack.EXPECT_PORTS_MASK) &&
    sameAddress(a + Conntrack.EXPECT_SRC, b + Conntrack.EXPECT_SRC) &&
    sameAddress(a + Conntrack.EXPECT_SRC_MASK, b + Conntrack.EXPECT_SRC_MASK)
  );
}

/** expect_clash: some connection would meet both. */
function clash(a: usize, b: usize): bool {
  const mask = v128.and(v128.load(a, Conntrack.EXPECT_SRC_MASK), v128.load(b, Conntrack.EXPECT_SRC_MASK));
  const difference = v128.xor(v128.load(a, Conntrack.EXPECT_SRC), v128.load(b, Conntrack.EXPECT_SRC));
  const ports = load<u32>(a, Conntrack.EXPECT_PORTS) ^ load<u32>(b, Conntrack.EXPECT_PORTS);
  const portsMask = load<u32>(a, Conntrack.EXPECT_PORTS_MASK) & load<u32>(b, Conntrack.EXPECT_PORTS_MASK);
  return sameDestination(a, b) && (ports & portsMask) == 0 && !v128.any_true(v128.and(mask, difference));
}

/** Destination address, protocol, family and zone; the destination port is compared with the source's. */
function sameDestination(a: usize, b: usize): bool {
  return (
    load<u16>(a, Conntrack.EXPECT_PROTO) == load<u16>(b, Conntrack.EXPECT_PROTO) &&
    load<u16>(a, Conntrack.EXPECT_ZONE) == load<u16>(b, Conntrack.EXPECT_ZONE) &&
    sameAddress(a + Conntrack.EXPECT_DST, b + Conntrack.EXPECT_DST)
  );
}

function isKeymap(e: usize): bool {
  return (u32(load<u8>(e, Conntrack.EXPECT_FLAGS)) & Conntrack.EXPECT_KEYMAP) != 0;
}

/** nf_ct_expect_dst_hash: the bucket for a destination. */
export function bucket(config: usize, shard: usize, family: u32, to: usize, proto: u32, dport: u32): usize {
  const seed = load<u64>(config, Conntrack.SEED);
  let h = (load<u64>(to) ^ seed) * 0x9e3779b97f4a7c15;
  h = (h ^ (h >> 29) ^ load<u64>(to, 8)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 32) ^ <u64>((dport << 16) | (proto << 8) | family)) * 0x94d049bb133111eb;
  return (
    <usize>load<u32>(shard, Conntrack.SHARD_EXPECTS) +
    ((<usize>(h >> 40) & (Conntrack.EXPECT_BUCKETS - 1)) << 2)
  );
}

function bucketOf(config: usize, shard: usize, e: usize): usize {
  const family = u32(load<u8>(e, Conntrack.EXPECT_FAMILY));
  const proto = u32(load<u8>(e, Conntrack.EXPECT_PROTO));
  return bucket(
    config,
    shard,
    family,
    e + Conntrack.EXPECT_DST,
    proto,
    load<u32>(e, Conntrack.EXPECT_PORTS) >>> 16,
  );
}

/** Puts a record into its bucket, in front. */
export function link(lane: usize, shard: usize, e: usize): void {
  const at = bucketOf(<usize>load<u32>(lane, Lane.CONNTRACK), shard, e);
  store<u32>(e, <u32>at, Conntrack.EXPECT_BUCKET);
  store<u32>(e, load<u32>(at), Conntrack.EXPECT_NEXT);
  store<u32>(at, <u32>e);
}

/** Takes a record out of its bucket. */
export function unlink(e: usize): void {
  let at = <usize>load<u32>(e, Conntrack.EXPECT_BUCKET);
  while (load<u32>(at) != <u32>e) at = <usize>load<u32>(at) + Conntrack.EXPECT_NEXT;
  store<u32>(at, load<u32>(e, Conntrack.EXPECT_NEXT));
}

/** nf_ct_unexpect_related: it is expected no longer. */
export function unexpect(shard: usize, e: usize): void {
  unlink(e);
  const help = helpOf(shard, <usize>load<u32>(e, Conntrack.EXPECT_MASTER));
  let at = help + Conntrack.HELP_EXPECTS;
  while (load<u32>(at) != <u32>e) at = <usize>load<u32>(at) + Conntrack.EXPECT_OLDER;
  store<u32>(at, load<u32>(e, Conntrack.EXPECT_OLDER));
  addToCount(help, load<u8>(e, Conntrack.EXPECT_CLASS), -1);
  store<u32>(shard, load<u32>(shard, Conntrack.SHARD_EXPECT_COUNT) - 1, Conntrack.SHARD_EXPECT_COUNT);
  release(shard, e);
}

/**
 * __nf_ct_expect_find: the newest expectation that a connection with this tuple meets (`from`, `to`: addresses of
 * addresses), 0 none; those that are not yet active only if `inactive`.
 */
export function lookUp(
  lane: usize,
  shard: usize,
  p: usize,
  family: u32,
  from: usize,
  to: usize,
  proto: u32,
  ports: u32,
  zone: u32,
  inactive: bool,
): usize {
  if (load<u32>(shard, Conntrack.SHARD_EXPECT_COUNT) == 0) return 0;
  const now = load<u64>(p, Packet.TIME);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const skipped = u32(Conntrack.EXPECT_KEYMAP) | (inactive ? 0 : Conntrack.EXPECT_INACTIVE);
  let e = <usize>load<u32>(bucket(config, shard, family, to, proto, ports >>> 16));
  while (e != 0) {
    const next = <usize>load<u32>(e, Conntrack.EXPECT_NEXT);
    if (!isKeymap(e) && isOver(e, now)) {
      unexpect(shard, e);
    } else if (
      (u32(load<u8>(e, Conntrack.EXPECT_FLAGS)) & skipped) == 0 &&
      u32(load<u8>(e, Conntrack.EXPECT_PROTO)) == proto &&
      u32(load<u8>(e, Conntrack.EXPECT_FAMILY)) == family &&
      u32(load<u16>(e, Conntrack.EXPECT_ZONE)) == zone &&
      ((ports ^ load<u32>(e, Conntrack.EXPECT_PORTS)) & load<u32>(e, Conntrack.EXPECT_PORTS_MASK)) == 0 &&
      sameAddress(e + Conntrack.EXPECT_DST, to) &&
      sourceMatches(e, from)
    ) {
      return e;
    }
    e = next;
  }
  return 0;
}

function sourceMatches(e: usize, from: usize): bool {
  const difference = v128.xor(v128.load(e, Conntrack.EXPECT_SRC), v128.load(from));
  return !v128.any_true(v128.and(difference, v128.load(e, Conntrack.EXPECT_SRC_MASK)));
}

/**
 * nf_ct_find_expectation: what a new connection was expected by, 0 when it was not. Unless it is permanent it is taken
 * away, and can be read until the next expectation is made.
 */
export function findExpectation(
  lane: usize,
  shard: usize,
  p: usize,
  proto: u32,
  ports: u32,
  zone: u32,
): usize {
  const family = load<u32>(p, Packet.FAMILY);
  const e = lookUp(lane, shard, p, family, p + Packet.SRC, p + Packet.DST, proto, ports, zone, false);
  if (e == 0) return 0;
  const master = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  const status = load<u32>(master, Conntrack.STATUS);
  if ((status & (Conntrack.IPS_CONFIRMED | Conntrack.IPS_DYING)) != Conntrack.IPS_CONFIRMED) return 0;
  if (load<u64>(master, Conntrack.DEADLINE) <= load<u64>(p, Packet.TIME)) return 0;
  if ((u32(load<u8>(e, Conntrack.EXPECT_FLAGS)) & Conntrack.EXPECT_PERMANENT) == 0) unexpect(shard, e);
  return e;
}

/** init_conntrack's part for an expected connection: what it has of its master, and what the helper wants done. */
export function meetExpectation(lane: usize, shard: usize, p: usize, entry: usize, e: usize): void {
  const master = <usize>load<u32>(e, Conntrack.EXPECT_MASTER);
  store<u32>(entry, load<u32>(entry, Conntrack.STATUS) | Conntrack.IPS_EXPECTED, Conntrack.STATUS);
  store<u8>(entry, load<u8>(e, Conntrack.EXPECT_HELPER), Conntrack.HELPER);
  store<u8>(entry, load<u8>(e, Conntrack.EXPECT_MASTER_HELPER), Conntrack.MASTER_HELPER);
  store<u32>(entry, load<u32>(master, Conntrack.MARK), Conntrack.MARK);
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  const address = load<u32>(familyWords(config, load<u8>(entry, Conntrack.FAMILY)), Conntrack.MASTER4);
  if (address != 0) copyAddress(master, sourceOf(Conntrack.DIR_ORIGINAL), entry + address);
  count(shard, Conntrack.STAT_EXPECT_MET, 1);
  if (load<u8>(e, Conntrack.EXPECT_FN) == Conntrack.EXPECT_FN_PPTP) meetPptp(lane, shard, p, entry, e);
}

/** An entry goes, confirmed or not: what it expected is expected no longer (nf_ct_remove_expectations). */
export function forgetMaster(shard: usize, entry: usize): void {
  if (load<u8>(entry, Conntrack.HELPER) == Conntrack.HELPER_NONE) return;
  const help = helpOf(shard, entry);
  if (help == 0) return;
  if (load<u8>(entry, Conntrack.HELPER) == Conntrack.HELPER_PPTP) forgetPptp(shard, help);
  while (load<u32>(help, Conntrack.HELP_EXPECTS) != 0)
    unexpect(shard, load<u32>(help, Conntrack.HELP_EXPECTS));
}
