// One lane, one shard and entries made by hand: what a packet of a connection does at FORWARD, and what its entry
// remembers of that (src/layout/trail.ts).

import {
  type ConntrackFeatures,
  conntrackConfig,
  trailBytes,
  writeConfig,
} from '../../src/conntrack/config.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';
import * as Image from '../../src/layout/image.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { readRules } from '../../src/save/read.ts';
import { ClassifiedLane } from '../classify/lane.ts';

export const FORWARD = 2;
const CONFIRMED = Conntrack.IN_USE | Conntrack.IPS_CONFIRMED;

/** Fields of a packet record, by their offset. */
export type Fields = Readonly<Record<number, number>>;

export class TrailLane {
  readonly lane: ClassifiedLane;
  readonly shard: number;
  readonly #view: DataView;
  #next: number;

  constructor(rules: string, features: Pick<ConntrackFeatures, 'trailKeys' | 'trailLists'> = {}) {
    const rules4 = readRules(rules, { file: 'rules.v4', family: 'ipv4' });
    this.lane = new ClassifiedLane({ rules4 }, 'auto');
    const config = conntrackConfig(machineFromOptions({ hook: 'FORWARD' }), {
      memoryEntries: 4096,
      seed: 1n,
      ...features,
    });
    const { memory } = this.lane;
    const address = memory.buffer.byteLength;
    this.shard = address + Conntrack.CONFIG_BYTES;
    const trails = this.shard + Conntrack.SHARD_BYTES;
    this.#next = trails + trailBytes(config);
    memory.grow(32);
    this.#view = new DataView(memory.buffer);
    writeConfig(this.#view, address, config, { shards: this.shard, trails, heap: 0, heapEnd: 0 });
    this.lane.kernel.initShards?.(address);
    this.#view.setUint32(this.lane.lane + Lane.CONNTRACK, address, true);
  }

  /** A confirmed entry in the shard's table, of a chunk of its own. */
  entry(status = CONFIRMED): number {
    const entry = this.#next + Conntrack.CHUNK_ENTRIES;
    const chunk = this.#next;
    this.#next = entry + Conntrack.BASE_BYTES4;
    const newest = this.#view.getUint32(this.shard + Conntrack.TABLE_NEWEST, true);
    this.setWord(newest === 0 ? this.shard + Conntrack.TABLE_CHUNKS : newest, chunk);
    this.setWord(this.shard + Conntrack.TABLE_NEWEST, chunk);
    this.setWord(this.shard + Conntrack.TABLE_USED, this.#next);
    this.setWord(chunk + Conntrack.CHUNK_END, this.#next);
    this.setWord(entry + Conntrack.STATUS, status);
    return entry;
  }

  word(address: number): number {
    return this.#view.getUint32(address, true);
  }

  setWord(address: number, value: number): void {
    this.#view.setUint32(address, value, true);
  }

  /** The word that an entry remembers of a direction. */
  trail(entry: number, reply = false): number {
    return this.word(entry + Conntrack.TRAIL + (reply ? 4 : 0));
  }

  setTrail(entry: number, word: number): void {
    this.setWord(entry + Conntrack.TRAIL, word);
  }

  /** The image is another one from here on. */
  setSerial(serial: number): void {
    this.setWord((this.lane.images[0]?.address ?? 0) + Image.SERIAL, serial);
  }

  get records(): number {
    return this.lane.images[0]?.rules.recordCount ?? 0;
  }

  /** Passes an ordinary TCP segment of the entry's connection, but for these fields; answers verdict and deciding record. */
  pass(entry: number, fields: Fields = {}): { readonly verdict: number; readonly decision: number } {
    const record = new Uint8Array(Packet.BYTES);
    const view = new DataView(record.buffer);
    const usual: Fields = {
      [Packet.SRC]: 0x0a000001,
      [Packet.DST]: 0x0a000002,
      [Packet.PROTO]: 6,
      [Packet.SPORT]: 1024,
      [Packet.DPORT]: 80,
      [Packet.TCP_FLAGS]: 0x10,
      [Packet.LENGTH]: 40,
      [Packet.TTL]: 64,
      [Packet.L4_LEN]: 20,
      [Packet.L4_CAP]: 20,
      [Packet.IIF]: 1,
      [Packet.OIF]: 2,
      [Packet.FLAGS]: Packet.FLAG_PORTS,
      [Packet.FAMILY]: 4,
      [Packet.CT]: entry,
      [Packet.CTINFO]: Conntrack.INFO_ESTABLISHED,
      [Packet.CTSTATE]: Conntrack.STATE_ESTABLISHED | Conntrack.STATE_PASSED,
      [Packet.CT_SHARD]: this.shard,
    };
    for (const [offset, value] of Object.entries({ ...usual, ...fields }))
      view.setUint32(Number(offset), value, true);
    const after = this.lane.pass(record, FORWARD);
    return { verdict: after[Packet.BYTES] as number, decision: after.readUInt32LE(Packet.DECISION) };
  }
}
