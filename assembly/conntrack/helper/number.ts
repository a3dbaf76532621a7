// Numbers in text.

import { isDigit } from './word';

/**
 * Reads `count` decimal numbers with `separator` between them, each modulo 2^32 and possibly empty, in [at, end), and
 * writes them to `to` (u32 each). Answers the bytes up to `terminator` (0: up to any other byte), 0 when they are not
 * that (nf_conntrack_ftp.c, try_number).
 */
export function readNumbers(
  at: usize,
  end: usize,
  count: u32,
  separator: u32,
  terminator: u32,
  to: usize,
): u32 {
  let index: u32 = 0;
  let number: u32 = 0;
  for (let i = at; i < end; i++) {
    const byte = u32(load<u8>(i));
    if (isDigit(byte)) {
      number = number * 10 + byte - 48;
    } else if (byte == separator) {
      store<u32>(to + ((<usize>index) << 2), number);
      number = 0;
      index++;
      if (index == count) return 0;
    } else {
      if (index != count - 1 || (terminator != 0 && byte != terminator)) return 0;
      store<u32>(to + ((<usize>index) << 2), number);
      return <u32>(i - at);
    }
  }
  return 0;
}

/** Where the digits end that begin at `at`. */
export function digitsEnd(at: usize, end: usize): usize {
  while (at < end && isDigit(load<u8>(at))) at++;
  return at;
}

/** The digits in [at, end) as a number modulo 2^32, as simple_strtoul has it of the kernel's words. */
export function numberOf(at: usize, end: usize): u32 {
  let number: u32 = 0;
  while (at < end) number = number * 10 + u32(load<u8>(at++)) - 48;
  return number;
}
