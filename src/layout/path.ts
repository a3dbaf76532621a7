// How a packet enters the machine (Packet.PATH) and where routing sends it.

/** Packet.PATH: received on IIF. */
export const RECEIVE = 1;
/** Sent by the host itself. */
export const SEND = 2;
/** Sent by the host to itself, over lo: OUTPUT, POSTROUTING, PREROUTING, INPUT. */
export const LOOP = 3;
/** `--hook`: one hook's tables alone; Packet.HOOK says which. */
export const HOOK = 4;

// Results of the routing functions in assembly/path/.
/** Gone: Packet.REASON says why. */
export const DROPPED = 0;
/** For the host. */
export const LOCAL = 1;
/** To be forwarded to OIF. */
export const FORWARD = 2;
/** May leave by OIF. */
export const SENT = 3;
