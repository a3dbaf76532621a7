// The WebAssembly helpers behind Engine: entries are laid out here, packets decoded by the kernel.

import * as Conntrack from '../../../src/layout/conntrack.ts';
import * as Host from '../../../src/layout/host.ts';
import * as Lane from '../../../src/layout/lane.ts';
import * as Packet from '../../../src/layout/packet.ts';
import * as Path from '../../../src/layout/path.ts';
import type { Address } from '../../../src/model/address.ts';
import { Decoder } from '../../packet/kernel.ts';
import type { Parsed, Seen } from './case.ts';
import type { Engine, How, Info } from './engine.ts';

const CONFIG = 131072;
const SHARD = CONFIG + 1024;
const HOST = CONFIG + 2048;
const ENTRIES = CONFIG + 4096;
const ENTRY_BYTES = 256;
const HELP = Conntrack.BASE_BYTES6;
const HEAP = CONFIG + 65536;
const HEAP_BYTES = 1 << 20;
const SECOND = 1_000_000_000n;
/** By Conntrack.HELPER_*. */
const NAMES = ['', 'ftp', 'tftp', 'irc', 'sip', 'pptp', 'amanda', 'netbios-ns', 'snmp', 'sane'];

export class KernelEngine implements Engine {
  readonly decoder = new Decoder(HEAP + HEAP_BYTES);
  readonly #view = this.decoder.view;
  #entries = 0;
  #met = 0;

  constructor(expectMax = 1024) {
    const words: readonly (readonly [number, number])[] = [
      [CONFIG + Conntrack.HELP4, HELP],
      [CONFIG + Conntrack.HELP6, HELP],
      [CONFIG + Conntrack.EXPECT_MAX, expectMax],
      [CONFIG + Conntrack.SHARDS, SHARD],
      [CONFIG + Conntrack.SEED, 0x12345678],
      [CONFIG + Conntrack.HEAP_NEXT, HEAP],
      [CONFIG + Conntrack.HEAP_END, HEAP + HEAP_BYTES],
      [this.decoder.lane + Lane.CONNTRACK, CONFIG],
      [this.decoder.lane + Lane.HOST, HOST],
    ];
    for (const [at, value] of words) this.#view.setUint32(at, value, true);
  }

  greKey(packet: Parsed): number {
    this.#write(this.decoder.record + Packet.SRC, packet.source);
    this.#write(this.decoder.record + Packet.DST, packet.destination);
    const { record, lane } = this.decoder;
    return this.#call(
      'greSourceKey',
      lane,
      SHARD,
      packet.family,
      record + Packet.SRC,
      record + Packet.DST,
      packet.dport,
    );
  }

  meet(packet: Parsed, seconds: number): { helper: string } | undefined {
    const { record, lane } = this.decoder;
    this.#write(record + Packet.SRC, packet.source);
    this.#write(record + Packet.DST, packet.destination);
    this.decoder.set(Packet.FAMILY, packet.family);
    this.#setTime(seconds);
    const ports = (packet.sport | (packet.dport << 16)) >>> 0;
    this.#met = this.#call('findExpectation', lane, SHARD, record, packet.proto, ports, 0);
    if (this.#met === 0) return undefined;
    return { helper: NAMES[this.#view.getUint8(this.#met + Conntrack.EXPECT_HELPER)] as string };
  }

  open(packet: Parsed, helper: string, seconds: number): number {
    const entry = ENTRIES + ENTRY_BYTES * this.#entries++;
    this.decoder.bytes.fill(0, entry, entry + ENTRY_BYTES);
    const view = this.#view;
    view.setUint32(entry + Conntrack.STATUS, Conntrack.IN_USE, true);
    view.setUint8(entry + Conntrack.PROTO, packet.proto);
    view.setUint8(entry + Conntrack.FAMILY, packet.family);
    view.setUint8(entry + Conntrack.HELPER, NAMES.indexOf(helper));
    view.setBigUint64(entry + Conntrack.NUMBER, BigInt(this.#entries), true);
    view.setBigUint64(entry + Conntrack.DEADLINE, this.#time(seconds) + 600n * SECOND, true);
    view.setUint32(entry + Conntrack.ORIG_PORTS, (packet.sport | (packet.dport << 16)) >>> 0, true);
    view.setUint32(entry + Conntrack.REPLY_PORTS, (packet.dport | (packet.sport << 16)) >>> 0, true);
    const { source, destination } = packet;
    const [a, b, c, d] = packet.family === 4 ? [24, 28, 36, 40] : [128, 144, 160, 176];
    for (const [at, address] of [
      [a, source],
      [b, destination],
      [c, destination],
      [d, source],
    ] as const) {
      if (packet.family === 6) this.#write(entry + (at as number), address);
      else view.setUint32(entry + (at as number), Buffer.from(address).readUInt32BE(0), true);
    }
    if (this.#met !== 0) {
      this.#setTime(seconds);
      this.#call('meetExpectation', this.decoder.lane, SHARD, this.decoder.record, entry, this.#met);
    }
    this.#met = 0;
    return entry;
  }

  help(entry: number, packet: Uint8Array, info: Info, seconds: number, how: How = {}): boolean {
    const cut = how.cut ?? packet.length;
    const type = (packet[0] as number) >> 4 === 4 ? [8, 0] : [0x86, 0xdd];
    const frame = Uint8Array.from([...Array<number>(12).fill(2), ...type, ...packet]);
    this.decoder.decode({ linktype: 1, bytes: frame.subarray(0, 14 + cut), length: frame.length });
    this.#setTime(seconds);
    this.decoder.set(Packet.CT_SHARD, SHARD);
    this.decoder.set(Packet.CT, entry);
    this.decoder.set(Packet.PATH, how.broadcast ? Path.SEND : Path.RECEIVE);
    this.decoder.set(Packet.SENT_BROADCAST, how.broadcast ? 1 : 0);
    this.decoder.set(Packet.OIF, 2);
    if (how.broadcast) this.#setBroadcast(this.decoder.get(Packet.DST));
    const result = this.#call('helpConnection', this.decoder.lane, entry, this.decoder.record, info);
    expectNumber(result, [Conntrack.TRACK_ACCEPT, Conntrack.TRACK_DROP]);
    return result === Conntrack.TRACK_ACCEPT;
  }

  confirm(entry: number): void {
    const status = this.#view.getUint32(entry + Conntrack.STATUS, true);
    this.#view.setUint32(entry + Conntrack.STATUS, status | Conntrack.IPS_CONFIRMED, true);
  }

  close(entry: number): void {
    this.#call('forgetMaster', SHARD, entry);
    this.#view.setUint32(entry + Conntrack.STATUS, 0, true);
  }

  expired(entry: number, seconds: number): boolean {
    if (this.#view.getBigUint64(entry + Conntrack.DEADLINE, true) > this.#time(seconds)) return false;
    this.close(entry);
    return true;
  }

  deadline(entry: number): bigint {
    return this.#view.getBigUint64(entry + Conntrack.DEADLINE, true);
  }

  statistic(which: number): number {
    return Number(this.#view.getBigUint64(SHARD + Conntrack.SHARD_STATS + which, true));
  }

  expectCount(): number {
    return this.#view.getUint32(SHARD + Conntrack.SHARD_EXPECT_COUNT, true);
  }

  expectations(seconds: number): Seen[] {
    const buckets = this.#view.getUint32(SHARD + Conntrack.SHARD_EXPECTS, true);
    const found: Seen[] = [];
    if (buckets === 0) return found;
    for (let i = 0; i < Conntrack.EXPECT_BUCKETS; i++) {
      let e = this.#view.getUint32(buckets + 4 * i, true);
      for (; e !== 0; e = this.#view.getUint32(e + Conntrack.EXPECT_NEXT, true)) {
        const seen = this.#seen(e, seconds);
        if (seen !== undefined) found.push(seen);
      }
    }
    return found;
  }

  #seen(e: number, seconds: number): Seen | undefined {
    const view = this.#view;
    const flags = view.getUint8(e + Conntrack.EXPECT_FLAGS);
    const left = view.getBigUint64(e + Conntrack.EXPECT_DEADLINE, true) - this.#time(seconds);
    if ((flags & Conntrack.EXPECT_KEYMAP) !== 0 || left <= 0n) return undefined;
    const family = view.getUint8(e + Conntrack.EXPECT_FAMILY);
    const master = view.getUint32(e + Conntrack.EXPECT_MASTER, true);
    const masterPorts = view.getUint32(master + Conntrack.ORIG_PORTS, true);
    const ports = view.getUint32(e + Conntrack.EXPECT_PORTS, true);
    const portsMask = view.getUint32(e + Conntrack.EXPECT_PORTS_MASK, true);
    return {
      source: this.#read(e + Conntrack.EXPECT_SRC, family),
      mask: this.#read(e + Conntrack.EXPECT_SRC_MASK, family),
      destination: this.#read(e + Conntrack.EXPECT_DST, family),
      proto: view.getUint8(e + Conntrack.EXPECT_PROTO),
      sport: (portsMask & 0xffff) === 0 ? undefined : ports & 0xffff,
      dport: ports >>> 16,
      timeout: Number((left + SECOND - 1n) / SECOND),
      class: view.getUint8(e + Conntrack.EXPECT_CLASS),
      flags,
      match: `${view.getUint32(e + Conntrack.EXPECT_MATCH_OFFSET, true)}+${view.getUint32(e + Conntrack.EXPECT_MATCH_LENGTH, true)}`,
      master: `${masterPorts & 0xffff}>${masterPorts >>> 16}`,
    };
  }

  /** The host's interfaces 1 and 2, whose networks of 256 addresses have broadcast addresses. */
  #setBroadcast(address: number): void {
    const table = HOST + Host.HEADER_BYTES;
    const words = [2, 1, address, 0xffff0000, 2, address, 0xffffff00];
    this.#view.setUint32(HOST + Host.BROADCASTS4, Host.HEADER_BYTES, true);
    for (const [i, word] of words.entries()) this.#view.setUint32(table + 4 * i, word, true);
  }

  #call(name: string, ...operands: number[]): number {
    return (this.decoder.kernel[name] as (...o: number[]) => number)(...operands) >>> 0;
  }

  #time(seconds: number): bigint {
    return 1_000_000n * SECOND + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n);
  }

  #setTime(seconds: number): void {
    this.#view.setBigUint64(this.decoder.record + Packet.TIME, this.#time(seconds), true);
  }

  #write(at: number, address: Address): void {
    const buffer = Buffer.from(address);
    if (address.length === 4) {
      this.#view.setBigUint64(at, BigInt(buffer.readUInt32BE(0)), true);
      this.#view.setBigUint64(at + 8, 0n, true);
    } else {
      this.#view.setBigUint64(at, buffer.readBigUInt64BE(0), true);
      this.#view.setBigUint64(at + 8, buffer.readBigUInt64BE(8), true);
    }
  }

  #read(at: number, family: number): Address {
    const buffer = Buffer.alloc(family === 4 ? 4 : 16);
    if (family === 4) buffer.writeUInt32BE(this.#view.getUint32(at, true));
    else {
      buffer.writeBigUInt64BE(this.#view.getBigUint64(at, true), 0);
      buffer.writeBigUInt64BE(this.#view.getBigUint64(at + 8, true), 8);
    }
    return Uint8Array.from(buffer);
  }
}

function expectNumber(result: number, allowed: readonly number[]): void {
  if (!allowed.includes(result)) throw new Error(`the helper answered ${result}`);
}
