// A connection as data: what `conntrack -L` shows of it.

import type { ConntrackEntry, Tuple as ShownTuple } from '../../conntrack/entry.ts';
import { trackedProtocol } from '../../conntrack/protocol.ts';
import type { Connection } from './connection.ts';
import type { Tuple } from './tuple.ts';

export function entryOf(connection: Connection, nowNs: bigint): ConntrackEntry {
  const { tuples, zone, accounting, timeoutNs, confirmed } = connection;
  // Before it is confirmed its time has not begun to run.
  const left = confirmed ? timeoutNs - nowNs : timeoutNs;
  const [original, reply] = tuples;
  return {
    family: original.family,
    protocol: original.protocol,
    timeoutNs: left > 0n ? left : 0n,
    state: stateOf(connection),
    original: shown(original),
    reply: shown(reply),
    originalAccounting: accounting && { ...accounting[0] },
    replyAccounting: accounting && { ...accounting[1] },
    status: connection.status,
    mark: connection.mark,
    zone: zone.id,
    zoneDirections: zone.directions,
    helper: connection.helped?.helper,
    labels: connection.labels,
    startNs: connection.startNs,
    number: connection.number,
  };
}

/** The state of the protocol by its name; undefined where it has none. */
export function stateOf({ tcp, sctp, protocol }: Connection): string | undefined {
  const state = tcp?.state ?? sctp?.state;
  return state === undefined ? undefined : trackedProtocol(protocol).states[state];
}

export function shown({ source, destination, protocol, sourcePart, destinationPart }: Tuple): ShownTuple {
  switch (trackedProtocol(protocol).tuple) {
    case 'ports':
      return { source, destination, sourcePort: sourcePart, destinationPort: destinationPart };
    case 'keys':
      return { source, destination, sourceKey: sourcePart, destinationKey: destinationPart };
    case 'icmp': {
      const icmp = { type: destinationPart >> 8, code: destinationPart & 255, id: sourcePart };
      return { source, destination, icmp };
    }
    case 'none':
      return { source, destination };
  }
}
