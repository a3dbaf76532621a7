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
export const BYTES = 128;

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
