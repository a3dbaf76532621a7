// Totals of a lane: u64 each, summed over lanes at the end.

export const PACKETS = 0;
/** By verdict, packets and bytes: 16 bytes a verdict. */
export const VERDICTS = 16;
/** By reason, packets: 8 bytes a reason (room for 64). */
export const REASONS = 256;
/** Packets by family: not IP, IPv4, IPv6. */
export const FAMILIES = 768;
/** Packets that a rule with an assumed answer (--unknown match, no-match) was asked about. */
export const ASSUMED = 792;
/** REJECT replies and ICMP errors that the host would have sent, not made. */
export const ANSWERS_NOT_MADE = 808;
/** Earliest time stamp, as its bitwise complement, and latest, ns: not sums, maxima. */
export const FIRST_TIME = 816;
export const LAST_TIME = 824;
export const TOTALS_BYTES = 1024;
