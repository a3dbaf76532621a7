// Addresses in text: in4_pton and in6_pton of net/core/utils.c, which are laxer and stricter than inet_pton in ways of
// their own.

/** Any byte that cannot be part of an address ends it. */
export const ANY_END: i32 = -1;

const COLON: i32 = 58;
const DOT: i32 = 46;
/** Digit values above those of hexadecimal digits. */
const END: i32 = 16;
const OTHER: i32 = 17;

/** What a byte is within an address: value of a digit, END, COLON, DOT, OTHER. Nothing more, and NUL, end it too. */
function kind(at: usize, end: usize, delimiter: i32): i32 {
  if (at >= end) return END;
  const byte = i32(load<u8>(at));
  if (byte == delimiter || byte == 0) return END;
  if (byte == COLON || byte == DOT) return byte;
  if (u32(byte - 48) < 10) return byte - 48;
  const letter = byte | 32;
  if (u32(letter - 97) < 6) return letter - 87;
  return delimiter == ANY_END ? END : OTHER;
}

/**
 * Reads a dotted quad in [at, end) up to `delimiter` (ANY_END: whatever is no part of it; a colon always ends it) and
 * writes it in host order (u32). Answers where it ended, 0 when there is none.
 */
export function readIpv4(at: usize, end: usize, delimiter: i32, to: usize): usize {
  let address: u32 = 0;
  let byte: u32 = 0;
  let digits: u32 = 0;
  let parts: u32 = 0;
  while (true) {
    const what = kind(at, end, delimiter);
    if (what < 10) {
      digits = 1;
      byte = byte * 10 + what;
      if (byte > 255) return 0;
    } else if (what == END || what == COLON || what == DOT) {
      if (digits == 0) return 0;
      address = (address << 8) | byte;
      parts++;
      if (what != DOT) break;
      if (parts == 4) return 0;
      byte = 0;
      digits = 0;
    } else return 0;
    at++;
  }
  if (parts != 4) return 0;
  store<u32>(to, address);
  return at;
}

/**
 * Reads an IPv6 address likewise and writes it in the form of layout/packet.ts (16 bytes). A gap stands for one group of
 * zeros at least; a group may have any number of leading zeros; the last two groups may be a dotted quad.
 */
export function readIpv6(at: usize, end: usize, delimiter: i32, to: usize): usize {
  let groups: u32 = 0;
  /** Groups before the gap's end, its own one included; -1: no gap yet. */
  let gap: i32 = -1;
  if (kind(at, end, delimiter) == COLON) {
    if (kind(at + 1, end, delimiter) != COLON) return 0;
    groups = addGroup(to, groups, 0);
    gap = <i32>groups;
    at += 2;
  }
  while (true) {
    const start = at;
    let group: u32 = 0;
    let what = kind(at, end, delimiter);
    while (what < 16 && (group & 0xf000) == 0) {
      group = (group << 4) | <u32>what;
      at++;
      what = kind(at, end, delimiter);
    }
    if (at == start) {
      // Nothing can stand behind the gap alone, where it is one more group of zeros if there is room.
      if (what != END || <i32>groups != gap) return 0;
      if (groups < 8) groups = addGroup(to, groups, 0);
      break;
    }
    if (groups == 8) return 0;
    if (what == DOT) {
      if (gap >= 0 ? groups > 6 : groups != 6) return 0;
      at = readIpv4(start, end, delimiter, to + 12);
      if (at == 0) return 0;
      const quad = load<u32>(to, 12);
      groups = addGroup(to, groups, quad >>> 16);
      groups = addGroup(to, groups, quad & 0xffff);
      break;
    }
    groups = addGroup(to, groups, group);
    if (what == END) {
      if (gap < 0 && groups != 8) return 0;
      break;
    }
    if (what != COLON || groups == 8) return 0;
    at++;
    if (gap < 0 && kind(at, end, delimiter) == COLON) {
      at++;
      groups = addGroup(to, groups, 0);
      gap = <i32>groups;
    }
  }
  finish(to, groups, gap);
  return at;
}

/** Notes group number `groups`; answers how many there are then. */
function addGroup(to: usize, groups: u32, group: u32): u32 {
  store<u16>(to + ((<usize>groups) << 1), u16(group));
  return groups + 1;
}

/** Turns `groups` noted groups, those behind the gap moved to the end, into two halves in host order. */
function finish(to: usize, groups: u32, gap: i32): void {
  let high: u64 = 0;
  let low: u64 = 0;
  const head = gap < 0 ? groups : <u32>gap;
  for (let i: u32 = 0; i < groups; i++) {
    const place = i < head ? i : i + 8 - groups;
    const group = (<u64>load<u16>(to + ((<usize>i) << 1))) << ((<u64>(3 - (place & 3))) << 4);
    if (place < 4) high |= group;
    else low |= group;
  }
  store<u64>(to, high);
  store<u64>(to, low, 8);
}
