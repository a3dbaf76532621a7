// The words that helpers look for, in lower case, eight letters a number, the first in its lowest byte: the kernel has no
// static data to keep strings in. test/conntrack/helper/word.test.ts holds the numbers to their comments.

export const PORT: u64 = 0x74726f70; // 'port'
export const EPRT: u64 = 0x74727065; // 'eprt'
export const REPLY_227: u64 = 0x20373232; // '227 '
export const REPLY_229: u64 = 0x20393232; // '229 '

/** Whether the `count` bytes at `at` are the word, whatever their case: up to 16 letters in `low` and `high`. */
export function isWord(at: usize, low: u64, high: u64, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const letter = u32((i < 8 ? low >> ((<u64>i) << 3) : high >> ((<u64>(i - 8)) << 3)) & 0xff);
    if (lower(load<u8>(at + i)) != letter) return false;
  }
  return true;
}

/** The same in the case that the word is written in. */
export function isExactly(at: usize, low: u64, high: u64, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const letter = u32((i < 8 ? low >> ((<u64>i) << 3) : high >> ((<u64>(i - 8)) << 3)) & 0xff);
    if (u32(load<u8>(at + i)) != letter) return false;
  }
  return true;
}

export function lower(byte: u32): u32 {
  return byte - 65 < 26 ? byte | 32 : byte;
}

export function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

export function isLetter(byte: u32): bool {
  return (byte | 32) - 97 < 26;
}
