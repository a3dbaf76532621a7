// Connection tracking with the kernel's trackers and checksums, and a core of a Map: a packet finds its connection by its
// tuple, becomes the first of one, or is INVALID. No zones, no ICMP errors, no fragments, no expectations.

import { conntrackConfig, writeConfig } from '../../src/conntrack/config.ts';
import { readHost } from '../../src/host/folder.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { Decoder } from '../packet/kernel.ts';

/** Behind the decoder's lane and record. */
const CONFIG = 131072;
const SHARD = CONFIG + 4096;
const ENTRIES = SHARD + 4096;
const MOST_ENTRIES = 4096;
const ROOM = ENTRIES + MOST_ENTRIES * Conntrack.BASE_BYTES6;

export const ICMP_REPLIES: Readonly<Record<number, number>> = {
  8: 0,
  0: 8,
  13: 14,
  14: 13,
  15: 16,
  16: 15,
  17: 18,
  18: 17,
};
const ICMPV6_REPLIES: Readonly<Record<number, number>> = { 128: 129, 129: 128, 139: 140, 140: 139 };

/** What became of a packet. */
export interface Tracked {
  readonly result: number;
  /** Address of the connection's entry; 0 when there is none any more. */
  readonly entry: number;
  readonly reply: boolean;
  readonly fresh: boolean;
  /** ctstate; undefined when the tracker could not tell. */
  readonly ctstate: 'NEW' | 'ESTABLISHED' | 'INVALID' | undefined;
  /** STATUS between tracking and confirmation. */
  readonly status: number;
}

interface Tuple {
  readonly key: string;
  readonly inverse: string | undefined;
  readonly ports: number;
}

interface Connection {
  readonly entry: number;
  readonly keys: readonly string[];
}

export class Tracker {
  readonly decoder = new Decoder(ROOM);
  #connections = new Map<string, Connection & { readonly reply: boolean }>();
  #next = 0;
  #checksum: boolean;

  /** A machine with these files (`sysctl.txt`, ...); `trace`: reasons and states are written. */
  constructor(files: Readonly<Record<string, string>> = {}, trace = true) {
    const machine = readHost((name) => ({
      path: name,
      text: files[name] ?? (name === 'addr.json' ? '[]' : undefined),
    }));
    const config = conntrackConfig(machine, {
      seed: 1n,
      memoryEntries: 1 << 20,
      trace,
    });
    this.#checksum = (config.flags & Conntrack.CHECKSUM) !== 0;
    const { view, lane } = this.decoder;
    writeConfig(view, CONFIG, config, { shards: SHARD, heap: 0, heapEnd: 0 });
    view.setUint32(lane + Lane.CONNTRACK, CONFIG, true);
  }

  /**
   * A packet of an Ethernet frame comes at `timeNs`; `confirms`: it leaves, so that its connection is one from now on.
   * Undefined for what is no packet with a tuple.
   */
  track(frame: Uint8Array, timeNs: bigint, confirms = true, length = frame.length): Tracked | undefined {
    const { decoder } = this;
    decoder.decode({ linktype: 1, bytes: frame, length });
    decoder.view.setBigUint64(decoder.record + Packet.TIME, timeNs, true);
    decoder.set(Packet.CT_SHARD, SHARD);
    decoder.set(Packet.CT_EVENTS, 0);
    decoder.set(Packet.CT_REASON, 0);
    decoder.set(Packet.CT_STATES, 0);
    const tuple = this.#tuple();
    if (tuple === undefined) return undefined;
    const invalid = { result: Conntrack.TRACK_INVALID, entry: 0, reply: false, fresh: false, status: 0 };
    const refused: Tracked = { ...invalid, ctstate: 'INVALID' };
    if (this.#checksum && this.call('checksumRight', decoder.record) === 0) return refused;
    for (let attempt = 0; attempt < 2; attempt++) {
      const tracked = this.#attempt(tuple, timeNs, confirms);
      if (tracked === undefined) return refused;
      if (tracked.result !== Conntrack.TRACK_REPEAT) return tracked;
    }
    throw new Error('looked up again, and again');
  }

  call(name: string, ...operands: number[]): number {
    return (this.decoder.kernel[name] as (...operands: number[]) => number)(...operands);
  }

  u8(entry: number, field: number): number {
    return this.decoder.view.getUint8(entry + field);
  }

  u32(entry: number, field: number): number {
    return this.decoder.view.getUint32(entry + field, true);
  }

  deadline(entry: number): bigint {
    return this.decoder.view.getBigUint64(entry + Conntrack.DEADLINE, true);
  }

  pickedUp(): number {
    const at = SHARD + Conntrack.SHARD_STATS + Conntrack.STAT_PICKED_UP;
    return Number(this.decoder.view.getBigUint64(at, true));
  }

  /** The entry of the packet that was tracked last; 0 for none. */
  lastEntry(timeNs: bigint): number {
    return this.#find(this.#tuple()?.key ?? '', timeNs)?.entry ?? 0;
  }

  #attempt(tuple: Tuple, timeNs: bigint, confirms: boolean): Tracked | undefined {
    const { decoder } = this;
    const found = this.#find(tuple.key, timeNs);
    if (found === undefined && tuple.inverse === undefined) return undefined;
    const fresh = found === undefined;
    const entry = found?.entry ?? this.#take(tuple);
    const reply = found?.reply ?? false;
    const before = this.u32(entry, Conntrack.STATUS);
    const result = this.call('track', decoder.lane, entry, decoder.record, reply ? 1 : 0, fresh ? 1 : 0);
    const answer = { result, entry, reply, fresh };
    if (result === Conntrack.TRACK_REPEAT) this.#remove(tuple.key);
    if (result !== Conntrack.TRACK_ACCEPT) {
      const ctstate = result === Conntrack.TRACK_INVALID ? 'INVALID' : undefined;
      return { ...answer, entry: 0, reply: false, ctstate, status: 0 };
    }
    if (reply) this.#addStatus(entry, Conntrack.IPS_SEEN_REPLY);
    const status = this.u32(entry, Conntrack.STATUS);
    if (status & Conntrack.IPS_DYING) this.#remove(tuple.key);
    else if (fresh && confirms) {
      this.#addStatus(entry, Conntrack.IPS_CONFIRMED);
      const keys = [tuple.key, tuple.inverse as string];
      keys.forEach((key, index) => {
        if (!this.#connections.has(key)) this.#connections.set(key, { entry, keys, reply: index === 1 });
      });
    }
    const ctstate = reply || before & Conntrack.IPS_SEEN_REPLY ? 'ESTABLISHED' : 'NEW';
    return { ...answer, ctstate, status };
  }

  #find(key: string, timeNs: bigint): (Connection & { readonly reply: boolean }) | undefined {
    const found = this.#connections.get(key);
    if (found === undefined || this.deadline(found.entry) > timeNs) return found;
    this.#remove(key);
    return undefined;
  }

  #remove(key: string): void {
    for (const one of this.#connections.get(key)?.keys ?? []) this.#connections.delete(one);
  }

  #addStatus(entry: number, bits: number): void {
    const status = this.u32(entry, Conntrack.STATUS);
    this.decoder.view.setUint32(entry + Conntrack.STATUS, status | bits, true);
  }

  #take(tuple: Tuple): number {
    const { decoder } = this;
    const entry = ENTRIES + (this.#next++ % MOST_ENTRIES) * Conntrack.BASE_BYTES6;
    decoder.bytes.fill(0, entry, entry + Conntrack.BASE_BYTES6);
    decoder.view.setUint32(entry + Conntrack.ORIG_PORTS, tuple.ports, true);
    decoder.view.setUint8(entry + Conntrack.PROTO, decoder.get(Packet.PROTO));
    decoder.view.setUint8(entry + Conntrack.FAMILY, decoder.get(Packet.FAMILY));
    return entry;
  }

  /** The tuple of the packet in work and its inverse, as text. */
  #tuple(): Tuple | undefined {
    const { decoder } = this;
    const family = decoder.get(Packet.FAMILY);
    const proto = decoder.get(Packet.PROTO);
    if (family === 0 || proto === Packet.NO_PROTO) return undefined;
    if (decoder.get(Packet.FRAG_OFFSET) !== 0 || decoder.flag(Packet.FLAG_MORE_FRAGMENTS)) return undefined;
    const source = decoder.address(Packet.SRC);
    const destination = decoder.address(Packet.DST);
    const text = (one: string, other: string, ports: readonly number[]) =>
      [family, proto, one, other, ...ports].join(' ');
    const inner = this.#ports(family, proto);
    if (inner === undefined) return undefined;
    const [first, second, back] = inner;
    return {
      key: text(source, destination, [first, second]),
      inverse: back === undefined ? undefined : text(destination, source, back),
      ports: (first | (second << 16)) >>> 0,
    };
  }

  /** The tuple's ports, and those of its inverse, undefined if it has none. */
  #ports(
    family: number,
    proto: number,
  ): readonly [number, number, (readonly number[] | undefined)?] | undefined {
    const { decoder } = this;
    const header = decoder.get(Packet.L3) + decoder.get(Packet.L4_OFFSET);
    const captured = decoder.get(Packet.L4_CAP);
    const word = (offset: number) => decoder.view.getUint16(header + offset);
    if ([6, 17, 132, 136].includes(proto)) {
      return captured < 4 ? undefined : [word(0), word(2), [word(2), word(0)]];
    }
    if (proto === 1 || proto === 58) {
      if (captured < 8) return undefined;
      const type = word(0) >> 8;
      const replies =
        proto === 1 && family === 4 ? ICMP_REPLIES : proto === 58 && family === 6 ? ICMPV6_REPLIES : {};
      const back = replies[type];
      return [word(4), word(0), back === undefined ? undefined : [word(4), (back << 8) | (word(0) & 255)]];
    }
    if (proto === 47 && captured >= 8 && (word(0) & 7) === 1) {
      return word(2) === 0x880b ? [0, word(6), [word(6), 0]] : undefined;
    }
    return [0, 0, [0, 0]];
  }
}
