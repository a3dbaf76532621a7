// Results of assembly/fragment/reassemble.ts's push, and the arena that it works in.

/** The packet waits for the rest of its datagram. */
export const HELD = 0;
/** The packet record now describes the datagram. */
export const COMPLETE = 1;
/** Gone: Packet.REASON says why. */
export const DROPPED = 2;

/** Bytes of the arena that all lanes share. */
export const ARENA_BYTES = 65536;
