// Entries of a starting state as records for the kernel to insert: what `conntrack -I` would make of the same line.

import * as Conntrack from '../layout/conntrack.ts';
import type { Address } from '../model/address.ts';
import { helperNumber } from '../model/helper.ts';
import type { ConntrackConfig, EntryLayout } from './config.ts';
import type { ConntrackEntry, Tuple } from './entry.ts';
import { GRE, TCP, trackedProtocol } from './protocol.ts';
import { STATE_OFFSETS, TUPLES, type TupleOffsets } from './record.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** What the PPTP helper gives a call's GRE entries (nf_conntrack_pptp.h): unreplied, and replied. */
const PPTP_GRE_SECONDS = 10 * 60;
const PPTP_GRE_STREAM_SECONDS = 5 * 60 * 60;

/**
 * Writes an entry's record of `layout.bytes` (config.entry4 or entry6) at `at`: the image of the entry, but for the
 * links of its buckets and its hash, which whoever inserts it fills in. DEADLINE is `nowNs` and what was left.
 *
 * @param nowNs the time at which the starting state holds: that of the first packet
 */
export function packEntry(
  view: DataView,
  at: number,
  entry: ConntrackEntry,
  config: ConntrackConfig,
  nowNs: bigint,
): void {
  const layout = entry.family === 'ipv4' ? config.entry4 : config.entry6;
  new Uint8Array(view.buffer, view.byteOffset + at, layout.bytes).fill(0);
  view.setUint32(at + Conntrack.STATUS, entry.status | Conntrack.IPS_CONFIRMED | Conntrack.IN_USE, true);
  view.setBigUint64(at + Conntrack.DEADLINE, BigInt.asUintN(64, nowNs + entry.timeoutNs), true);
  const [original, reply] = TUPLES[entry.family];
  packTuple(view, at, entry.original, original);
  packTuple(view, at, entry.reply, reply);
  view.setUint8(at + Conntrack.PROTO, entry.protocol);
  view.setUint8(at + Conntrack.FAMILY, entry.family === 'ipv4' ? 4 : 6);
  view.setUint16(at + Conntrack.ZONE, entry.zone, true);
  view.setUint8(at + Conntrack.ZONE_DIR, entry.zone === 0 ? 3 : entry.zoneDirections);
  view.setUint32(at + Conntrack.MARK, entry.mark, true);
  view.setBigInt64(at + Conntrack.NUMBER, entry.number, true);
  if (entry.helper !== undefined) view.setUint8(at + Conntrack.HELPER, helperNumber(entry.helper) ?? 0);
  const replied = (entry.status & Conntrack.IPS_SEEN_REPLY) !== 0;
  view.setUint8(at + Conntrack.BITS, replied ? Conntrack.BIT_REPLIED : 0);
  packTrack(view, at, entry, config);
  packExtensions(view, at, entry, layout, nowNs);
}

function packTuple(view: DataView, at: number, tuple: Tuple, offsets: TupleOffsets): void {
  packAddress(view, at + offsets.source, tuple.source);
  packAddress(view, at + offsets.destination, tuple.destination);
  const { icmp } = tuple;
  const first = icmp?.id ?? tuple.sourcePort ?? tuple.sourceKey ?? 0;
  const second =
    icmp === undefined ? (tuple.destinationPort ?? tuple.destinationKey ?? 0) : (icmp.type << 8) | icmp.code;
  view.setUint16(at + offsets.ports, first, true);
  view.setUint16(at + offsets.ports + 2, second, true);
}

function packAddress(view: DataView, at: number, address: Address): void {
  const from = new DataView(address.buffer, address.byteOffset, address.length);
  if (address.length === 4) {
    view.setUint32(at, from.getUint32(0), true);
  } else {
    view.setBigUint64(at, from.getBigUint64(0), true);
    view.setBigUint64(at + 8, from.getBigUint64(8), true);
  }
}

/**
 * The tracker's part. A line tells the state and nothing else of it:
 *
 * - TCP: no windows. tcp_in_window() takes them from the first packet of each direction (td_maxwin is 0), without the
 *   scale that both sides agreed on; so conntrack(8), as conntrackd and as the kernel when it picks a connection up,
 *   makes both directions liberal and permits SACK, and a connection that goes on stays ESTABLISHED.
 * - UDP: `stream_ts` is 0, long ago: the next reply makes it a stream, as after `conntrack -I`.
 * - SCTP: no verification tags, as after `conntrack -I` without `--orig-vtag`: until INIT or a HEARTBEAT tells a
 *   direction's tag, the direction's DATA and SACK are INVALID.
 * - GRE: `conntrack -I` leaves the entry's own timeouts at 0, so that it dies with its next packet. Here it gets those
 *   it had: the sysctls', or a PPTP call's when there is more time left than those give.
 */
function packTrack(view: DataView, at: number, entry: ConntrackEntry, config: ConntrackConfig): void {
  const { name, states } = trackedProtocol(entry.protocol);
  const stateOffset = STATE_OFFSETS.get(name);
  if (stateOffset !== undefined && entry.state !== undefined) {
    view.setUint8(at + stateOffset, Math.max(0, states.indexOf(entry.state)));
  }
  if (entry.protocol === TCP) {
    const flags = Conntrack.TCP_FLAG_SACK_PERM | Conntrack.TCP_FLAG_BE_LIBERAL;
    view.setUint8(at + Conntrack.TCP_FLAGS, flags);
    view.setUint8(at + Conntrack.TCP_FLAGS + 2, flags);
  } else if (entry.protocol === GRE) {
    const { gre, greStream } = config.timeouts;
    const usual = (entry.status & Conntrack.IPS_SEEN_REPLY) === 0 ? gre : greStream;
    const pptp = entry.timeoutNs > BigInt(usual) * NS_PER_SECOND;
    const set = (offset: number, seconds: number): void =>
      view.setBigUint64(at + offset, BigInt(seconds) * NS_PER_SECOND, true);
    set(Conntrack.GRE_TIMEOUT, pptp ? PPTP_GRE_SECONDS : gre);
    set(Conntrack.GRE_STREAM_TIMEOUT, pptp ? PPTP_GRE_STREAM_SECONDS : greStream);
  }
}

function packExtensions(
  view: DataView,
  at: number,
  entry: ConntrackEntry,
  layout: EntryLayout,
  nowNs: bigint,
): void {
  if (layout.accounting !== 0) {
    [entry.originalAccounting, entry.replyAccounting].forEach((accounting, direction) => {
      const base = at + layout.accounting + direction * Conntrack.ACCT_REPLY;
      view.setBigUint64(base + Conntrack.ACCT_PACKETS, accounting?.packets ?? 0n, true);
      view.setBigUint64(base + Conntrack.ACCT_BYTES, accounting?.bytes ?? 0n, true);
    });
  }
  if (layout.labels !== 0) {
    const labels = entry.labels ?? 0n;
    view.setBigUint64(at + layout.labels, BigInt.asUintN(64, labels), true);
    view.setBigUint64(at + layout.labels + 8, BigInt.asUintN(64, labels >> 64n), true);
  }
  if (layout.timestamp !== 0) {
    // Read from text it counts back from the listing; without one the entry begins now, as with `conntrack -I`.
    const start =
      entry.startNs === undefined ? nowNs : entry.startNs > 0n ? entry.startNs : nowNs + entry.startNs;
    view.setBigUint64(at + layout.timestamp, start < 0n ? 0n : start, true);
  }
}
