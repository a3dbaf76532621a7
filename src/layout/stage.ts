// Scratch of a look-up in cut trees for a whole vector: a slot a packet in each of its parts.

import { VECTOR } from './lane.ts';
import { TREES_MOST } from './tree.ts';

/** The least answer so far, by the packet's place in the vector: Tree.ANSWERS; 0 for one that takes no part. */
export const ANSWERS = 0;
/** Addresses of the packet records that take part in the tree in work, one behind another; and room behind them. */
export const LIST = VECTOR * 4;
/** Entries that they have come to (layout/tree.ts), in the list's order: u64. */
export const ENTRIES = LIST + VECTOR * 4 + 16;
/** The group in which each tree's answer was found, by tree and place; 0 when it was not looked at. */
export const GROUPS = ENTRIES + VECTOR * 8;
/** Bytes of one tree's groups. */
export const TREE_BYTES = VECTOR * 4;
/** Means nothing: what was loaded beforehand is left here, so that no compiler takes the loading away. */
export const LOADED = GROUPS + TREES_MOST * TREE_BYTES;
export const BYTES = LOADED + 64;
