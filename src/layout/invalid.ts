// Packet.CT_REASON: why connection tracking found a packet INVALID, or let it pass without learning from it. One number
// for each message that Linux logs with nf_conntrack_log_invalid, and for what it refuses without a word. The texts
// stand in src/report/invalid.ts, in this order.

export const NONE = 0;

// The core.
/** get_l4proto(): no transport header (fragment, broken chain of extension headers). */
export const NO_TRANSPORT = 1;
/** nf_ct_get_tuple(), nf_ct_invert_tuple(): no tuple, or one that has no reply. */
export const NO_TUPLE = 2;

// TCP.
export const TCP_SHORT = 3;
export const TCP_TRUNCATED = 4;
export const TCP_CHECKSUM = 5;
export const TCP_FLAGS = 6;
/** A flow cannot begin with it. */
export const TCP_NEW = 7;
/** ... not with nf_conntrack_tcp_loose = 0. */
export const TCP_NOT_LOOSE = 8;
/** Let pass. */
export const TCP_IGNORED = 9;
export const TCP_STATE = 10;
/** Let pass. */
export const TCP_CHALLENGE_ACK = 11;
export const TCP_RST = 12;
/** Let pass. */
export const TCP_OVERSHOT = 13;
export const TCP_SEQ_OVER = 14;
export const TCP_ACK_OVER = 15;
/** Let pass. */
export const TCP_SEQ_UNDER = 16;
/** Let pass. */
export const TCP_ACK_UNDER = 17;
/** In place of what made it INVALID: a second FIN or RST that does not fit shortens the timeout. */
export const TCP_LOWER_TIMEOUT = 18;

// UDP, UDPLite.
export const UDP_SHORT = 19;
export const UDP_LENGTH = 20;
export const UDP_CHECKSUM = 21;
export const UDPLITE_SHORT = 22;
export const UDPLITE_COVERAGE = 23;
export const UDPLITE_NO_CHECKSUM = 24;
export const UDPLITE_CHECKSUM = 25;

// ICMP, ICMPv6.
export const ICMP_SHORT = 26;
export const ICMP_CHECKSUM = 27;
export const ICMP_TYPE = 28;
/** Not a request that a flow begins with, or ICMP of the other family. */
export const ICMP_NEW = 29;
/** An error about a packet of which no tuple can be had, or of no known flow. */
export const ICMP_UNKNOWN_FLOW = 30;
/** An error whose destination is not the source of the packet that it speaks of. */
export const ICMP_OUTER_ADDRESS = 31;
export const ICMPV6_SHORT = 32;
export const ICMPV6_CHECKSUM = 33;
export const ICMPV6_NEW = 34;
export const ICMPV6_SHORT_REDIRECT = 35;
export const ICMPV6_REDIRECT_SOURCE = 36;
export const ICMPV6_REDIRECT_OPTIONS = 37;

// SCTP.
export const SCTP_SHORT = 38;
export const SCTP_CHECKSUM = 39;
export const SCTP_CHUNKS = 40;
export const SCTP_VTAG = 41;
export const SCTP_STATE = 42;
export const SCTP_NEW = 43;
/** INIT or INIT ACK that is cut short. */
export const SCTP_INIT = 44;
export const COUNT = 45;
