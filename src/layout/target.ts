// What a rule does when it matches: Rule.TARGET. TARGET_ARG's meaning stands beside each.

/** No target: count and go on. */
export const CONTINUE = 0;
/** Verdict.ACCEPT, DROP, QUEUE in TARGET_ARG. */
export const VERDICT = 1;
/** Back to the calling chain; in a built-in chain its policy. */
export const RETURN = 2;
/** Jump: image offset of the first rule record of the chain. */
export const JUMP = 3;
/** Goto: the same, without a way back to this chain. */
export const GOTO = 4;
/** End record of a user chain. */
export const END = 5;
/** End record of a built-in chain: its verdict in TARGET_ARG. It counts. */
export const POLICY = 6;
/** REJECT: TARGET_ARG is the index of the reject type (extension/target/reject.ts). */
export const REJECT = 7;
/** A list of operations that change the packet or record it, then the next rule: TARGET_ARG is the image offset of
 *  a word pair (first operation, end of list). MARK, LOG, NFLOG. */
export const OPERATIONS = 8;
/** A target that is not known, under `--unknown verdict`. */
export const UNKNOWN = 9;
/** ... under `--unknown match`: counts, and the packet goes on. */
export const ASSUMED = 10;
/** ... under `--unknown no-match`: its rule never matches. */
export const ASSUMED_NO_MATCH = 11;
/** A RETURN from a chain that stands in the place of the jump to it: image offset of the record to go on with. */
export const SKIP = 12;
