// A look at the first packets before the scan, on the main thread: the same reading, then everything is put back.

import type { Kernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';
import type { CaptureHeader, CaptureProblem, SharedDescription } from './description.ts';
import type { StreamPump } from './pump.ts';
import { CaptureReader } from './reader.ts';

export interface PeekResult {
  /** Records shown to `visit`. */
  readonly count: number;
  /** Problems met on the way; the scan will meet them again. */
  readonly problems: readonly CaptureProblem[];
  /** True when these are all records that there are. */
  readonly all: boolean;
  /** Headers of the captures that had packets among these, by place in the list of files. */
  readonly headers: ReadonlyMap<number, CaptureHeader>;
}

/**
 * Shows the first `limit` records of the captures, or all if there are fewer, to `visit`: index entries 0 to `count`
 * of the batch at `batch`, several times. Leaves the captures as they were. Of a stream, what fits into the ring can
 * be seen, and nothing of the captures behind it; a live stream is waited for. For the main thread, before any lane
 * reads; `pump` is running when there are streams. `machineInterface` as for CaptureReader.
 */
export async function peek(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  description: SharedDescription,
  pump: StreamPump | undefined,
  batch: number,
  limit: number,
  visit: (batch: number, count: number) => void,
  machineInterface: (name: string) => number = () => 0,
): Promise<PeekResult> {
  for (;;) {
    const settled = pump?.settled ?? true;
    // What is there is counted first, because visitors are to see every record once.
    const { count } = peekNow(memory, kernel, description, batch, limit, () => {});
    if (settled || count >= limit)
      return peekNow(memory, kernel, description, batch, limit, visit, machineInterface);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function peekNow(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  description: SharedDescription,
  batch: number,
  limit: number,
  visit: (batch: number, count: number) => void,
  machineInterface: (name: string) => number = () => 0,
): PeekResult {
  // The tables only grow, and their counts are in the reader record: putting that back takes new entries away.
  const state = new Uint8Array(memory.buffer, description.reader, Capture.READER_BYTES);
  const before = state.slice();
  const reader = new CaptureReader(memory, kernel, description, machineInterface, 'peek');
  const problems: CaptureProblem[] = [];
  const headers = new Map<number, CaptureHeader>();
  let count = 0;
  let all = false;
  try {
    while (count < limit) {
      const result = reader.readBatch(batch);
      problems.push(...result.problems);
      if (result.status !== 'batch') {
        all = result.status === 'end';
        break;
      }
      const shown = Math.min(result.count, limit - count);
      count += shown;
      const [place, header] = headerOf(memory, description, batch);
      headers.set(place, header);
      visit(batch, shown);
    }
  } finally {
    reader.close();
    state.set(before);
  }
  return { count, problems, all, headers };
}

function headerOf(
  memory: WebAssembly.Memory,
  description: SharedDescription,
  batch: number,
): [number, CaptureHeader] {
  const view = new DataView(memory.buffer);
  const word = (address: number): number => view.getUint32(address, true);
  const source = word(batch + Batch.SOURCE);
  const index = word(word(batch + Batch.INDEX) + Batch.ENTRY_INTERFACE);
  const captureInterface = description.interfaces + index * Capture.INTERFACE_BYTES;
  const isPcap = word(source + Capture.FORMAT) === Capture.PCAP;
  const header: CaptureHeader = {
    format: isPcap ? 'pcap' : 'pcapng',
    linktype: word(captureInterface + Capture.LINKTYPE),
    nanoseconds: !isPcap || word(source + Capture.NANOSECONDS) !== 0,
    fcsBytes: word(captureInterface + Capture.FCS_BYTES),
  };
  return [word(description.reader + Capture.READER_FILE), header];
}
