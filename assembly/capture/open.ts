import * as Batch from '../../src/layout/batch.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Lane from '../../src/layout/lane.ts';
import { openPcap } from './pcap.ts';
import { openPcapng } from './pcapng.ts';

/**
 * First stage of a vector: fills FRAME, FRAME_CAP, FRAME_LEN, TIME, CAPTURE_INTERFACE, DIRECTION and RECORD of
 * `count` packet records from `packets` on, for the batch's index entries from `first` on. A batch holds records of
 * one source, so that the format is asked for once a vector.
 */
export function open(lane: usize, batch: usize, first: u32, count: u32, packets: usize): void {
  const source = <usize>load<u32>(batch, Batch.SOURCE);
  const interfaces = <usize>load<u32>(lane, Lane.CAPTURE_INTERFACES);
  const entry = <usize>load<u32>(batch, Batch.INDEX) + <usize>first * Batch.ENTRY_BYTES;
  if (load<u32>(source, Capture.FORMAT) === Capture.PCAP) {
    openPcap(source, interfaces, entry, count, first, packets);
  } else {
    openPcapng(source, interfaces, entry, count, first, packets);
  }
}
