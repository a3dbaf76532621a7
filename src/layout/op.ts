// Match and target operations. An operation is a run of u32 words, a multiple of 16 bytes long:
//
//   word 0: code | bytes << 16      words 1..: operands, by code, as said beside each
//
// Generic operations come first; what one extension alone needs stands under its name. A match lowers to one or
// more operations, which are all to hold, in order. The result of one is a Result.*.

/** Packet field in [lo, hi]: field offset | invert << 16, lo, hi (unsigned, inclusive). */
export const FIELD_RANGE = 1;
/** (packet field & mask) == value: field offset | invert << 16, mask, value. */
export const FIELD_MASK = 2;
/**
 * A transport header must be there: bytes that the IP header must declare of it | bytes of it that are read << 8
 * | how << 16. How: TRANSPORT_* bits. A later fragment does not match; a header cut short is hotdrop or no match;
 * when bytes that are read are not captured, nothing can be said.
 */
export const TRANSPORT = 3;
/** Address in [lo, hi], integers: field offset (SRC or DST) | invert << 16, 0, 0, then lo and hi, 16 bytes each. */
export const ADDRESS_RANGE = 4;
/** Never matches; --unknown: is assumed to match or not (word 1: 1 or 0); makes the verdict UNKNOWN (word 1: id of the
 *  extension that is not known). */
export const FALSE = 5;
export const ASSUMED = 6;
export const UNKNOWN = 7;

// Extensions, from 32; each with its operands in the file that lowers it (src/extension/match/NAME.ts).
export const TCP_OPTION = 33;
export const MULTIPORT = 34;
export const SCTP_CHUNKS = 36;
export const DCCP_TYPE = 37;
export const DCCP_OPTION = 38;
export const MAC = 39;
export const ADDRTYPE = 40;
export const IP6_FRAG = 43;
export const IP6_RT = 44;
export const IP6_OPTS = 45;
export const IP6_HEADER = 46;
export const IP6_MH = 47;
export const AH = 48;
/** A word of the transport header, 32 bits, in [lo, hi]: offset | invert << 16, lo, hi. */
export const TRANSPORT_WORD = 49;
export const EUI64 = 50;
export const ECN = 51;

// Connection tracking, 64 to 79.
/** -m conntrack: what CTSTATE alone does not answer. */
export const CONNTRACK = 64;
export const CONNMARK = 65;
export const CONNLABEL = 66;
export const CONNBYTES = 67;
export const HELPER = 68;
export const CLUSTER = 69;

// Target operations, from 128.
/** mark = (mark & ~mask) ^ value: mask, value. */
export const SET_MARK = 128;
/** Recorded, non-terminal: rule's log id. */
export const LOG = 129;
export const NFLOG = 130;
/** -j CT: the template for what connection tracking makes of the packet (TEMPLATE_*: byte offsets of its words);
 *  -j CT --notrack, NOTRACK. */
export const SET_TEMPLATE = 136;
export const NOTRACK = 137;
/** -j CONNMARK: set, save, restore. */
export const CONNMARK_SET = 138;
export const CONNMARK_SAVE = 139;
export const CONNMARK_RESTORE = 140;
/** -m connlabel --set. */
export const CONNLABEL_SET = 141;

/** Zone id; directions in which it counts (bit 0 original, bit 1 reply; TEMPLATE_ZONE_MARK: the packet's mark is the id);
 *  helper (Conntrack.HELPER_*); events (bits IPCT_*, 0 all). */
export const TEMPLATE_ZONE = 4;
export const TEMPLATE_ZONE_DIRECTIONS = 8;
export const TEMPLATE_HELPER = 12;
export const TEMPLATE_EVENTS = 16;
export const TEMPLATE_ZONE_MARK = 4;

/** TRANSPORT: a header cut short drops the packet (xtables' hotdrop); without it, no match (nft). */
export const TRANSPORT_HOTDROP = 1;
/** TRANSPORT: a fragment at offset 1 is hotdrop too (TCP, xt_tcpudp.c). */
export const TRANSPORT_FRAGMENT_ATTACK = 2;
/**
 * TRANSPORT: as nftables' payload expression reads. A later fragment's bytes are taken as if they were the header
 * (nft_payload_fast_eval() does not look at the fragment offset), in IPv6 the bytes of the IP header itself: SPORT,
 * DPORT and TCP_FLAGS of the packet record are set from there.
 */
export const TRANSPORT_NATIVE = 4;

// Result of an operation.
export const NO = 0;
export const YES = 1;
export const HOTDROP = 2;
/** The bytes that would tell are not in the capture. */
export const UNDECIDABLE = 3;
/**
 * HOTDROP by an inverted condition, which xt_sctp.c and xt_dccp.c turn into "matches": legacy iptables counts the rule
 * if its other conditions hold, and drops the packet then; nftables just drops it.
 */
export const HOTDROP_COUNTED = 4;
