// What JavaScript hands to the builder of cut trees (assembly/compile/), and what it finds there afterwards: a job. All
// addresses are of the builder's own memory; words are u32 unless said otherwise.
//
//   job | fields | boxes, answers | scratch | output | stack, as far as the memory can grow

/** Boxes, and of each the rule (u32), in rule order. */
export const BOXES = 0;
export const RULE_OF = 4;
/** Field records, below. */
export const FIELDS = 8;
export const FIELD_COUNT = 12;
/** By rule, and behind them of the chain's end (number RULES): Tree.ANSWERS. */
export const ANSWERS = 16;
export const RULES = 20;
/** Image offset of the output. */
export const BASE = 24;
/** Lists of one tree that a box may be in before it is put off to the next. */
export const COPIES_MOST = 28;
/** Bytes that the trees may take (u64), and those that are taken or owed (i64). */
export const BUDGET = 32;
export const COMMITTED = 40;
/** By box: put off to the next tree (u8); lists of the tree in work that it is in beyond the first (u16). */
export const PUT_OFF = 48;
export const COPIES = 52;
/** By window of a cut: does a segment begin (u8), which segment or list is it in (u32), boxes of the sample (u16). */
export const MARKS = 56;
export const SEGMENTS = 60;
export const COUNTS = 64;
/** Of a sample: windows of its boxes (u16), first windows (u16), bounds of the field looked at, halvings left (f64). */
export const WINDOWS = 68;
export const FIRSTS = 72;
export const LOWS = 76;
export const HIGHS = 80;
export const HALVINGS = 84;
/** Boxes in the leaves of the tree in work, by the cuts before them; the most cuts so far. */
export const REACHED = 88;
export const DEEPEST = 92;
/** The output, its end, and the bytes that are used of it. */
export const OUTPUT = 96;
export const OUTPUT_END = 100;
export const USED = 104;
/** The first free byte of the stack. */
export const STACK = 108;
/** May boxes be put off in the tree in work? */
export const MAY_PUT_OFF = 112;
/** Lists that were left uncut because the budget was used up, and those that were cut by fewer bits for that. */
export const UNPAID = 116;
export const REDUCED = 120;
/** The longest list of all. */
export const LONGEST = 124;
/** The entry (u64) that leads to the list of no boxes. */
export const EMPTY_LEAF = 128;
/** Of the leaves of the tree in work: the sums of their lengths and of the squares of these (f64). */
export const LENGTHS = 136;
export const SQUARES = 144;
/** What a look-up costs on the average, in terms of a group compared (f64). */
export const COST = 152;
/** Halvings that are left to do for a box that nothing is to be gained for (f64). */
export const ALONE = 160;
/** Numbers of the fields that groups hold: source word, destination word, ports, protocol, byte; NO_FIELD: none. */
export const GROUP_FIELDS = 168;
export const NO_FIELD = 0xffffffff;
/** By rule: is a candidate to be verified (u8)? */
export const UNSURE = 192;
/** Trees built, and of each: its root entry (u64), least rule, common depth, boxes, a word unused, boxes met (f64). */
export const TREES = 196;
export const TREE = 200;
export const TREE_LEAST = 8;
export const TREE_DEPTH = 12;
export const TREE_BOXES = 16;
export const TREE_MET = 24;
export const TREE_BYTES = 32;
export const BYTES = 512;

// A field of the boxes: its packet record offset, bits, bounds by box (u32), and of bytes value and mask by box (u8), else 0.
export const FIELD_OFFSET = 0;
export const FIELD_BITS = 4;
export const FIELD_LO = 8;
export const FIELD_HI = 12;
export const FIELD_VALUE = 16;
export const FIELD_MASK = 20;
export const FIELD_BYTES = 32;

/** Boxes of a longer list that a choice looks at. */
export const SAMPLE_MOST = 2048;
/** A box in more windows than this is counted as one that the cut does not part from others. */
export const NARROW = 4;
/** Entries of one cut, as a power of two. */
export const BITS_MOST = 16;
/** Cuts on a way that are told apart. */
export const DEPTH_MOST = 128;
