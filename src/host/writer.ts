// A growing buffer for flat tables: sections are reserved at its end and filled by offset.

import { type Address, prefixMask } from '../model/address.ts';

export class Writer {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Takes `bytes` zeroed bytes at the end, aligned to 16; answers their offset. */
  reserve(bytes: number): number {
    const offset = (this.#length + 15) & ~15;
    this.#length = offset + bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return offset;
  }

  u32(offset: number, value: number): void {
    this.#view.setUint32(offset, value >>> 0, true);
  }

  u64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }

  /** An address in the form of layout/packet.ts: 4 bytes (IPv4) or 16. */
  address(offset: number, address: Address): void {
    const view = new DataView(address.buffer, address.byteOffset, address.length);
    if (address.length === 4) {
      this.u32(offset, view.getUint32(0));
    } else {
      this.u64(offset, view.getBigUint64(0));
      this.u64(offset + 8, view.getBigUint64(8));
    }
  }

  /** A prefix as address and mask, the address already ANDed. */
  prefix(offset: number, maskOffset: number, prefix: { address: Address; prefixLength: number }): void {
    const mask = prefixMask(prefix.prefixLength, prefix.address.length as 4 | 16);
    this.address(maskOffset, mask);
    this.address(
      offset,
      prefix.address.map((byte, index) => byte & (mask[index] as number)),
    );
  }

  /** What was written, a copy of the right length. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, (this.#length + 15) & ~15);
  }
}
