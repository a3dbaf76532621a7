// The image: a compiled rule set of one family, position independent (references are byte offsets from its start),
// read-only while packets run. One ArrayBuffer:
//
//   header | hook table | chain table | rules | operations and interface rows, as rules need them | classifiers
//
// Counters are not in it: each lane has its own array, 16 bytes a rule record (u64 packets, u64 bytes), by record
// index, so that the image can be shared.

export const MAGIC_VALUE = 0x544d5357; // "WSMT"
export const VERSION_VALUE = 1;

// Header, u32 each.
export const MAGIC = 0;
export const VERSION = 4;
export const IMAGE_BYTES = 8;
/** 4 or 6. */
export const FAMILY = 12;
/** Offset of the first rule record (16-byte aligned) and the number of records, ends and policies included. */
export const RULES = 16;
export const RULE_COUNT = 20;
/** Chain table: CHAIN_BYTES each. */
export const CHAINS = 24;
export const CHAIN_COUNT = 28;
/** Frames that a walk can need (layout/frame.ts). */
export const STACK_DEPTH = 32;
/** Bit 0: nft semantics (no hotdrop) instead of legacy. */
export const BACKEND = 44;
/** Offset of the classifier that a vector's packets are looked up in beforehand; 0: none. */
export const STAGED = 48;
/** 1 when some rule needs connection tracking. */
export const CONNTRACK = 52;
/** Written where the image is placed: which of the family's images it is, of those that came one after another. */
export const SERIAL = 56;
/** Hook table: for hook h the entries HOOKS + (h * HOOK_SLOTS + slot) * HOOK_ENTRY_BYTES: table number | leading rules <<
 *  HOOK_LEAD_SHIFT, first rule's offset; the first entry with offset 0 ends the hook's list. Leading rules are those that
 *  ask for nothing but the packet's ctstate (one operation, FIELD_MASK) and decide: they are asked before anything is
 *  looked up. */
export const HOOKS = 64;
export const HOOK_SLOTS = 8;
export const HOOK_ENTRY_BYTES = 8;
export const HOOK_LEAD_SHIFT = 8;
export const HOOK_TABLE = 255;
/** For hook h the mask TRAIL_KEYS + h * TRAIL_KEY_BYTES of what trails at its chain of table filter depend on (layout/trail.ts);
 *  zero: none is remembered. */
export const TRAIL_KEYS = 384; // HOOKS + 5 * HOOK_SLOTS * HOOK_ENTRY_BYTES
export const TRAIL_KEY_BYTES = 16;
export const HEADER_BYTES = 464; // TRAIL_KEYS + 5 * TRAIL_KEY_BYTES

// Chain record.
export const CHAIN_TABLE = 0;
/** Hook number of a built-in chain, Hook.NONE of a user chain. */
export const CHAIN_HOOK = 4;
export const CHAIN_FIRST_RULE = 8;
export const CHAIN_RULE_COUNT = 12;
export const CHAIN_BYTES = 16;

/** An interface row: bit i is set when interface i matches the pattern. */
export const ROW_BYTES = 128; // INTERFACES / 8
/** Most interfaces a machine can have here; index 0 stands for "no interface". */
export const INTERFACES = 1024;
export const COUNTER_BYTES = 16;
