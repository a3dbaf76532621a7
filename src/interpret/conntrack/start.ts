// Connections of a starting state, as `conntrack -I` would enter them: a line of `conntrack -L` does not tell all of them.

import type { ConntrackEntry, Tuple as ShownTuple } from '../../conntrack/entry.ts';
import { trackedProtocol } from '../../conntrack/protocol.ts';
import * as Ct from '../../layout/conntrack.ts';
import { IPPROTO_SCTP, IPPROTO_TCP } from '../packet.ts';
import { Connection } from './connection.ts';
import { Helped } from './help.ts';
import type { HelperName } from './helper/policy.ts';
import { newAssociation } from './sctp.ts';
import type { ConntrackSysctls } from './sysctl.ts';
import { FLAG_LIBERAL, FLAG_SACK_PERMITTED, newTcpState } from './tcp-state.ts';
import { IPPROTO_GRE, type Tuple } from './tuple.ts';

/** What connections are to have. */
export interface Extensions {
  readonly accounting: boolean;
  readonly labels: boolean;
  readonly timestamp: boolean;
}

/** @param nowNs when the starting state holds: times count from there */
export function connectionOf(
  entry: ConntrackEntry,
  nowNs: bigint,
  sysctls: ConntrackSysctls,
  extensions: Extensions,
): Connection {
  const zone = { id: entry.zone, directions: entry.zone === 0 ? 3 : entry.zoneDirections };
  const tuples = [tupleOf(entry, entry.original), tupleOf(entry, entry.reply)] as const;
  const connection = new Connection(tuples[0], tuples[1], zone, entry.number);
  connection.status = entry.status | Ct.IPS_CONFIRMED;
  connection.timeoutNs = nowNs + entry.timeoutNs;
  connection.mark = entry.mark;
  if (entry.helper !== undefined) connection.helped = new Helped(connection, entry.helper as HelperName);
  if (extensions.accounting) {
    const { originalAccounting: original, replyAccounting: reply } = entry;
    connection.accounting = [
      { packets: 0n, bytes: 0n, ...original },
      { packets: 0n, bytes: 0n, ...reply },
    ];
  }
  if (extensions.labels) connection.labels = entry.labels ?? 0n;
  if (extensions.timestamp) connection.startNs = startOf(entry, nowNs);
  setTracked(connection, entry, sysctls);
  return connection;
}

function tupleOf({ family, protocol }: ConntrackEntry, shown: ShownTuple): Tuple {
  const { source, destination, icmp } = shown;
  const second =
    icmp === undefined ? (shown.destinationPort ?? shown.destinationKey ?? 0) : icmp.type * 256 + icmp.code;
  return {
    family,
    protocol,
    source,
    destination,
    sourcePart: icmp?.id ?? shown.sourcePort ?? shown.sourceKey ?? 0,
    destinationPart: second,
  };
}

/** From text it counts back from the listing. */
function startOf({ startNs }: ConntrackEntry, nowNs: bigint): bigint {
  if (startNs === undefined) return nowNs;
  const start = startNs > 0n ? startNs : nowNs + startNs;
  return start < 0n ? 0n : start;
}

/** What the PPTP helper gives GRE: unreplied, and replied. */
const PPTP_NS = 600_000_000_000n;
const PPTP_STREAM_NS = 18_000_000_000_000n;

/** The tracker's part, of which a line has the state alone. */
function setTracked(connection: Connection, entry: ConntrackEntry, sysctls: ConntrackSysctls): void {
  const { protocol } = entry;
  const { states } = trackedProtocol(protocol);
  const state = entry.state === undefined ? 0 : Math.max(0, states.indexOf(entry.state));
  if (protocol === IPPROTO_TCP) {
    connection.tcp = newTcpState();
    connection.tcp.state = state;
    // No windows are known, so that both sides are believed.
    for (const sender of connection.tcp.seen) sender.flags = FLAG_SACK_PERMITTED | FLAG_LIBERAL;
  } else if (protocol === IPPROTO_SCTP) {
    connection.sctp = newAssociation();
    connection.sctp.state = state;
  } else if (protocol === IPPROTO_GRE) {
    const usual = sysctls.timeoutNs(connection.has(Ct.IPS_SEEN_REPLY) ? 'gre_timeout_stream' : 'gre_timeout');
    // More than it would have of its own: a call of PPTP.
    const pptp = entry.timeoutNs > usual;
    connection.gre = {
      timeoutNs: pptp ? PPTP_NS : sysctls.timeoutNs('gre_timeout'),
      streamTimeoutNs: pptp ? PPTP_STREAM_NS : sysctls.timeoutNs('gre_timeout_stream'),
    };
  }
}
