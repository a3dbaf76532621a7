// A frame of the walk: one chain that is being walked, and where in it. Frames lie one behind another in the lane's
// stack; a jump opens the next, a return closes the topmost. Absolute addresses, u32.

/** The record to go on with when the chain above returns. */
export const NEXT = 0;
/** First rule record of the chain. */
export const FIRST = 4;
/** Blocks of candidates come from here: the number of vectors, 0 to walk rule by rule. */
export const VECTOR_COUNT = 8;
/** ... and the vectors, BitVector.FIELDS of them. */
export const VECTORS = 16;
export const BYTES = 64;
