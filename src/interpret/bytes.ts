// Bytes of a packet that may be cut by the snap length: what the header declares is one length, what was captured
// another.

/** Thrown when a byte that decides lies within the packet but beyond the snap length: the verdict is UNKNOWN. */
export class NotCaptured extends Error {
  override readonly name = 'NotCaptured';
}

export class Bytes {
  /** What was captured. */
  readonly captured: Uint8Array;
  /** How long it is in truth, bytes. */
  readonly length: number;

  constructor(captured: Uint8Array, length: number) {
    this.captured = captured.subarray(0, Math.min(captured.length, length));
    this.length = length;
  }

  /** Whether `count` bytes from `offset` on are part of the packet, captured or not (skb_header_pointer's test). */
  has(offset: number, count: number): boolean {
    return offset + count <= this.length;
  }

  /** Asks for `count` bytes from `offset` on, of which the packet has all: NotCaptured when one is missing. */
  need(offset: number, count: number): void {
    if (count > 0 && offset + count > this.captured.length) throw new NotCaptured();
  }

  u8(offset: number): number {
    const value = this.captured[offset];
    if (value === undefined) throw new NotCaptured();
    return value;
  }

  u16(offset: number): number {
    return (this.u8(offset) << 8) | this.u8(offset + 1);
  }

  u32(offset: number): number {
    return this.u16(offset) * 65536 + this.u16(offset + 2);
  }

  slice(offset: number, count: number): Uint8Array {
    this.need(offset, count);
    return this.captured.subarray(offset, offset + count);
  }
}
