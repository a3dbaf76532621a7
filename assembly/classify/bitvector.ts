// Candidates of a chain, in order: the AND of one bit vector a search field (layout/bitvector.ts), 128 rules at a time,
// as far as the walk gets. Look-ups take the same steps for every packet, so that the fields' loads overlap.

import * as BitVector from '../../src/layout/bitvector.ts';
import * as Classifier from '../../src/layout/classifier.ts';
import * as Frame from '../../src/layout/frame.ts';
import * as Rule from '../../src/layout/rule.ts';

/**
 * Looks packet record `p` up in the classifier at `data`: leaves the first block of candidates in the frame and, if
 * there are more blocks, the vectors to make them from. Answers the first candidate; the chain's end always is one.
 */
export function classify(image: usize, data: usize, p: usize, frame: usize, first: usize): usize {
  store<u32>(frame, 0, Frame.BLOCK);
  if (load<u32>(data, BitVector.BLOCKS) != 1) {
    firstBlock(image, data, p, frame);
    return nextCandidate(frame, first);
  }
  const candidates = onlyBlock(image, data, p);
  v128.store(frame, candidates, Frame.CANDIDATES);
  return firstOf(candidates, first);
}

/** The two halves of classify() for a chain of one block: leaves the candidates (16 bytes) at `at` ... */
export function findCandidates(image: usize, data: usize, p: usize, at: usize): void {
  v128.store(at, onlyBlock(image, data, p));
}

/** ... and begins the frame with those from `at`, and answers the first. */
export function takeCandidates(frame: usize, at: usize, first: usize): usize {
  const candidates = v128.load(at);
  store<u32>(frame, u32(first), Frame.FIRST);
  store<u32>(frame, Classifier.BIT_VECTORS + 1, Frame.CLASSIFIED);
  store<u32>(frame, 0, Frame.BLOCK);
  v128.store(frame, candidates, Frame.CANDIDATES);
  return firstOf(candidates, first);
}

/** The first of a block's candidates; `first` is the record of the block's first rule. There always is one. */
function firstOf(candidates: v128, first: usize): usize {
  const low: u64 = i64x2.extract_lane(candidates, 0);
  const bit = low != 0 ? u32(ctz(low)) : 64 + u32(ctz(<u64>i64x2.extract_lane(candidates, 1)));
  return first + bit * Rule.BYTES;
}

/**
 * All candidates of a chain of one block. A trie's root always is a node, and a byte's trie has no other level: fewer
 * steps than step() takes.
 */
function onlyBlock(image: usize, data: usize, p: usize): v128 {
  let field = data + BitVector.HEADER_BYTES;
  let candidates = i64x2.splat(-1);
  let end = field + load<u32>(data, BitVector.BYTE_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    candidates = v128.and(candidates, vectorAt(image, root(image, field, keyOf(field, p) & 255)));
  }
  end = field + load<u32>(data, BitVector.SHORT_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const value = keyOf(field, p);
    const entry = root(image, field, (value >>> 8) & 255);
    candidates = v128.and(candidates, vectorAt(image, step(image, entry, value & 255)));
  }
  const flat = field + load<u32>(data, BitVector.FLAT_WORD_FIELDS) * BitVector.FIELD_BYTES;
  end = field + load<u32>(data, BitVector.WORD_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const value = keyOf(field, p);
    let entry = root(image, field, value >>> 24);
    entry = step(image, entry, (value >>> 16) & 255);
    entry = step(image, entry, (value >>> 8) & 255);
    if (field >= flat) entry = step(image, entry, value & 255);
    candidates = v128.and(candidates, vectorAt(image, entry));
  }
  end = field + load<u32>(data, BitVector.ADDRESS_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const entry = lookUpAddress(image, load<u32>(field, BitVector.ROOT), p + load<u32>(field, BitVector.KEY));
    candidates = v128.and(candidates, vectorAt(image, entry));
  }
  end = field + load<u32>(data, BitVector.INTERFACE_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const entry = load<u32>(image + load<u32>(field, BitVector.ROOT) + (keyOf(field, p) << 2));
    candidates = v128.and(candidates, vectorAt(image, entry));
  }
  return candidates;
}

/** The root's entry for a byte. */
function root(image: usize, field: usize, byte: u32): u32 {
  return load<u32>(image + (load<u32>(field, BitVector.ROOT) - BitVector.NODE) + (byte << 2));
}

function vectorAt(image: usize, leaf: u32): v128 {
  return v128.load(image + leaf, BitVector.LEAF_BYTES);
}

/** The same for a chain of several blocks, and the vectors to make the others from. */
function firstBlock(image: usize, data: usize, p: usize, frame: usize): void {
  let field = data + BitVector.HEADER_BYTES;
  let vectors = frame + Frame.VECTORS;
  let candidates = i64x2.splat(-1);
  let end = field + load<u32>(data, BitVector.BYTE_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const vector = vectorOf(image, step(image, load<u32>(field, BitVector.ROOT), keyOf(field, p) & 255));
    candidates = v128.and(candidates, v128.load(vector));
    store<u32>(vectors, u32(vector));
    vectors += 4;
  }
  end = field + load<u32>(data, BitVector.SHORT_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const value = keyOf(field, p);
    const entry = step(image, load<u32>(field, BitVector.ROOT), (value >>> 8) & 255);
    const vector = vectorOf(image, step(image, entry, value & 255));
    candidates = v128.and(candidates, v128.load(vector));
    store<u32>(vectors, u32(vector));
    vectors += 4;
  }
  end = field + load<u32>(data, BitVector.WORD_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const value = keyOf(field, p);
    let entry = step(image, load<u32>(field, BitVector.ROOT), value >>> 24);
    entry = step(image, entry, (value >>> 16) & 255);
    entry = step(image, entry, (value >>> 8) & 255);
    const vector = vectorOf(image, step(image, entry, value & 255));
    candidates = v128.and(candidates, v128.load(vector));
    store<u32>(vectors, u32(vector));
    vectors += 4;
  }
  end = field + load<u32>(data, BitVector.ADDRESS_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const entry = lookUpAddress(image, load<u32>(field, BitVector.ROOT), p + load<u32>(field, BitVector.KEY));
    const vector = vectorOf(image, entry);
    candidates = v128.and(candidates, v128.load(vector));
    store<u32>(vectors, u32(vector));
    vectors += 4;
  }
  end = field + load<u32>(data, BitVector.INTERFACE_FIELDS) * BitVector.FIELD_BYTES;
  for (; field < end; field += BitVector.FIELD_BYTES) {
    const vector = vectorOf(
      image,
      load<u32>(image + load<u32>(field, BitVector.ROOT) + (keyOf(field, p) << 2)),
    );
    candidates = v128.and(candidates, v128.load(vector));
    store<u32>(vectors, u32(vector));
    vectors += 4;
  }
  v128.store(frame, candidates, Frame.CANDIDATES);
  store<u32>(frame, u32((vectors - frame - Frame.VECTORS) >>> 2), Frame.VECTOR_COUNT);
}

/** The first candidate at or after rule record `r` of the frame's chain. The chain's end always is one. */
export function nextCandidate(frame: usize, r: usize): usize {
  const first: usize = load<u32>(frame, Frame.FIRST);
  const from = u32((r - first) / Rule.BYTES);
  let block = from >> 7;
  if (block != load<u32>(frame, Frame.BLOCK)) nextBlock(frame, block);
  let low = load<u64>(frame, Frame.CANDIDATES);
  let high = load<u64>(frame, Frame.CANDIDATES + 8);
  const skip = from & 127;
  // Shift counts are taken modulo 64.
  const mask = (<u64>-1) << skip;
  if (skip >= 64) {
    low = 0;
    high &= mask;
  } else {
    low &= mask;
  }
  while ((low | high) == 0) {
    block++;
    nextBlock(frame, block);
    low = load<u64>(frame, Frame.CANDIDATES);
    high = load<u64>(frame, Frame.CANDIDATES + 8);
  }
  const bit = low != 0 ? u32(ctz(low)) : 64 + u32(ctz(high));
  return first + ((block << 7) + bit) * Rule.BYTES;
}

/** Makes another block of candidates. */
function nextBlock(frame: usize, block: u32): void {
  const at = (<usize>block) << 4;
  let vector = frame + Frame.VECTORS;
  const end = vector + (load<u32>(frame, Frame.VECTOR_COUNT) << 2);
  let candidates = v128.load(<usize>load<u32>(vector) + at);
  for (vector += 4; vector < end; vector += 4) {
    candidates = v128.and(candidates, v128.load(<usize>load<u32>(vector) + at));
  }
  v128.store(frame, candidates, Frame.CANDIDATES);
  store<u32>(frame, block, Frame.BLOCK);
}

function keyOf(field: usize, p: usize): u32 {
  return load<u32>(p + load<u32>(field, BitVector.KEY));
}

function vectorOf(image: usize, leaf: u32): usize {
  return image + leaf + BitVector.LEAF_BYTES;
}

/** One level: the entry for a byte in a node; a leaf stays itself. */
function step(image: usize, entry: u32, byte: u32): u32 {
  const index = byte & (0 - (entry & BitVector.NODE));
  return load<u32>(image + (entry & ~BitVector.NODE) + (index << 2));
}

/** The leaf of an IPv6 address: two u64, the high half first. Most are told apart by their first bytes. */
function lookUpAddress(image: usize, root: u32, key: usize): u32 {
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
