// Connection tracking: what a packet is to the connections that are known (nf_conntrack_core.c, nf_conntrack_proto.c).
// Slow and plain: a Map of tuples, arbitrary precision where Linux has it, the clock of the capture.

import type { ConntrackEntry } from '../../conntrack/entry.ts';
import type { ConntrackEvent } from '../../conntrack/events.ts';
import type { Machine } from '../../host/machine.ts';
import * as Ct from '../../layout/conntrack.ts';
import * as Invalid from '../../layout/invalid.ts';
import type { HookName } from '../../model/ruleset.ts';
import { Lost } from '../lost.ts';
import { IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, type Packet } from '../packet.ts';
import {
  Connection,
  directionOf,
  ESTABLISHED,
  ESTABLISHED_REPLY,
  NEW,
  RELATED,
  RELATED_REPLY,
  UNTRACKED,
} from './connection.ts';
import { entryOf, shown, stateOf } from './entry.ts';
import { Events } from './event.ts';
import { type Expectation, ExpectationTable } from './expectation.ts';
import { trackGeneric } from './generic.ts';
import { trackGre } from './gre.ts';
import { askHelper, Helped, tunnelOf } from './help.ts';
import { forget } from './helper/index.ts';
import { checkIcmp, trackIcmp } from './icmp.ts';
import { checkIcmpv6, trackIcmpv6 } from './icmpv6.ts';
import type { Answer, Surroundings } from './related.ts';
import { trackSctp } from './sctp.ts';
import { connectionOf, type Extensions } from './start.ts';
import { type ConntrackSysctls, readSysctls } from './sysctl.ts';
import { ConnectionTable } from './table.ts';
import { setClosing, trackTcp } from './tcp.ts';
import { Template } from './template.ts';
import { type Segment, type Tracked, VERIFYING_HOOK } from './tracker.ts';
import {
  IPPROTO_GRE,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  invert,
  type Located,
  locate,
  readTuple,
  type Tuple,
} from './tuple.ts';
import { trackUdp, trackUdplite } from './udp.ts';
import { DEFAULT_ZONE } from './zone.ts';

export interface ConntrackOptions {
  readonly machine: Machine;
  /** Some rule asks for accounting (connbytes), or for labels (connlabel). */
  readonly accounting?: boolean | undefined;
  readonly labels?: boolean | undefined;
  /** Checksums of transport headers are verified; default: as net.netfilter.nf_conntrack_checksum says, if it is known. */
  readonly verifyChecksums?: boolean | undefined;
  /** Events are kept. */
  readonly events?: boolean | undefined;
}

/** When a packet passes, and its number. */
export interface Passing {
  readonly nowNs: bigint;
  readonly number: bigint;
}

/** nf_conntrack_handle_packet */
const TRACKERS: Readonly<Record<number, (connection: Connection, segment: Segment) => Tracked>> = {
  [IPPROTO_TCP]: trackTcp,
  [IPPROTO_UDP]: trackUdp,
  [IPPROTO_UDPLITE]: trackUdplite,
  [IPPROTO_ICMP]: trackIcmp,
  [IPPROTO_ICMPV6]: trackIcmpv6,
  [IPPROTO_SCTP]: trackSctp,
  [IPPROTO_GRE]: trackGre,
};

export class Conntrack {
  readonly table: ConnectionTable;
  readonly expectations: ExpectationTable;
  readonly sysctls: ConntrackSysctls;
  readonly #options: ConntrackOptions;
  /** Checksums of transport headers are verified. */
  readonly verifies: boolean;
  readonly #events = new Events();
  #passing: Passing = { nowNs: 0n, number: 0n };

  constructor(options: ConntrackOptions) {
    this.#options = options;
    this.sysctls = readSysctls(options.machine);
    this.verifies = options.verifyChecksums ?? this.sysctls.checksum;
    this.expectations = new ExpectationTable(this.sysctls.expectMax);
    this.table = new ConnectionTable((connection, nowNs) => this.#destroyed(connection, nowNs));
  }

  /** The connections that are alive, in the order of the packets that made them. */
  entries(nowNs: bigint): ConntrackEntry[] {
    const alive = [...this.table.connections].filter((connection) => !connection.isExpired(nowNs));
    const entries = alive.map((connection) => entryOf(connection, nowNs));
    return entries.sort((a, b) => (a.number < b.number ? -1 : a.number > b.number ? 1 : 0));
  }

  /**
   * Enters connections of a starting state. Left out are those whose tuples are taken, or for which there is no room: none
   * of them has to go for another.
   *
   * @returns how many were left out
   */
  start(entries: readonly ConntrackEntry[], nowNs: bigint): number {
    const { max } = this.sysctls;
    let refused = 0;
    for (const entry of entries) {
      const connection = connectionOf(entry, nowNs, this.sysctls, this.#extensions);
      const room = max === 0 || this.table.size < max;
      if (room && this.table.accepts(connection, nowNs)) this.table.insert(connection);
      else refused++;
    }
    return refused;
  }

  get #extensions(): Extensions {
    const { accounting = false, labels = false } = this.#options;
    return { accounting: accounting || this.sysctls.accounting, labels, timestamp: this.sysctls.timestamp };
  }

  /** What has been told so far; expired connections are told of when somebody looks for them. */
  get events(): readonly ConntrackEvent[] {
    return this.#events.list;
  }

  /** nf_conntrack_in at PREROUTING or OUTPUT: what is left without a connection is INVALID. Throws Lost, NotCaptured. */
  track(packet: Packet, hook: HookName, passing: Passing): void {
    this.#passing = passing;
    const { connection } = packet;
    const template = connection instanceof Template ? connection : undefined;
    packet.passedConntrack = true;
    // Seen before: it came over lo, or is not to be tracked.
    if ((connection !== undefined && template === undefined) || packet.ctinfo === UNTRACKED) return;
    attach(packet, undefined, 0);
    const located = locate(packet.family, packet.bytes, 0);
    if (located === undefined) {
      packet.invalid = Invalid.NO_TRANSPORT;
      return;
    }
    const around: Surroundings = {
      table: this.table,
      keys: this.#keys,
      zone: template?.zoneOf(packet) ?? DEFAULT_ZONE,
      nowNs: passing.nowNs,
      verify: this.verifies && hook === VERIFYING_HOOK,
    };
    const answer = checkMessage(packet, located, around);
    if (answer === 'invalid') return;
    if (answer === 'untracked') attach(packet, undefined, UNTRACKED);
    else if (answer === 'go-on') while (this.#resolve(packet, located, around, template) === 'repeat');
    else attach(packet, answer.connection, answer.ctinfo);
  }

  readonly #keys = ({ family, source, destination, destinationPart }: Tuple): number =>
    this.expectations.keys.sourceKey(family, source, destination, destinationPart);

  /** resolve_normal_ct, and the protocol's tracker. */
  #resolve(
    packet: Packet,
    located: Located,
    around: Surroundings,
    template: Template | undefined,
  ): 'done' | 'repeat' {
    const { bytes, family } = packet;
    const { protocol, offset } = located;
    const { nowNs, verify, zone } = around;
    const tuple = readTuple(family, bytes, 0, located, around.keys);
    packet.invalid = Invalid.NO_TUPLE;
    if (tuple === undefined) return 'done';
    const found = this.table.find(tuple, zone, nowNs) ?? this.#begin(tuple, around, template);
    if (found === undefined) return 'done';
    const { connection, direction } = found;
    packet.stateBefore = connection.confirmed ? stateOf(connection) : undefined;
    const ctinfo = direction === 1 ? ESTABLISHED_REPLY : originalInfo(connection);
    const segment: Segment = {
      packet,
      bytes,
      offset,
      ctinfo,
      nowNs,
      sysctls: this.sysctls,
      verify,
      kill: (one) => this.table.delete(one, nowNs),
    };
    const tracked = (TRACKERS[protocol] ?? trackGeneric)(connection, segment);
    if (tracked === 'repeat') return 'repeat';
    if (tracked === 'invalid') return 'done';
    packet.invalid = Invalid.NONE;
    attach(packet, connection, ctinfo);
    if (direction === 1 && connection.set(Ct.IPS_SEEN_REPLY)) connection.tell(Ct.IPCT_REPLY);
    return 'done';
  }

  /** init_conntrack */
  #begin(
    tuple: Tuple,
    { zone, nowNs }: Surroundings,
    template: Template | undefined,
  ): { readonly connection: Connection; readonly direction: 0 } | undefined {
    const reply = invert(tuple);
    if (reply === undefined) return undefined;
    const { max } = this.sysctls;
    if (max !== 0 && !this.table.makeRoom(max, nowNs)) throw new Lost('conntrack-full');
    const connection = new Connection(tuple, reply, zone, this.#passing.number);
    const { accounting, labels } = this.#extensions;
    if (accounting) connection.accounting = [newCounter(), newCounter()];
    if (labels) connection.labels = 0n;
    connection.eventMask = template?.eventMask;
    const { family, protocol } = tuple;
    const expected = this.expectations.meet(family, protocol, shown(tuple), zone.id, nowNs);
    if (expected !== undefined) this.#meet(connection, expected);
    else if (template?.helped !== undefined) {
      connection.status |= Ct.IPS_HELPER;
      connection.helped = new Helped(connection, template.helped.helper);
    }
    return { connection, direction: 0 };
  }

  /** A new connection is one that was expected. */
  #meet(connection: Connection, { master, helper, met }: Expectation): void {
    connection.status |= Ct.IPS_EXPECTED;
    connection.master = (master as Helped).connection;
    connection.mark = connection.master.mark;
    if (helper !== undefined) connection.helped = new Helped(connection, helper);
    const kill = (): void => {
      this.table.delete(connection, this.#passing.nowNs);
    };
    met?.(tunnelOf(connection, () => this.#passing.nowNs, kill));
  }

  /** nf_confirm at INPUT or POSTROUTING: the packet has passed all tables. Throws Lost. */
  confirm(packet: Packet, passing: Passing): void {
    this.#passing = passing;
    const { connection, ctinfo } = packet;
    if (connection === undefined) return;
    // Helpers do not know ICMP.
    const { helped } = connection;
    if (helped !== undefined && ctinfo !== RELATED_REPLY) {
      const verdict = askHelper(helped, packet, passing.nowNs, this.expectations, this.#options.machine);
      if (verdict === 'drop') throw new Lost('helper');
    }
    if (!connection.confirmed) this.#enter(connection, ctinfo, passing.nowNs);
    if (this.#tells) this.#events.deliver(connection, passing.number, passing.nowNs);
  }

  get #tells(): boolean {
    return this.#options.events === true && this.sysctls.events;
  }

  /** __nf_conntrack_confirm */
  #enter(connection: Connection, ctinfo: number, nowNs: bigint): void {
    if (directionOf(ctinfo) === 1) return;
    if (connection.has(Ct.IPS_DYING) || !this.table.accepts(connection, nowNs)) throw new Lost('conntrack');
    connection.timeoutNs += nowNs;
    if (this.#extensions.timestamp) connection.startNs = nowNs;
    this.table.insert(connection);
    connection.status |= Ct.IPS_CONFIRMED;
    if (connection.helped !== undefined) connection.tell(Ct.IPCT_HELPER);
    connection.tell(connection.master === undefined ? Ct.IPCT_NEW : Ct.IPCT_RELATED);
  }

  #destroyed(connection: Connection, nowNs: bigint): void {
    this.#released(connection);
    if (this.#tells) this.#events.destroyed(connection, this.#passing.number, nowNs);
  }

  /** The packet's way has ended: a connection that it did not live to confirm is none (nf_ct_destroy). */
  abandon({ connection }: Packet): void {
    if (connection !== undefined && !connection.confirmed) this.#released(connection);
  }

  /** What went with a connection. */
  #released(connection: Connection): void {
    if (connection.helped !== undefined) forget(connection.helped, this.expectations);
    const caller = connection.protocol === IPPROTO_GRE ? connection.master?.helped : undefined;
    if (caller !== undefined) this.expectations.keys.forget(caller);
  }

  /** A packet was answered with a reset (nf_ct_set_closing). */
  close(packet: Packet, nowNs: bigint): void {
    const { connection } = packet;
    if (connection !== undefined) setClosing(connection, nowNs, this.sysctls);
  }
}

function newCounter(): { packets: bigint; bytes: bigint } {
  return { packets: 0n, bytes: 0n };
}

/** nf_ct_set */
function attach(packet: Packet, connection: Connection | undefined, ctinfo: number): void {
  packet.connection = connection;
  packet.ctinfo = ctinfo;
}

/** nf_conntrack_handle_icmp */
function checkMessage(packet: Packet, { protocol, offset }: Located, around: Surroundings): Answer {
  if (packet.family === 'ipv4' && protocol === IPPROTO_ICMP) return checkIcmp(packet, offset, around);
  if (packet.family === 'ipv6' && protocol === IPPROTO_ICMPV6) return checkIcmpv6(packet, offset, around);
  return 'go-on';
}

/** Once both sides have spoken it is established. */
function originalInfo(connection: Connection): number {
  if (connection.has(Ct.IPS_SEEN_REPLY)) return ESTABLISHED;
  return connection.has(Ct.IPS_EXPECTED) ? RELATED : NEW;
}
