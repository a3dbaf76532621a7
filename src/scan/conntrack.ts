// Connection tracking after the last packet: what was counted, and the table as `conntrack -L -o extended`.

import type { ConntrackConfig } from '../conntrack/config.ts';
import type { ConntrackEntry } from '../conntrack/entry.ts';
import { eventText } from '../conntrack/events.ts';
import { listEntries } from '../conntrack/record.ts';
import { readStatistics } from '../conntrack/statistics.ts';
import { entryText } from '../conntrack/text.ts';
import * as Conntrack from '../layout/conntrack.ts';
import type { ConntrackResult } from '../report/result.ts';
import type { Sink } from './sink.ts';

/** The tables of a scan whose lanes are done. */
export interface EndedConntrack {
  readonly result: ConntrackResult;
  readonly entries: Iterable<ConntrackEntry>;
  /** Entries that have expired, and that no packet has made the kernel collect. */
  readonly expired: Iterable<ConntrackEntry>;
  /** Time of the latest packet, ns: when the table is listed. */
  readonly nowNs: bigint;
}

/**
 * @param configAddress address of the configuration record (src/layout/conntrack.ts)
 * @param nowNs time of the latest packet, ns: what expires until then is not in the table
 */
export function endConntrack(
  memory: WebAssembly.Memory,
  configAddress: number,
  config: ConntrackConfig,
  nowNs: bigint,
): EndedConntrack {
  const { alive, expired: gone } = listEntries(memory, configAddress, config, nowNs);
  const { expectationsMade, expectationsMet, expectationsRefused, oneWay, expired, ...counted } =
    readStatistics(memory, configAddress, config);
  const result: ConntrackResult = {
    ...counted,
    live: alive.count,
    limit: config.limit,
    expired: expired + gone.count,
    // Those that were collected were counted then.
    oneWay: oneWay + gone.oneWay + alive.oneWay,
    checksums: (config.flags & Conntrack.CHECKSUM) === 0 ? 'trust' : 'verify',
    expectations: { made: expectationsMade, met: expectationsMet, refused: expectationsRefused },
  };
  return { result, entries: alive, expired: gone, nowNs };
}

/** Writes the table, a line an entry. */
export function writeTable(sink: Sink, { entries, nowNs }: EndedConntrack): Promise<void> {
  return writeLines(sink, entries, (entry) => entryText(entry, nowNs));
}

/** Writes the last events: that the entries which have expired are gone. */
export function writeLastEvents(sink: Sink, { expired, nowNs }: EndedConntrack): Promise<void> {
  return writeLines(sink, expired, (entry) =>
    eventText({ kind: 'DESTROY', what: 1 << Conntrack.IPCT_DESTROY, number: 0n, timeNs: nowNs, entry }),
  );
}

/** Characters of a piece that is handed to the sink. */
const PIECE = 256 * 1024;

async function writeLines<T>(sink: Sink, items: Iterable<T>, text: (item: T) => string): Promise<void> {
  const encoder = new TextEncoder();
  let piece = '';
  for (const item of items) {
    piece += `${text(item)}\n`;
    if (piece.length < PIECE) continue;
    await sink.write(encoder.encode(piece));
    piece = '';
  }
  if (piece !== '') await sink.write(encoder.encode(piece));
}
