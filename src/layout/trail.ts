// Trails: where a connection's packets counted in the chain of table filter at a hook, and its verdict, so that they need
// not walk it again. An entry remembers one for each direction, in a word (Conntrack.TRAIL).
//
//   | VALID | ACCEPT | key: 8 bits | number of the record that counted, or RULE_COUNT + number of the list: 22 bits |
//
// The key stands for all that the chain may ask of a packet but what its tuple says; the walk is done again where it is
// another. A shard keeps its keys and lists, each once:
//
//   keys: KEY_BYTES each, zero where there is none | lists: LIST_BYTES each; both by their hash

export const VALID = 0x80000000;
/** The verdict is ACCEPT, else DROP. */
export const ACCEPT = 0x40000000;
export const KEY_SHIFT = 22;
export const KEY_MASK = 255;
export const PLACE_MASK = 0x3fffff;

// Key: what of it counts the image says (Image.TRAIL_KEYS).
/** Serial number of the image << 3 | hook: never zero, for table filter is not at PREROUTING. */
export const KEY_IMAGE = 0;
/** CTSTATE | STATUS << 16 | PKTTYPE << 20 | TCP_FLAGS << 24. Of STATUS what `--ctstatus` asks, IPS_EXPECTED to _CONFIRMED. */
export const KEY_STATE = 4;
export const KEY_STATUS_SHIFT = 16;
export const KEY_PKTTYPE_SHIFT = 20;
export const KEY_FLAGS_SHIFT = 24;
export const KEY_STATUS = 15;
export const KEY_PKTTYPE = 7;
/** IIF | OIF << 16. */
export const KEY_INTERFACES = 8;
export const KEY_OUT_SHIFT = 16;
export const KEY_MARK = 12;
export const KEY_BYTES = 16;
/** Keys of a shard, at most. */
export const KEYS = 256; // KEY_MASK + 1

/** List: how many records, then their numbers in the order in which they counted; zeros behind them. */
export const LIST_COUNT = 0;
export const LIST_RECORDS = 4;
export const LIST_BYTES = 64;
export const MOST_RECORDS = 15;
/** Lists of a shard, by default. */
export const LISTS = 4096;
