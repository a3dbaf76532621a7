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
  const root = load<u32>(field, BitVector.ROOT);
  if (bytes == BitVector.KEY_INTERFACE) {
    return <usize>load<u32>(image + root + (load<u32>(key) << 2)) + BitVector.LEAF_BYTES;
  }
  if (bytes == 16) return lookUpWide(image, root, key) + BitVector.LEAF_BYTES;
  const value = load<u32>(key);
  let entry = root;
  if (bytes == 4) {
    entry = step(image, entry, value >>> 24);
    entry = step(image, entry, (value >>> 16) & 255);
  }
  if (bytes != 1) entry = step(image, entry, (value >>> 8) & 255);
  return <usize>step(image, entry, value & 255) + BitVector.LEAF_BYTES;
}

/** One level: the entry for a byte in a node; a leaf stays itself. */
function step(image: usize, entry: u32, byte: u32): u32 {
  const index = byte & (0 - (entry & BitVector.NODE));
  return load<u32>(image + (entry & ~BitVector.NODE) + (index << 2));
}

/** The same for an IPv6 address: two u64, the high half first. Most are told apart by their first bytes. */
function lookUpWide(image: usize, root: u32, key: usize): usize {
  let value = load<u64>(key);
  let shift: u64 = 56;
  let entry = root;
  for (let level = 0; level < 16 && (entry & BitVector.NODE) != 0; level++) {
    if (level == 8) value = load<u64>(key, 8);
    entry = load<u32>(image + (entry & ~BitVector.NODE) + (u32((value >> shift) & 255) << 2));
    shift = (shift - 8) & 63;
  }
  return entry;
}
