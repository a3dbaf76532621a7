// A kernel with one lane and one packet record, for tests of assembly/path/.

import { lowerMachine } from '../../src/host/lower.ts';
import type { Machine } from '../../src/host/machine.ts';
import { compileKernel, createMemory, instantiateKernel, type Kernel } from '../../src/kernel/kernel.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';
import * as Path from '../../src/layout/path.ts';
import * as Verdict from '../../src/layout/verdict.ts';
import { parseAddress } from '../../src/model/address.ts';

const MODULE = compileKernel();
const LANE = 1024;
const TOTALS = 2048;
const CAPTURE = 4096;
const PACKET = 8192;
const FRAME = 12288;
const HOST = 65536;

/** What a test says of a packet; what is missing is 0 or the usual. */
export interface PacketFacts {
  readonly source: string;
  readonly destination: string;
  readonly proto?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly mark?: number;
  readonly length?: number;
  readonly flags?: number;
  /** Machine interface index that the capture names. */
  readonly captured?: number;
  readonly direction?: number;
  readonly cooked?: number;
  /** Destination and source MAC. */
  readonly macs?: readonly [string, string];
  readonly vlans?: readonly number[];
  /** Bytes of the IP header, where a test needs them (IPv4 options, hop-by-hop options). */
  readonly header?: Uint8Array;
}

export interface Outcome {
  readonly path: number;
  readonly verdict: number;
  readonly reason: number;
  readonly iif: number;
  readonly oif: number;
  readonly pkttype: number;
  readonly ttl: number;
}

export class TestMachine {
  readonly kernel: Kernel;
  readonly view: DataView;
  readonly #memory: WebAssembly.Memory;

  constructor(machine: Machine) {
    const tables = lowerMachine(machine);
    this.#memory = createMemory(HOST + tables.length);
    this.kernel = instantiateKernel(MODULE, this.#memory);
    new Uint8Array(this.#memory.buffer).set(tables, HOST);
    this.view = new DataView(this.#memory.buffer);
    this.view.setUint32(LANE + Lane.HOST, HOST, true);
    this.view.setUint32(LANE + Lane.TOTALS, TOTALS, true);
    this.view.setUint32(LANE + Lane.CAPTURE_INTERFACES, CAPTURE, true);
  }

  /** Writes the packet record and lets it arrive. */
  arrive(facts: PacketFacts): Outcome {
    this.write(facts);
    this.#call('arrive');
    return this.outcome();
  }

  routeInput(): number {
    return this.#call('routeInput');
  }

  routeOutput(): number {
    return this.#call('routeOutput');
  }

  forward(): number {
    return this.#call('forward');
  }

  addressType(field: number, device = 0): number {
    return this.kernel.addressType?.(LANE, PACKET, field, device) ?? -1;
  }

  addressTypeMatches(field: number, mask: number, device = 0): boolean {
    return this.kernel.addressTypeMatches?.(LANE, PACKET, field, mask, device) === 1;
  }

  /** The whole way of a packet through the machine without rules, as a word: `local`, `forward eth1`, `lost: no-route`. */
  way(facts: PacketFacts): string {
    const arrived = this.arrive(facts);
    if (arrived.verdict === Verdict.LOST) return `lost ${arrived.reason}`;
    if (arrived.path === Path.RECEIVE) {
      const way = this.routeInput();
      if (way === Path.LOCAL) return 'local';
      if (way === Path.DROPPED || this.forward() === Path.DROPPED) return `dropped ${this.outcome().reason}`;
      return `forward ${this.outcome().oif}`;
    }
    if (this.routeOutput() === Path.DROPPED) return `unsent ${this.outcome().reason}`;
    return `${arrived.path === Path.LOOP ? 'loop' : 'send'} ${this.outcome().oif}`;
  }

  outcome(): Outcome {
    const field = (offset: number): number => this.view.getUint32(PACKET + offset, true);
    return {
      path: field(Packet.PATH),
      verdict: field(Packet.VERDICT),
      reason: field(Packet.REASON),
      iif: field(Packet.IIF),
      oif: field(Packet.OIF),
      pkttype: field(Packet.PKTTYPE),
      ttl: field(Packet.TTL),
    };
  }

  write(facts: PacketFacts): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    bytes.fill(0, PACKET, PACKET + Packet.BYTES);
    const set = (offset: number, value: number): void => {
      this.view.setUint32(PACKET + offset, value, true);
    };
    this.#address(Packet.SRC, facts.source);
    this.#address(Packet.DST, facts.destination);
    const six = facts.source.includes(':');
    set(Packet.FAMILY, six ? 6 : 4);
    set(Packet.VERDICT, Verdict.ACCEPT);
    set(Packet.PROTO, facts.proto ?? 17);
    set(Packet.SPORT, facts.sport ?? 0);
    set(Packet.DPORT, facts.dport ?? 0);
    set(Packet.TTL, facts.ttl ?? 64);
    set(Packet.TOS, facts.tos ?? 0);
    set(Packet.MARK, facts.mark ?? 0);
    set(Packet.LENGTH, facts.length ?? facts.header?.length ?? 60);
    set(
      Packet.FLAGS,
      (facts.flags ?? 0) | (facts.sport === undefined && facts.dport === undefined ? 0 : Packet.FLAG_PORTS),
    );
    set(Packet.DIRECTION, facts.direction ?? 0);
    set(Packet.COOKED, facts.cooked ?? 0);
    this.view.setUint32(CAPTURE + 4, facts.captured ?? 0, true);
    if (facts.macs !== undefined) {
      const macs = facts.macs.flatMap((mac) => mac.split(':').map((part) => Number.parseInt(part, 16)));
      bytes.set(macs, FRAME);
      set(Packet.MAC, FRAME);
    }
    const vlans = facts.vlans ?? [];
    set(Packet.VLAN_COUNT, vlans.length);
    set(Packet.VLAN_ID, vlans[0] ?? 0);
    set(Packet.VLAN_ID2, vlans[1] ?? 0);
    set(Packet.VLAN_TPID, vlans.length > 0 ? 0x8100 : 0);
    if (facts.header !== undefined) {
      bytes.set(facts.header, FRAME + 64);
      set(Packet.L3, FRAME + 64);
      set(Packet.L3_CAP, facts.header.length);
      set(Packet.L4_OFFSET, six ? 40 : facts.header.length);
    }
  }

  #address(offset: number, text: string): void {
    const address = parseAddress(text);
    if (address === undefined) throw new Error(`not an address: ${text}`);
    const from = new DataView(address.buffer, address.byteOffset, address.length);
    if (address.length === 4) {
      this.view.setUint32(PACKET + offset, from.getUint32(0), true);
    } else {
      this.view.setBigUint64(PACKET + offset, from.getBigUint64(0), true);
      this.view.setBigUint64(PACKET + offset + 8, from.getBigUint64(8), true);
    }
  }

  #call(name: string): number {
    const call = this.kernel[name];
    if (call === undefined) throw new Error(`the kernel does not export ${name}`);
    return call(LANE, PACKET);
  }
}
