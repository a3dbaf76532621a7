// A frame of the walk: one chain that is being walked, and where in it. Frames lie one behind another in the lane's
// stack; a jump opens the next, a return closes the topmost. Absolute addresses, u32.

/** The record to go on with when the chain above returns. */
export const NEXT = 0;
/** First rule record of the chain. */
export const FIRST = 4;
/** Is the chain classified? 0: it is walked rule by rule. Else the classifier's KIND + 1 (layout/classifier.ts). */
export const CLASSIFIED = 8;
/** The candidates among 128 rules, a bit each (16 bytes), and which 128 these are. */
export const CANDIDATES = 16;
export const BLOCK = 12;
/** Of a chain with more than one block: the number of vectors, and their addresses, BitVector.FIELDS of them. */
export const VECTOR_COUNT = 32;
export const VECTORS = 36;
export const BYTES = 96;

// Of cut trees (layout/tree.ts) VECTORS are the groups to go on with, one a tree, 0 for a tree that was not looked at;
// behind them, absolute, the packet record, the classifier and the image. Until a rule of the chain has been asked, NEXT
// is the first candidate, if it is known.
export const PACKET = 60;
export const CLASSIFIER = 64;
export const IMAGE = 68;
