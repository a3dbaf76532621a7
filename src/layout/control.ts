// What the lanes of a scan agree on, in shared memory: i32 words, used with Atomics from JavaScript only. Offsets in
// bytes.

/** The reading baton: the ticket of the lane that has it. The holder reads the next stretch of the capture. */
export const BATON = 0;
/** Sequence number of the next batch; written under the baton. */
export const SEQUENCE = 4;
/** The turn: all batches before this one have done what has to be done in packet order. */
export const TURN = 8;
/** Set to 1: lanes stop before their next batch. */
export const STOP = 12;
/** KiB of output on its way to the main thread. */
export const OUTSTANDING = 16;
/** Number of interface names known (the interface name table). */
export const INTERFACES = 20;
/** The next ticket for the baton. */
export const TICKET = 24;
/** Where reading ahead stands (src/capture/read-ahead.ts): a file, a ticket, and, in two halves, the position in the file
 *  where that ticket's stretch begins. Written under the baton, read without it. */
export const AHEAD_FILE = 28;
export const AHEAD_TICKET = 32;
export const AHEAD_POSITION = 36;
/** Rule sets that replace others (layout/generation.ts): the number of the latest ones, and of the latest that a batch was
 *  read for. The second is written under the baton. */
export const GENERATION = 44;
export const TAKEN_GENERATION = 48;
/** Batches that are done but wait for earlier ones: slot sequence % DONE_SLOTS holds sequence + 1. */
export const DONE = 64;
export const DONE_SLOTS = 256;
/** Turns of the shards of connection tracking: all batches before this one are done with the shard. */
export const SHARD_TURNS = 1088; // DONE + 4 * DONE_SLOTS
export const SHARDS = 64;
export const BYTES = 1344; // SHARD_TURNS + 4 * SHARDS

/** Interface name table: one slot an interface index, NUL-terminated UTF-8 as in the kernel (IFNAMSIZ 16), longer
 *  here because capture files are not bound by it. */
export const NAME_BYTES = 64;
