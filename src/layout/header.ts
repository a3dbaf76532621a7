// A packet's IPv4 header as a caller hands it over, already taken apart, and the answer. All in host order.

export const SRC = 0;
export const DST = 4;
/** u16. */
export const SPORT = 8;
export const DPORT = 10;
/** u8. */
export const PROTO = 12;
export const TCP_FLAGS = 13;
/** u16, bytes from the IP header on. */
export const LENGTH = 14;
export const BYTES = 16;

/** The answer: a Verdict.* and the record that decided, u32 each. */
export const RESULT_VERDICT = 0;
export const RESULT_DECISION = 4;
export const RESULT_BYTES = 8;
