// A datagram in the making, for IPv4 and IPv6 alike (struct inet_frag_queue, net/ipv4/inet_fragment.c): its fragments, and
// how their bytes fit together.

import type { Bytes } from '../bytes.ts';
import type { LostReason } from '../lost.ts';
import type { Packet } from '../packet.ts';

/** What became of a fragment that was held: a packet completed its datagram, or the datagram was given up. */
export type Fate = { readonly datagram: number } | { readonly lost: LostReason };

/** A fragment that waits: its fate is filled in later. */
export interface Held {
  readonly number: number;
  /** Its bytes of the datagram's payload. */
  readonly start: number;
  readonly end: number;
  fate: Fate | undefined;
}

/** One fragment's part of the payload. */
export interface Piece extends Held {
  readonly data: Bytes;
  readonly packet: Packet;
}

/** A gapless run of bytes; only fragments that arrived in order join one (inet_frag_queue_insert). */
interface Run {
  readonly start: number;
  end: number;
}

/** What Linux charges for a queue, about. */
const QUEUE_BYTES = 208;

export class Datagram {
  readonly key: string;
  /** When its time began to run. */
  readonly startNs: bigint;
  readonly pieces: Piece[] = [];
  readonly #runs: Run[] = [];
  /** What the last fragment says that the payload's length is; the furthest end before that. */
  length = 0;
  lastIn = false;
  /** Bits 1 << ECN codepoint of all fragments. */
  ecn = 0;
  /** The largest fragment, and IPv4's largest one with DF; they outlive a new beginning (ip_frag_reinit). */
  largest = 0;
  largestUncut = 0;
  /** IPv4: how many fragments of this source had come with the last one of this datagram (rid of inet_peer). */
  sequence = 0;

  constructor(key: string, startNs: bigint) {
    this.key = key;
    this.startNs = startNs;
  }

  /** inet_frag_queue_insert: a fragment within one run is a duplicate; any other that meets one overlaps. */
  insert(piece: Piece): 'inserted' | 'duplicate' | 'overlap' {
    const { start, end } = piece;
    const last = this.#runs.reduce<Run | undefined>(
      (a, b) => (a === undefined || b.end > a.end ? b : a),
      undefined,
    );
    if (last !== undefined && end > last.end) {
      if (start < last.end) return 'overlap';
      if (start === last.end) last.end = end;
      else this.#runs.push({ start, end });
    } else {
      const met = this.#runs.find((run) => start < run.end && end > run.start);
      if (met !== undefined) return start >= met.start && end <= met.end ? 'duplicate' : 'overlap';
      this.#runs.push({ start, end });
    }
    this.pieces.push(piece);
    return 'inserted';
  }

  /** First and last fragment are there, and all bytes between. */
  get isComplete(): boolean {
    const meat = this.pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
    return this.lastIn && meat === this.length && this.pieces.some(({ start }) => start === 0);
  }

  /** In the order of their bytes. */
  get ordered(): readonly Piece[] {
    return [...this.pieces].sort((a, b) => a.start - b.start);
  }

  /** Bytes of memory that Linux charges for it. */
  get charge(): number {
    return this.pieces.reduce((sum, { packet }) => sum + truesize(packet.length), QUEUE_BYTES);
  }

  /** The captured payload up to the first byte that is not captured. */
  get captured(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const { data } of this.ordered) {
      parts.push(data.captured);
      if (data.captured.length < data.length) break;
    }
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }
}

/**
 * skb->truesize of a packet in a linear buffer (drivers differ): struct sk_buff, and a head for head room, Ethernet header,
 * packet and skb_shared_info. Heads come in sizes of kmalloc, the least is SKB_SMALL_HEAD_CACHE_SIZE.
 */
function truesize(length: number): number {
  const head = 64 + 14 + length + 320;
  let size = 704;
  while (size < head) size = size === 704 ? 1024 : size * 2;
  return 256 + size;
}

/**
 * ip_frag_ecn_table: the ECN field of a datagram by those of its fragments. CE when some have it and all others are
 * ECN-capable; undefined when ones that are not are mixed with any other, which no router makes.
 */
export function datagramEcn(seen: number): number | undefined {
  const notCapable = 1 << 0;
  const congested = 1 << 3;
  if (seen === notCapable) return 0;
  if ((seen & notCapable) !== 0) return undefined;
  return (seen & congested) !== 0 ? 3 : 0;
}
