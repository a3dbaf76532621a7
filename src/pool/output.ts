// What a lane hands to the main thread of a batch: lines of --verdicts and records of --write. The main thread puts
// the batches in order and writes (src/scan/ordered-output.ts).

import type { Transferable } from 'node:worker_threads';
import { type RecordFormat, RecordFormatter } from '../capture/write.ts';
import * as Batch from '../layout/batch.ts';
import { VerdictFormatter, type VerdictNames } from '../report/verdicts.ts';
import type { InterfaceNames } from './interface-names.ts';

/** Structured-clonable. */
export interface OutputDescription {
  /** Names for --verdicts; absent when only --write is asked for. */
  readonly verdicts?: Omit<VerdictNames, 'interfaces'> | undefined;
  /** --write: which verdict (Verdict.*) goes into which writer, and the writers' formats. */
  readonly writes: readonly { readonly verdict: number; readonly format: RecordFormat }[];
}

/** One batch's output. */
export interface BatchMessage {
  readonly sequence: number;
  /** NDJSON lines. */
  readonly verdicts?: Uint8Array<ArrayBuffer> | undefined;
  /** Fragments held for a datagram that was not complete yet: packet number, and where in `verdicts` its `null` is. */
  readonly held: readonly { readonly number: number; readonly at: number }[];
  /** Datagrams that became complete: number of the packet that completed it, and those that had waited. */
  readonly completed: readonly { readonly datagram: number; readonly held: readonly number[] }[];
  /** In the order of OutputDescription.writes. */
  readonly writes: readonly Uint8Array<ArrayBuffer>[];
}
