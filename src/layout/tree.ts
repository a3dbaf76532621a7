// The cut-tree classifier of a chain. A few trees (TREES_MOST), each over a part of the chain's rules; in each a packet
// comes to one leaf, a list of boxes in rule order. The lists are read side by side, least rule first. A rule may have
// several boxes (ports of a multiport, say).
//
//   header | roots | arrays of entries and groups of boxes, as they were built
//
// An entry is two words: a reference and a description of how to read on.
//
//   cut    reference of an array of entries | packet field offset << 0 | shift << 8 | bits << 16 | CUT
//          the next entry is the one at (field >> shift) & ((1 << bits) - 1)
//   leaf   reference of the first group     | least rule in it, EMPTY when there is none
//          | LAST when there is no other group: its boxes are all
//
// A cut may look at any window of a field, not only at its upper bits: packets whose other bits differ come to the same
// leaf and fail there, at the boxes themselves. References are byte offsets from the image's start.

/** Number of trees. */
export const TREES = 0;
/** Packet record offsets of the words that boxes hold of the addresses: of IPv6 the two that tell most. */
export const SRC_WORD = 4;
export const DST_WORD = 8;
/** Rules of the chain: the number of the chain's end. */
export const RULES = 12;
/** Index of the chain's first rule record in the image. */
export const FIRST_RECORD = 16;
/** Packet record offset of the byte that boxes hold beside the protocol (TCP flags, connection state). */
export const BYTE = 20;
/** 1: fields are asked about that are known only when the packet enters the chain. */
export const LATE = 24;
/** The answer of the chain's end. (KIND follows: layout/classifier.ts.) */
export const END_ANSWER = 32;
/** 1: too large for a processor's own cache, so that what is needed next is worth a round of loads beforehand. */
export const LARGE = 36;
/** By tree: the entry that it begins with, the least rule in it, and the cuts that are taken for a whole vector. */
export const ROOTS = 48;
export const LEAST_RULE = 8;
export const DEPTH = 12;
export const ROOT_BYTES = 16;
export const ENTRY_BYTES = 8;
/** More would have no place in a frame (Frame.VECTORS) and in a packet record (Packet.STAGED). */
export const TREES_MOST = 6;
export const HEADER_BYTES = 256; // ROOTS + TREES_MOST * ROOT_BYTES, rounded up to whole groups

// A cut's description.
export const CUT_SHIFT = 8;
export const CUT_BITS = 16;
export const CUT = 0x80000000;
/** Of a leaf's reference, which is aligned to a group. */
export const LAST = 1;
/** In place of a leaf's least rule: behind every rule. */
export const EMPTY = 0x1000000;

// A group: four boxes, field by field, so that a packet is compared with all four at once. Words and ports are an
// interval, as its lower bound and the distance to the upper one; bytes are a value under a mask.
//
//     0  source word x 4          16  distances
//    32  destination word x 4     48  distances
//    64  source port x 4, destination port x 4 (u16)      80  distances
//    96  protocol x 4, byte x 4 (u8): values             104  masks
//   112  answers x 4
//
// Behind the last box of a list of more than a group stands one that holds every packet, with the chain's end as its
// answer; so a search needs no bounds. Such boxes fill up every last group.
export const SRC_LO = 0;
export const SRC_SPAN = 16;
export const DST_LO = 32;
export const DST_SPAN = 48;
export const PORTS_LO = 64;
export const PORTS_SPAN = 80;
export const BYTES_VALUE = 96;
export const BYTES_MASK = 104;
export const ANSWERS = 112;
/** A pair of cache lines, aligned to it. */
export const GROUP_BYTES = 128;
export const GROUP_BOXES = 4;

// An answer: place of the rule in its chain << ANSWER_RULE | what the walk says at once when the box holds a packet: a
// verdict plus 1 (as Rule.FINAL has it), 0 when the rule has more to ask or does not decide.
export const ANSWER_RULE = 8;
export const ANSWER_FINAL = 255;
/** In the place of a verdict: the rule counts, and the packet goes on with the next candidate. */
export const ANSWER_GOES_ON = 255;
/** Rules that an answer can tell apart. */
export const RULES_MOST = 0xffffff;
