// Addresses as operands of operations.

import type { Address } from '../model/address.ts';

/** An address as four words in the form of layout/packet.ts. */
export function addressWords(address: Address): readonly [number, number, number, number] {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  if (address.length === 4) return [view.getUint32(0), 0, 0, 0];
  // Two 64-bit numbers, the high one first, each with its low word first.
  return [view.getUint32(4), view.getUint32(0), view.getUint32(12), view.getUint32(8)];
}
