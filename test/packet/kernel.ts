// A lane with one vector of packet records, for tests of the decoder: frames in, records out.

import { compileKernel, createMemory, instantiateKernel, type Kernel } from '../../src/kernel/kernel.ts';
import * as Capture from '../../src/layout/capture.ts';
import * as Lane from '../../src/layout/lane.ts';
import * as Packet from '../../src/layout/packet.ts';

const LANE = 4096;
const INTERFACES = 8192;
const PACKETS = 65536;
/** Frames stand at the end of the memory, so that a load behind one of them traps. */
const MEMORY_BYTES = 1 << 20;

export interface Frame {
  readonly linktype: number;
  readonly bytes: Uint8Array;
  /** Original length, when the frame is cut. */
  readonly length?: number | undefined;
}

/** Decodes single frames; the last frame's record can be read field by field. */
export class Decoder {
  readonly kernel: Kernel;
  readonly memory: WebAssembly.Memory;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly record = PACKETS;
  readonly lane = LANE;

  constructor(extraBytes = 0) {
    this.memory = createMemory(MEMORY_BYTES + extraBytes);
    this.kernel = instantiateKernel(compileKernel(), this.memory);
    this.view = new DataView(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view.setUint32(LANE + Lane.CAPTURE_INTERFACES, INTERFACES, true);
  }

  /** Puts the frame at the very end of the memory and decodes it. The record is filled with junk before. */
  decode(frame: Frame): this {
    const link = INTERFACES + Capture.INTERFACE_BYTES;
    this.view.setUint32(link + Capture.LINKTYPE, frame.linktype, true);
    const address = this.bytes.length - frame.bytes.length;
    this.bytes.set(frame.bytes, address);
    this.bytes.fill(0xa5, this.record, this.record + Packet.BYTES);
    this.set(Packet.FRAME, address);
    this.set(Packet.FRAME_CAP, frame.bytes.length);
    this.set(Packet.FRAME_LEN, frame.length ?? frame.bytes.length);
    this.set(Packet.CAPTURE_INTERFACE, 1);
    this.set(Packet.DIRECTION, 0);
    this.set(Packet.RECORD, 0);
    this.view.setBigUint64(this.record + Packet.TIME, 0n, true);
    this.kernel.decode?.(LANE, this.record);
    return this;
  }

  set(field: number, value: number): void {
    this.view.setUint32(this.record + field, value, true);
  }

  get(field: number): number {
    return this.view.getUint32(this.record + field, true);
  }

  flag(flag: number): boolean {
    return (this.get(Packet.FLAGS) & flag) !== 0;
  }

  /** An address field as 32 hexadecimal digits per 128 bits (IPv6) or 8 (IPv4). */
  address(field: number): string {
    if (this.get(Packet.FAMILY) === 4) return this.get(field).toString(16).padStart(8, '0');
    const high = this.view.getBigUint64(this.record + field, true);
    const low = this.view.getBigUint64(this.record + field + 8, true);
    return high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0');
  }
}
