// CRC32c, 32 bits at a time. The kernel has no tables: instead each bit of a word selects what it does to the remainder
// (that bit shifted out through 32 zero bits), 4 bits an instruction.

const POLYNOMIAL: u32 = 0x82f63b78;

/** CRC32c of `bytes` bytes, with the four at offset `hole`, a multiple of 4, taken as 0. */
export function crc32c(at: usize, bytes: u32, hole: u32): u32 {
  let crc: u32 = 0xffffffff;
  const words = bytes & ~3;
  for (let i: u32 = 0; i < words; i += 4) crc = shifted(i == hole ? crc : crc ^ load<u32>(at + i));
  for (let i = words; i < bytes; i++) {
    crc ^= u32(load<u8>(at + i));
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
  }
  return ~crc;
}

function shifted(word: u32): u32 {
  const all = i32x4.splat(word);
  let sum = selected(all, i32x4(1, 2, 4, 8), i32x4(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6));
  sum = v128.xor(
    sum,
    selected(all, i32x4(0x10, 0x20, 0x40, 0x80), i32x4(0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f)),
  );
  sum = v128.xor(
    sum,
    selected(all, i32x4(0x100, 0x200, 0x400, 0x800), i32x4(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5)),
  );
  sum = v128.xor(
    sum,
    selected(
      all,
      i32x4(0x1000, 0x2000, 0x4000, 0x8000),
      i32x4(0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743),
    ),
  );
  sum = v128.xor(
    sum,
    selected(
      all,
      i32x4(0x10000, 0x20000, 0x40000, 0x80000),
      i32x4(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8),
    ),
  );
  sum = v128.xor(
    sum,
    selected(
      all,
      i32x4(0x100000, 0x200000, 0x400000, 0x800000),
      i32x4(0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9),
    ),
  );
  sum = v128.xor(
    sum,
    selected(
      all,
      i32x4(0x1000000, 0x2000000, 0x4000000, 0x8000000),
      i32x4(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf),
    ),
  );
  sum = v128.xor(
    sum,
    selected(
      all,
      i32x4(0x10000000, 0x20000000, 0x40000000, 0x80000000),
      i32x4(0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78),
    ),
  );
  sum = v128.xor(sum, i64x2.shuffle(sum, sum, 1, 0));
  const pair = i64x2.extract_lane(sum, 0);
  return u32(pair) ^ u32(pair >> 32);
}

/** The lanes of `values` whose bit is set in `all`. */
function selected(all: v128, bits: v128, values: v128): v128 {
  return v128.and(i32x4.eq(v128.and(all, bits), bits), values);
}
