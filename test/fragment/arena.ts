// A lane with a reassembly arena, for tests: fragments in, results and events out.

import * as Fragment from '../../src/layout/fragment.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import { bytesOf, ethernet, type Ipv4Fields, ipv4 } from '../packet/frames.ts';
import { Decoder } from '../packet/kernel.ts';

/** Behind the decoder's lane and record. */
const ARENA = 131072;
const SECOND_NS = 1_000_000_000n;

export interface Event {
  readonly number: number;
  readonly datagram: number;
  readonly reason: number;
}

export class Reassembler {
  readonly decoder: Decoder;
  /** Capture clock, seconds. */
  seconds = 1000;
  #number = 0;

  constructor(arenaBytes: number = Fragment.ARENA_BYTES) {
    this.decoder = new Decoder(arenaBytes + ARENA);
    this.decoder.kernel.initFragments?.(ARENA, arenaBytes, 12345);
    this.decoder.view.setUint32(this.decoder.lane + Lane.FRAGMENTS, ARENA, true);
  }

  /** Pushes a fragment (cut to `captured` bytes of packet). */
  push(fields: Ipv4Fields, captured?: number): number {
    return this.pushPacket(bytesOf(ipv4(fields)), () => {}, captured);
  }

  /**
   * Pushes an IPv4 packet in an Ethernet frame; packets that are no fragments are COMPLETE as they are. Numbers count
   * from 1. `decoded` is called between decoding and reassembly.
   */
  pushPacket(packet: Uint8Array, decoded: () => void, captured = packet.length): number {
    const bytes = Uint8Array.from([...ethernet(0x0800), ...packet]);
    const { decoder } = this;
    decoder.decode({ linktype: 1, bytes: bytes.slice(0, 14 + captured), length: bytes.length });
    const time = BigInt(Math.round(this.seconds * 1000)) * (SECOND_NS / 1000n);
    decoder.view.setBigUint64(decoder.record + Packet.TIME, time, true);
    this.#number++;
    decoded();
    if (decoder.get(Packet.FRAG_OFFSET) === 0 && !decoder.flag(Packet.FLAG_MORE_FRAGMENTS))
      return Fragment.COMPLETE;
    const push = decoder.kernel.pushFragment as unknown as (
      lane: number,
      p: number,
      number: bigint,
      user: number,
    ) => number;
    return push(decoder.lane, decoder.record, BigInt(this.#number), Fragment.LOCAL_DELIVER);
  }

  /** Events since the last call. */
  events(): Event[] {
    const { view } = this.decoder;
    const first = this.header(Fragment.EVENTS);
    const events: Event[] = [];
    for (let i = 0; i < this.header(Fragment.EVENT_COUNT); i++) {
      const at = first + i * Fragment.EVENT_BYTES;
      const number = Number(view.getBigUint64(at + Fragment.EVENT_NUMBER, true));
      const datagram = Number(view.getBigUint64(at + Fragment.EVENT_DATAGRAM, true));
      events.push({ number, datagram, reason: view.getUint32(at + Fragment.EVENT_REASON, true) });
    }
    this.setHeader(Fragment.EVENT_COUNT, 0);
    return events.sort((a, b) => a.number - b.number);
  }

  header(field: number): number {
    return this.decoder.view.getUint32(ARENA + field, true);
  }

  setHeader(field: number, value: number): void {
    this.decoder.view.setUint32(ARENA + field, value, true);
  }

  get(field: number): number {
    return this.decoder.get(field);
  }

  /** The captured bytes from the IP header on. */
  packet(): number[] {
    const l3 = this.get(Packet.L3);
    return Array.from(this.decoder.bytes.slice(l3, l3 + this.get(Packet.L3_CAP)));
  }
}

export const MORE = 0x2000;
export const DONT = 0x4000;

/** Fragment [from, to) of a payload. */
export function piece(
  payload: readonly number[],
  from: number,
  to: number,
  fields: Ipv4Fields = {},
): Ipv4Fields {
  const more = to < payload.length ? MORE : 0;
  return { proto: 17, payload: payload.slice(from, to), fragment: more | (from >> 3), ...fields };
}
