// Entries as text: what `conntrack -L -o extended` prints (conntrack-tools 1.4.7, libnetfilter_conntrack 1.0.9).
// Tables and events (src/conntrack/events.ts) are made of the same pieces; which of them stand in a line is decided
// there, as the kernel decides it by what it puts into a message.

import * as Conntrack from '../layout/conntrack.ts';
import { formatAddress } from '../model/address.ts';
import type { Accounting, ConntrackEntry, Tuple } from './entry.ts';
import { type TupleKind, trackedProtocol } from './protocol.ts';

/** What a line shows besides protocol, tuples and status. */
export interface Shown {
  readonly timeout: boolean;
  readonly state: boolean;
  readonly accounting: boolean;
  readonly mark: boolean;
  /** Whole seconds that the entry has lived; undefined where they are not shown. */
  readonly ageSeconds: bigint | undefined;
  readonly helper: boolean;
  /** Reference count: 1 for every entry that is not just being looked at. */
  readonly use: boolean;
}

const NS_PER_SECOND = 1_000_000_000n;

/**
 * One entry as `conntrack -L -o extended` prints it, without a line feed.
 *
 * @param nowNs the time of the listing, ns since 1970: for `delta-time=`, where entries have a time stamp
 */
export function entryText(entry: ConntrackEntry, nowNs = 0n): string {
  return fields(entry, {
    timeout: true,
    state: true,
    accounting: true,
    mark: true,
    ageSeconds: ageSeconds(entry, nowNs),
    helper: true,
    use: true,
  });
}

/** From the second in which an entry was made to this one; undefined without a time stamp, 0 when the clock went back. */
export function ageSeconds(entry: ConntrackEntry, nowNs: bigint): bigint | undefined {
  if (entry.startNs === undefined) return undefined;
  return nowNs < entry.startNs ? 0n : nowNs / NS_PER_SECOND - entry.startNs / NS_PER_SECOND;
}

/** The words of a line in the tool's order, blanks between them. */
export function fields(entry: ConntrackEntry, shown: Shown): string {
  const { name, tuple } = trackedProtocol(entry.protocol);
  const { status, zone, zoneDirections } = entry;
  const family = entry.family === 'ipv4' ? 'ipv4     2' : 'ipv6     10';
  const words = [family, `${name.padEnd(8)} ${entry.protocol}`];
  if (shown.timeout) words.push(`${timeoutSeconds(entry)}`);
  if (shown.state && entry.state !== undefined) words.push(entry.state);
  words.push(...tupleWords(entry.original, tuple));
  if (zone !== 0 && zoneDirections === 1) words.push(`zone-orig=${zone}`);
  if (shown.accounting) words.push(...accountingWords(entry.originalAccounting));
  if ((status & Conntrack.IPS_SEEN_REPLY) === 0) words.push('[UNREPLIED]');
  words.push(...tupleWords(entry.reply, tuple));
  if (zone !== 0 && zoneDirections === 2) words.push(`zone-reply=${zone}`);
  if (shown.accounting) words.push(...accountingWords(entry.replyAccounting));
  if ((status & Conntrack.IPS_ASSURED) !== 0) words.push('[ASSURED]');
  if (shown.mark) words.push(`mark=${entry.mark >>> 0}`);
  if (zone !== 0 && zoneDirections === 3) words.push(`zone=${zone}`);
  if (shown.ageSeconds !== undefined) words.push(`delta-time=${shown.ageSeconds}`);
  if (shown.helper && entry.helper !== undefined) words.push(`helper=${entry.helper}`);
  if (shown.use) words.push('use=1');
  return words.join(' ');
}

/** What is left in whole seconds, as the kernel cuts it (ctnetlink_dump_timeout). */
export function timeoutSeconds(entry: ConntrackEntry): bigint {
  return entry.timeoutNs <= 0n ? 0n : entry.timeoutNs / NS_PER_SECOND;
}

function tupleWords(tuple: Tuple, kind: TupleKind): string[] {
  const words = [`src=${formatAddress(tuple.source)}`, `dst=${formatAddress(tuple.destination)}`];
  if (kind === 'ports') {
    words.push(`sport=${tuple.sourcePort ?? 0}`, `dport=${tuple.destinationPort ?? 0}`);
  } else if (kind === 'keys') {
    words.push(`srckey=${hex(tuple.sourceKey)}`, `dstkey=${hex(tuple.destinationKey)}`);
  } else if (kind === 'icmp') {
    const { type = 0, code = 0, id = 0 } = tuple.icmp ?? {};
    words.push(`type=${type}`, `code=${code}`, `id=${id}`);
  }
  return words;
}

function hex(key = 0): string {
  return `0x${key.toString(16)}`;
}

function accountingWords(accounting: Accounting | undefined): string[] {
  if (accounting === undefined) return [];
  return [`packets=${accounting.packets}`, `bytes=${accounting.bytes}`];
}
