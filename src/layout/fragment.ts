// The reassembly arena: fragments of IP datagrams that wait for the rest, in shared memory, entered by one lane at a
// time in packet order. Addresses are absolute; u32 unless it says otherwise.
//
//   header | datagram buffer | buckets | queues | pieces | chunks | events
//
// A queue is one datagram in the making; a piece is one fragment of it; the bytes of a piece stand in a list of
// chunks. Everything is in pools of fixed size, so that a flood ends at a limit, as it does in Linux.

// Results of push().
/** The packet waits; its fate will be told by an event. */
export const HELD = 0;
/** The packet record now describes the whole datagram. */
export const COMPLETE = 1;
/** The packet is gone: Packet.REASON says why. */
export const DROPPED = 2;

// Who reassembles (IP_DEFRAG_*, include/net/ip.h): part of the key.
export const LOCAL_DELIVER = 0;
export const CONNTRACK_IN = 1;
export const CONNTRACK_OUT = 2;

// Header. The first three may be set by the host after initialisation (net.ipv4.ipfrag_*).
/** u64: net.ipv4.ipfrag_time. */
export const TIMEOUT_NS = 0;
/** net.ipv4.ipfrag_high_thresh: beyond this many bytes of charged memory fragments are dropped. */
export const HIGH_THRESHOLD = 8;
/** net.ipv4.ipfrag_max_dist: this many other fragments of a source in between give a datagram up; 0: any. */
export const MAX_DISTANCE = 12;
/** Mixed into the hash of the buckets. */
export const SEED = 16;
/** Bytes charged for what waits, by Linux's measure. */
export const MEMORY = 20;
export const QUEUE_COUNT = 24;
export const PIECE_COUNT = 28;
/** Queues by age: the oldest and the newest, 0 none. */
export const OLDEST = 32;
export const NEWEST = 36;
/** Heads of the free lists, 0 when a pool is exhausted; and how many chunks are free. */
export const FREE_QUEUE = 40;
export const FREE_PIECE = 44;
export const FREE_PEER = 48;
export const FREE_CHUNK = 52;
export const FREE_CHUNKS = 56;
/** Hash buckets of queues and of peers: addresses of arrays of u32, and their common mask. */
export const QUEUE_BUCKETS = 60;
export const PEER_BUCKETS = 64;
export const BUCKET_MASK = 68;
/** Where the datagram completed last stands, with its Ethernet header, if it had one, in the 14 bytes before. */
export const DATAGRAM = 72;
/** Events since the reader last set EVENT_COUNT to 0, and how many there was no room for. */
export const EVENTS = 76;
export const EVENT_COUNT = 80;
export const EVENT_CAPACITY = 84;
export const EVENTS_LOST = 88;
export const HEADER_BYTES = 128;

// Event: what became of a packet that was held.
/** u64: number of the packet. */
export const EVENT_NUMBER = 0;
/** u64: number of the packet that completed its datagram; 0 when it died. */
export const EVENT_DATAGRAM = 8;
/** Why it died: Reason.*. */
export const EVENT_REASON = 16;
export const EVENT_BYTES = 24;

// Queue.
/** Addresses as in layout/packet.ts, 16 bytes each. */
export const QUEUE_SRC = 0;
export const QUEUE_DST = 16;
/** Protocol << 16 | identification. */
export const QUEUE_ID = 32;
/** Who reassembles. */
export const QUEUE_USER = 36;
/** Next in the bucket; link of the free list (assembly/fragment/arena.ts). The bucket's address. */
export const QUEUE_NEXT = 40;
export const QUEUE_BUCKET = 44;
/** Neighbours by age, 0 none. */
export const QUEUE_OLDER = 48;
export const QUEUE_NEWER = 52;
/** u64: when its time began to run. */
export const QUEUE_TIME = 56;
/** QUEUE_FIRST_IN, QUEUE_LAST_IN. */
export const QUEUE_FLAGS = 64;
/** Payload bytes of the whole datagram, as far as known; payload bytes that are there. */
export const QUEUE_LENGTH = 68;
export const QUEUE_MEAT = 72;
/** OR of 1 << ECN over the fragments. */
export const QUEUE_ECN = 76;
/** Longest fragment, and longest of those with DF, as packets. */
export const QUEUE_MAX_SIZE = 80;
export const QUEUE_MAX_DF_SIZE = 84;
/** Least payload offset whose byte was not captured. */
export const QUEUE_CAPTURED = 88;
/** List of all pieces. */
export const QUEUE_PIECES = 92;
/** The run that was extended or begun last at the datagram's end, 0 none. */
export const QUEUE_LAST_RUN = 96;
/** The source's peer, and its count when the queue last got a fragment. */
export const QUEUE_PEER = 100;
export const QUEUE_DISTANCE = 104;
/** Of the first fragment: mark, bytes of its IP header, 1 when it had an Ethernet header. */
export const QUEUE_MARK = 108;
export const QUEUE_HEADER_BYTES = 112;
export const QUEUE_HAS_MAC = 116;
export const QUEUE_MAC = 120; // 14 bytes
export const QUEUE_HEADER = 136; // 60 bytes
/** Packet type of the first fragment. */
export const QUEUE_PKTTYPE = 196;
/** IPv6: the first fragment's piece, which has its headers in front; where in the datagram the number of the header stands
 *  that follows the fragment header, and that number. */
export const QUEUE_FIRST_PIECE = 136;
export const QUEUE_NEXT_HEADER_AT = 140;
export const QUEUE_NEXT_HEADER = 144;
/** Runs by where they start: lists of pieces for each 2 KiB of the datagram. */
export const QUEUE_RUNS = 200;
export const RUN_BUCKETS = 32;
export const RUN_BUCKET_SHIFT = 11;
export const QUEUE_BYTES = 328; // QUEUE_RUNS + 4 * RUN_BUCKETS

export const QUEUE_FIRST_IN = 1;
export const QUEUE_LAST_IN = 2;

// Piece.
/** u64: number of the packet. */
export const PIECE_NUMBER = 0;
/** Next piece of the queue; link of the free list. */
export const PIECE_NEXT = 8;
/** Payload bytes [start, start + captured) stand in the chunks. */
export const PIECE_START = 12;
export const PIECE_CAPTURED = 16;
export const PIECE_CHUNKS = 20;
/** Memory charged for it. */
export const PIECE_CHARGE = 24;
/** When a run of adjacent bytes begins with this piece: the run's end, and the next run of the bucket. */
export const PIECE_RUN_END = 28;
export const PIECE_RUN_NEXT = 32;
export const PIECE_BYTES = 40;

// Peer: a source that has queues.
export const PEER_SRC = 0;
export const PEER_NEXT = 4;
export const PEER_BUCKET = 8;
/** Queues that refer to it; fragments it has sent. */
export const PEER_QUEUES = 12;
export const PEER_FRAGMENTS = 16;
export const PEER_BYTES = 24;

// Chunk: the next one's address, then bytes.
export const CHUNK_NEXT = 0;
export const CHUNK_DATA = 4;
export const CHUNK_DATA_BYTES = 252;
export const CHUNK_BYTES = 256;

// What the pools are measured by. Linux charges at least 960 bytes a fragment (struct sk_buff and its data), so that
// this many bytes of threshold for each piece are never reached before HIGH_THRESHOLD; the data of a fragment is never
// more than it is charged.
export const THRESHOLD_PER_PIECE = 768;
export const CHUNKS_PER_PIECE = 3;
/** Largest IP datagram: of IPv6 the header comes on top of 65,535 bytes, and what stands behind may be loaded with it. */
export const DATAGRAM_BYTES = 65664;
/** Room for the fragment that passes the threshold. */
export const EXTRA_CHUNKS = 320;
/** Events that a batch may cause beyond one for each held packet. */
export const EXTRA_EVENTS = 32768;
/** Arena bytes beside the pools that grow with the pieces, and the bytes of those for each piece. */
export const FIXED_BYTES = 1048576;
export const BYTES_PER_PIECE = 1280;
/** An arena in which Linux's default threshold, 4 MiB, can be reached. */
export const ARENA_BYTES = 8039936; // FIXED_BYTES + 5462 * BYTES_PER_PIECE
