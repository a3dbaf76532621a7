// The cut-tree classifier of a long chain. A few trees (TREES_MOST), each over a part of the chain's rules; in each a
// packet comes to one leaf, a list of rules in rule order. The lists are read side by side, least rule first.
//
//   header | roots | arrays of entries and leaves, as they were built
//
// An entry is two words: a reference and a description of how to read on.
//
//   cut    reference of an array of entries | packet field offset << 0 | shift << 8 | bits << 16
//          the next entry is the one at (field >> shift) & ((1 << bits) - 1)
//   leaf   reference of the first record     | 0
//
// A cut may look at any window of a field, not only at its upper bits: packets whose other bits differ come to the same
// leaf and fail there, at the box that each leaf record holds. References are byte offsets from the image's start.

/** Number of trees. */
export const TREES = 0;
/** Packet record offsets of the words that leaf records hold of the addresses: of IPv6 the two that tell most. */
export const SRC_WORD = 4;
export const DST_WORD = 8;
/** Rules of the chain: the number of the chain's end. */
export const RULES = 12;
/** Index of the chain's first rule record in the image. */
export const FIRST_RECORD = 16;
/** By tree: the entry that it begins with, the least rule in it, and the most cuts on a way to a leaf. */
export const ROOTS = 32;
export const LEAST_RULE = 8;
export const DEPTH = 12;
export const ROOT_BYTES = 16;
export const ENTRY_BYTES = 8;
/** More would have no place in a frame (Frame.VECTORS) and in a packet record (Packet.STAGED). */
export const TREES_MOST = 6;
export const HEADER_BYTES = 128;

// A cut's description.
export const CUT_SHIFT = 8;
export const CUT_BITS = 16;

// Leaf record: a box, that is an interval a field as its lower bound and the distance to the upper one. Both vectors
// have u32 source word, u32 destination word, u16 source port, destination port, protocol, half of the rule's index.
//
//    0          4          8       10      12      14            16 ... 30
//   | src      | dst      | sport | dport | proto | rule 15..0  | the same, distances; rule 30..16 and LAST |
export const LO = 0;
export const RULE_LOW = 14;
export const SPAN = 16;
export const RULE_HIGH = 30;
export const RECORD_BYTES = 32;
/** In the upper half of the rule's index: no record follows. */
export const LAST = 0x8000;
