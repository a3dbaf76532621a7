// What a lane hands to the main thread of a batch: lines of --verdicts and records of --write. The main thread puts
// the batches in order and writes (src/scan/ordered-output.ts).

import type { SharedDescription } from '../capture/description.ts';
import { type RecordFormat, RecordFormatter } from '../capture/write.ts';
import type { ConntrackConfig } from '../conntrack/config.ts';
import { takeEvents } from '../conntrack/event-record.ts';
import { shardAddresses } from '../conntrack/record.ts';
import * as Batch from '../layout/batch.ts';
import * as Fragment from '../layout/fragment.ts';
import { VerdictFormatter, type VerdictNames } from '../report/verdicts.ts';
import { type EventLines, formatEvents } from './event-lines.ts';
import type { InterfaceNames } from './interface-names.ts';

/** What changes with the rule sets. Structured-clonable. */
export interface OutputNames {
  /** Names for --verdicts; absent when only --write is asked for. */
  readonly verdicts?: Omit<VerdictNames, 'interfaces'> | undefined;
  /** --events: where connection tracking is. */
  readonly conntrack?: ConntrackPlace | undefined;
}

/** Structured-clonable. */
export interface OutputDescription extends OutputNames {
  /** --write: which verdict (Verdict.*) goes into which file, and the files' formats. */
  readonly writes: readonly { readonly verdict: number; readonly format: RecordFormat }[];
  readonly captures: SharedDescription;
}

export interface ConntrackPlace {
  /** Of the configuration record. */
  readonly address: number;
  readonly config: ConntrackConfig;
}

/** One batch's output. */
export interface BatchMessage {
  readonly sequence: number;
  /** What is on its way, in KiB. */
  readonly kib: number;
  /** NDJSON lines. */
  readonly verdicts?: Uint8Array<ArrayBuffer> | undefined;
  /** Fragments held for a datagram that was not complete yet: packet number, and where in `verdicts` its `null` is. */
  readonly held: readonly { readonly number: number; readonly at: number }[];
  /** What became of packets that were held: number of the packet that completed their datagram, 0 when it died. */
  readonly events: readonly FragmentEvent[];
  /** In the order of OutputDescription.writes. */
  readonly writes: readonly Uint8Array<ArrayBuffer>[];
  /** --events: those of the batch's packets, by shard. */
  readonly conntrackEvents?: readonly EventLines[] | undefined;
}

export interface FragmentEvent {
  readonly number: number;
  readonly datagram: number;
}

/** Takes the events out of the reassembly arena; to be called by the lane that has its turn. */
export function takeFragmentEvents(memory: WebAssembly.Memory, arena: number): readonly FragmentEvent[] {
  const view = new DataView(memory.buffer);
  const count = view.getUint32(arena + Fragment.EVENT_COUNT, true);
  const events = view.getUint32(arena + Fragment.EVENTS, true);
  view.setUint32(arena + Fragment.EVENT_COUNT, 0, true);
  return Array.from({ length: count }, (_, index) => {
    const at = events + index * Fragment.EVENT_BYTES;
    return {
      number: Number(view.getBigUint64(at + Fragment.EVENT_NUMBER, true)),
      datagram: Number(view.getBigUint64(at + Fragment.EVENT_DATAGRAM, true)),
    };
  });
}

export class BatchOutput {
  readonly #memory: WebAssembly.Memory;
  readonly #batch: number;
  readonly #interfaces: (index: number) => string | undefined;
  #formatter: VerdictFormatter | undefined;
  #conntrack: ConntrackPlace | undefined;
  #shards: readonly number[] = [];
  #eventLines: EventLines[] = [];
  readonly #writers: readonly { readonly verdict: number; readonly formatter: RecordFormatter }[];

  constructor(
    memory: WebAssembly.Memory,
    batch: number,
    names: InterfaceNames,
    description: OutputDescription,
  ) {
    this.#memory = memory;
    this.#batch = batch;
    this.#interfaces = (index) => (index === 0 ? undefined : names.name(index));
    this.#writers = description.writes.map(({ verdict, format }) => ({
      verdict,
      formatter: new RecordFormatter(memory, description.captures, format, this.#interfaces),
    }));
    this.rename(description);
  }

  /** From here on rules have these names. */
  rename({ verdicts, conntrack }: OutputNames): void {
    this.#formatter =
      verdicts === undefined
        ? undefined
        : new VerdictFormatter({ ...verdicts, interfaces: this.#interfaces });
    if (this.#conntrack?.address === conntrack?.address) return;
    this.#conntrack = conntrack;
    this.#shards =
      conntrack === undefined
        ? []
        : shardAddresses(new DataView(this.#memory.buffer), conntrack.address, conntrack.config);
  }

  /** Takes the connection tracking events of a shard, whose turn the lane has; of all shards when it is alone. */
  takeConntrackEvents(shard?: number): void {
    if (this.#conntrack === undefined) return;
    const shards = shard === undefined ? this.#shards : this.#shards.slice(shard, shard + 1);
    for (const address of shards) {
      const events = takeEvents(this.#memory, address, this.#conntrack.config);
      if (events.length > 0) this.#eventLines.push(formatEvents(events));
    }
  }

  /** Output of the batch that the lane has just finished, and the events that were taken in its turn. */
  take(events: readonly FragmentEvent[]): BatchMessage {
    const view = new DataView(this.#memory.buffer, this.#batch, Batch.HEADER_BYTES);
    const held: { number: number; at: number }[] = [];
    const verdicts = this.#formatter?.format(
      this.#memory.buffer,
      view.getUint32(Batch.RESULTS, true),
      view.getUint32(Batch.COUNT, true),
      Number(view.getBigUint64(Batch.FIRST_NUMBER, true)),
      held,
    );
    const writes = this.#writers.map(({ verdict, formatter }) =>
      formatter.format(this.#batch, recordsWith(view, this.#memory, verdict)),
    );
    const eventLines = this.#eventLines;
    this.#eventLines = [];
    const chunks = [verdicts, ...writes, ...eventLines.map(({ text }) => text)];
    const bytes = chunks.reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0);
    return {
      sequence: view.getUint32(Batch.SEQUENCE, true),
      kib: Math.ceil(bytes / 1024),
      verdicts,
      held,
      events,
      writes,
      conntrackEvents: eventLines,
    };
  }
}

/** Indexes of a batch's records with a verdict. */
function* recordsWith(batch: DataView, memory: WebAssembly.Memory, verdict: number): Generator<number> {
  const count = batch.getUint32(Batch.COUNT, true);
  const results = new Uint8Array(
    memory.buffer,
    batch.getUint32(Batch.RESULTS, true),
    count * Batch.RESULT_BYTES,
  );
  for (let index = 0; index < count; index++) {
    if (results[index * Batch.RESULT_BYTES + Batch.RESULT_VERDICT] === verdict) yield index;
  }
}
