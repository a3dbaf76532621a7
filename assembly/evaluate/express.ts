// The short way of the packet that nearly every packet of a plain pcap file is: Ethernet II, IPv4 without options and
// no fragment, TCP, UDP, ICMP or what has no ports, its header captured and nothing wrong with it, through a machine that asks no routes
// (the guess "a router", `--hook`), in a scan that wants no result record of each packet. Its way is known beforehand,
// so that it goes from its frame to its verdict at once. Of a packet record only what rules are searched by is filled in,
// and the rest when a rule has to be asked (fillRest); fields that are the same for all of these packets stay. Every
// other packet takes the stages of batch.ts; what this does is what they would do.
//
//   no table on the way         counted
//   one chain, by cut trees     looked up for the whole vector; a final answer counts, else the packet walks from there
//   one chain, by bit vectors   (of one block) the same
//   anything else               each packet walks; its longest chain is looked up for the whole vector

import * as Batch from '../../src/layout/batch.ts';
import * as BitVector from '../../src/layout/bitvector.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Classifier from '../../src/layout/classifier.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Hook from '../../src/layout/hook.ts';
import * as Host from '../../src/layout/host.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Reason from '../../src/layout/reason.ts';
import * as Rule from '../../src/layout/rule.ts';
import * as Totals from '../../src/layout/totals.ts';
import * as Tree from '../../src/layout/tree.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { findCandidates, takeCandidates } from '../classify/bitvector';
import { answersOf, keep, lookUpAll, nextAnswer, touch } from '../classify/stage';
import { begin } from '../packet/record';
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../packet/transport';
import { passTables } from './hook';
import { classifierOf, onlyChain } from './only-chain';
import { CAPTURED, ETHERNET_HEADER, IPV4_HEADER, Plain, RECORD_HEADER, timeAt } from './plain';
import { count, walk, walkOn } from './walk';

const LINKTYPE_ETHERNET: u32 = 1;
/** Offset in the record's header. */
const ORIGINAL: usize = 12;
/** Offsets from the IP header. */
const PROTOCOL_OFFSET: usize = 9;
export const TCP_FLAGS_OFFSET: usize = 33;

// Behind the records, as beginExpress() writes it: the way.
/** The interface in every record's index entry. */
export const WAY_INTERFACE: usize = 0;
/** The hooks on the way that have tables, a bit each. */
export const HOOKS: usize = 4;
/** Packet.OIF once the packet is routed. */
export const WAY_OUT: usize = 8;
/** Nanoseconds in a unit of the time stamps' second half. */
export const FRACTION_NS: usize = 12;
/** MARK, IIF, OIF and PKTTYPE of a packet that comes in (16 bytes). */
const START: usize = 16;
export const WAY_IN: usize = START + 4;
/** First record of the chain, when there is only one on the way and it is searched by cut trees or by a block of bit
 *  vectors; else 0. And its classifier: TREES or VECTORS, the other one is 0. */
const CHAIN: usize = 32;
const TREES: usize = 36;
const VECTORS: usize = 40;
/** What forwarding takes from the TTL. */
const HOPS: usize = 44;
/** Where connections are tracked: 1 when a packet of a known one passes nothing but connection tracking and the tables of
 *  FORWARD, and nobody asks what becomes of connections. */
export const KNOWN: usize = 48;
/** Candidates of the vector's packets: 16 bytes each. */
export const CANDIDATES: usize = 64;
/** Their entries in the batch's index: addresses. */
export const ENTRIES: usize = CANDIDATES + Lane.VECTOR * 16;

/** Address of the lane's express records: behind those of the vector. */
export function expressRecords(lane: usize): usize {
  return <usize>load<u32>(lane, Lane.PACKETS) + Lane.VECTOR * Packet.BYTES;
}

export function wayOf(records: usize): usize {
  return records + Lane.VECTOR * Packet.BYTES;
}

/** To be called once a batch: is there a short way for its packets? */
export function beginExpress(lane: usize, batch: usize): bool {
  const records = expressRecords(lane);
  const way = wayOf(records);
  const source = <usize>load<u32>(batch, Batch.SOURCE);
  const host = <usize>load<u32>(lane, Lane.HOST);
  const placement = load<u32>(host, Host.PLACEMENT);
  if (
    load<u32>(batch, Batch.COUNT) == 0 ||
    placement == Host.PLACEMENT_HOST ||
    (placement == Host.PLACEMENT_HOOK && load<u32>(lane, Lane.CONNTRACK) != 0) ||
    load<u32>(source, Capture.FORMAT) != Capture.PCAP ||
    load<u32>(source, Capture.SWAPPED) != 0 ||
    load<u32>(source, Capture.LENGTHS) != Capture.LENGTHS_NORMAL ||
    load<u32>(source, Capture.RECORD_HEADER_BYTES) != <u32>RECORD_HEADER ||
    (load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_RESULTS) != 0
  ) {
    return false;
  }
  const index = load<u32>(<usize>load<u32>(batch, Batch.INDEX), Batch.ENTRY_INTERFACE);
  const described = <usize>load<u32>(lane, Lane.CAPTURE_INTERFACES) + index * Capture.INTERFACE_BYTES;
  if (
    load<u32>(described, Capture.LINKTYPE) != LINKTYPE_ETHERNET ||
    load<u32>(described, Capture.FCS_BYTES) != 0 ||
    load<u32>(described, Capture.MACHINE_INTERFACE) != 0
  ) {
    return false;
  }
  store<u32>(way, index, WAY_INTERFACE);
  store<u32>(way, load<u32>(source, Capture.NANOSECONDS) != 0 ? 1 : 1000, FRACTION_NS);
  describeWay(lane, host, way, placement);
  for (let p = records; p < way; p += Packet.BYTES) {
    begin(p);
    store<u32>(p, index, Packet.CAPTURE_INTERFACE);
    store<u32>(p, 0, Packet.DIRECTION);
    store<u32>(p, IPV4_HEADER, Packet.L4_OFFSET);
    store<u32>(p, 4, Packet.FAMILY);
    store<u32>(p, placement == Host.PLACEMENT_HOOK ? Path.HOOK : Path.RECEIVE, Packet.PATH);
    store<u32>(p, 0, Packet.ROUTE_MTU);
    setOut(p, way);
  }
  return true;
}

/** Interfaces and hooks as arriveUnrouted() and routeBetween() choose them for a capture without interface names. */
function describeWay(lane: usize, host: usize, way: usize, placement: u32): void {
  const defaultIn = load<u32>(host, Host.DEFAULT_IN);
  const defaultOut = load<u32>(host, Host.DEFAULT_OUT);
  const iif = defaultIn != 0 ? defaultIn : load<u32>(host, Host.FIRST_INTERFACE);
  let hooks: u32;
  if (placement == Host.PLACEMENT_HOOK) {
    const hook = load<u32>(host, Host.HOOK);
    hooks = 1 << hook;
    let out: u32 = 0;
    if (hook >= <u32>Hook.FORWARD) out = defaultOut != 0 || hook == Hook.FORWARD ? defaultOut : iif;
    v128.store(way, i32x4(0, 0, 0, 0), START);
    store<u32>(way, hook <= <u32>Hook.FORWARD ? iif : 0, WAY_IN);
    store<u32>(way, out, START + 8);
    store<u32>(way, out, WAY_OUT);
  } else {
    hooks = (1 << Hook.PREROUTING) | (1 << Hook.FORWARD) | (1 << Hook.POSTROUTING);
    v128.store(way, i32x4(0, 0, 0, 0), START);
    store<u32>(way, iif, WAY_IN);
    store<u32>(way, iif == defaultOut ? defaultIn : defaultOut, WAY_OUT);
  }
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  let filled: u32 = 0;
  for (let hook: u32 = 0; hook < <u32>Hook.COUNT; hook++) {
    const entry = image + Image.HOOKS + hook * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
    if (image != 0 && load<u32>(entry, 4) != 0) filled |= 1 << hook;
  }
  hooks &= filled;
  store<u32>(way, u32(isKnownWay(lane, image, placement)), KNOWN);
  store<u32>(way, hooks, HOOKS);
  store<u32>(way, u32(placement == Host.PLACEMENT_ROUTER), HOPS);
  store<u32>(way, 0, CHAIN);
  store<u32>(way, 0, TREES);
  store<u32>(way, 0, VECTORS);
  // Only one hook with only one table?
  if (hooks == 0 || (hooks & (hooks - 1)) != 0 || hooks == 1 << Hook.OUTPUT) return;
  if (hooks != 1 << Hook.FORWARD && placement == Host.PLACEMENT_ROUTER) return;
  const first = onlyChain(image, ctz(hooks));
  const trees = classifierOf(lane, image, first, Classifier.TREES);
  let vectors = classifierOf(lane, image, first, Classifier.BIT_VECTORS);
  if (vectors != 0 && load<u32>(vectors, BitVector.BLOCKS) != 1) vectors = 0;
  if ((trees | vectors) == 0) return;
  store<u32>(way, <u32>first, CHAIN);
  store<u32>(way, <u32>trees, TREES);
  store<u32>(way, <u32>vectors, VECTORS);
}

function isKnownWay(lane: usize, image: usize, placement: u32): bool {
  const config = <usize>load<u32>(lane, Lane.CONNTRACK);
  if (config == 0 || image == 0 || placement == Host.PLACEMENT_HOOK) return false;
  if ((load<u32>(config, Conntrack.FLAGS) & (Conntrack.EVENTS | Conntrack.TRACE)) != 0) return false;
  return isOnly(image, Hook.PREROUTING, Hook.CONNTRACK) && isOnly(image, Hook.POSTROUTING, Hook.CONFIRM);
}

/** Is this all there is at a hook? */
function isOnly(image: usize, hook: u32, station: u32): bool {
  const entry = image + Image.HOOKS + hook * (Image.HOOK_SLOTS * Image.HOOK_ENTRY_BYTES);
  return load<u32>(entry) == station && load<u32>(entry, Image.HOOK_ENTRY_BYTES + 4) == 0;
}

/**
 * Takes those of the `count` records from the batch's `first` on that can go the short way to their verdicts, and counts
 * them. The numbers in the batch of all others are left at `rest`, u32 each; their number is the answer.
 */
export function express(lane: usize, batch: usize, first: u32, count: u32, rest: usize): u32 {
  const records = expressRecords(lane);
  const way = wayOf(records);
  const captureInterface = load<u32>(way, WAY_INTERFACE);
  const entries = <usize>load<u32>(batch, Batch.INDEX);
  const end = entries + (first + count) * Batch.ENTRY_BYTES;
  let place = way + ENTRIES;
  let left = rest;
  for (let entry = entries + first * Batch.ENTRY_BYTES; entry < end; entry += Batch.ENTRY_BYTES) {
    const plain = u32(Plain.isFrame(entry, captureInterface));
    store<u32>(place, <u32>entry);
    store<u32>(left, <u32>((entry - entries) / Batch.ENTRY_BYTES));
    place += plain << 2;
    left += (plain ^ 1) << 2;
  }
  if (place == way + ENTRIES) return count;
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  noteTimes(totals, way, place);
  add(totals, Totals.FAMILIES + 8, (place - way - ENTRIES) >> 2);
  if (load<u32>(way, HOOKS) == 0) countAccepted(totals, way, place);
  else {
    let p = records;
    for (let at = way + ENTRIES; at < place; at += 4, p += Packet.BYTES) {
      fill(p, <usize>load<u32>(<usize>load<u32>(at)) + (RECORD_HEADER + ETHERNET_HEADER));
    }
    decide(lane, records, way, p, entries);
  }
  return <u32>((left - rest) >> 2);
}

/** Time stamps of the records whose entries stand before `end`. */
function noteTimes(totals: usize, way: usize, end: usize): void {
  const fractionNs = <u64>load<u32>(way, FRACTION_NS);
  let earliest = load<u64>(totals, Totals.FIRST_TIME);
  let latest = load<u64>(totals, Totals.LAST_TIME);
  for (let at = way + ENTRIES; at < end; at += 4) {
    const header = <usize>load<u32>(<usize>load<u32>(at));
    const time = timeAt(header, fractionNs);
    earliest = max(earliest, ~time);
    latest = max(latest, time);
  }
  store<u64>(totals, earliest, Totals.FIRST_TIME);
  store<u64>(totals, latest, Totals.LAST_TIME);
}

/** Counts the packets whose entries stand before `end`: no table is on their way. */
function countAccepted(totals: usize, way: usize, end: usize): void {
  let bytes: u64 = 0;
  for (let at = way + ENTRIES; at < end; at += 4) {
    const l3 = <usize>load<u32>(<usize>load<u32>(at)) + (RECORD_HEADER + ETHERNET_HEADER);
    bytes += <u64>bswap<u16>(load<u16>(l3, 2));
  }
  add(totals, Totals.VERDICTS + Verdict.ACCEPT * 16, (end - way - ENTRIES) >> 2);
  add(totals, Totals.VERDICTS + Verdict.ACCEPT * 16 + 8, bytes);
}

/** What decoding would write of this packet's first 64 bytes: all that is searched by, but for interfaces and marks. */
export function fill(p: usize, l3: usize): void {
  const addresses = v128.load(l3, 4);
  v128.store(
    p,
    v128.swizzle(addresses, i8x16(11, 10, 9, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
    Packet.SRC,
  );
  v128.store(
    p,
    v128.swizzle(addresses, i8x16(15, 14, 13, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
    Packet.DST,
  );
  // PROTO, SPORT, DPORT, and TCP_FLAGS, still zero. Ports of what has ports, TCP flags of TCP.
  const head = v128.swizzle(
    v128.load(l3, 9),
    i8x16(0, -1, -1, -1, 12, 11, -1, -1, 14, 13, -1, -1, -1, -1, -1, -1),
  );
  const proto = u32(load<u8>(l3, PROTOCOL_OFFSET));
  const tcp = u32(proto == IPPROTO_TCP);
  const ports = i32x4.replace_lane(i32x4.splat(0 - (tcp | u32(proto == IPPROTO_UDP))), 0, -1);
  const flags = u32(load<u8>(l3, TCP_FLAGS_OFFSET)) & (0 - tcp);
  // In one store, for it is loaded as a whole again.
  v128.store(p, i32x4.replace_lane(v128.and(head, ports), 3, flags), Packet.PROTO);
  // ICMP, LENGTH, TTL, TOS.
  const line = v128.swizzle(v128.load(l3), i8x16(-1, -1, -1, -1, 3, 2, -1, -1, 8, -1, -1, -1, 1, -1, -1, -1));
  const icmp = u32(bswap<u16>(load<u16>(l3, IPV4_HEADER))) & (0 - u32(proto == IPPROTO_ICMP));
  v128.store(p, i32x4.replace_lane(line, 0, icmp), Packet.ICMP);
}

/** What decoding and arrival would write else, but for what beginExpress() has written. */
export function fillRest(p: usize, way: usize, entry: usize, entries: usize): void {
  const header = <usize>load<u32>(entry);
  const record = <u32>((entry - entries) / Batch.ENTRY_BYTES);
  const l3 = header + (RECORD_HEADER + ETHERNET_HEADER);
  const length = load<u32>(p, Packet.LENGTH);
  const fractionNs = <u64>load<u32>(way, FRACTION_NS);
  const time = timeAt(header, fractionNs);
  v128.store(p, v128.load(way, START), Packet.MARK); // MARK, IIF, OIF, PKTTYPE
  const dontFragment = (u32(load<u8>(l3, 6)) & 0x40) >> 4;
  const proto = load<u32>(p, Packet.PROTO);
  const ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP ? Packet.FLAG_PORTS : 0;
  store<u64>(p, (<u64>(ports | dontFragment)) << 32, Packet.FRAG_OFFSET); // FRAG_OFFSET, FLAGS
  store<u64>(p, <u64>l3 | ((<u64>length) << 32), Packet.L3); // L3, L3_CAP
  store<u64>(p, <u64>(length - IPV4_HEADER) * 0x100000001, Packet.L4_LEN); // L4_LEN, L4_CAP
  store<u32>(p, <u32>(header + RECORD_HEADER), Packet.MAC);
  store<u64>(p, (<u64>record) << 32, Packet.ETHERTYPE); // ETHERTYPE, RECORD
  store<u64>(p, time, Packet.TIME);
  v128.store(p, i32x4(Reason.NONE, Hook.NONE, Packet.NO_RULE, Packet.NO_RULE), Packet.REASON);
  const cap = load<u32>(header, CAPTURED);
  store<u64>(p, (<u64>header + RECORD_HEADER) | ((<u64>cap) << 32), Packet.FRAME); // FRAME, FRAME_CAP
  store<u32>(p, max<u32>(cap, load<u32>(header, ORIGINAL)), Packet.FRAME_LEN);
}

/** received() or the one hook of `--hook`, as far as there are tables. */
export function pass(lane: usize, p: usize, way: usize, hooks: u32): u32 {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  if (load<u32>(p, Packet.PATH) == Path.HOOK) return passTables(lane, image, counters, p, ctz(hooks));
  let verdict: u32 = Verdict.ACCEPT;
  if ((hooks & (1 << Hook.PREROUTING)) != 0) {
    verdict = passTables(lane, image, counters, p, Hook.PREROUTING);
    if (verdict != Verdict.ACCEPT) return verdict;
  }
  route(p, way);
  if ((hooks & (1 << Hook.FORWARD)) != 0) {
    verdict = passTables(lane, image, counters, p, Hook.FORWARD);
    if (verdict != Verdict.ACCEPT) return verdict;
  }
  if ((hooks & (1 << Hook.POSTROUTING)) == 0) return verdict;
  return passTables(lane, image, counters, p, Hook.POSTROUTING);
}

/** What routing and forwarding change: nothing for `--hook`. */
export function route(p: usize, way: usize): void {
  store<u32>(p, load<u32>(way, WAY_OUT), Packet.OIF);
  store<u32>(p, load<u32>(p, Packet.TTL) - load<u32>(way, HOPS), Packet.TTL);
}

/** MARK, IIF, OIF and PKTTYPE as the only chain on the way sees them. */
export function setOut(p: usize, way: usize): void {
  v128.store(p, v128.load(way, START), Packet.MARK);
  store<u32>(p, load<u32>(way, WAY_OUT), Packet.OIF);
}

/** Takes the packets from `records` to `end` to their verdicts. */
function decide(lane: usize, records: usize, way: usize, end: usize, entries: usize): void {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const trees = <usize>load<u32>(way, TREES);
  const vectors = <usize>load<u32>(way, VECTORS);
  const count = <u32>((end - records) / Packet.BYTES);
  if (trees != 0) {
    lookUpAll(image, trees, <usize>load<u32>(lane, Lane.STAGE), records, count);
    decideByTrees(lane, trees, records, way, end, entries);
  } else if (vectors != 0) {
    let candidates = way + CANDIDATES;
    for (let p = records; p < end; p += Packet.BYTES, candidates += 16)
      findCandidates(image, vectors, p, candidates);
    decideByVectors(lane, records, way, end, entries);
  } else {
    passAll(lane, records, way, end, count, entries);
  }
}

/** Nearly all answers accept or drop: such a packet counts at its rule, and is not looked at again. */
function decideByTrees(
  lane: usize,
  data: usize,
  records: usize,
  way: usize,
  end: usize,
  entries: usize,
): void {
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const rules =
    <usize>load<u32>(lane, Lane.COUNTERS4) + <usize>load<u32>(data, Tree.FIRST_RECORD) * Image.COUNTER_BYTES;
  let place = way + ENTRIES;
  let slot = answersOf(<usize>load<u32>(lane, Lane.STAGE));
  // Packets and bytes.
  let decided = i64x2.splat(0);
  let accepted = i64x2.splat(0);
  for (let p = records; p < end; p += Packet.BYTES, place += 4, slot += 4) {
    const answer = load<u32>(slot);
    const verdict = (answer & Tree.ANSWER_FINAL) - 1;
    if (verdict > <u32>Verdict.ACCEPT) {
      decideOther(lane, data, records, way, p, load<u32>(place), entries, answer);
      continue;
    }
    const one = i64x2.replace_lane(i64x2.splat(load<u32>(p, Packet.LENGTH)), 0, 1);
    addPair(rules + <usize>(answer >>> Tree.ANSWER_RULE) * Image.COUNTER_BYTES, one);
    decided = i64x2.add(decided, one);
    accepted = i64x2.add(accepted, v128.and(one, i32x4.splat(0 - verdict)));
  }
  addPair(totals + Totals.VERDICTS + Verdict.ACCEPT * 16, accepted);
  addPair(totals + Totals.VERDICTS + Verdict.DROP * 16, i64x2.sub(decided, accepted));
}

/**
 * An answer that rejects or queues; one that goes on with the next; or none, when the rule that was found has more to ask:
 * the packet walks from it.
 */
function decideOther(
  lane: usize,
  data: usize,
  records: usize,
  way: usize,
  p: usize,
  entry: usize,
  entries: usize,
  found: u32,
): void {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const length = load<u32>(p, Packet.LENGTH);
  const scratch = <usize>load<u32>(lane, Lane.STAGE);
  const first = load<u32>(data, Tree.FIRST_RECORD);
  let answer = found;
  while ((answer & Tree.ANSWER_FINAL) == Tree.ANSWER_GOES_ON) {
    count(counters, first + (answer >>> Tree.ANSWER_RULE), length);
    answer = nextAnswer(image, data, scratch, records, p);
  }
  const final = answer & Tree.ANSWER_FINAL;
  if (final != 0) {
    count(counters, first + (answer >>> Tree.ANSWER_RULE), length);
    countVerdict(totals, p, final - 1, length);
    return;
  }
  fillRest(p, way, entry, entries);
  route(p, way);
  keep(scratch, data, records, p);
  countVerdict(totals, p, walk(lane, image, counters, p, load<u32>(way, CHAIN)), length);
  // Targets may have changed marks.
  setOut(p, way);
  store<u32>(p, 0, Packet.STAGED_FOR);
}

function decideByVectors(lane: usize, records: usize, way: usize, end: usize, entries: usize): void {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const counters = <usize>load<u32>(lane, Lane.COUNTERS4);
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const rules = image + load<u32>(image, Image.RULES);
  const frame = <usize>load<u32>(lane, Lane.STACK);
  const chain = <usize>load<u32>(way, CHAIN);
  let candidates = way + CANDIDATES;
  let place = way + ENTRIES;
  for (let p = records; p < end; p += Packet.BYTES, place += 4, candidates += 16) {
    const r = takeCandidates(frame, candidates, chain);
    const final = load<u32>(r, Rule.FINAL);
    const length = load<u32>(p, Packet.LENGTH);
    if (final != 0) {
      count(counters, (r - rules) / Rule.BYTES, length);
      countVerdict(totals, p, (final & Rule.FINAL_VERDICT) - 1, length);
      continue;
    }
    fillRest(p, way, load<u32>(place), entries);
    route(p, way);
    countVerdict(totals, p, walkOn(lane, image, counters, p, chain, r, false), length);
    setOut(p, way);
  }
}

/** Packets with several chains on their way: what the image wants looked up first is, for all. */
function passAll(lane: usize, records: usize, way: usize, end: usize, count: u32, entries: usize): void {
  const image = <usize>load<u32>(lane, Lane.IMAGE4);
  const totals = <usize>load<u32>(lane, Lane.TOTALS);
  const scratch = <usize>load<u32>(lane, Lane.STAGE);
  const hooks = load<u32>(way, HOOKS);
  let data = <usize>load<u32>(image, Image.STAGED);
  if ((load<u32>(lane, Lane.OPTIONS) & Lane.OPTION_LINEAR) != 0) data = 0;
  if (data != 0) {
    data += image;
    lookUpAll(image, data, scratch, records, count);
    if (load<u32>(data, Tree.LARGE) != 0) touch(scratch, image, data, <usize>load<u32>(lane, Lane.COUNTERS4));
  }
  let place = way + ENTRIES;
  for (let p = records; p < end; p += Packet.BYTES, place += 4) {
    const length = load<u32>(p, Packet.LENGTH);
    fillRest(p, way, load<u32>(place), entries);
    if (data != 0) keep(scratch, data, records, p);
    countVerdict(totals, p, pass(lane, p, way, hooks), length);
  }
}

/** What finish() counts by verdict. */
export function countVerdict(totals: usize, p: usize, verdict: u32, length: u32): void {
  const slot = totals + verdict * 16;
  store<u64>(slot, load<u64>(slot, Totals.VERDICTS) + 1, Totals.VERDICTS);
  store<u64>(slot, load<u64>(slot, Totals.VERDICTS + 8) + length, Totals.VERDICTS + 8);
  add(totals, Totals.ANSWERS_NOT_MADE, u64(verdict == Verdict.REJECT));
  if (verdict > <u32>Verdict.REJECT) add(totals, Totals.REASONS + load<u32>(p, Packet.REASON) * 8, 1);
}

/** Adds to a count of packets and one of bytes. */
function addPair(at: usize, pair: v128): void {
  v128.store(at, i64x2.add(v128.load(at), pair));
}

export function add(totals: usize, at: usize, value: u64): void {
  store<u64>(totals + at, load<u64>(totals + at) + value);
}
