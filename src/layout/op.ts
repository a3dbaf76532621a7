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
/**
 * -m conntrack: one thing that CTSTATE alone does not answer. CT_* | bits << 16 (CT_INVERT, CT_WITHOUT), then:
 *
 *   CT_PROTOCOL      lo, hi                          CT_STATUS      mask: one of these bits is set
 *   CT_PORT          offset in the entry, lo, hi     CT_EXPIRES     lo, hi: whole seconds left
 *   CT_ADDRESS4      offset, address, mask           CT_DIRECTION   Conntrack.DIR_*
 *   CT_ADDRESS6      offset, 0, address, mask: 16 bytes each, the address already under its mask
 */
export const CONNTRACK = 64;
/** (mark & mask) == value: invert << 16, mask, value. */
export const CONNMARK = 65;
/** The label is set: bit | invert << 16; CONNLABEL_SET: it is set if it is not, and holds then. */
export const CONNLABEL = 66;
/**
 * Packets or bytes counted, in [from, to]; not in [to, from] when from is larger: CONNBYTES_* | directions << 16
 * (bit 0 original, bit 1 reply), 0, 0, then from and to, 8 bytes each.
 */
export const CONNBYTES = 67;
/** The master has one of these helpers: mask of bits 1 << Conntrack.HELPER_*, invert. */
export const HELPER = 68;
/** The node of the connection's source is one of the mask: total nodes | invert << 16, mask, hash seed. */
export const CLUSTER = 69;

// CONNTRACK
export const CT_PROTOCOL = 1;
export const CT_PORT = 2;
export const CT_ADDRESS4 = 3;
export const CT_ADDRESS6 = 4;
export const CT_STATUS = 5;
export const CT_EXPIRES = 6;
export const CT_DIRECTION = 7;
export const CT_INVERT = 1;
/** Holds for a packet without an entry: its state was asked for and answered. */
export const CT_WITHOUT = 2;

// CONNLABEL: with invert << 16.
export const CONNLABEL_SET = 1 << 17;

// CONNBYTES: bytes by packets in CONNBYTES_AVERAGE.
export const CONNBYTES_PACKETS = 0;
export const CONNBYTES_BYTES = 1;
export const CONNBYTES_AVERAGE = 2;

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
/**
 * -j CONNMARK. The entry's mark becomes ((mark & ~ctmask) ^ value), shifted; (mark & ~ctmask) ^ shifted (packet's mark &
 * nfmask); the packet's mark becomes (mark & ~nfmask) ^ shifted (entry's mark & ctmask).
 * CONNMARK_SET: ctmask, value, shift; the others: ctmask, nfmask, shift. Shift: bits | CONNMARK_RIGHT.
 */
export const CONNMARK_SET = 138;
export const CONNMARK_SAVE = 139;
export const CONNMARK_RESTORE = 140;
export const CONNMARK_RIGHT = 1 << 16;

/** Zone id; directions in which it counts (bit 0 original, bit 1 reply; TEMPLATE_ZONE_MARK: the packet's mark is the id);
 *  helper (Conntrack.HELPER_*); events (bits IPCT_*, 0 all). */
export const TEMPLATE_ZONE = 4;
export const TEMPLATE_ZONE_DIRECTIONS = 8;
export const TEMPLATE_HELPER = 12;
export const TEMPLATE_EVENTS = 16;
export const TEMPLATE_ZONE_MARK = 4;
/** TEMPLATE_EVENTS: none at all (a bit that is no event's). */
export const TEMPLATE_NO_EVENTS = 0x8000;

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
