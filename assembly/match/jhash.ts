// Bob Jenkins' hash of 32-bit words (lookup3.c, public domain), with the starting values of linux/jhash.h.

const INITIAL: u32 = 0xdeadbeef;

/** jhash_1word; jhash2 of one word is the same. */
export function jhash1(word: u32, seed: u32): u32 {
  const start = INITIAL + 4 + seed;
  return final(start + word, start, start);
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
