// Candidates of a chain, in order: the AND of one bit vector a search field (layout/bitvector.ts), block by block, as
// far as the walk gets.

import * as BitVector from '../../src/layout/bitvector.ts';
import * as Frame from '../../src/layout/frame.ts';
import * as Rule from '../../src/layout/rule.ts';

/** Looks up the vectors of packet record `p` in the classifier at `data` and leaves them in the frame. */
export function openVectors(image: usize, data: usize, p: usize, frame: usize): void {
  const count = load<u32>(data, BitVector.FIELD_COUNT);
  let field = data + BitVector.HEADER_BYTES;
  for (let index: usize = 0; index < count; index++) {
    const vector = lookUp(image, field, p);
    store<u32>(frame + index * 4, u32(image + vector), Frame.VECTORS);
    field += BitVector.FIELD_BYTES;
  }
  store<u32>(frame, count, Frame.VECTOR_COUNT);
}

/** The first candidate at or after rule record `r` of the frame's chain. The chain's end always is one. */
export function nextCandidate(frame: usize, r: usize): usize {
  const count = load<u32>(frame, Frame.VECTOR_COUNT);
  if (count == 0) return r;
  const first: usize = load<u32>(frame, Frame.FIRST);
  const from = u32((r - first) / Rule.BYTES);
  let block = from >> 7;
  let skip = from & 127;
  while (true) {
    const candidates = blockOf(frame, count, block);
    let low = i64x2.extract_lane(candidates, 0);
    let high = i64x2.extract_lane(candidates, 1);
    if (skip >= 64) {
      low = 0;
      high &= (<u64>-1) << (skip - 64);
    } else {
      low &= (<u64>-1) << skip;
    }
    if (low != 0) return first + ((block << 7) + u32(ctz(low))) * Rule.BYTES;
    if (high != 0) return first + ((block << 7) + 64 + u32(ctz(high))) * Rule.BYTES;
    block++;
    skip = 0;
  }
}

function blockOf(frame: usize, count: u32, block: u32): v128 {
  const at = (<usize>block) << 4;
  let candidates = v128.load(<usize>load<u32>(frame, Frame.VECTORS) + at);
  const end = frame + (count << 2);
  for (let vector = frame + 4; vector < end; vector += 4) {
    candidates = v128.and(candidates, v128.load(<usize>load<u32>(vector, Frame.VECTORS) + at));
  }
  return candidates;
}

/** Image offset of the vector for the packet's value in one field. */
function lookUp(image: usize, field: usize, p: usize): usize {
  const key = p + load<u32>(field, BitVector.KEY);
  const bytes = load<u32>(field, BitVector.KEY_BYTES);
  const root: usize = load<u32>(field, BitVector.ROOT);
  if (bytes == BitVector.KEY_INTERFACE) return load<u32>(image + root + (load<u32>(key) << 2));
  if (bytes == 16) return lookUpWide(image, root, key);
  const value = load<u32>(key);
  let shift = (bytes - 1) << 3;
  let entry = root;
  while (true) {
    entry = load<u32>(image + entry + (((value >> shift) & 255) << 2));
    if ((entry & BitVector.LEAF) != 0) return entry - BitVector.LEAF;
    shift -= 8;
  }
}

/** The same for an IPv6 address: two u64, the high half first. */
function lookUpWide(image: usize, root: usize, key: usize): usize {
  let value = load<u64>(key);
  let shift: u64 = 56;
  let entry = root;
  for (let level = 0; level < 16; level++) {
    if (level == 8) value = load<u64>(key, 8);
    entry = load<u32>(image + entry + (usize((value >> shift) & 255) << 2));
    if ((entry & BitVector.LEAF) != 0) return entry - BitVector.LEAF;
    shift = (shift - 8) & 63;
  }
  return entry;
}
