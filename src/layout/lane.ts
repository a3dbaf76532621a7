// A lane: what one worker owns in the shared memory. Absolute addresses, u32.

/** Images of the two families; 0 where the family has no rule set. */
export const IMAGE4 = 0;
export const IMAGE6 = 4;
/** This lane's counters for them: Image.COUNTER_BYTES a rule record. */
export const COUNTERS4 = 8;
export const COUNTERS6 = 12;
/** Stack of the walk: frames (layout/frame.ts), Image.STACK_DEPTH of them. */
export const STACK = 16;
/** The modelled machine (layout/host.ts). */
export const HOST = 20;
/** Packet records of the vector in work: Packet.BYTES each, VECTOR of them; behind them those of express.ts, as
 *  many, and EXPRESS_BYTES of its own. */
export const PACKETS = 24;
/** Totals (layout/totals.ts). */
export const TOTALS = 28;
/** Capture interface table (layout/capture.ts). */
export const CAPTURE_INTERFACES = 32;
/** OPTION_* bits. */
export const OPTIONS = 36;
/** Reassembly arena (shared, entered in packet order). */
export const FRAGMENTS = 52;
/** Record indexes (u32) of the batch's packets that wait for the fragment turn, and how many. */
export const DEFERRED = 56;
export const DEFERRED_COUNT = 60;
/** Address of the operation that last answered UNDECIDABLE, 0 none. */
export const UNDECIDED_OP = 68;
/** A packet record for the copy that a broadcasting host gets. */
export const COPY = 64;
/** Frames that are not IP, by kind: SKIPPED_SLOTS of SKIPPED_BYTES: u32 reason << 16 | type, u64 packets at +8. */
export const SKIPPED = 72;
export const SKIPPED_SLOTS = 64;
export const SKIPPED_BYTES = 16;
/** Record indexes (u32) of the vector's packets that do not go the short way. */
export const REST = 76;
/** Scratch of look-ups for a whole vector (layout/stage.ts). */
export const STAGE = 80;
/** Connection tracking (layout/conntrack.ts), 0 when no rule needs it. */
export const CONNTRACK = 84;
/** Room for two addresses: those of the packet that an ICMP error is about. */
export const INNER = 96;
/** Record indexes (u32) of a batch in the order of their shards, and where each shard's begin: steer() writes them. */
export const ORDER = 128;
export const SHARD_STARTS = 132;
/** Record indexes of the batch's fragments that are reassembled before they are steered, and how many. */
export const PIECES = 136;
export const PIECE_COUNT = 140;
/** The shard of each record of the batch, a byte each. */
export const SHARD_OF = 144;
/** Packet records of datagrams that the batch completes, KEPT_CAPACITY of them, and how many there are. */
export const KEPT = 148;
export const KEPT_COUNT = 152;
/** Means nothing: what was read beforehand is left here, so that no compiler takes the reading away. */
export const TOUCHED = 156;
/** Reassembly arena of IPv6 (connection tracking alone), 0 none. */
export const FRAGMENTS6 = 164;
/** Bytes of datagrams that the batch completes, in as many as DATAGRAMS_END says, and where the next one goes. */
export const DATAGRAMS = 168;
export const DATAGRAMS_END = 172;
export const DATAGRAMS_NEXT = 176;
/** What the connections of a vector's packets are looked for by: VECTOR of layout/look-up.ts. */
export const LOOK_UPS = 180;
/** 1 when there is a short way for the batch (evaluate/express.ts). */
export const SHORT = 160;
/** Where the last walk counted, in the form of a list of layout/trail.ts; of longer ones only the number is right. There is
 *  room behind it for one record that is one too many. */
export const NOTED = 192;
export const BYTES = 272;

/** Entry of PIECES: record index, and the packet record of the datagram that it completes, 0 if it does not. */
export const PIECE_BYTES = 8;
/** Starts of 64 shards and of what needs no turn, with room for two more words. */
export const SHARD_STARTS_BYTES = 272;

/** Packets in a vector. */
export const VECTOR = 64;

/** What stands behind the express packet records. */
export const EXPRESS_BYTES = 1344;

/** Write result records. */
export const OPTION_RESULTS = 1;
/** Ignore classifiers and walk every chain rule by rule. */
export const OPTION_LINEAR = 2;
