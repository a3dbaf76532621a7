// The configuration of connection tracking: the machine's sysctls, or what Linux 6.18 has where they are not known, and
// what the rule sets and the scan ask for; as a plain object, then as the record that the kernel reads.

import { hasAllInterfaces, type Machine } from '../host/machine.ts';
import { sysctl } from '../host/sysctl.ts';
import * as Conntrack from '../layout/conntrack.ts';
import * as Trail from '../layout/trail.ts';

/** What rule sets and scan want of connection tracking. */
export interface ConntrackFeatures {
  /** Some rule needs accounting (connbytes switches net.netfilter.nf_conntrack_acct on); or labels. */
  readonly accounting?: boolean | undefined;
  readonly labels?: boolean | undefined;
  /** Some rule needs the master's address of expected connections (cluster). */
  readonly master?: boolean | undefined;
  /** Some rule attaches helpers. */
  readonly help?: boolean | undefined;
  /** Events are to be written; CT_REASON and CT_STATES are. */
  readonly events?: boolean | undefined;
  readonly trace?: boolean | undefined;
  /** Checksums of TCP, UDP and ICMP are verified; default: net.netfilter.nf_conntrack_checksum, where it is known. */
  readonly verifyChecksums?: boolean | undefined;
  /** For the hash of the tables; default: drawn. */
  readonly seed?: bigint | undefined;
  /** Entries that there is memory for: the limit where the machine has none. */
  readonly memoryEntries: number;
  /** How much a shard remembers of the ways through table filter: keys and (a power of two) lists (src/layout/trail.ts). */
  readonly trailKeys?: number | undefined;
  readonly trailLists?: number | undefined;
}

/** Sizes and offsets of an entry of one family, bytes; 0 is an extension that it does not have. */
export interface EntryLayout {
  readonly bytes: number;
  readonly accounting: number;
  readonly labels: number;
  readonly timestamp: number;
  readonly master: number;
  readonly help: number;
}

export interface ConntrackConfig {
  /** Conntrack.TCP_LOOSE and the other switches. */
  readonly flags: number;
  readonly shardBits: number;
  /** Entries of all shards, and of one. */
  readonly limit: number;
  readonly shardLimit: number;
  readonly seed: bigint;
  readonly tcpMaxRetrans: number;
  readonly expectMax: number;
  readonly trailKeys: number;
  readonly trailLists: number;
  readonly entry4: EntryLayout;
  readonly entry6: EntryLayout;
  readonly timeouts: ConntrackTimeouts;
}

/** Seconds. TCP, SCTP and DCCP by the number of the state. */
export interface ConntrackTimeouts {
  readonly tcp: readonly number[];
  readonly tcpRetrans: number;
  readonly tcpUnacknowledged: number;
  readonly udp: number;
  readonly udpStream: number;
  readonly icmp: number;
  readonly icmpv6: number;
  readonly generic: number;
  readonly gre: number;
  readonly greStream: number;
  readonly sctp: readonly number[];
  readonly dccp: readonly number[];
}

/** Where in the shared memory connection tracking is. */
export interface ConntrackPlaces {
  readonly shards: number;
  /** trailBytes() for each shard; default: nothing is remembered. */
  readonly trails?: number | undefined;
  readonly heap: number;
  readonly heapEnd: number;
  /** How much of it events may take, in chunks; default: nothing. */
  readonly eventChunks?: number | undefined;
}

/** nf_conntrack_max_init: what a machine with 4 GiB of memory or more has. */
const DEFAULT_MAX = 262_144;
/** A shard has at least so many entries to give out that it fills up no earlier than the table as a whole would. */
const LEAST_SHARD_ENTRIES = 4096;
const MOST_SHARD_BITS = 6;
const TIMEOUT_MAX = 0x7fffffff;
const NS_PER_SECOND = 1_000_000_000n;

/** Names of the states' timeouts behind `nf_conntrack_tcp_timeout_`, by state; what has no sysctl is a number. */
const TCP_TIMEOUTS: readonly (readonly [name: string, seconds: number] | number)[] = [
  ['syn_sent', 120], // a new connection's, whatever it begins with
  ['syn_sent', 120],
  ['syn_recv', 60],
  ['established', 432_000],
  ['fin_wait', 120],
  ['close_wait', 60],
  ['last_ack', 30],
  ['time_wait', 120],
  ['close', 10],
  120, // SYN_SENT2
];

const SCTP_TIMEOUTS: typeof TCP_TIMEOUTS = [
  ['closed', 10],
  ['closed', 10],
  ['cookie_wait', 3],
  ['cookie_echoed', 3],
  ['established', 210],
  ['shutdown_sent', 3],
  ['shutdown_recd', 3],
  ['shutdown_ack_sent', 3],
  ['heartbeat_sent', 30],
  0, // no such state any more
];

/** As Linux had them until it gave up its DCCP tracker (6.17). */
const DCCP_TIMEOUTS: typeof TCP_TIMEOUTS = [
  ['request', 240],
  ['request', 240],
  ['respond', 480],
  ['partopen', 480],
  ['open', 43_200],
  ['closereq', 64],
  ['closing', 64],
  ['timewait', 240],
  0,
  0,
];

/**
 * What connection tracking is to do on a machine.
 *
 * Defaults are those of a network namespace of Linux 6.18. The limit of entries is nf_conntrack_max; 262,144 on a host
 * whose folder does not have it; and memory's on a machine that was made up from options, or where it is 0 (none).
 */
export function conntrackConfig(machine: Machine, features: ConntrackFeatures): ConntrackConfig {
  const read = (name: string, initial: number, most = TIMEOUT_MAX): number => {
    const value = sysctl(machine, `net.netfilter.nf_conntrack_${name}`, initial);
    return value < 0 ? initial : Math.min(value, most);
  };
  const known = hasAllInterfaces(machine) || machine.sysctls.has('net.netfilter.nf_conntrack_max');
  const max = known ? read('max', DEFAULT_MAX) : 0;
  const limit = max === 0 ? features.memoryEntries : Math.min(max, features.memoryEntries);
  // What a helper expects may be a connection between others than the two that talk about it.
  const shardBits = features.help === true ? 0 : shardBitsFor(limit);
  const accounting = features.accounting === true || read('acct', 0) !== 0;
  const extensions = {
    accounting,
    labels: features.labels === true,
    timestamp: read('timestamp', 0) !== 0,
    master: features.master === true,
    help: features.help === true,
  };
  return {
    flags: flagsOf(features, read),
    shardBits,
    limit,
    shardLimit: Math.floor(limit / 2 ** shardBits),
    seed: BigInt.asUintN(64, features.seed ?? drawSeed()),
    tcpMaxRetrans: read('tcp_max_retrans', 3, 255),
    expectMax: read('expect_max', 4096),
    trailKeys: features.trailKeys ?? Trail.KEYS,
    trailLists: features.trailLists ?? Trail.LISTS,
    entry4: entryLayout(Conntrack.BASE_BYTES4, extensions),
    entry6: entryLayout(Conntrack.BASE_BYTES6, extensions),
    timeouts: timeoutsOf(read),
  };
}

type Read = (name: string, initial: number) => number;

/** Log2 of the shards: a power of two of at most 64, each with room for 4,096 entries or more. */
function shardBitsFor(limit: number): number {
  const bits = Math.floor(Math.log2(Math.max(1, limit / LEAST_SHARD_ENTRIES)));
  return Math.min(MOST_SHARD_BITS, bits);
}

function flagsOf(features: ConntrackFeatures, read: Read): number {
  const checksum = features.verifyChecksums ?? read('checksum', 0) !== 0;
  const flags: readonly (readonly [flag: number, set: boolean])[] = [
    [Conntrack.TCP_LOOSE, read('tcp_loose', 1) !== 0],
    [Conntrack.TCP_LIBERAL, read('tcp_be_liberal', 0) !== 0],
    [Conntrack.TCP_IGNORE_INVALID_RST, read('tcp_ignore_invalid_rst', 0) !== 0],
    [Conntrack.CHECKSUM, checksum],
    [Conntrack.DCCP_LOOSE, read('dccp_loose', 1) !== 0],
    // nf_conntrack_events: 0 never, 1 always, 2 (the default) while somebody listens.
    [Conntrack.EVENTS, features.events === true && read('events', 2) !== 0],
    [Conntrack.TRACE, features.trace === true],
  ];
  return flags.reduce((sum, [flag, set]) => (set ? sum | flag : sum), 0);
}

function entryLayout(
  base: number,
  has: Readonly<Record<Exclude<keyof EntryLayout, 'bytes'>, boolean>>,
): EntryLayout {
  let bytes = base;
  const extension = (wanted: boolean, size: number): number => {
    if (!wanted) return 0;
    bytes += size;
    return bytes - size;
  };
  const accounting = extension(has.accounting, Conntrack.ACCT_SIZE);
  const labels = extension(has.labels, Conntrack.LABELS_SIZE);
  const timestamp = extension(has.timestamp, Conntrack.TIMESTAMP_SIZE);
  // Last: events copy the entry without them.
  const master = extension(has.master, Conntrack.MASTER_SIZE);
  const help = extension(has.help, Conntrack.HELP_BYTES);
  // Records begin at multiples of 16: lists of them keep their addresses without the last four bits.
  return { bytes: Math.ceil(bytes / 16) * 16, accounting, labels, timestamp, master, help };
}

function timeoutsOf(read: Read): ConntrackTimeouts {
  const byState = (protocol: string, timeouts: typeof TCP_TIMEOUTS): readonly number[] =>
    timeouts.map((one) => (typeof one === 'number' ? one : read(`${protocol}_timeout_${one[0]}`, one[1])));
  return {
    tcp: byState('tcp', TCP_TIMEOUTS),
    tcpRetrans: read('tcp_timeout_max_retrans', 300),
    tcpUnacknowledged: read('tcp_timeout_unacknowledged', 300),
    udp: read('udp_timeout', 30),
    udpStream: read('udp_timeout_stream', 120),
    icmp: read('icmp_timeout', 30),
    icmpv6: read('icmpv6_timeout', 30),
    generic: read('generic_timeout', 600),
    gre: read('gre_timeout', 30),
    greStream: read('gre_timeout_stream', 180),
    sctp: byState('sctp', SCTP_TIMEOUTS),
    dccp: byState('dccp', DCCP_TIMEOUTS),
  };
}

/** What a shard remembers trails with (src/layout/trail.ts). */
export function trailBytes({ trailLists }: ConntrackConfig): number {
  return Trail.KEYS * Trail.KEY_BYTES + trailLists * Trail.LIST_BYTES;
}

/** Writes the record (src/layout/conntrack.ts, CONFIG_BYTES at `address`, zeroed before). */
export function writeConfig(
  view: DataView,
  address: number,
  config: ConntrackConfig,
  places: ConntrackPlaces,
): void {
  const { entry4, entry6, timeouts } = config;
  const words: readonly (readonly [offset: number, value: number])[] = [
    [Conntrack.FLAGS, config.flags],
    [Conntrack.SHARD_BITS, config.shardBits],
    [Conntrack.SHARDS, places.shards],
    [Conntrack.SHARD_LIMIT, config.shardLimit],
    [Conntrack.HEAP_NEXT, places.heap],
    [Conntrack.HEAP_END, places.heapEnd],
    [Conntrack.TCP_MAX_RETRANS, config.tcpMaxRetrans],
    [Conntrack.ENTRY_BYTES4, entry4.bytes],
    [Conntrack.ENTRY_BYTES6, entry6.bytes],
    [Conntrack.ACCT4, entry4.accounting],
    [Conntrack.ACCT6, entry6.accounting],
    [Conntrack.LABELS4, entry4.labels],
    [Conntrack.LABELS6, entry6.labels],
    [Conntrack.TIMESTAMP4, entry4.timestamp],
    [Conntrack.TIMESTAMP6, entry6.timestamp],
    [Conntrack.EXPECT_MAX, config.expectMax],
    [Conntrack.EVENT_CHUNKS, places.eventChunks ?? 0],
    [Conntrack.HELP4, entry4.help],
    [Conntrack.HELP6, entry6.help],
    [Conntrack.MASTER4, entry4.master],
    [Conntrack.MASTER6, entry6.master],
    [Conntrack.TRAILS, places.trails ?? 0],
    [Conntrack.TRAIL_BYTES, trailBytes(config)],
    [Conntrack.TRAIL_KEYS, config.trailKeys],
    [Conntrack.TRAIL_LISTS, config.trailLists],
  ];
  for (const [offset, value] of words) view.setUint32(address + offset, value, true);
  view.setBigUint64(address + Conntrack.SEED, config.seed, true);
  const write = (offset: number, seconds: number): void =>
    view.setBigUint64(address + offset, BigInt(seconds) * NS_PER_SECOND, true);
  const writeAll = (offset: number, all: readonly number[]): void =>
    all.forEach((seconds, state) => {
      write(offset + 8 * state, seconds);
    });
  writeAll(Conntrack.TIMEOUT_TCP, timeouts.tcp);
  write(Conntrack.TIMEOUT_TCP_RETRANS, timeouts.tcpRetrans);
  write(Conntrack.TIMEOUT_TCP_UNACK, timeouts.tcpUnacknowledged);
  write(Conntrack.TIMEOUT_UDP, timeouts.udp);
  write(Conntrack.TIMEOUT_UDP_STREAM, timeouts.udpStream);
  write(Conntrack.TIMEOUT_ICMP, timeouts.icmp);
  write(Conntrack.TIMEOUT_ICMPV6, timeouts.icmpv6);
  write(Conntrack.TIMEOUT_GENERIC, timeouts.generic);
  write(Conntrack.TIMEOUT_GRE, timeouts.gre);
  write(Conntrack.TIMEOUT_GRE_STREAM, timeouts.greStream);
  writeAll(Conntrack.TIMEOUT_SCTP, timeouts.sctp);
  writeAll(Conntrack.TIMEOUT_DCCP, timeouts.dccp);
}

/** 64 bits for hashes that nobody can foretell: Math.random() might be known to who sees what else a server draws. */
export function drawSeed(): bigint {
  // Loaded when it is needed: not every program that loads this draws.
  return process.getBuiltinModule('node:crypto').randomBytes(8).readBigUInt64LE();
}
