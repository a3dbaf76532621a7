// Bob Jenkins' hash of 32-bit words (lookup3.c, public domain), with the starting values of linux/jhash.h.

const INITIAL: u32 = 0xdeadbeef;

/** jhash_1word. */
export function jhash1(word: u32, seed: u32): u32 {
  const start = INITIAL + 4 + seed;
  return final(start + word, start, start);
}

/** jhash2 of four words. */
export function jhash4(first: u32, second: u32, third: u32, fourth: u32, seed: u32): u32 {
  const start = INITIAL + 16 + seed;
  let a = start + first;
  let b = start + second;
  let c = start + third;
  a = (a - c) ^ rotl<u32>(c, 4);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 6);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 8);
  b += a;
  a = (a - c) ^ rotl<u32>(c, 16);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 19);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 4);
  b += a;
  return final(a + fourth, b, c);
}

function final(a: u32, b: u32, c: u32): u32 {
  c = (c ^ b) - rotl<u32>(b, 14);
  a = (a ^ c) - rotl<u32>(c, 11);
  b = (b ^ a) - rotl<u32>(a, 25);
  c = (c ^ b) - rotl<u32>(b, 16);
  a = (a ^ c) - rotl<u32>(c, 4);
  b = (b ^ a) - rotl<u32>(a, 14);
  return (c ^ b) - rotl<u32>(b, 24);
}
