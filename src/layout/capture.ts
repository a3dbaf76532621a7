// Capture sources: how the bytes of the file being read are framed. Kept in shared memory, because whichever lane
// holds the reading baton goes on from here.

// Source record: one a capture file (pcap) or section (pcapng).
/** Format: PCAP or PCAPNG. */
export const FORMAT = 0;
export const PCAP = 1;
export const PCAPNG = 2;
/** 1 when the file's byte order is big-endian (opposite to WebAssembly's). */
export const SWAPPED = 4;
/** Bytes of a pcap record header: 16; 24 in the modified (Kuznetzov) variant. */
export const RECORD_HEADER_BYTES = 8;
/** 1 when pcap timestamps count nanoseconds, 0 for microseconds. */
export const NANOSECONDS = 12;
/** Index of the first capture interface of this file or section, and how many there are. */
export const FIRST_INTERFACE = 16;
export const INTERFACE_COUNT = 20;
/** Longest captured length taken for true; more means a broken file. */
export const MAX_CAPTURED = 24;
export const SOURCE_BYTES = 64;

// Capture interface record: one a pcap file, one an Interface Description Block.
/** LINKTYPE_* number (tcpdump.org/linktypes.html). */
export const LINKTYPE = 0;
/** Interface of the modelled machine (by pcapng if_name), 0 when there is no name. */
export const MACHINE_INTERFACE = 4;
/** pcapng if_tsresol: units a second as u64 (10^n or 2^n). */
export const UNITS_PER_SECOND = 8;
/** pcapng if_tsoffset, seconds, i64. */
export const TIME_OFFSET = 16;
export const SNAPLEN = 24;
/** Length of the frame check sequence at the end of frames, bytes. */
export const FCS_BYTES = 28;
export const INTERFACE_BYTES = 32;
/** Most capture interfaces over all files. */
export const INTERFACE_CAPACITY = 4096;
