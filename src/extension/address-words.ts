// Addresses as operands of operations.

import { type Address, addressWord } from '../model/address.ts';

/** An address as four words in the form of layout/packet.ts. */
export function addressWords(address: Address): readonly [number, number, number, number] {
  const word = (at: number): number => addressWord(address, at) >>> 0;
  if (address.length === 4) return [word(0), 0, 0, 0];
  // Two 64-bit numbers, the high one first, each with its low word first.
  return [word(4), word(0), word(12), word(8)];
}
