// A batch: a stretch of captured bytes and the index of the records in it. One batch belongs to one lane (worker)
// at a time. Everything in it is little-endian u32 unless it says otherwise; addresses are absolute.
//
//   header (64 bytes) | record index | result records | bytes as read from the capture

/** Number (from 1) of the first record, over all captures: u64. */
export const FIRST_NUMBER = 0;
/** Records in the index. */
export const COUNT = 8;
/** Captured bytes in the data area. */
export const DATA_BYTES = 12;
/** Absolute addresses of the parts. */
export const INDEX = 16;
export const RESULTS = 20;
export const DATA = 24;
/** Size of the data area; most records an index can hold. */
export const DATA_CAPACITY = 28;
export const RECORD_CAPACITY = 32;
/** Absolute address of the capture source record (layout/capture.ts) that frames these bytes: a batch
 *  holds records of one source only. */
export const SOURCE = 36;
/** Sequence number of the batch in the scan, from 0. */
export const SEQUENCE = 40;
/** Absolute address where the record walk stopped: the first byte that no index entry covers. */
export const STOP = 44;
/** Capture interfaces up to FROM (exclusive) belong to records of earlier batches, or were described before them; up
 *  to TO with those of this batch. Depends on the records alone, not on how they are cut into batches. */
export const INTERFACES_FROM = 48;
export const INTERFACES_TO = 52;
/** Means nothing: the walk leaves here what it read ahead, so that no compiler takes the reading away. */
export const AHEAD = 56;
export const HEADER_BYTES = 64;

// Record index entry: where the record starts (absolute address of the pcap record header or pcapng block) and the
// index of its capture interface.
export const ENTRY_RECORD = 0;
export const ENTRY_INTERFACE = 4;
export const ENTRY_BYTES = 8;

/** No record is shorter: a pcap record header (also an obsolete or simple pcapng block, with its two lengths). */
export const LEAST_RECORD_BYTES = 16;

// Result record: what --verdicts and --write need of each packet, written when the scan asks for it.
export const RESULT_VERDICT = 0; // u8
export const RESULT_REASON = 1; // u8
export const RESULT_HOOK = 2; // u8
/** u8: 4, 6 or 0, and, << 4, what connection tracking made of the packet: RESULT_CT_*. */
export const RESULT_FAMILY = 3;
/** Rule index of what decided (Packet.NO_RULE: none); for SKIP the ethertype or link type; for UNKNOWN of an
 *  extension its id. */
export const RESULT_DECISION = 4;
export const RESULT_IIF = 8; // u16
export const RESULT_OIF = 10; // u16
export const RESULT_MARK = 12;
export const RESULT_TIME = 16; // u64 ns
/** Number of the packet that completed the datagram of a held fragment, 0 unknown: u64. */
export const RESULT_DATAGRAM = 24;
export const RESULT_BYTES = 32;

/** Connection tracking is off or was not reached. */
export const RESULT_CT_NONE = 0;
export const RESULT_CT_INVALID = 1;
export const RESULT_CT_ESTABLISHED = 2;
export const RESULT_CT_RELATED = 3;
export const RESULT_CT_NEW = 4;
export const RESULT_CT_UNTRACKED = 5;
