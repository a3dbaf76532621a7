// Connection tracking: the configuration, the shards with their tables, and the entries, in shared memory. Shared by
// assembly/conntrack/ (writes and reads it) and src/conntrack/ (sets it up, prints entries). Addresses are absolute;
// u32 unless it says otherwise; times are u64 ns of the capture's clock.
//
//   configuration | shards: SHARD_BYTES each | heap: chunks of entries, bucket arrays, events
//
// A shard holds every packet's state that its hash leads to: Packet.HASH, the same for both directions of a flow and for
// the ICMP errors about it. One lane at a time works on a shard, in packet order, so that nothing in here is locked.

// Configuration, read-only while packets run but for HEAP_NEXT.
/** The switches of the sysctls, and what the scan asks for. (For which families it is on the images say.) */
export const FLAGS = 0;
/** Log2 of the number of shards. */
export const SHARD_BITS = 4;
/** Address of the first shard. */
export const SHARDS = 8;
/** Entries that a shard may hold (both families): its part of nf_conntrack_max. */
export const SHARD_LIMIT = 12;
/** u64: mixed into the buckets' hash, against chosen collisions. */
export const SEED = 16;
/** The heap: the next free byte (atomic) and its end. */
export const HEAP_NEXT = 24;
export const HEAP_END = 28;
/** nf_conntrack_tcp_max_retrans. */
export const TCP_MAX_RETRANS = 32;
/** Entry sizes by family (the word of IPv6 behind that of IPv4), and the offsets of what only some scans need: 0 when entries do not have it. */
export const ENTRY_BYTES4 = 36;
export const ENTRY_BYTES6 = 40;
/** Accounting (ACCT_*, 32 bytes). */
export const ACCT4 = 44;
export const ACCT6 = 48;
/** Labels (16 bytes). */
export const LABELS4 = 52;
export const LABELS6 = 56;
/** Time stamps of start and stop (nf_conntrack_timestamp): u64 start. */
export const TIMESTAMP4 = 60;
export const TIMESTAMP6 = 64;
/** nf_conntrack_expect_max. */
export const EXPECT_MAX = 68;
/** What helpers keep of a connection (HELP_*). */
export const HELP4 = 72;
export const HELP6 = 76;
/** Of an expected connection (IPS_EXPECTED), its master's original source address (16 bytes, layout/packet.ts's form). */
export const MASTER4 = 80;
export const MASTER6 = 84;
/** Chunks of events that may still be taken from the heap (atomic). */
export const EVENT_CHUNKS = 88;
/** u64, atomic: the first of those that are not in use, linked by EVENTS_NEXT; in the upper half a number that changes. */
export const EVENT_POOL = 96;
/** What shards remember trails with (layout/trail.ts): the first one's memory, 0 none, its bytes, and how many keys and (a
 *  power of two) lists it has room for. */
export const TRAILS = 104;
export const TRAIL_BYTES = 108;
export const TRAIL_KEYS = 112;
export const TRAIL_LISTS = 116;
/** Timeouts in ns, u64 each. TCP by state (TCP_*), then RETRANS and UNACK. */
export const TIMEOUT_TCP = 128;
export const TIMEOUT_TCP_RETRANS = 208; // TIMEOUT_TCP + 8 * 10
export const TIMEOUT_TCP_UNACK = 216;
/** UDP and UDPLite: unreplied, replied (stream). */
export const TIMEOUT_UDP = 224;
export const TIMEOUT_UDP_STREAM = 232;
export const TIMEOUT_ICMP = 240;
export const TIMEOUT_ICMPV6 = 248;
export const TIMEOUT_GENERIC = 256;
/** GRE: unreplied, replied. */
export const TIMEOUT_GRE = 264;
export const TIMEOUT_GRE_STREAM = 272;
/** SCTP by state (SCTP_*), DCCP by state (DCCP_*). */
export const TIMEOUT_SCTP = 280; // 10 of them
export const TIMEOUT_DCCP = 360; // 10 of them
export const CONFIG_BYTES = 512;

// FLAGS
/** nf_conntrack_tcp_loose, _tcp_be_liberal, _tcp_ignore_invalid_rst, _checksum, _dccp_loose. */
export const TCP_LOOSE = 4;
export const TCP_LIBERAL = 8;
export const TCP_IGNORE_INVALID_RST = 16;
export const CHECKSUM = 32;
export const DCCP_LOOSE = 64;
/** Events are written. */
export const EVENTS = 128;
/** Trace: CT_REASON and CT_STATES are written. */
export const TRACE = 256;

// Shard: a table for each family, then what it counts.
export const SHARD_TABLE4 = 0;
export const SHARD_TABLE6 = 64;
/** Entries of both families. */
export const SHARD_COUNT = 128;
/** Events of the batch in work: the first chunk, kept for the next batch, and the one that is being filled, 0 none. The
 *  others go back to the pool. */
export const SHARD_EVENTS = 132;
export const SHARD_EVENTS_LAST = 136;
/** Expectations: bucket array (EXPECT_BUCKETS links; 0 until the first is made), count, and free records. */
export const SHARD_EXPECTS = 140;
export const SHARD_EXPECT_COUNT = 144;
export const SHARD_EXPECT_FREE = 148;
/** Time of the latest packet, u64. */
export const SHARD_NOW = 152;
/** Statistics, u64 each, summed over shards: STAT_*. */
export const SHARD_STATS = 160;
/** PPTP's call ids (EXPECT_KEYMAP records), and what HELP4 and HELP6 of the configuration say. */
export const SHARD_KEYMAP_COUNT = 320;
export const SHARD_HELP4 = 324;
export const SHARD_HELP6 = 328;
/** The configuration. */
export const SHARD_CONFIG = 332;
/** What trails are remembered with, 0 none; the serial number of the image for which all were forgotten. */
export const SHARD_TRAILS = 336;
export const SHARD_TRAIL_SERIAL = 340;
/** Helpers' scratch: numbers that were read (u32 each), and an address in the form of layout/packet.ts behind them. */
export const SHARD_SCRATCH = 384;
export const SHARD_SCRATCH_ADDRESS = 416;
export const SHARD_SCRATCH_ADDRESS2 = 432;
export const SHARD_BYTES = 448;

export const STAT_CREATED = 0;
export const STAT_EXPIRED = 8;
export const STAT_EARLY_DROP = 16;
/** Packets dropped because the table was full (or memory was). */
export const STAT_FULL = 24;
/** Packets found INVALID, UNTRACKED. */
export const STAT_INVALID = 32;
export const STAT_UNTRACKED = 40;
/** Packets with a wrong checksum of TCP, UDP or ICMP; ... whose checksum could not be told (bytes not captured). */
export const STAT_BAD_CHECKSUM = 48;
/** Flows picked up midstream; flows that were seen in one direction only (told when they end). */
export const STAT_PICKED_UP = 56;
export const STAT_ONE_WAY = 64;
/** Expectations made, met; refused because there were too many. */
export const STAT_EXPECT_NEW = 72;
export const STAT_EXPECT_MET = 80;
export const STAT_EXPECT_FULL = 88;
/** Entries replaced by a new connection with the same tuple (TCP reopened). */
export const STAT_REOPENED = 96;
/** Confirmed too late: the tuple was taken meanwhile. */
export const STAT_CLASH = 104;
/** ICMP errors that speak of no known flow. */
export const STAT_FORGED_ICMP = 112;
/** Events that there was no memory for. */
export const STAT_EVENTS_LOST = 120;
/** Packets of which a helper would have had to see more than was captured. */
export const STAT_HELPER_CUT = 128;
export const STATS = 17;

// Table of a shard and family.
/** Buckets (a power of two), their mask; entries in them. */
export const TABLE_BUCKETS = 0;
export const TABLE_MASK = 4;
export const TABLE_COUNT = 8;
/** Free entries (linked by ENTRY_NEXT), 0 none. */
export const TABLE_FREE = 12;
/** Chunks of entries: the first, the newest, and where the newest's next entry will be. */
export const TABLE_CHUNKS = 16;
export const TABLE_NEWEST = 20;
export const TABLE_USED = 24;
/** Where the sweep for expired entries goes on: chunk and entry's address. */
export const TABLE_SWEEP_CHUNK = 28;
export const TABLE_SWEEP = 32;
/** Old buckets, zeroed, that the next chunk of entries is made of: address, 0 none, and bytes. */
export const TABLE_SPARE = 36;
export const TABLE_SPARE_BYTES = 40;
/** Looks at other entries that new ones have not taken yet. */
export const TABLE_OWED = 44;
export const TABLE_BYTES = 64;

/** Chunk of entries: next chunk's address, end of its entries; then the entries. */
export const CHUNK_NEXT = 0;
export const CHUNK_END = 4;
export const CHUNK_HEADER_BYTES = 64;
export const CHUNK_ENTRIES = 64;

// Bucket: addresses of entries (0: free), the topmost byte of each one's hash, and how many entries that had their place
// here went on to later buckets.
//
//   0                            48                60        64
//   | 12 addresses, u32          | 12 tags, u8     | passed  |
export const BUCKET_SLOTS = 12;
export const BUCKET_TAGS = 48;
export const BUCKET_PASSED = 60;
export const BUCKET_BYTES = 64;

// Entry (struct nf_conn).
/** Next in the list of free entries. */
export const NEXT = 0;
/** Of an entry in use, a word a direction: the trail that is remembered of it (layout/trail.ts), 0 none. */
export const TRAIL = 0; // + direction * 4
/** Hash of the original tuple. */
export const HASH = 8;
/** IPS_* */
export const STATUS = 12;
/** u64: when it expires. */
export const DEADLINE = 16;
/** Tuples, IPv4: addresses in host order; ports as source | destination << 16, host order. ICMP: the id as the source
 *  port, type << 8 | code as the destination port. GRE: the key, PPTP's call id, as the ports. IPv6: addresses at
 *  ORIG_SRC6 on. */
export const ORIG_SRC = 24;
export const ORIG_DST = 28;
export const ORIG_PORTS = 32;
export const REPLY_SRC = 36;
export const REPLY_DST = 40;
export const REPLY_PORTS = 44;
export const PROTO = 48; // u8
export const FAMILY = 49; // u8
/** nf_conntrack_zone: id, and the directions in which it counts (bit 0 original, bit 1 reply; 3 is both). */
export const ZONE = 50; // u16
export const MARK = 52;
/** u64: number of the packet that made it. */
export const NUMBER = 56;
/** What the protocol's tracker keeps: 56 bytes, zeroed in a new entry. */
export const TRACK = 64;
/** u8 each: helper (HELPER_*), the master's helper, directions of the zone, ENTRY_* bits. */
export const HELPER = 120;
export const MASTER_HELPER = 121;
export const ZONE_DIR = 122;
export const BITS = 123;
/** Which events the entry is to send (CT --ctevents): bit IPCT_*; 0: all. */
export const EVENT_MASK = 124; // u16
/** Events that wait for a packet to be confirmed (nf_conntrack_ecache.cache): bit IPCT_*, u16. */
export const EVENT_CACHE = 126;
export const BASE_BYTES4 = 128;
/** IPv6: four addresses as in layout/packet.ts. */
export const ORIG_SRC6 = 128;
export const ORIG_DST6 = 144;
export const REPLY_SRC6 = 160;
export const REPLY_DST6 = 176;
export const BASE_BYTES6 = 192;

// BITS
/** Picked up midstream. */
export const BIT_PICKED_UP = 1;
/** A reply was seen. */
export const BIT_REPLIED = 2;

/** Accounting: u64 packets and bytes, original, then reply. */
export const ACCT_PACKETS = 0;
export const ACCT_BYTES = 8;
export const ACCT_REPLY = 16;
export const ACCT_SIZE = 32;
export const LABELS_SIZE = 16;
export const TIMESTAMP_SIZE = 16;
export const MASTER_SIZE = 16;

// STATUS: linux/netfilter/nf_conntrack_common.h; IN_USE is ours.
export const IPS_EXPECTED = 1;
export const IPS_SEEN_REPLY = 2;
export const IPS_ASSURED = 4;
export const IPS_CONFIRMED = 8;
export const IPS_SRC_NAT = 16;
export const IPS_DST_NAT = 32;
export const IPS_SEQ_ADJUST = 64;
export const IPS_SRC_NAT_DONE = 128;
export const IPS_DST_NAT_DONE = 256;
export const IPS_DYING = 512;
export const IPS_FIXED_TIMEOUT = 1024;
export const IPS_TEMPLATE = 2048;
export const IPS_HELPER = 8192;
/** The record is an entry, confirmed or not; else it is free. */
export const IN_USE = 0x40000000;

// Packet.CTINFO: enum ip_conntrack_info.
export const INFO_ESTABLISHED = 0;
export const INFO_RELATED = 1;
export const INFO_NEW = 2;
export const INFO_ESTABLISHED_REPLY = 3;
export const INFO_RELATED_REPLY = 4;
export const INFO_UNTRACKED = 7;
/** Added for the reply direction. */
export const INFO_REPLY = 3;

// Packet.CTSTATE: what -m conntrack --ctstate asks (XT_CONNTRACK_STATE_*).
export const STATE_INVALID = 1;
export const STATE_ESTABLISHED = 2;
export const STATE_RELATED = 4;
export const STATE_NEW = 8;
export const STATE_SNAT = 64;
export const STATE_DNAT = 128;
export const STATE_UNTRACKED = 256;
/** Ours: the packet has passed connection tracking. */
export const STATE_PASSED = 0x8000;

// What a protocol's tracker answers: netfilter's own numbers.
/** Tracked. */
export const TRACK_ACCEPT = 1;
/** -NF_ACCEPT: INVALID. */
export const TRACK_INVALID = -1;
/** -NF_REPEAT: the entry is to be removed and the packet looked up again. */
export const TRACK_REPEAT = -4;
/** -NF_DROP would be 0: the packet is dropped. */
export const TRACK_DROP = 0;
/** The bytes that decide are not captured: UNKNOWN. */
export const TRACK_UNKNOWN = 2;

export const DIR_ORIGINAL = 0;
export const DIR_REPLY = 1;

// TRACK area by protocol; offsets from the entry.
// TCP (struct ip_ct_tcp). Of each direction: SEEN_BYTES from TCP_SEEN on, original first.
export const TCP_SEEN = 64;
export const TCP_END = 0;
export const TCP_MAXEND = 4;
export const TCP_MAXWIN = 8;
export const TCP_MAXACK = 12;
export const TCP_SEEN_BYTES = 16;
/** u8 each: window scale and IP_CT_TCP_FLAG_* of the original and of the reply direction. */
export const TCP_SCALE = 96; // + direction * 2
export const TCP_FLAGS = 97; // + direction * 2
/** u8 each. */
export const TCP_STATE = 100;
export const TCP_LAST_DIR = 101;
export const TCP_RETRANS = 102;
export const TCP_LAST_INDEX = 103;
export const TCP_LAST_SEQ = 104;
export const TCP_LAST_ACK = 108;
export const TCP_LAST_END = 112;
export const TCP_LAST_WIN = 116; // u16
export const TCP_LAST_WSCALE = 118; // u8
export const TCP_LAST_FLAGS = 119; // u8

// TCP_FLAGS and TCP_LAST_FLAGS: IP_CT_TCP_FLAG_*; the last two stand in TCP_LAST_FLAGS only.
export const TCP_FLAG_WINDOW_SCALE = 1;
export const TCP_FLAG_SACK_PERM = 2;
/** This side sent the first FIN. */
export const TCP_FLAG_CLOSE_INIT = 4;
export const TCP_FLAG_BE_LIBERAL = 8;
/** This side sent data that the other has not acknowledged yet. */
export const TCP_FLAG_DATA_UNACKNOWLEDGED = 16;
/** TCP_MAXACK holds something. */
export const TCP_FLAG_MAXACK_SET = 32;
/** A SYN was let pass in LAST_ACK: the next ACK may be a challenge to it. */
export const TCP_FLAG_CHALLENGE_ACK = 64;
export const TCP_FLAG_SIMULTANEOUS_OPEN = 128;

// TCP_LAST_INDEX: what kind of segment it was (enum tcp_bit_set).
export const TCP_INDEX_SYN = 0;
export const TCP_INDEX_SYNACK = 1;
export const TCP_INDEX_FIN = 2;
export const TCP_INDEX_ACK = 3;
export const TCP_INDEX_RST = 4;
export const TCP_INDEX_NONE = 5;

export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_CLOSE_WAIT = 5;
export const TCP_LAST_ACK_STATE = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
export const TCP_SYN_SENT2 = 9;

/** UDP: u64, when it becomes a stream (2 s after the entry was made). */
export const UDP_STREAM_TIME = 64;

/** GRE: u64 timeouts of its own (PPTP sets them). */
export const GRE_TIMEOUT = 64;
export const GRE_STREAM_TIMEOUT = 72;

/** SCTP: verification tags (host order) that packets of the two directions have to carry; state, last direction, flags, u8 each; INIT seen, by direction, u8 each. */
export const SCTP_VTAG = 64; // + direction * 4
export const SCTP_STATE = 72;
export const SCTP_LAST_DIR = 73;
export const SCTP_FLAGS = 74;
export const SCTP_INIT = 75; // + direction
/** SCTP_FLAGS: a heartbeat with another tag was seen; SCTP_LAST_DIR is its direction. */
export const SCTP_FLAG_HEARTBEAT_VTAG_FAILED = 1;

export const SCTP_NONE = 0;
export const SCTP_CLOSED = 1;
export const SCTP_COOKIE_WAIT = 2;
export const SCTP_COOKIE_ECHOED = 3;
export const SCTP_ESTABLISHED = 4;
export const SCTP_SHUTDOWN_SENT = 5;
export const SCTP_SHUTDOWN_RECD = 6;
export const SCTP_SHUTDOWN_ACK_SENT = 7;
export const SCTP_HEARTBEAT_SENT = 8;

/** DCCP: u8 each: role of the two directions, state, last packet's direction and type; u64 handshake sequence number. */
export const DCCP_ROLE = 64; // + direction
export const DCCP_STATE = 66;
export const DCCP_LAST_DIR = 67;
export const DCCP_LAST_PACKET = 68;
export const DCCP_HANDSHAKE = 72;

// Helpers: Entry.HELPER. Names in src/model/helper.ts, in this order.
export const HELPER_NONE = 0;
export const HELPER_FTP = 1;
export const HELPER_TFTP = 2;
export const HELPER_IRC = 3;
export const HELPER_SIP = 4;
export const HELPER_PPTP = 5;
export const HELPER_AMANDA = 6;
export const HELPER_NETBIOS_NS = 7;
export const HELPER_SNMP = 8;
export const HELPER_SANE = 9;
export const HELPER_RAS = 10;
export const HELPER_Q931 = 11;
export const HELPER_H245 = 12;
export const HELPER_COUNT = 13;

// Event record, of which an event chunk holds CHUNK_EVENTS.
/** u8: EVENT_NEW, UPDATE, DESTROY. */
export const EVENT_KIND = 0;
/** IPCT_* bits of an update. */
export const EVENT_WHAT = 4;
/** u64: number of the packet that caused it; and its time. */
export const EVENT_NUMBER = 8;
export const EVENT_TIME = 16;
/** Copy of the entry as it then was. */
export const EVENT_ENTRY = 64;
export const EVENT_BYTES = 320;
export const EVENT_NEW = 1;
export const EVENT_UPDATE = 2;
export const EVENT_DESTROY = 4;
/** Event chunk: next, number of events. */
export const EVENTS_NEXT = 0;
export const EVENTS_COUNT = 4;
export const EVENTS_HEADER_BYTES = 64;
export const CHUNK_EVENTS = 204;
export const EVENT_CHUNK_BYTES = 65344; // EVENTS_HEADER_BYTES + CHUNK_EVENTS * EVENT_BYTES

// IPCT_*: what an update event is about (nf_conntrack_common.h).
export const IPCT_NEW = 0;
export const IPCT_RELATED = 1;
export const IPCT_DESTROY = 2;
export const IPCT_REPLY = 3;
export const IPCT_ASSURED = 4;
export const IPCT_PROTOINFO = 5;
export const IPCT_HELPER = 6;
export const IPCT_MARK = 7;
export const IPCT_SEQADJ = 8;
export const IPCT_SECMARK = 9;
export const IPCT_LABEL = 10;

// What helpers keep of a connection, at HELP4 or HELP6 of its entry (struct nf_conn_help).
/** Its newest expectation, linked by EXPECT_OLDER; and how many there are of each class, u8 each. */
export const HELP_EXPECTS = 0;
export const HELP_COUNTS = 4;
/** What the helper itself keeps, from here on. */
export const HELP_STATE = 8;
export const HELP_BYTES = 40;
/** FTP (struct nf_ct_ftp_master): sequence numbers behind line ends, two a direction; how many there are, u8 a direction;
 *  u8 a direction: whatever comes first begins a line (the connection was not seen from its start). */
export const FTP_LINES = 8; // + direction * 8
export const FTP_LINE_COUNT = 24; // + direction
export const FTP_PICKUP = 26; // + direction
/** SIP: CSeq of the last REGISTER and INVITE. */
export const SIP_REGISTER_CSEQ = 8;
export const SIP_INVITE_CSEQ = 12;
/** PPTP: u8 each: state of session and call (PPTP_*); u16: call ids of the PAC and of the PNS; u32 a direction: the
 *  keymap's record, 0 none; the tunnel's entry, and u64 its number. */
export const PPTP_SESSION = 8;
export const PPTP_CALL = 9;
export const PPTP_PAC_CALL_ID = 10;
export const PPTP_PNS_CALL_ID = 12;
export const PPTP_KEYMAP = 16; // + direction * 4
export const PPTP_TUNNEL = 24;
export const PPTP_TUNNEL_NUMBER = 32;
/** SANE: u8: 1 when the next reply is that to NET_START. */
export const SANE_STARTED = 8;

// Expectation (struct nf_conntrack_expect); EXPECT_BYTES each, in a bucket of the shard by what it expects as
// destination, and in the list of its master.
/** Next in the bucket, or next free. */
export const EXPECT_NEXT = 0;
/** Master's entry. */
export const EXPECT_MASTER = 4;
/** u64: gone from then on. */
export const EXPECT_DEADLINE = 8;
/** Tuple and mask: addresses 16 bytes each as in layout/packet.ts, ports as in entries. */
export const EXPECT_SRC = 16;
export const EXPECT_DST = 32;
export const EXPECT_SRC_MASK = 48;
export const EXPECT_PORTS = 64;
export const EXPECT_PORTS_MASK = 68;
export const EXPECT_PROTO = 72; // u8
export const EXPECT_FAMILY = 73; // u8
export const EXPECT_FLAGS = 74; // u8
export const EXPECT_CLASS = 75; // u8
export const EXPECT_HELPER = 76; // u8: helper of the expected connection
export const EXPECT_MASTER_HELPER = 77; // u8
export const EXPECT_ZONE = 78; // u16
/** The master's next older expectation. */
export const EXPECT_OLDER = 80;
/** Where address and port stood: offset from the start of the transport header's payload, and length. Length 0: nowhere. */
export const EXPECT_MATCH_OFFSET = 84;
export const EXPECT_MATCH_LENGTH = 88;
/** Its bucket. */
export const EXPECT_BUCKET = 92;
/** u8: what is to be done when it is met (nf_ct_helper_expectfn): EXPECT_FN_*. */
export const EXPECT_FN = 96;
export const EXPECT_BYTES = 128;
export const EXPECT_BUCKETS = 1024;
/** Records are taken from the heap that many at a time. */
export const EXPECT_CHUNK = 32;
/** Call ids that a shard keeps: Linux has no limit but memory. */
export const KEYMAP_MAX = 65536;

// EXPECT_FLAGS: NF_CT_EXPECT_*; KEYMAP is ours: not an expectation, but the call ids of a PPTP session
// (struct nf_ct_gre_keymap), found by destination and key.
export const EXPECT_PERMANENT = 1;
export const EXPECT_INACTIVE = 2;
export const EXPECT_KEYMAP = 128;

export const EXPECT_FN_NONE = 0;
export const EXPECT_FN_PPTP = 1;

// Classes of SIP's expectations (enum sip_expectation_classes).
export const SIP_SIGNALLING = 0;
export const SIP_AUDIO = 1;
export const SIP_VIDEO = 2;
export const SIP_IMAGE = 3;

// PPTP_SESSION, PPTP_CALL: enum pptp_ctrlsess_state, pptp_ctrlcall_state.
export const PPTP_SESSION_NONE = 0;
export const PPTP_SESSION_ERROR = 1;
export const PPTP_SESSION_STOP_REQUEST = 2;
export const PPTP_SESSION_REQUESTED = 3;
export const PPTP_SESSION_CONFIRMED = 4;
export const PPTP_CALL_NONE = 0;
export const PPTP_CALL_OUT_REQUEST = 2;
export const PPTP_CALL_OUT_CONFIRMED = 3;
export const PPTP_CALL_IN_REQUEST = 4;
export const PPTP_CALL_IN_REPLY = 5;
export const PPTP_CALL_IN_CONFIRMED = 6;
export const PPTP_CALL_CLEAR_REQUEST = 7;
