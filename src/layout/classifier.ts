// What every classifier's header says at the same place: which structure it is.

/** Offset in the header: BIT_VECTORS (layout/bitvector.ts) or TREES (layout/tree.ts). */
export const KIND = 28;
export const BIT_VECTORS = 0;
export const TREES = 1;
