// Verdict numbers. 0 to 3 are netfilter's own (linux/netfilter.h: NF_DROP, NF_ACCEPT, NF_STOLEN, NF_QUEUE).

export const DROP = 0;
export const ACCEPT = 1;
export const QUEUE = 3;
export const REJECT = 4;
/** Gone outside the rules: Reason.* says why. */
export const LOST = 5;
/** Held for reassembly. */
export const FRAGMENT = 6;
/** The capture or the rule set does not allow an answer. */
export const UNKNOWN = 7;
/** Not IP. */
export const SKIP = 8;
export const COUNT = 9;
