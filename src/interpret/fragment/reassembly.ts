// Reassembly of both families.

import type { Machine } from '../../host/machine.ts';
import type { Packet } from '../packet.ts';
import { Ipv4Reassembly } from './ipv4.ts';
import { Ipv6Reassembly } from './ipv6.ts';
import type { Coming, FragmentUser, Reassembled } from './waiting.ts';

export class Reassembly {
  readonly #ipv4: Ipv4Reassembly;
  readonly #ipv6: Ipv6Reassembly;

  constructor(machine: Machine) {
    this.#ipv4 = new Ipv4Reassembly(machine);
    this.#ipv6 = new Ipv6Reassembly(machine);
  }

  /** Holds a fragment, or answers the datagram that it completes. Throws Lost. */
  add(packet: Packet, user: FragmentUser, coming: Coming): Reassembled {
    if (packet.family === 'ipv6') return this.#ipv6.add(packet, user, coming);
    if (packet.isFragment) return this.#ipv4.add(packet, user, coming);
    return { kind: 'datagram', packet, pieces: [] };
  }

  /** Gives up datagrams that are too old by now. */
  expire(nowNs: bigint): void {
    this.#ipv4.expire(nowNs);
    this.#ipv6.expire(nowNs);
  }
}
