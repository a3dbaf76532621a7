// Connection tracking after the last packet: what was counted, and the table as `conntrack -L -o extended`.

import type { ConntrackConfig } from '../conntrack/config.ts';
import type { ConntrackEntry } from '../conntrack/entry.ts';
import { LiveEntries } from '../conntrack/record.ts';
import { readStatistics } from '../conntrack/statistics.ts';
import { entryText } from '../conntrack/text.ts';
import * as Conntrack from '../layout/conntrack.ts';
import type { ConntrackResult } from '../report/result.ts';
import type { Sink } from './sink.ts';

/** The tables of a scan whose lanes are done. */
export interface EndedConntrack {
  readonly result: ConntrackResult;
  readonly entries: Iterable<ConntrackEntry>;
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
  const entries = new LiveEntries(memory, configAddress, config, nowNs);
  const { expectationsMade, expectationsMet, expectationsRefused, oneWay, ...counted } = readStatistics(
    memory,
    configAddress,
    config,
  );
  const result: ConntrackResult = {
    ...counted,
    live: entries.count,
    limit: config.limit,
    // Those that have ended were counted then.
    oneWay: oneWay + entries.oneWay,
    checksums: (config.flags & Conntrack.CHECKSUM) === 0 ? 'trust' : 'verify',
    expectations: { made: expectationsMade, met: expectationsMet, refused: expectationsRefused },
  };
  return { result, entries, nowNs };
}

/** Characters of a piece that is handed to the sink. */
const PIECE = 256 * 1024;

/** Writes a table, a line an entry. */
export async function writeTable(
  sink: Sink,
  { entries, nowNs }: Omit<EndedConntrack, 'result'>,
): Promise<void> {
  const encoder = new TextEncoder();
  let piece = '';
  for (const entry of entries) {
    piece += `${entryText(entry, nowNs)}\n`;
    if (piece.length < PIECE) continue;
    await sink.write(encoder.encode(piece));
    piece = '';
  }
  if (piece !== '') await sink.write(encoder.encode(piece));
}
