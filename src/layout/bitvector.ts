// The bit-vector classifier of a chain. For each search field a multi-bit trie (8 bits a level) leads from the
// packet's value to a bit vector: bit i is set when rule i of the chain can match a packet with that value. The AND
// of the vectors is the candidates; the bit behind the last rule, the chain's end, is set in all of them.
//
//   header | fields | interface table(s) | trie nodes | vectors
//
// References are byte offsets from the start of the image. Everything is u32.

// Header: Rule.CLASSIFIER of the chain's first record points to it. Fields stand in the order of the counts.
/** Fields by the kind of their look-up: one, two or four bytes, IPv6 addresses, interfaces. FIELDS in all at most. */
export const BYTE_FIELDS = 0;
export const SHORT_FIELDS = 4;
export const WORD_FIELDS = 8;
export const ADDRESS_FIELDS = 12;
export const INTERFACE_FIELDS = 16;
/** 128-bit blocks in a vector. */
export const BLOCKS = 20;
/** Fields of four bytes whose tries have three levels at most, the first ones of WORD_FIELDS. */
export const FLAT_WORD_FIELDS = 24;
/** The last word is Classifier.KIND: zero. */
export const HEADER_BYTES = 32;

// Field record.
/** Offset of the value in the packet record. */
export const KEY = 0;
/** Root of the trie: an entry; or the offset of the interface table. */
export const ROOT = 4;
export const FIELD_BYTES = 8;
export const FIELDS = 12;

/** A node has an entry for each value of a byte. An entry is the offset of the next node with NODE set, or of a leaf. */
export const NODE_BYTES = 1024;
export const NODE = 1;
/**
 * A leaf is 16 bytes before its vector; its first word is its own offset. So a look-up can take the same number of
 * steps for every value, without a branch: from a leaf, a step leads to the same leaf.
 */
export const LEAF_BYTES = 16;
/** An interface table has a leaf's offset for each interface index (Image.INTERFACES entries). */
export const INTERFACE_TABLE_BYTES = 4096;
