// IPv4 reassembly (ip_defrag, net/ipv4/ip_fragment.c): before INPUT, and where connection tracking is on before PREROUTING
// and OUTPUT (net/ipv4/netfilter/nf_defrag_ipv4.c).

import type { Machine } from '../../host/machine.ts';
import { formatAddress } from '../../model/address.ts';
import { Bytes } from '../bytes.ts';
import { Lost, type LostReason } from '../lost.ts';
import { Packet } from '../packet.ts';
import { fragmentDistance, fragmentLimits } from '../sysctl.ts';
import { type Datagram, datagramEcn, type Piece } from './datagram.ts';
import { type Coming, type FragmentUser, inherit, type Reassembled, Waiting } from './waiting.ts';

export class Ipv4Reassembly {
  readonly #machine: Machine;
  readonly #waiting: Waiting;
  /** Fragments seen by source address (inet_getpeer_v4). */
  readonly #peers = new Map<string, number>();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#waiting = new Waiting(fragmentLimits(machine));
  }

  expire(nowNs: bigint): void {
    this.#waiting.expire(nowNs);
  }

  /** Holds the fragment, or answers the datagram that it completes. Throws Lost. */
  add(packet: Packet, user: FragmentUser, { timeNs, number }: Coming): Reassembled {
    const addresses = [formatAddress(packet.source), formatAddress(packet.destination)];
    const key = [user, ...addresses, packet.firstProtocol, packet.bytes.u16(4)].join(' ');
    const found = this.#waiting.find(key, timeNs);
    const datagram = this.#tooFar(found, packet) ? this.#waiting.restart(found, timeNs) : found;
    const piece = this.#queue(datagram, packet, number);
    if (!datagram.isComplete) return { kind: 'held', held: piece };
    const whole = this.#reassemble(datagram, packet);
    this.#waiting.complete(datagram, number);
    return { kind: 'datagram', packet: whole, pieces: datagram.pieces };
  }

  /** ip_frag_too_far: too many fragments of other datagrams of this source came in between. */
  #tooFar(datagram: Datagram, packet: Packet): boolean {
    const distance = fragmentDistance(this.#machine);
    if (distance === 0) return false;
    const source = formatAddress(packet.source);
    const start = datagram.sequence;
    const end = (this.#peers.get(source) ?? 0) + 1;
    this.#peers.set(source, end);
    datagram.sequence = end;
    return datagram.pieces.length > 0 && end - start > distance;
  }

  /** ip_frag_queue */
  #queue(datagram: Datagram, packet: Packet, number: number): Piece {
    const start = packet.fragmentOffset * 8;
    let end = start + packet.length - packet.headerBytes;
    if (packet.moreFragments) {
      // Only the last fragment may end anywhere.
      end -= end % 8;
      if (end > datagram.length && datagram.lastIn) this.#discard(datagram, 'fragment-malformed');
    } else {
      if (end < datagram.length || (datagram.lastIn && end !== datagram.length))
        this.#discard(datagram, 'fragment-malformed');
      datagram.lastIn = true;
    }
    datagram.length = Math.max(datagram.length, end);
    if (end === start) this.#discard(datagram, 'fragment-malformed');
    const data = new Bytes(packet.bytes.captured.subarray(packet.headerBytes), end - start);
    const piece: Piece = { number, start, end, fate: undefined, data, packet };
    const place = datagram.insert(piece);
    if (place === 'overlap') this.#discard(datagram, 'fragment-overlap');
    if (place === 'duplicate') throw new Lost('fragment-duplicate');
    datagram.ecn |= 1 << (packet.tos & 3);
    const size = packet.headerBytes + end - start;
    datagram.largest = Math.max(datagram.largest, size);
    if (packet.dontFragment) datagram.largestUncut = Math.max(datagram.largestUncut, size);
    return piece;
  }

  #discard(datagram: Datagram, reason: LostReason): never {
    this.#waiting.kill(datagram, reason);
    throw new Lost(reason);
  }

  /** ip_frag_reasm: the first fragment's header before all the data. */
  #reassemble(datagram: Datagram, last: Packet): Packet {
    const first = (datagram.ordered[0] as Piece).packet;
    const { headerBytes } = first;
    const length = headerBytes + datagram.length;
    const ecn = datagramEcn(datagram.ecn);
    if (ecn === undefined || length > 0xffff) this.#discard(datagram, 'fragment-malformed');
    const header = Uint8Array.from(first.bytes.captured.subarray(0, headerBytes));
    header[1] = first.tos | ecn;
    header[2] = length >> 8;
    header[3] = length & 255;
    // DF only when the largest fragment had it.
    header[6] = datagram.largestUncut === datagram.largest ? 0x40 : 0;
    header[7] = 0;
    const bytes = new Bytes(Uint8Array.from([...header, ...datagram.captured]), length);
    const { family, source, destination, ttl, sender, packetType } = first;
    const whole = new Packet(
      { family, bytes, source, destination, ttl, tos: bytes.u8(1), headerBytes },
      sender,
      packetType,
    );
    return inherit(whole, first, last, datagram.largest);
  }
}
