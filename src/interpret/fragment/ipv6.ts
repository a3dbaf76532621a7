// IPv6 reassembly by connection tracking, before PREROUTING and OUTPUT (net/ipv6/netfilter/nf_conntrack_reasm.c): the
// datagram goes on without its fragment header. What is no fragment by the rules goes on as it is.

import type { Machine } from '../../host/machine.ts';
import { formatAddress } from '../../model/address.ts';
import { isLinkLocal, isMulticast } from '../address.ts';
import { Bytes } from '../bytes.ts';
import { IPPROTO_ICMPV6 } from '../conntrack/tuple.ts';
import { Lost } from '../lost.ts';
import {
  extensionHeaderBytes,
  IPPROTO_FRAGMENT,
  IPPROTO_NONE,
  IPPROTO_TCP,
  IPPROTO_UDP,
  isExtensionHeader,
  Packet,
} from '../packet.ts';
import { fragmentLimits6 } from '../sysctl.ts';
import { type Datagram, datagramEcn, type Piece } from './datagram.ts';
import { type Coming, type FragmentUser, inherit, type Reassembled, Waiting } from './waiting.ts';

const IPV6_BYTES = 40;
const FRAGMENT_BYTES = 8;
const LONGEST_PAYLOAD = 0xffff;

/** Where a fragment header starts, and where the number of the header stands that is it. */
interface FragmentHeader {
  readonly at: number;
  readonly numberAt: number;
}

export class Ipv6Reassembly {
  readonly #waiting: Waiting;

  constructor(machine: Machine) {
    this.#waiting = new Waiting(fragmentLimits6(machine));
  }

  expire(nowNs: bigint): void {
    this.#waiting.expire(nowNs);
  }

  /** nf_ct_frag6_gather: holds the fragment, or answers the datagram that it completes, or what is none as it is. Throws Lost. */
  add(packet: Packet, user: FragmentUser, { timeNs, number }: Coming): Reassembled {
    const { bytes, source, destination } = packet;
    const untouched: Reassembled = { kind: 'datagram', packet, pieces: [] };
    // A payload length of 0 is a jumbogram's.
    const header = bytes.u16(4) === 0 ? undefined : findFragmentHeader(bytes);
    if (header === undefined || lacksHeaders(bytes, header.at)) return untouched;
    if (!bytes.has(header.at, FRAGMENT_BYTES)) throw new Lost('fragment-malformed');
    if (header.at + FRAGMENT_BYTES > bytes.captured.length) return untouched;
    // Such addresses mean something else on each interface.
    const scope = isLinkLocal(destination) || isMulticast(destination) ? [String(packet.in?.index ?? 0)] : [];
    const id = bytes.u32(header.at + 4);
    const key = [user, formatAddress(source), formatAddress(destination), id, ...scope].join(' ');
    const datagram = this.#waiting.find(key, timeNs);
    const piece = this.#queue(datagram, packet, header.at, number);
    if (piece === undefined) return untouched;
    if (!datagram.isComplete) return { kind: 'held', held: piece };
    const whole = this.#reassemble(datagram, packet);
    this.#waiting.complete(datagram, number);
    return { kind: 'datagram', packet: whole, pieces: datagram.pieces };
  }

  /**
   * nf_ct_frag6_queue. A fragment that does not fit what is known is dropped alone; an overlap takes the datagram with it.
   * Undefined: the packet goes on by itself.
   */
  #queue(datagram: Datagram, packet: Packet, headerAt: number, number: number): Piece | undefined {
    const { bytes } = packet;
    const word = bytes.u16(headerAt + 2);
    const start = word & 0xfff8;
    const dataAt = headerAt + FRAGMENT_BYTES;
    const payload = bytes.u16(4);
    const end = start + payload - (dataAt - IPV6_BYTES);
    if (end > LONGEST_PAYLOAD) throw new Lost('fragment-malformed');
    if ((word & 1) === 0) {
      if (end < datagram.length || (datagram.lastIn && end !== datagram.length))
        throw new Lost('fragment-malformed');
      datagram.lastIn = true;
    } else {
      if (end % 8 !== 0) {
        this.#waiting.kill(datagram, 'fragment-malformed');
        return undefined;
      }
      if (end > datagram.length && datagram.lastIn) throw new Lost('fragment-malformed');
    }
    datagram.length = Math.max(datagram.length, end);
    if (end === start) throw new Lost('fragment-malformed');
    const data = new Bytes(bytes.captured.subarray(dataAt), end - start);
    const piece: Piece = { number, start, end, fate: undefined, data, packet };
    const place = datagram.insert(piece);
    if (place === 'duplicate') throw new Lost('fragment-duplicate');
    if (place === 'overlap') {
      this.#waiting.kill(datagram, 'fragment-overlap');
      throw new Lost('fragment-overlap');
    }
    datagram.ecn |= 1 << (packet.tos & 3);
    datagram.largest = Math.max(datagram.largest, IPV6_BYTES + payload);
    return piece;
  }

  /** nf_ct_frag6_reasm: the headers before the first fragment's fragment header, then all the data. */
  #reassemble(datagram: Datagram, last: Packet): Packet {
    const first = (datagram.ordered[0] as Piece).packet;
    const { at, numberAt } = findFragmentHeader(first.bytes) as FragmentHeader;
    const payload = at - IPV6_BYTES + datagram.length;
    const ecn = datagramEcn(datagram.ecn);
    if (ecn === undefined || payload > LONGEST_PAYLOAD) {
      this.#waiting.kill(datagram, 'fragment-malformed');
      throw new Lost('fragment-malformed');
    }
    const headers = Uint8Array.from(first.bytes.captured.subarray(0, at));
    headers[numberAt] = first.bytes.u8(at);
    headers[1] = first.bytes.u8(1) | (ecn << 4);
    headers[4] = payload >> 8;
    headers[5] = payload & 255;
    const bytes = new Bytes(Uint8Array.from([...headers, ...datagram.captured]), IPV6_BYTES + payload);
    const { family, source, destination, ttl, tos, headerBytes, sender, packetType } = first;
    const whole = new Packet(
      { family, bytes, source, destination, ttl, tos: tos | ecn, headerBytes },
      sender,
      packetType,
    );
    return inherit(whole, first, last, datagram.largest);
  }
}

/** find_prev_fhdr. Undefined also where a header on the way was not captured: it is not known to be a fragment. */
function findFragmentHeader(bytes: Bytes): FragmentHeader | undefined {
  let numberAt = 6;
  let at = IPV6_BYTES;
  for (;;) {
    const number = bytes.captured[numberAt];
    if (number === undefined) return undefined;
    if (number === IPPROTO_FRAGMENT) return at <= bytes.length ? { at, numberAt } : undefined;
    if (!isExtensionHeader(number) || number === IPPROTO_NONE || !bytes.has(at, 2)) return undefined;
    const units = bytes.captured[at + 1];
    if (units === undefined) return undefined;
    numberAt = at;
    at += extensionHeaderBytes(number, units);
  }
}

/** How much of a header has to be there, by protocol. */
const LEAST_HEADER: Readonly<Record<number, number>> = {
  [IPPROTO_TCP]: 20,
  [IPPROTO_UDP]: 8,
  [IPPROTO_ICMPV6]: 8,
};

/**
 * ipv6frag_thdr_truncated: a first fragment that does not have all headers (RFC 8200, 4.5), as far as they are captured.
 * `at` is the fragment header's place.
 */
function lacksHeaders(bytes: Bytes, at: number): boolean {
  let number = IPPROTO_FRAGMENT;
  while (isExtensionHeader(number)) {
    const need = number === IPPROTO_FRAGMENT ? 4 : 2;
    if (number === IPPROTO_NONE || !bytes.has(at, need) || at + need > bytes.captured.length) return false;
    if (number === IPPROTO_FRAGMENT && (bytes.u16(at + 2) & 0xfff8) !== 0) return false;
    const next = bytes.u8(at);
    at += extensionHeaderBytes(number, bytes.u8(at + 1));
    number = next;
  }
  return !bytes.has(at, LEAST_HEADER[number] ?? 1);
}
