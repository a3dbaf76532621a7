// What a packet's connection is looked for by: a cache line holds two of them, so that those of a vector and their entries
// stay near while its packets pass. u32 unless it says otherwise.

/** u64: source and destination address of an IPv4 packet, in host order, source in the lower half. */
export const ADDRESSES = 0;
/** Ports as an entry has them (layout/conntrack.ts, ORIG_PORTS). */
export const PORTS = 8;
/** Bucket hash. */
export const HASH = 12;
/** Address of the shard, 0: nothing is to be looked for. */
export const SHARD = 16;
/** The first entry whose hash may be this one, 0 none; before it is found, its bucket. */
export const FIRST = 20;
/** Address of a plain frame's entry in the batch's index (evaluate/plain.ts), 0: the packet has a record. */
export const FRAME = 24;
export const PROTO = 28;
export const BYTES = 32;
