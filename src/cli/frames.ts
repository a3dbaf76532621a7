// The frames of captures one by one, for trace: the same reading as a scan's, on the main thread.

import { allocateBatch, LEAST_DATA_BYTES } from '../capture/batch.ts';
import { formatProblem } from '../capture/description.ts';
import { openCaptures } from '../capture/open.ts';
import { CaptureReader } from '../capture/reader.ts';
import type { Frame } from '../interpret/interpreter.ts';
import { Allocator } from '../kernel/allocator.ts';
import { compileKernel, createMemory, instantiateKernel } from '../kernel/kernel.ts';
import * as Batch from '../layout/batch.ts';
import * as Capture from '../layout/capture.ts';
import * as Lane from '../layout/lane.ts';
import * as Packet from '../layout/packet.ts';

const MEMORY_BYTES = 16 * 1024 * 1024;
const RECORDS = 4096;

export interface FrameSource {
  /** Frames in order. Their bytes are the caller's. */
  frames(): Generator<Frame>;
  /** One message a broken capture met so far. */
  readonly broken: readonly string[];
}

/** Opens captures. `interfaceIndex` gives the machine's interface of a name that a pcapng file has. */
export function openFrames(paths: readonly string[], interfaceIndex: (name: string) => number): FrameSource {
  const memory = createMemory(MEMORY_BYTES);
  const kernel = instantiateKernel(compileKernel(), memory);
  const allocator = new Allocator(memory);
  const allocate = (bytes: number): number => allocator.allocate(bytes);
  const description = openCaptures(paths, memory, allocate);
  const lane = allocate(Lane.BYTES);
  const packets = allocate(Lane.VECTOR * Packet.BYTES);
  const batch = allocateBatch(memory, allocate, {
    dataBytes: 4 * LEAST_DATA_BYTES,
    records: RECORDS,
    results: false,
  });
  const view = new DataView(memory.buffer);
  view.setUint32(lane + Lane.CAPTURE_INTERFACES, description.interfaces, true);
  const reader = new CaptureReader(memory, kernel, description, interfaceIndex);
  const broken: string[] = [];

  function* frames(): Generator<Frame> {
    try {
      for (;;) {
        const { status, count, problems } = reader.readBatch(batch);
        broken.push(...problems.map(formatProblem));
        if (status !== 'batch') return;
        const firstNumber = Number(view.getBigUint64(batch + Batch.FIRST_NUMBER, true));
        for (let first = 0; first < count; first += Lane.VECTOR) {
          const length = Math.min(Lane.VECTOR, count - first);
          kernel.open?.(lane, batch, first, length, packets);
          for (let index = 0; index < length; index++) {
            yield frame(packets + index * Packet.BYTES, firstNumber + first + index);
          }
        }
      }
    } finally {
      reader.close();
    }
  }

  function frame(record: number, number: number): Frame {
    const word = (offset: number): number => view.getUint32(record + offset, true);
    const link = description.interfaces + word(Packet.CAPTURE_INTERFACE) * Capture.INTERFACE_BYTES;
    const originalLength = word(Packet.FRAME_LEN) - view.getUint32(link + Capture.FCS_BYTES, true);
    const captured = Math.max(0, Math.min(word(Packet.FRAME_CAP), originalLength));
    const machineInterface = view.getUint32(link + Capture.MACHINE_INTERFACE, true);
    const direction = word(Packet.DIRECTION);
    return {
      bytes: new Uint8Array(memory.buffer, word(Packet.FRAME), captured).slice(),
      originalLength,
      linkType: view.getUint32(link + Capture.LINKTYPE, true),
      timeNs: view.getBigUint64(record + Packet.TIME, true),
      interfaceIndex: machineInterface === 0 ? undefined : machineInterface,
      direction: direction === 1 ? 'in' : direction === 2 ? 'out' : undefined,
      number,
    };
  }

  return { frames, broken };
}
