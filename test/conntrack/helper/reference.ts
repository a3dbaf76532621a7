// The reference interpreter's helpers behind Engine.

import type { Tuple } from '../../../src/conntrack/entry.ts';
import {
  type Expectation,
  ExpectationTable,
  type Master,
  type Tunnel,
} from '../../../src/interpret/conntrack/expectation.ts';
import { forget, help } from '../../../src/interpret/conntrack/helper/index.ts';
import type { HelperName } from '../../../src/interpret/conntrack/helper/policy.ts';
import type { Parsed, Seen } from './case.ts';
import { parse } from './case.ts';
import type { Engine, How, Info } from './engine.ts';

const SECOND = 1_000_000_000n;

class Connection implements Master {
  readonly family: 'ipv4' | 'ipv6';
  readonly protocol: number;
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly zone = 0;
  readonly helper: HelperName;
  readonly expected: boolean;
  helperState: unknown;
  confirmed = false;
  deadlineNs: bigint;

  constructor(packet: Parsed, helper: string, expected: boolean, nowNs: bigint) {
    this.family = packet.family === 4 ? 'ipv4' : 'ipv6';
    this.protocol = packet.proto;
    this.helper = helper as HelperName;
    this.expected = expected;
    this.deadlineNs = nowNs + 600n * SECOND;
    const { source, destination, sport, dport } = packet;
    this.original = { source, destination, sourcePort: sport, destinationPort: dport };
    this.reply = { source: destination, destination: source, sourcePort: dport, destinationPort: sport };
  }

  isAlive(nowNs: bigint): boolean {
    return this.confirmed && this.deadlineNs > nowNs;
  }

  refresh(nowNs: bigint, timeoutNs: bigint): void {
    this.deadlineNs = nowNs + timeoutNs;
  }
}

export class ReferenceEngine implements Engine {
  readonly #table: ExpectationTable;
  readonly #connections: Connection[] = [];
  #met: Expectation | undefined;

  constructor(expectMax = 1024) {
    this.#table = new ExpectationTable(expectMax);
  }

  greKey({ family, source, destination, dport }: Parsed): number {
    return this.#table.keys.sourceKey(family === 4 ? 'ipv4' : 'ipv6', source, destination, dport);
  }

  meet(packet: Parsed, seconds: number): { helper: string } | undefined {
    const { source, destination, sport, dport } = packet;
    const tuple = { source, destination, sourcePort: sport, destinationPort: dport };
    const family = packet.family === 4 ? 'ipv4' : 'ipv6';
    this.#met = this.#table.meet(family, packet.proto, tuple, 0, timeNs(seconds));
    return this.#met === undefined ? undefined : { helper: this.#met.helper ?? '' };
  }

  open(packet: Parsed, helper: string, seconds: number): number {
    const connection = new Connection(packet, helper, this.#met !== undefined, timeNs(seconds));
    const tunnel: Tunnel = {
      original: connection.original,
      isAlive: () => connection.confirmed && connection.deadlineNs > timeNs(seconds),
      kill: () => {
        connection.deadlineNs = 0n;
      },
    };
    this.#met?.met?.(tunnel);
    this.#met = undefined;
    return this.#connections.push(connection) - 1;
  }

  help(id: number, packet: Uint8Array, info: Info, seconds: number, how: How = {}): boolean {
    const cut = how.cut ?? packet.length;
    const { transport } = parse(packet);
    const master = this.#at(id);
    if (master.helper === ('' as HelperName)) return true;
    const segment = {
      direction: info === 3 ? ('reply' as const) : ('original' as const),
      established: info === 0 || info === 3,
      transport: transport.subarray(0, Math.max(0, cut - (packet.length - transport.length))),
      length: transport.length,
      nowNs: timeNs(seconds),
      broadcastMask: how.broadcast ? Uint8Array.from([255, 255, 255, 0]) : undefined,
    };
    return help({ master, expectations: this.#table }, segment) === 'accept';
  }

  confirm(id: number): void {
    this.#at(id).confirmed = true;
  }

  close(id: number): void {
    forget(this.#at(id), this.#table);
    this.#at(id).confirmed = false;
  }

  expired(id: number, seconds: number): boolean {
    if (this.#at(id).deadlineNs > timeNs(seconds)) return false;
    this.close(id);
    return true;
  }

  deadline(id: number): bigint {
    return this.#at(id).deadlineNs;
  }

  expectations(seconds: number): Seen[] {
    const now = timeNs(seconds);
    return this.#table.list(now).map((one) => {
      const full = new Uint8Array(one.destination.length);
      const { original } = one.master;
      return {
        source: one.source,
        mask: one.source === undefined ? full : (one.sourceMask ?? full.fill(255)),
        destination: one.destination,
        proto: one.protocol,
        sport: one.sourcePort,
        dport: one.destinationPort,
        timeout: Number((one.deadlineNs - now + SECOND - 1n) / SECOND),
        class: one.class,
        flags: (one.permanent ? 1 : 0) | (one.inactive ? 2 : 0),
        match: `${one.match?.offset ?? 0}+${one.match?.length ?? 0}`,
        master: `${original.sourcePort}>${original.destinationPort}`,
      };
    });
  }

  #at(id: number): Connection {
    return this.#connections[id] as Connection;
  }
}

function timeNs(seconds: number): bigint {
  return 1_000_000n * SECOND + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n);
}
