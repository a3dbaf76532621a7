// The rule record: netfilter's ipt_entry as a flat record. Rules of a chain are adjacent, in order; the record
// after the last one is the chain's end (Target.POLICY in a built-in chain, Target.END in a user chain), so that a
// walk needs no bounds. Offsets in bytes from the record; u32 unless it says otherwise; references are byte
// offsets from the start of the image.

/** Addresses and masks as in layout/packet.ts; a mask of zeros matches everything. 16 bytes each. */
export const SRC = 0;
export const SRC_MASK = 16;
export const DST = 32;
export const DST_MASK = 48;
export const FLAGS = 64;
/** `-p`; 0 is any. */
export const PROTO = 68;
/** A row of the interface bitmap (layout/image.ts) by packet IIF or OIF; 0 is any. Negation is in the bitmap. */
export const IN_ROW = 72;
export const OUT_ROW = 76;
/** First match operation and the end of the list (equal when there is none). */
export const OPS = 80;
export const OPS_END = 84;
/** Target.* and its argument. */
export const TARGET = 88;
export const TARGET_ARG = 92;
/** Index of the chain in the image's chain table. */
export const CHAIN = 96;
/** Number in the chain from 1; 0 for the policy or end record. */
export const NUMBER = 100;
/** --unknown: id (position in the compiled set's list) of the extension that is not known, for the UNKNOWN reason. */
export const UNKNOWN = 104;
/** What the walk answers at once when it comes to this record: the verdict plus 1, with FINAL_ALWAYS or FINAL_CANDIDATE;
 *  0 when there is more to look at. */
export const FINAL = 108;
/** In a chain's first record, offset of the chain's classifier (layout/classifier.ts); 0: it is walked rule by rule. */
export const CLASSIFIER = 112;
/** In a chain's first record, offset of the first record of the flattened chain, by which ordinary packets go; or 0. */
export const FLAT = 116;
/** In a flattened chain, offset of the record of the jump that leads here; 0: none. Its conditions have to hold, too. */
export const GUARD = 120;
export const BYTES = 128;

/** FINAL holds for every packet that comes here: a policy, a rule without conditions. */
export const FINAL_ALWAYS = 256;
/** ... for every candidate of the chain's classifier. */
export const FINAL_CANDIDATE = 512;
export const FINAL_VERDICT = 255;

// FLAGS
export const INV_SRC = 1;
export const INV_DST = 2;
export const INV_PROTO = 4;
/** `-f`: second and later fragments (IPv4). */
export const FRAGMENT = 8;
export const INV_FRAGMENT = 16;
/** The rule has an address condition at all: SRC or DST. */
export const HAS_ADDRESS = 32;
/** IPv6 legacy: a header chain that cannot be walked drops the packet at a rule with `-p` (IP6T_F_PROTO). */
export const HAS_PROTO = 64;
/** All that the rule asks is in its chain's classifier: a candidate matches, but for its interfaces, which a
 *  classifier need not know. */
export const EXACT = 128;
