// Capture sources: how the bytes of the file being read are framed, and how far reading has come. Kept in shared
// memory, because whichever lane holds the reading baton goes on from here.

// Source record: one a way of framing (files and sections that are framed alike share one). 64 bytes; u32 each.
/** Format: PCAP or PCAPNG. */
export const FORMAT = 0;
export const PCAP = 1;
export const PCAPNG = 2;
/** 1 when the byte order is big-endian (opposite to WebAssembly's). */
export const SWAPPED = 4;
/** Bytes of a pcap record header: 16; 24 in the modified (Kuznetzov) variant. */
export const RECORD_HEADER_BYTES = 8;
/** 1 when pcap timestamps count nanoseconds, 0 for microseconds. */
export const NANOSECONDS = 12;
/** Longest captured length taken for true; more means a broken file. */
export const MAX_CAPTURED = 16;
/** Order of the two lengths of a pcap record: LENGTHS_*. */
export const LENGTHS = 20;
export const SOURCE_BYTES = 64;
/** Most ways of framing over all files. */
export const SOURCE_CAPACITY = 64;

/** Captured length, then original length. */
export const LENGTHS_NORMAL = 0;
/** pcap before 2.3: original length first. */
export const LENGTHS_EXCHANGED = 1;
/** pcap 2.3: some writers exchanged them; the captured length is the smaller one. */
export const LENGTHS_EITHER = 2;

// Capture interface record: one a pcap file, one an Interface Description Block; equal ones share a record, so that
// neither many files nor many sections use the table up.
/** LINKTYPE_* number (tcpdump.org/linktypes.html). */
export const LINKTYPE = 0;
/** Interface of the modelled machine (by pcapng if_name), 0 when there is no name. */
export const MACHINE_INTERFACE = 4;
/** How a pcapng timestamp becomes nanoseconds: TIME_*, with UNITS. */
export const TIME_KIND = 8;
/** Length of the frame check sequence at the end of frames, bytes. */
export const FCS_BYTES = 12;
/** u64: nanoseconds a unit (TIME_MULTIPLY), units a nanosecond (TIME_DIVIDE), n of 2^-n seconds (TIME_BINARY). */
export const UNITS = 16;
/** pcapng if_tsoffset in nanoseconds, i64, modulo 2^64. */
export const TIME_OFFSET = 24;
/** Snap length, 0 for none. */
export const SNAPLEN = 32;
export const INTERFACE_BYTES = 64;
/** Most different capture interfaces over all files; most interfaces of one pcapng section. */
export const INTERFACE_CAPACITY = 4096;

export const TIME_MULTIPLY = 0;
export const TIME_DIVIDE = 1;
export const TIME_BINARY = 2;

// Reader record: how far the reading of all captures has come. Read and written only by the holder of the baton,
// but for the ring's words.
/** Place in the list of files; the number of files when all are read. */
export const READER_FILE = 0;
/** READER_START: the file's header is still to be read; READER_RECORDS: POSITION is at a record or block. */
export const READER_PHASE = 4;
/** u64: bytes from the start of the (decompressed) file. */
export const READER_POSITION = 8;
/** u64: records handed out so far, over all files. */
export const READER_NUMBER = 16;
/** Batches handed out so far. */
export const READER_SEQUENCE = 24;
/** Absolute address of the source record of what is being read. */
export const READER_SOURCE = 28;
/** pcap: index of the file's capture interface. */
export const READER_INTERFACE = 32;
/** pcapng: interfaces of the section so far; their capture interface indexes (u32) stand in the section table. */
export const READER_SECTION_COUNT = 36;
/** Records used of the source table and of the capture interface table. */
export const READER_SOURCE_COUNT = 40;
export const READER_INTERFACE_COUNT = 44;
/** One more than the highest capture interface of the records handed out so far (Batch.INTERFACES_TO). */
export const READER_ANNOUNCED = 48;
/** pcapng: length of the block at POSITION that is being passed over, 0 when there is none. */
export const READER_SKIP = 52;
export const READER_BYTES = 64;

export const READER_START = 0;
export const READER_RECORDS = 1;

// Results of the record walks.
/** The record at the stop is not complete: more bytes are needed. */
export const WALK_INCOMPLETE = 0;
/** The index is full. */
export const WALK_FULL = 1;
/** pcapng: the block at the stop describes a section or an interface; its first 12 bytes are there. */
export const WALK_BLOCK = 2;
/** pcapng: the block at the stop holds no packet and is not complete; its length can be skipped. */
export const WALK_SKIP = 3;
// The record at the stop cannot be:
/** Captured length beyond MAX_CAPTURED, or beyond the block that holds it. */
export const WALK_BAD_CAPTURED = 4;
/** pcapng: block length under 12, or not a multiple of 4. */
export const WALK_BAD_LENGTH = 5;
/** pcapng: the two lengths of a block differ. */
export const WALK_BAD_TRAILER = 6;
/** pcapng: packet of an interface that the section does not describe. */
export const WALK_BAD_INTERFACE = 7;
