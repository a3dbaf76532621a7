import * as Batch from '../layout/batch.ts';
import type { Allocate } from './description.ts';

/** Smallest data area: a packet of the largest length that is taken for true, with its header. */
export const LEAST_DATA_BYTES = 262144 + 1024;

export interface BatchSize {
  readonly dataBytes: number;
  /** Most records. */
  readonly records: number;
  /** Room for result records (--verdicts, --write). */
  readonly results: boolean;
}

/** Allocates a batch and fills in the header. Returns its address. */
export function allocateBatch(memory: WebAssembly.Memory, allocate: Allocate, size: BatchSize): number {
  const batch = allocate(Batch.HEADER_BYTES);
  const index = allocate(size.records * Batch.ENTRY_BYTES);
  const results = size.results ? allocate(size.records * Batch.RESULT_BYTES) : 0;
  const dataCapacity = Math.max(size.dataBytes, LEAST_DATA_BYTES);
  const data = allocate(dataCapacity);
  const view = new DataView(memory.buffer);
  view.setUint32(batch + Batch.INDEX, index, true);
  view.setUint32(batch + Batch.RESULTS, results, true);
  view.setUint32(batch + Batch.DATA, data, true);
  view.setUint32(batch + Batch.DATA_CAPACITY, dataCapacity, true);
  view.setUint32(batch + Batch.RECORD_CAPACITY, size.records, true);
  return batch;
}
