// Entries between shared memory and data: the records of src/layout/conntrack.ts as ConntrackEntry, and back, for a
// starting state.

import * as Conntrack from '../layout/conntrack.ts';
import type { Address } from '../model/address.ts';
import { HELPER_NAMES } from '../model/helper.ts';
import type { ConntrackConfig, EntryLayout } from './config.ts';
import type { Accounting, ConntrackEntry, Tuple } from './entry.ts';
import { DCCP, type TrackedProtocol, trackedProtocol } from './protocol.ts';

/** Where a protocol's state is in an entry (u8); its place among the protocol's states. */
export const STATE_OFFSETS: ReadonlyMap<string, number> = new Map([
  ['tcp', Conntrack.TCP_STATE],
  ['sctp', Conntrack.SCTP_STATE],
  ['dccp', Conntrack.DCCP_STATE],
]);

/** Offsets of a tuple's parts in an entry. */
export interface TupleOffsets {
  readonly source: number;
  readonly destination: number;
  readonly ports: number;
}

/** By family and direction. */
export const TUPLES: Readonly<
  Record<'ipv4' | 'ipv6', readonly [original: TupleOffsets, reply: TupleOffsets]>
> = {
  ipv4: [
    { source: Conntrack.ORIG_SRC, destination: Conntrack.ORIG_DST, ports: Conntrack.ORIG_PORTS },
    { source: Conntrack.REPLY_SRC, destination: Conntrack.REPLY_DST, ports: Conntrack.REPLY_PORTS },
  ],
  ipv6: [
    { source: Conntrack.ORIG_SRC6, destination: Conntrack.ORIG_DST6, ports: Conntrack.ORIG_PORTS },
    { source: Conntrack.REPLY_SRC6, destination: Conntrack.REPLY_DST6, ports: Conntrack.REPLY_PORTS },
  ],
};

/** Sort keys hold a number in 34 bits and an address, a multiple of 4, in 30. */
const ADDRESS_BITS = 30n;
const ADDRESS_SHIFT = 2;

/** Is an entry listed, or expired and not collected yet? */
export type EntryKind = 'alive' | 'expired';

/** What there is of a kind. */
interface Census {
  count: number;
  /** Entries that have seen one direction only. */
  oneWay: number;
}

/**
 * Entries of all shards: those that are alive, as `conntrack -L` lists them, or those that have expired and wait to be
 * collected. They are counted when the list is made, sorted when it is walked, and then read one by one, in the order in
 * which they were made: millions of entries take 8 bytes each. The kernel must not run meanwhile.
 */
export class EntryList implements Iterable<ConntrackEntry> {
  readonly #records: Records;
  readonly #kind: EntryKind;
  readonly #nowNs: bigint;
  readonly count: number;
  readonly oneWay: number;

  constructor(records: Records, kind: EntryKind, nowNs: bigint, { count, oneWay }: Census) {
    this.#records = records;
    this.#kind = kind;
    this.#nowNs = nowNs;
    this.count = count;
    this.oneWay = oneWay;
  }

  /** Numbers, from the least on, and addresses, in order. */
  #sortedKeys(): BigUint64Array {
    const { view } = this.#records;
    const addresses = new Uint32Array(this.count);
    let first = 0n;
    let index = 0;
    this.#records.visit(this.#nowNs, (entry, kind) => {
      if (kind !== this.#kind) return;
      addresses[index++] = entry;
      const number = view.getBigInt64(entry + Conntrack.NUMBER, true);
      if (number < first) first = number;
    });
    const keys = new BigUint64Array(this.count);
    addresses.forEach((entry, place) => {
      const number = view.getBigInt64(entry + Conntrack.NUMBER, true) - first;
      keys[place] = (number << ADDRESS_BITS) | BigInt(entry >>> ADDRESS_SHIFT);
    });
    return keys.sort();
  }

  *[Symbol.iterator](): Iterator<ConntrackEntry> {
    const { view, config } = this.#records;
    for (const key of this.#sortedKeys()) {
      const entry = Number(BigInt.asUintN(Number(ADDRESS_BITS), key)) * 2 ** ADDRESS_SHIFT;
      const layout = view.getUint8(entry + Conntrack.FAMILY) === 6 ? config.entry6 : config.entry4;
      yield readEntry(view, entry, layout, this.#nowNs);
    }
  }
}

/**
 * What the tables hold, of both kinds: they are walked once.
 *
 * @param configAddress address of the configuration record
 * @param nowNs time of the listing, ns: what expires then is not alive; `timeoutNs` counts from it
 */
export function listEntries(
  memory: WebAssembly.Memory,
  configAddress: number,
  config: ConntrackConfig,
  nowNs: bigint,
): Readonly<Record<EntryKind, EntryList>> {
  const records = new Records(memory, configAddress, config);
  const census = { alive: { count: 0, oneWay: 0 }, expired: { count: 0, oneWay: 0 } };
  records.visit(nowNs, (_, kind, status) => {
    const counted = census[kind];
    counted.count++;
    if ((status & Conntrack.IPS_SEEN_REPLY) === 0) counted.oneWay++;
  });
  return {
    alive: new EntryList(records, 'alive', nowNs, census.alive),
    expired: new EntryList(records, 'expired', nowNs, census.expired),
  };
}

/** The records of all tables, where they stand. */
class Records {
  readonly view: DataView;
  readonly config: ConntrackConfig;
  readonly #words: Uint32Array;
  readonly #configAddress: number;

  constructor(memory: WebAssembly.Memory, configAddress: number, config: ConntrackConfig) {
    this.view = new DataView(memory.buffer);
    this.config = config;
    this.#words = new Uint32Array(memory.buffer);
    this.#configAddress = configAddress;
  }

  /** Passes the entries that are in the table. A packet's own that is not confirmed, or is to be removed, is not. */
  visit(nowNs: bigint, visitor: (entry: number, kind: EntryKind, status: number) => void): void {
    for (const shard of shardAddresses(this.view, this.#configAddress, this.config)) {
      this.#visitTable(shard + Conntrack.SHARD_TABLE4, this.config.entry4.bytes, nowNs, visitor);
      this.#visitTable(shard + Conntrack.SHARD_TABLE6, this.config.entry6.bytes, nowNs, visitor);
    }
  }

  /** Chunk by chunk: each is full, but for the newest. */
  #visitTable(
    table: number,
    bytes: number,
    nowNs: bigint,
    visitor: (entry: number, kind: EntryKind, status: number) => void,
  ): void {
    // Millions of entries: no object and no bigint for each.
    const words = this.#words;
    const nowHigh = Number(nowNs >> 32n);
    const nowLow = Number(nowNs & 0xffffffffn);
    const settled = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;
    const word = (address: number): number => words[address >>> 2] as number;
    const newest = word(table + Conntrack.TABLE_NEWEST);
    let chunk = word(table + Conntrack.TABLE_CHUNKS);
    while (chunk !== 0) {
      const end = chunk === newest ? word(table + Conntrack.TABLE_USED) : word(chunk + Conntrack.CHUNK_END);
      for (let entry = chunk + Conntrack.CHUNK_ENTRIES; entry + bytes <= end; entry += bytes) {
        const status = word(entry + Conntrack.STATUS);
        if ((status & (settled | Conntrack.IPS_DYING)) !== settled) continue;
        const high = word(entry + Conntrack.DEADLINE + 4);
        const later = high === nowHigh ? word(entry + Conntrack.DEADLINE) > nowLow : high > nowHigh;
        visitor(entry, later ? 'alive' : 'expired', status);
      }
      chunk = word(chunk + Conntrack.CHUNK_NEXT);
    }
  }
}

/** Addresses of the shards. */
export function shardAddresses(view: DataView, configAddress: number, config: ConntrackConfig): number[] {
  const shards = view.getUint32(configAddress + Conntrack.SHARDS, true);
  return Array.from({ length: 2 ** config.shardBits }, (_, shard) => shards + shard * Conntrack.SHARD_BYTES);
}

/** The record at `entry`; `layout` is that of its family. */
export function readEntry(view: DataView, entry: number, layout: EntryLayout, nowNs: bigint): ConntrackEntry {
  const family = view.getUint8(entry + Conntrack.FAMILY) === 6 ? 'ipv6' : 'ipv4';
  const protocol = trackedProtocol(view.getUint8(entry + Conntrack.PROTO));
  const [original, reply] = TUPLES[family];
  const deadline = view.getBigUint64(entry + Conntrack.DEADLINE, true);
  const zone = view.getUint16(entry + Conntrack.ZONE, true);
  return {
    family,
    protocol: protocol.number,
    timeoutNs: deadline > nowNs ? deadline - nowNs : 0n,
    state: readState(view, entry, protocol),
    original: readTuple(view, entry, family, protocol, original),
    reply: readTuple(view, entry, family, protocol, reply),
    originalAccounting: readAccounting(view, entry, layout, 0),
    replyAccounting: readAccounting(view, entry, layout, Conntrack.ACCT_REPLY),
    status: view.getUint32(entry + Conntrack.STATUS, true) & ~Conntrack.IN_USE,
    mark: view.getUint32(entry + Conntrack.MARK, true),
    zone,
    zoneDirections: zone === 0 ? 3 : view.getUint8(entry + Conntrack.ZONE_DIR),
    helper: HELPER_NAMES[view.getUint8(entry + Conntrack.HELPER)],
    labels: readLabels(view, entry, layout),
    startNs: layout.timestamp === 0 ? undefined : view.getBigUint64(entry + layout.timestamp, true),
    number: view.getBigInt64(entry + Conntrack.NUMBER, true),
  };
}

/** Linux 6.17 and later have no tracker for DCCP: its entries have no state, which is 0 here. */
function readState(view: DataView, entry: number, protocol: TrackedProtocol): string | undefined {
  const offset = STATE_OFFSETS.get(protocol.name);
  if (offset === undefined) return undefined;
  const state = view.getUint8(entry + offset);
  return protocol.number === DCCP && state === 0 ? undefined : (protocol.states[state] ?? protocol.states[0]);
}

function readTuple(
  view: DataView,
  entry: number,
  family: 'ipv4' | 'ipv6',
  protocol: TrackedProtocol,
  offsets: TupleOffsets,
): Tuple {
  const source = readAddress(view, entry + offsets.source, family);
  const destination = readAddress(view, entry + offsets.destination, family);
  const first = view.getUint16(entry + offsets.ports, true);
  const second = view.getUint16(entry + offsets.ports + 2, true);
  switch (protocol.tuple) {
    case 'ports':
      return { source, destination, sourcePort: first, destinationPort: second };
    case 'keys':
      return { source, destination, sourceKey: first, destinationKey: second };
    case 'icmp':
      return { source, destination, icmp: { type: second >> 8, code: second & 0xff, id: first } };
    case 'none':
      return { source, destination };
  }
}

function readAddress(view: DataView, at: number, family: 'ipv4' | 'ipv6'): Address {
  const address = new Uint8Array(family === 'ipv4' ? 4 : 16);
  const out = new DataView(address.buffer);
  if (family === 'ipv4') {
    out.setUint32(0, view.getUint32(at, true));
  } else {
    out.setBigUint64(0, view.getBigUint64(at, true));
    out.setBigUint64(8, view.getBigUint64(at + 8, true));
  }
  return address;
}

function readAccounting(
  view: DataView,
  entry: number,
  layout: EntryLayout,
  direction: number,
): Accounting | undefined {
  if (layout.accounting === 0) return undefined;
  const at = entry + layout.accounting + direction;
  return {
    packets: view.getBigUint64(at + Conntrack.ACCT_PACKETS, true),
    bytes: view.getBigUint64(at + Conntrack.ACCT_BYTES, true),
  };
}

function readLabels(view: DataView, entry: number, layout: EntryLayout): bigint | undefined {
  if (layout.labels === 0) return undefined;
  const at = entry + layout.labels;
  return view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n);
}
