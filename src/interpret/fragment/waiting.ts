// Datagrams that wait to be complete, of one family: found by key, given up by age, refused beyond a limit of memory
// (struct fqdir, net/ipv4/inet_fragment.c).

import { Lost, type LostReason } from '../lost.ts';
import type { Packet } from '../packet.ts';
import { Datagram, type Held } from './datagram.ts';

/** Who reassembles (enum ip_defrag_users): each has its own datagrams. */
export type FragmentUser = 'deliver' | 'conntrack-in' | 'conntrack-out';

/** When a fragment comes, and its number. */
export interface Coming {
  readonly timeNs: bigint;
  readonly number: number;
}

export type Reassembled =
  | { readonly kind: 'held'; readonly held: Held }
  /** What goes on, and the fragments that it was put together from: none of what was whole, or is let go on as it is. */
  | { readonly kind: 'datagram'; readonly packet: Packet; readonly pieces: readonly Held[] };

export interface FragmentLimits {
  readonly seconds: number;
  /** Bytes of memory. */
  readonly threshold: number;
}

export class Waiting {
  readonly #timeoutNs: bigint;
  readonly #threshold: number;
  /** By age: the oldest first. */
  readonly #datagrams = new Map<string, Datagram>();

  constructor({ seconds, threshold }: FragmentLimits) {
    this.#timeoutNs = BigInt(seconds) * 1_000_000_000n;
    this.#threshold = threshold;
  }

  /** inet_frag_find: the datagram of that key, a new one if there is none. Throws Lost. */
  find(key: string, nowNs: bigint): Datagram {
    this.expire(nowNs);
    const charged = [...this.#datagrams.values()].reduce((sum, { charge }) => sum + charge, 0);
    if (this.#threshold === 0 || charged > this.#threshold) throw new Lost('fragment-memory');
    return this.#datagrams.get(key) ?? this.#begin(new Datagram(key, nowNs));
  }

  /**
   * Gives up what is too old. A capture's clock may jump, which Linux's does not: the oldest datagrams are those that began
   * first, and one that began too long after now is of another time, too.
   */
  expire(nowNs: bigint): void {
    for (const datagram of this.#datagrams.values()) {
      const age = nowNs - datagram.startNs;
      if (age < this.#timeoutNs && age >= -this.#timeoutNs) return;
      this.kill(datagram, 'fragment-timeout');
    }
  }

  /** inet_frag_kill: the datagram is given up. */
  kill(datagram: Datagram, reason: LostReason): void {
    this.#datagrams.delete(datagram.key);
    for (const piece of datagram.pieces) piece.fate = { lost: reason };
  }

  /** Drops what the datagram has and lets it begin anew, time included. */
  restart(datagram: Datagram, nowNs: bigint): Datagram {
    this.kill(datagram, 'fragment-timeout');
    const { largest, largestUncut, sequence } = datagram;
    return this.#begin(Object.assign(new Datagram(datagram.key, nowNs), { largest, largestUncut, sequence }));
  }

  /** The datagram is whole: packet `number` goes on as all of it. */
  complete(datagram: Datagram, number: number): void {
    this.#datagrams.delete(datagram.key);
    for (const piece of datagram.pieces) piece.fate = { datagram: number };
  }

  #begin(datagram: Datagram): Datagram {
    this.#datagrams.set(datagram.key, datagram);
    return datagram;
  }
}

/**
 * What the whole gets beside its bytes: mark, packet type and sender are the first fragment's (skb_morph), interfaces and
 * route those of the fragment that came last.
 */
export function inherit(whole: Packet, first: Packet, last: Packet, largest: number): Packet {
  whole.mark = first.mark;
  whole.in = last.in;
  whole.out = last.out;
  whole.broadcast = last.broadcast;
  whole.hook = last.hook;
  whole.decision = last.decision;
  whole.filterDecision = last.filterDecision;
  whole.largestFragment = largest;
  return whole;
}
